// The settings as a form beside config.yaml. The server keeps both the same: what is changed here it
// writes into the text, and says of each field what is wrong and what holds until the next start.
import { controlOf, inLarger, shownValue } from "./controls.js";
import { make } from "./dom.js";
import { button, Sender } from "./fields.js";
import { filled } from "./figures.js";
import { redraw } from "./redraw.js";
import { RuleCards } from "./rule_cards.js";

const MILLISECONDS_WRITING = 700;
const PRESET = "risk.preset";

class SettingsForm {
  constructor(place, ask) {
    Object.assign(this, { place, ask, text: null, pending: new Map() });
    this.open = new Set(["kept"]);
    this.opened = new Set();
    this.sender = new Sender((sent) => this.send("edit", sent));
  }

  // To the server -----------------------------------------------------------------------------------

  send(kind, sent) {
    const changes = [...this.pending].map(([path, { value }]) => {
      const [group, key] = path.split(".");
      return { group, key, value };
    });
    this.ask({ kind, sent, text: this.text, changes });
  }

  begin(kind) {
    if (kind === "restore") this.pending.clear();
    this.sender.next((sent) => this.send(kind, sent));
  }

  change(path, value, milliseconds) {
    this.sender.changed(milliseconds);
    this.pending.set(path, { value, sent: this.sender.sent });
  }

  // From the server ---------------------------------------------------------------------------------

  take(answer) {
    if (answer.kind === undefined) return this.begin("open"); // a language, and nothing else
    for (const [path, { sent }] of this.pending) if (sent <= answer.sent) this.pending.delete(path);
    if (answer.text !== undefined && !this.isWritten) this.text = answer.text;
    if (!this.sender.answered(answer.sent)) return this.sender.now();
    this.words = answer.words;
    if (answer.sections) this.draw(answer);
    if (this.form) this.tell(answer);
    else this.tellAlone(answer);
  }

  // All of it for another language or text; nothing that somebody is at where it says the same.
  draw(answer) {
    if (answer.kind === "edit" && this.form && !this.isWritten && !this.isAnew) return;
    if (!this.form || answer.kind === "open") this.drawPlaces();
    this.drawForm(answer);
    Object.assign(this, { isWritten: false, isAnew: false });
  }

  // Where there is nothing to draw, since config.yaml cannot be read.
  tellAlone({ problems }) {
    const said = problems.map((textContent) =>
      make("p", { className: "message error", textContent, role: "alert" }),
    );
    this.place.replaceChildren(...said);
  }

  drawPlaces() {
    this.form = make("div", { className: "card settings-form" });
    this.place.replaceChildren(this.form, this.result());
  }

  drawForm({ sections, rules }) {
    const { words } = this;
    const focus = document.activeElement?.dataset.key;
    Object.assign(this, { fields: new Map(), counts: new Map(), cards: new Map() });
    const drawn = sections.map((each) => this.section(each, rules));
    const heading = make("h2", { textContent: words.heading });
    const hint = make("p", { className: "lab-hint", textContent: words.hint });
    this.form.replaceChildren(heading, hint, ...drawn);
    if (focus) this.form.querySelector(`[data-key="${focus}"]`)?.focus();
  }

  section({ name, title, fields }, rules) {
    const count = make("span", { className: "count" });
    const body = make(
      "div",
      { className: "settings-fields" },
      ...fields.map((each) => this.field(each)),
    );
    const summary = make("summary", { data: { key: name } }, title, count);
    const made = make("details", { open: this.open.has(name) }, summary, body);
    made.addEventListener("toggle", () => this.open[made.open ? "add" : "delete"](name));
    this.counts.set(name, count);
    const path = `${name}.rules`;
    if (path in rules) body.append(this.rules(path, rules[path]));
    return made;
  }

  rules(path, list) {
    const place = make("div");
    const changed = (wanted, milliseconds) => {
      this.isAnew = wanted === "preset";
      const value = this.isAnew ? { preset: this.preset } : wanted;
      this.change(path, value, milliseconds);
    };
    const cards = new RuleCards(place, this.words.rules[path], this.words, this.opened, changed);
    cards.list = list;
    cards.draw();
    this.cards.set(path, cards);
    return place;
  }

