// Rules as a form: one row a condition, one row a change. The server writes them as YAML, and says of
// each what is wrong; what this form has no fields for it shows as it is written.
import { make } from "./dom.js";
import { button, MILLISECONDS_TYPING, moved, Sender, wordList } from "./fields.js";
import { filled } from "./figures.js";

const WHEN = {
  ...{ emotion: "choice", event: "choice", language: "choice" },
  ...{ any_words: "list", no_words: "list", endings: "list", probability_below: "number" },
};
const EFFECTS = { set_emotion: "choice", drop_emotion: "mark", set_event: "choice", drop_event: "mark" };
const FIRST = { list: () => [], number: () => 0.5, mark: () => true };
const CHOICES = { set_emotion: "emotion", set_event: "event" };
export const newRule = () => ({
  name: "",
  when: {},
  effects: {},
  source: "",
  locked: false,
  problem: "",
});

// "calm" → "calm-2", or the next that nobody has.
export function nameOfCopy(name, names) {
  const stem = name.replace(/-\d+$/, "");
  let number = 2;
  while (names.includes(`${stem}-${number}`)) number += 1;
  return `${stem}-${number}`;
}

// What the server gets of a rule.
export const sentRule = ({ name, when, effects, source, locked }) => ({
  name,
  when,
  effects,
  source,
  locked,
});

class RuleForm {
  constructor(place, events) {
    Object.assign(this, { place, events, rules: [], prologue: "", words: {} });
    this.sender = new Sender(() => events.edit(this.held()));
  }

  // What comes from the server: words, rules, or what is wrong with those that were sent.
  take({ words, form, problem, problems, sent }) {
    if (words) this.words = words;
    if (problems) return this.sender.answered(sent) ? this.tell(problems) : this.sender.now();
    if (form !== undefined && this.sender.isQuiet) {
      this.isOpened = true;
      this.refusal = problem;
      if (form) Object.assign(this, form);
    }
    this.draw();
  }

  tell(problems) {
    this.rules.forEach((rule, at) => (rule.problem = problems[at] ?? ""));
    this.place.querySelectorAll(".problem").forEach((line, at) => (line.textContent = problems[at]));
  }

  held() {
    return { prologue: this.prologue, rules: this.rules.map(sentRule), sent: this.sender.sent };
  }

  changed(milliseconds) {
    this.sender.changed(milliseconds);
  }

  save() {
    this.sender.next(() => this.events.save(this.held()));
  }

  become(rules, focus) {
    this.rules = rules;
    this.draw(focus);
    this.changed();
  }

  // The keyboard stays on the button that was pressed, or goes where the person goes on.
  draw(focus = document.activeElement?.dataset.key) {
    if (!this.words.rule_add || !this.isOpened) return; // or one would begin without the rules in force
    const { words } = this;
    if (this.refusal) {
      const said = make("p", { className: "message error", textContent: this.refusal, role: "alert" });
      return this.place.replaceChildren(said);
    }
    const list = make("ol", {}, ...this.rules.map((rule, at) => this.item(rule, at)));
    const none = make("p", { className: "lab-note", textContent: words.rule_none });
    const add = () => this.become([...this.rules, newRule()], `name-${this.rules.length}`);
    const save = button(words.lab_save, () => this.save(), {
      disabled: !words.may_save,
      id: "lab-form-save",
    });
    const below = make(
      "div",
      { className: "buttons" },
      button(words.rule_add, add, { data: { key: "add" } }),
      save,
    );
    this.place.replaceChildren(this.rules.length ? list : none, below);
    if (focus) this.place.querySelector(`[data-key="${focus}"]`)?.focus();
  }

  item(rule, at) {
    const problem = make("p", { className: "problem", role: "status", textContent: rule.problem });
    const body = rule.locked
      ? [make("pre", { dir: "auto", textContent: rule.source.trimEnd() })]
      : [this.part(rule, at, "when", WHEN), this.part(rule, at, "effects", EFFECTS)];
    return make("li", {}, this.head(rule, at), ...body, problem);
  }

