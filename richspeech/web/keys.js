// Keys of one character that work wherever the focus is, and the one switch for all of them: whoever
// speaks to a machine presses keys without wanting to (WCAG 2.1.4).
import { make } from "./dom.js";
import { remember, remembered } from "./remembered.js";

const KEY = "richspeech.shortcuts";

export const keysAreOn = () => remembered(KEY) !== "off";

export const switchKeys = (on) => remember(KEY, on ? "on" : "off");

// What a key is to do there: a space is a character, arrows and Escape are none.
export const isHeeded = (key) => [...key].length > 1 || keysAreOn();

export class KeySwitch {
  constructor() {
    const box = make("input", { type: "checkbox", checked: keysAreOn() });
    box.addEventListener("change", () => switchKeys(box.checked));
    this.name = make("span");
    this.element = make("label", { className: "only keys" }, box, this.name);
  }

  setWords({ single_keys }) {
    this.name.textContent = single_keys;
  }
}