  field(field) {
    const { words } = this;
    const path = field.path.join(".");
    if (path === PRESET) this.preset = field.value;
    const larger = make("span", { className: "larger" });
    const unit = field.unit ? make("span", { textContent: field.unit }) : null;
    const place = make("div", { className: "settings-control" });
    const hold = (value, milliseconds) => {
      larger.textContent = inLarger(value, field.in, words);
      if (path === PRESET) this.preset = value;
      this.change(path, value, milliseconds);
    };
    const put = (value) => {
      larger.textContent = inLarger(value, field.in, words);
      place.replaceChildren(controlOf(field, value, words, hold), ...(unit ? [unit] : []), larger);
    };
    put(field.value);
    const running = shownValue(field.running, field, words);
    const back = button(words.back, () => {
      put(field.running);
      hold(field.running);
    });
    const now = make("span", { textContent: filled(words.now, { value: running }) });
    const differs = make("p", { className: "settings-now", hidden: true }, now, back);
    const problem = make("p", { className: "problem", role: "status" });
    this.fields.set(path, { differs, problem });
    const title = make("h4", { textContent: field.label, title: path });
    const why = make("p", { className: "lab-note", textContent: field.why });
    return make("div", { className: `setting is-${field.kind}` }, title, place, why, differs, problem);
  }

  // What came of it ----------------------------------------------------------------------------------

  result() {
    const { words } = this;
    this.status = make("p", { className: "lab-note", role: "status" });
    this.said = make("div", { role: "status" });
    this.problems = make("ul", { className: "settings-problems" });
    this.effects = make("div", { className: "settings-effects" });
    this.editor = make("textarea", {
      ...{ spellcheck: false, rows: 16, value: this.text ?? "", aria: { label: words.file } },
    });
    this.editor.addEventListener("input", () => {
      Object.assign(this, { text: this.editor.value, isWritten: true });
      this.sender.changed(MILLISECONDS_WRITING);
    });
    return make(
      "div",
      { className: "card settings-result" },
      make("h2", { textContent: words.file }),
      ...[this.status, this.said, this.problems, this.buttons()],
      make("p", { className: "lab-note", textContent: words.file_hint }),
      words.may_save ? null : make("p", { className: "lab-note", textContent: words.may_not_save }),
      this.editor,
      make("h3", { textContent: words.effect }),
      this.effects,
    );
  }

  // The page itself copies what a button holds.
  buttons() {
    const { words } = this;
    const copy = button(words.copy, () => {
      Object.assign(copy.dataset, { copy: this.text, copied: words.copied });
    });
    const download = button(words.download, () => this.download());
    const save = button(words.save, () => this.begin("save"), { hidden: !words.may_save });
    const restore = button(words.restore, () => this.begin("restore"));
    this.takers = [copy, download, save];
    return make("div", { className: "buttons" }, ...this.takers, restore);
  }

  download() {
    const href = URL.createObjectURL(new Blob([this.text], { type: "application/yaml" }));
    make("a", { href, download: "config.yaml" }).click();
    setTimeout(() => URL.revokeObjectURL(href));
  }

  tell({ sections, rules, problems, differ, said, effects }) {
    this.form.inert = !sections;
    for (const each of sections ?? []) this.tellSection(each);
    for (const [path, list] of Object.entries(rules ?? {})) this.cards.get(path).tell(list);
    this.problems.replaceChildren(...problems.map((textContent) => make("li", { textContent })));
    this.status.textContent = sections ? filled(this.words.differ, { count: differ }) : "";
    const message = make("p", { className: "message info", textContent: said });
    this.said.replaceChildren(...(said ? [message] : []));
    if (document.activeElement !== this.editor) this.show(this.text ?? "");
    redraw(this.effects, effects?.join("") ?? "");
    const isWrong = problems.length > 0 || this.form.querySelector(".problem:not(:empty)") !== null;
    for (const each of this.takers) each.disabled = isWrong;
  }

  // Puts the first line that has changed in sight.
  show(text) {
    const before = this.editor.value.split("\n");
    const lines = text.split("\n");
    const at = lines.findIndex((line, number) => line !== before[number]);
    this.editor.value = text;
    if (at < 0 || before.length < 2) return;
    this.editor.scrollTop = (this.editor.scrollHeight * Math.max(at - 3, 0)) / lines.length;
  }

  tellSection({ name, fields }) {
    for (const { path, problem, differs } of fields) {
      const told = this.fields.get(path.join("."));
      told.problem.textContent = problem;
      told.differs.hidden = !differs;
    }
    this.counts.get(name).textContent = fields.filter((each) => each.differs).length || "";
  }
}

// What gradio calls.
export function settingsForm(element, props, watch, ask) {
  const form = new SettingsForm(element.querySelector(".settings"), ask);
  const take = () => props.value && form.take(props.value);
  watch("value", take);
  take();
}
