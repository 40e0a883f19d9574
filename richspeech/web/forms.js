// The forms of rules and settings, in a script that whoever comes to transcribe does not load.
import { ruleForm } from "./rule_form.js";
import { settingsForm } from "./settings_form.js";

export const forms = { ruleForm, settingsForm };
