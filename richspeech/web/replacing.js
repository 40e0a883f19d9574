// Find and replace: words in the place of others, wherever those stand in a transcript.
import { make } from "./dom.js";
import { filled } from "./figures.js";

const LONGEST = 200;

// In how many places, and in how many segments, words stand as they are written.
export function occurrences(segments, found) {
  if (!found.trim()) return { count: 0, total: 0 };
  const places = segments.map(({ text }) => text.split(found).length - 1);
  return {
    count: places.reduce((sum, count) => sum + count, 0),
    total: places.filter(Boolean).length,
  };
}

// A button, and the form that it opens.
export class Replacing {
  constructor({ words, segments, replace }) {
    Object.assign(this, { words, segments, replace });
    const field = (name) => make("input", { className: "name", maxLength: LONGEST, name, dir: "auto" });
    const named = (input) => make("label", {}, words[input.name], input);
    const button = (type, name, text) =>
      make("button", { type, className: `quiet ${name}`, textContent: text });
    this.found = field("replace_found");
    this.by = field("replace_by");
    this.count = make("span", { className: "places", role: "status" });
    this.all = button("submit", "save", words.replace_all);
    const close = button("button", "discard", words.discard);
    this.button = button("button", "replace", words.replace);
    this.button.setAttribute("aria-expanded", "false");
    this.form = make(
      "form",
      { className: "replacing", hidden: true },
      named(this.found),
      named(this.by),
      make("div", { className: "buttons" }, this.all, close, this.count),
    );
    this.button.addEventListener("click", () => this.show(this.form.hidden));
    close.addEventListener("click", () => this.show(false));
    this.found.addEventListener("input", () => this.tell());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.replace(this.found.value, this.by.value);
    });
    this.form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.show(false);
    });
  }

  show(opens) {
    this.form.hidden = !opens;
    this.button.setAttribute("aria-expanded", `${opens}`);
    if (opens) this.tell();
    (opens ? this.found : this.button).focus();
  }

  tell() {
    if (this.form.hidden) return;
    const { count, total } = occurrences(this.segments(), this.found.value);
    this.all.disabled = !count;
    this.count.textContent = this.found.value ? filled(this.words.replace_count, { count, total }) : "";
  }
}