  head(rule, at) {
    const { words } = this;
    const name = make("input", {
      type: "text",
      value: rule.name,
      placeholder: words.rule_name,
      dir: "auto",
    });
    name.setAttribute("aria-label", words.rule_name);
    name.dataset.key = `name-${at}`;
    name.addEventListener("input", () => {
      rule.name = name.value;
      this.changed(MILLISECONDS_TYPING);
    });
    const named = (key, sign, pressed, disabled = false) =>
      button(sign, pressed, {
        disabled,
        title: words[key],
        aria: { label: words[key] },
        data: { key: `${key}-${at}` },
      });
    const move = (by, key) => () => this.become(moved(this.rules, at, by), `${key}-${at + by}`);
    const copy = () => {
      const names = this.rules.map((each) => each.name);
      const fresh = { ...structuredClone(rule), source: "", name: nameOfCopy(rule.name, names) };
      this.become(this.rules.toSpliced(at + 1, 0, fresh), `name-${at + 1}`);
    };
    return make(
      "div",
      { className: "rule-head" },
      rule.locked ? make("strong", { textContent: words.rule_locked }) : name,
      named("rule_up", "↑", move(-1, "rule_up"), at === 0),
      named("rule_down", "↓", move(1, "rule_down"), at === this.rules.length - 1),
      rule.locked ? null : button(words.rule_copy, copy, { data: { key: `copy-${at}` } }),
      button(words.rule_remove, () => this.become(this.rules.toSpliced(at, 1), "add")),
    );
  }

  // The rows of a rule's conditions, or of its changes, and a list of those that can be added.
  part(rule, at, part, kinds) {
    const { words } = this;
    const rows = Object.keys(rule[part]).map((key) => this.row(rule, at, part, key, kinds[key]));
    const free = Object.keys(kinds).filter((key) => !(key in rule[part]));
    const add = make(
      "select",
      { className: "add", aria: { label: words[`rule_add_${part}`] } },
      new Option(words[`rule_add_${part}`], ""),
      ...free.map((key) => new Option(words[`rule_${key}`], key)),
    );
    add.dataset.key = `add-${part}-${at}`;
    add.addEventListener("change", () => {
      const first = FIRST[kinds[add.value]] ?? (() => this.choices(add.value)[0][0]);
      const parts = { ...rule[part], [add.value]: first() };
      this.become(this.rules.with(at, { ...rule, [part]: parts }), `${add.value}-${at}`);
    });
    const legend = make("legend", { textContent: words[`rule_${part}`] });
    return make("fieldset", {}, legend, ...rows, free.length ? add : null);
  }

  choices(key) {
    return this.words.choices[CHOICES[key] ?? key];
  }

  row(rule, at, part, key, kind) {
    const control = this[kind](rule[part], key);
    const field = control.matches("input, select") ? control : control.querySelector("input");
    if (field) {
      field.setAttribute("aria-label", this.words[`rule_${key}`]);
      field.dataset.key = `${key}-${at}`;
    }
    const without = () => {
      const { [key]: _, ...others } = rule[part];
      this.become(this.rules.with(at, { ...rule, [part]: others }), `add-${part}-${at}`);
    };
    const label = filled(this.words.rule_without, { part: this.words[`rule_${key}`] });
    return make(
      "div",
      { className: "rule-row" },
      make("span", { textContent: this.words[`rule_${key}`] }),
      control,
      button("×", without, { title: label, aria: { label } }),
    );
  }

  choice(parts, key) {
    const options = this.choices(key).map(([value, label]) => new Option(label, value));
    const control = make("select", {}, ...options);
    control.value = parts[key];
    control.addEventListener("change", () => {
      parts[key] = control.value;
      this.changed();
    });
    return control;
  }

  mark() {
    return make("span", { className: "mark", textContent: "✓" });
  }

  number(parts, key) {
    const control = make("input", { type: "number", min: 0, max: 1, step: "any", value: parts[key] });
    control.addEventListener("input", () => {
      parts[key] = Number.isNaN(control.valueAsNumber) ? null : control.valueAsNumber;
      this.changed(MILLISECONDS_TYPING);
    });
    return control;
  }

  list(parts, key) {
    const { rule_word_hint: hint, rule_without: without } = this.words;
    return wordList(parts[key], { hint, without }, (words, milliseconds) => {
      parts[key] = words;
      this.changed(milliseconds);
    });
  }
}

// What gradio calls; `edit` and `save` get all that the form holds.
export function ruleForm(element, props, watch, events) {
  const form = new RuleForm(element.querySelector(".rule-form"), events);
  const take = () => props.value && form.take(props.value);
  watch("value", take);
  take();
}
