// Rules of risk and highlights: a card each, which shows its fields once it is opened.
import { freshRule, row, stating } from "./controls.js";
import { make } from "./dom.js";
import { button, moved } from "./fields.js";

// By which an opened rule is known when all are drawn anew.
const called = ({ values }) => values.name || "";

export class RuleCards {
  // Draws into a place; `changed` gets the list, or null for that of a preset.
  constructor(place, kinds, words, open, changed) {
    Object.assign(this, { place, kinds, words, open, changed, list: null, notes: [] });
  }

  become(members, focus) {
    this.list = { prologue: "", ...this.list, members };
    this.changed(this.list);
    this.draw(focus);
  }

  draw(focus = document.activeElement?.dataset.key) {
    const { list, words } = this;
    this.notes = [];
    const heading = make("h4", { textContent: words.list_of_rules });
    this.place.replaceChildren(heading, ...(list ? this.own(list) : this.ofPreset()));
    if (focus) this.place.querySelector(`[data-key="${focus}"]`)?.focus();
  }

  ofPreset() {
    const said = make("p", { className: "lab-note", textContent: this.words.preset_rules });
    return [said, button(this.words.own_rules, () => this.changed("preset"), { data: { key: "own" } })];
  }

  own({ members }) {
    const { words } = this;
    const items = members.map((rule, at) => this.item(rule, at));
    const none = make("p", { className: "lab-note", textContent: words.none });
    const adders = this.kinds.map((kind) => {
      const add = () => this.become([...members, freshRule(kind)], `rule-${members.length}`);
      return button([words.add_rule, kind.label].filter(Boolean).join(" · "), add);
    });
    const fromPreset = () => {
      this.list = null;
      this.changed(null);
      this.draw("own");
    };
    const hasPresets = this.kinds.length > 1;
    const back = hasPresets ? button(words.from_preset, fromPreset) : null;
    const below = make("div", { className: "settings-adders" }, ...adders, back);
    return [items.length ? make("ol", {}, ...items) : none, below];
  }

  item(rule, at) {
    const { words, open } = this;
    const key = `rule-${at}`;
    const kind = this.kinds.find((each) => each.kind === (rule.values.kind ?? ""));
    const title = make("b", { dir: "auto" });
    const said = make("span");
    const tell = ({ name, points }) => {
      const facts = [kind?.label, points === undefined ? "" : `${words.points} ${points}`];
      title.textContent = name || words.name;
      said.textContent = facts.filter(Boolean).join(" · ");
    };
    tell(rule.values);
    const body = make("div", { className: "settings-rule" });
    const card = make("details", {}, make("summary", { data: { key } }, title, said), body);
    card.addEventListener("toggle", () => {
      open[card.open ? "add" : "delete"](called(rule));
      if (card.open && !body.firstChild)
        body.append(...this.body(rule, kind, tell), this.tools(rule, at));
    });
    card.open = open.has(called(rule)) || !rule.values.name;
    const problem = make("p", { className: "problem", role: "status", textContent: rule.problem });
    this.notes.push(problem);
    return make("li", {}, card, problem);
  }

  tools(rule, at) {
    const { words, list } = this;
    const { members } = list;
    const { name = "" } = rule.values;
    const move = (by) => () => this.become(moved(members, at, by), `rule-${at + by}`);
    const copy = () => {
      const values = { ...structuredClone(rule.values), name: `${name}-2` };
      this.become(members.toSpliced(at + 1, 0, { ...rule, values, source: "" }), `rule-${at + 1}`);
    };
    const named = (label, pressed, sign = label, disabled = false) =>
      button(sign, pressed, { disabled, title: label, aria: { label: `${label}: ${name}` } });
    return make(
      "div",
      { className: "settings-tools" },
      named(words.up, move(-1), "↑", at === 0),
      named(words.down, move(1), "↓", at === members.length - 1),
      rule.is_locked ? null : named(words.rule_copy, copy),
      named(words.remove, () => this.become(members.toSpliced(at, 1), `rule-${at - 1}`)),
    );
  }

  // What has no fields is shown as it is written.
  body(rule, kind, tell) {
    const { words } = this;
    if (rule.is_locked || !kind) {
      const said = make("p", { className: "lab-note", textContent: words.locked });
      return [said, make("pre", { dir: "auto", textContent: rule.source.trimEnd() })];
    }
    return kind.fields.map((field) =>
      row(field, rule.values[field.name] ?? field.first, words, (value, milliseconds) => {
        this.open.delete(called(rule));
        rule.values = stating(rule.values, field, value);
        this.open.add(called(rule));
        tell(rule.values);
        this.changed(this.list, milliseconds);
      }),
    );
  }

  // What is wrong with each, as long as they are the same.
  tell(list) {
    this.list?.members.forEach((rule, at) => {
      rule.problem = list?.members[at]?.problem ?? "";
      this.notes[at].textContent = rule.problem;
    });
  }
}
