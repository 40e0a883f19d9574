// One control a kind of setting: what it holds, and how it is named.
import { make } from "./dom.js";
import { MILLISECONDS_TYPING, wordList } from "./fields.js";

const UNITS = {
  bytes: [
    ["GiB", 1024 ** 3],
    ["MiB", 1024 ** 2],
  ],
  seconds: [
    ["hours", 3600],
    ["minutes", 60],
  ],
};

// 3600 seconds → "1 h", 2147483648 bytes → "2 GiB"; nothing where the number says it as well.
export function inLarger(value, unit, words) {
  const found = (UNITS[unit] ?? []).find(([, size]) => Math.abs(value) >= size);
  if (typeof value !== "number" || !found) return "";
  return `= ${Number((value / found[1]).toFixed(2))} ${words[found[0]] ?? found[0]}`;
}

// The value of a field as people read it.
export function shownValue(value, field, words) {
  if (value === null || value === "") return words.empty;
  if (field.kind === "mark") return value ? words.yes : words.no;
  const named = (each) => field.choices.find(([key]) => key === each)?.[1] ?? String(each);
  if (Array.isArray(value)) return value.length ? value.map(named).join(" · ") : words.empty;
  return field.choices.length ? named(value) : [value, field.unit].filter(Boolean).join(" ");
}

// A rule that nobody has written yet: what has to be stated, with something to begin from.
export const freshRule = ({ kind, fields }) => ({
  values: {
    ...Object.fromEntries(
      fields.filter((each) => each.is_needed).map(({ name, first }) => [name, first]),
    ),
    ...(kind ? { kind } : {}),
  },
  source: "",
  is_locked: false,
  problem: "",
});

// Values with another one, or without it: what is as usual need not be stated.
export function stating(values, { name, is_needed, default: usual }, value) {
  const { [name]: _, ...others } = values;
  const isUsual = !is_needed && JSON.stringify(value) === JSON.stringify(usual);
  return isUsual ? others : { ...values, [name]: value }; // in its place
}

const controls = {
  mark(value, _, hold) {
    const box = make("input", { type: "checkbox", checked: value === true });
    box.addEventListener("change", () => hold(box.checked));
    return box;
  },

  choice(value, { choices }, hold) {
    const known = choices.some(([key]) => key === value);
    const all = known ? choices : [...choices, [value, String(value)]];
    const control = make("select", {}, ...all.map(([key, label]) => new Option(label, String(key))));
    control.value = String(value);
    control.addEventListener("change", () => hold(all[control.selectedIndex][0]));
    return control;
  },

  choices(value, { choices }, hold) {
    let chosen = Array.isArray(value) ? value : [];
    const boxes = choices.map(([key, label]) => {
      const box = make("input", { type: "checkbox", checked: chosen.includes(key) });
      box.addEventListener("change", () => {
        chosen = choices
          .map(([each]) => each)
          .filter((each) => (each === key ? box.checked : chosen.includes(each)));
        hold(chosen);
      });
      return make("label", {}, box, label);
    });
    return make("div", { className: "settings-boxes", role: "group" }, ...boxes);
  },

  number(value, { least, most, step }, hold, words) {
    const control = make("input", {
      type: "number",
      step,
      value: value ?? "",
      placeholder: words.empty,
    });
    if (least !== null) control.min = least;
    if (most !== null) control.max = most;
    control.addEventListener("input", () => {
      const isEmpty = Number.isNaN(control.valueAsNumber);
      hold(isEmpty ? null : control.valueAsNumber, MILLISECONDS_TYPING);
    });
    return control;
  },

  line(value, _, hold) {
    const control = make("input", { type: "text", dir: "auto", value: value ?? "" });
    control.addEventListener("input", () => hold(control.value, MILLISECONDS_TYPING));
    return control;
  },

  list(value, _, hold, { word_hint: hint, without }) {
    return wordList(Array.isArray(value) ? value : [], { hint, without }, hold);
  },

  // A text in each language of the page.
  texts(value, { choices }, hold) {
    let texts = { ...value };
    const rows = choices.map(([locale, language]) => {
      const field = make("input", { type: "text", dir: "auto", value: texts[locale] ?? "" });
      field.addEventListener("input", () => {
        const { [locale]: _, ...others } = texts;
        texts =
          field.value || locale === "zh" || locale === "en"
            ? { ...others, [locale]: field.value }
            : others;
        hold(texts, MILLISECONDS_TYPING);
      });
      return make("label", {}, make("span", { textContent: language }), field);
    });
    return make("div", { className: "settings-texts", role: "group" }, ...rows);
  },

  group(value, { fields }, hold, words) {
    let values = { ...value };
    const rows = fields.map((field) =>
      row(field, values[field.name] ?? field.default, words, (one, milliseconds) => {
        values = stating(values, field, one);
        hold(values, milliseconds);
      }),
    );
    return make("div", { className: "settings-group", role: "group" }, ...rows);
  },
};
controls.mixed = controls.choice;

export function controlOf(field, value, words, hold) {
  const control = controls[field.kind](value, field, hold, words);
  const named = control.matches("input, select, [role]") ? control : control.querySelector("input");
  named.setAttribute("aria-label", field.label);
  return control;
}

// A field of a rule.
export const row = (field, value, words, hold) =>
  make(
    "div",
    { className: "rule-row" },
    make("span", {
      textContent: [field.label, field.unit && `(${field.unit})`].filter(Boolean).join(" "),
    }),
    controlOf(field, value, words, hold),
  );
