// The transcript: rows of words that light up, filters, and corrections in place. All text from
// outside goes in as textContent.
import { make } from "./dom.js";
import { Drafts, Telling } from "./drafts.js";
import { above, clock, filled, percent } from "./figures.js";
import { fold, heardLabels, inDispute, matches, noFilter, wordAt } from "./filters.js";
import { match } from "./redraw.js";
import { Replacing } from "./replacing.js";
import { Sent } from "./sent.js";
import { stepsOf } from "./steps.js";
import { Windowed } from "./windowed.js";

const USUAL_LIMIT = 0.5;

const option = (value, text) => make("option", { value, textContent: text });

export class Transcript {
  constructor(element, { labels, words, unsureBelow, time, filtered, ...events }) {
    Object.assign(this, { element, labels, words, time, filtered, events });
    this.drafts = new Drafts(sessionStorage);
    this.sent = new Sent(this.drafts);
    this.telling = new Telling((draft) => this.events.draft(draft));
    this.wantedLimit = unsureBelow;
    this.unsureBelow = unsureBelow ?? USUAL_LIMIT;
    this.reset();
  }

  get locale() {
    return this.words.locale;
  }
  label(kind, name) {
    return this.labels[kind][name]?.[this.locale] ?? name;
  }

  reset() {
    this.rows = [];
    this.current = this.order = this.waiting = null;
    this.hasDrafts = false;
    this.build();
  }

  setWords(words) {
    this.words = words;
    const { segments, data, filter } = this;
    this.reset();
    if (filter) this.filter = filter;
    if (data) this.set(data, segments);
  }

  // The frame around the rows ------------------------------------------------------------------

  build() {
    const { words } = this;
    this.filter = noFilter();
    this.search = make("input", {
      type: "search",
      placeholder: words.filter_text,
      className: "search",
      aria: { label: words.filter_text },
    });
    this.selects = Object.fromEntries(
      ["speaker", "emotion", "sentiment", "events", "language"].map((name) => [
        name,
        make("select", { name, aria: { label: words[`filter_${name}`] } }),
      ]),
    );
    this.boxes = Object.fromEntries(
      Object.keys(inDispute).map((name) => [name, make("input", { type: "checkbox" })]),
    );
    this.boxLabels = Object.entries(this.boxes).map(([name, box]) =>
      make("label", { className: `only only-${name}`, hidden: true }, box, words[`only_${name}`]),
    );
    this.count = make("span", { className: "count", role: "status" });
    this.limit = make("input", {
      type: "number",
      min: 0,
      max: 100,
      step: 5,
      value: Math.round(this.unsureBelow * 100),
      className: "limit",
    });
    this.copyButton = make("button", {
      type: "button",
      className: "quiet",
      textContent: words.copy,
      hidden: true,
      data: { copied: words.copied },
    });
    this.undoButton = make("button", {
      type: "button",
      className: "quiet undo",
      textContent: words.undo,
      hidden: true,
    });
    this.replacing = new Replacing({
      words,
      segments: () => this.segments ?? [],
      replace: (found, by) => this.events.replace(found, by),
    });
    this.replacing.button.hidden = true;
    this.list = make("ol", { className: "lines" });
    this.window = new Windowed(this.list, {
      draw: (row) => this.draw(row),
      drop: (row) => this.letGo(row),
      tell: (element, number, count) => {
        element.setAttribute("aria-posinset", number + 1);
        element.setAttribute("aria-setsize", count);
      },
    });
    this.changed = make("span");
    const load = make("button", {
      type: "button",
      className: "quiet load",
      textContent: words.load_newer,
    });
    load.addEventListener("click", () => this.events.load());
    this.conflict = make(
      "div",
      { className: "message warning conflict", role: "alert", hidden: true },
      this.changed,
      load,
    );
    this.company = make("p", { className: "company", role: "status", hidden: true });
    this.element.replaceChildren(
      this.company,
      this.conflict,
      make(
        "div",
        { className: "filters" },
        this.search,
        ...Object.values(this.selects),
        ...this.boxLabels,
        this.count,
      ),
      make(
        "div",
        { className: "tools" },
        make(
          "label",
          { className: "unsure-limit" },
          words.unsure,
          " ",
          make("span", {}, this.limit, " %"),
        ),
        this.undoButton,
        this.replacing.button,
        this.copyButton,
      ),
      this.replacing.form,
      this.list,
    );
    this.search.addEventListener("input", () => this.choose("text", this.search.value));
    for (const [name, select] of Object.entries(this.selects))
      select.addEventListener("change", () => this.choose(name, select.value));
    for (const [name, box] of Object.entries(this.boxes))
      box.addEventListener("change", () => this.choose(name, box.checked));
    this.limit.addEventListener("input", () => {
      this.wantedLimit = this.unsureBelow = Number(this.limit.value) / 100;
      this.underline();
    });
    this.undoButton.addEventListener("click", () => this.events.undo());
    this.list.addEventListener("click", (event) => {
      const row = this.window.rowOf(event.target);
      if (event.target.closest(".correct")) this.edit(row);
      const here = event.target.closest(".here");
      if (here) here.dataset.copy = this.events.link(row.segment.start); // for page.js
      if (event.target.closest(".speaker")) this.askName(row);
    });
  }

  set(data, segments) {
    Object.assign(this, { data, segments });
    this.takeLimit(data.unsure_below);
    this.list.classList.toggle("linked", Boolean(data.entry));
    const known = new Map(this.rows.map((row) => [row.segment.id, row]));
    this.rows = segments.map((segment, n) => {
      const [row, json] = [known.get(segment.id), data.segments[n]];
      known.delete(segment.id);
      const fresh = { segment, json, found: fold(segment.text) };
      if (!row) return fresh;
      if (row.json !== json) this.renew(row, fresh);
      return row;
    });
    this.colourVoices();
    this.copyButton.hidden = !data.copy;
    this.copyButton.dataset.copy = data.copy;
    this.undoButton.hidden = !data.corrections;
    this.tellOthers();
    this.replacing.button.hidden = !segments.length;
    this.replacing.tell();
    this.fillSelects();
    this.offerBoxes();
    this.applyFilter();
    this.settle();
    this.openDrafts();
  }

  // Who else has the transcript open, and how often it was changed by now.
  setOthers(told) {
    this.told = told;
    if (this.data) this.tellOthers();
  }

  tellOthers() {
    const { others = [], revision = 0 } = this.told ?? {};
    const { words, data } = this;
    const names = others.filter(Boolean).join(", ");
    const text = names ? filled(words.others_named, { names }) : others.length ? words.others : "";
    if (this.company.textContent !== text) this.company.textContent = text;
    this.company.hidden = !text;
    const isOld = data.entry != null && revision > data.revision;
    this.changed.textContent = data.changed || (isOld ? words.changed_meanwhile : "");
    this.conflict.hidden = !this.changed.textContent;
  }

  // Who is first among the speakers may change while more is heard.
  colourVoices() {
    const { speakers = [] } = this.data;
    const order = speakers.join("\n");
    if (order === this.order) return;
    this.order = order;
    for (const { element, segment } of this.rows) {
      const chip = element?.querySelector(".chip.speaker");
      if (chip) chip.className = `chip speaker ${this.voice(segment)}`;
    }
  }

  voice({ speaker }) {
    return `voice-${Math.max(this.data.speakers?.indexOf(speaker) ?? 0, 0) % this.labels.voices}`;
  }

  // That of the settings or of whoever has chosen one here, else that of the model.
  takeLimit(ofModel) {
    const limit = this.wantedLimit ?? ofModel ?? USUAL_LIMIT;
    if (limit === this.unsureBelow) return;
    this.unsureBelow = limit;
    this.limit.value = Math.round(limit * 100);
    this.underline();
  }

  // Rows -----------------------------------------------------------------------------------------

  // The element of a row, which is made when it comes near what is shown.
  draw(row) {
    if (row.element) return row.element;
    Object.assign(row, this.parts(row.segment));
    if (row === this.current?.row) {
      row.element.classList.add("playing");
      this.current.span = null;
    }
    return row.element;
  }

  // What somebody is writing stays.
  letGo(row) {
    if (!row.element.querySelector("form")) row.element = null;
  }

  parts(segment) {
    const { words } = this;
    const from = filled(words.play_from, { time: clock(segment.start) });
    const time = make("button", {
      type: "button",
      className: "time",
      textContent: clock(segment.start),
      title: from,
      data: { seek: segment.start },
      aria: { label: from },
    });
    const text = make("p", { dir: "auto" });
    // A name with a direction of its own does not decide that of what is said.
    if (segment.speaker) text.append(Object.assign(this.speaker(segment), { dir: "auto" }), " ");
    if (segment.language && segment.text) text.lang = segment.language;
    const spans = segment.text ? segment.words.map((word) => this.word(word)) : [];
    if (segment.before) text.append(segment.before);
    text.append(...spans);
    if (segment.after) text.append(segment.after);
    if (!segment.text && !segment.before) text.append(make("em", { textContent: words.no_words }));
    const edit = make("button", {
      type: "button",
      className: "quiet correct",
      textContent: words.edit,
      aria: { label: filled(words.edit_segment, { time: clock(segment.start) }) },
    });
    const line = make(
      "div",
      { className: "line" },
      text,
      ...(segment.chips
        ? [this.chips(segment)]
        : [this.second(segment), ...this.sentiment(segment), ...this.marks(segment)]),
    );
    const link = filled(words.link_here, { time: clock(segment.start) });
    const here = make("button", {
      type: "button",
      className: "quiet here",
      title: link,
      data: { copied: "✓" },
      aria: { label: link },
    });
    return { spans, time, line, edit, element: make("li", {}, time, line, here, edit) };
  }

  // The buttons of a row stay, and a correction that somebody is writing there.
  renew(row, fresh) {
    Object.assign(row, fresh);
    if (!row.element) return;
    const parts = this.parts(row.segment);
    parts.line.hidden = row.line.hidden;
    for (const part of ["time", "line", "edit"]) match(row[part], parts[part]);
    row.spans = [...row.line.querySelectorAll(".word")];
    this.current = null;
  }

  word([text, start, , probability]) {
    const span = make("span", { className: "word", textContent: text });
    if (start != null) span.dataset.seek = start;
    if (probability != null) {
      span.dataset.probability = probability;
      span.title = percent(probability);
      span.classList.toggle("unsure", probability < this.unsureBelow);
    }
    return span;
  }

  speaker(segment) {
    return make(
      "button",
      {
        type: "button",
        className: `chip speaker ${this.voice(segment)}`,
        title: this.words.rename_title,
      },
      make("span", { className: "sr-only", textContent: `${this.words.speaker}: ` }),
      segment.speaker,
    );
  }

  chip(kind, group, word, probability, title = "") {
    return make(
      "span",
      { className: `chip ${kind}`, title },
      make("span", { className: "sr-only", textContent: `${group}: ` }),
      word,
      probability == null ? null : make("small", { textContent: ` ${percent(probability)}` }),
    );
  }

  chips(segment) {
    const everything = Object.entries(segment.emotions).map(
      ([name, value]) => `${this.label("emotions", name)} ${percent(value)}`,
    );
    return make(
      "p",
      { className: "chips" },
      segment.has_emotion
        ? this.chip(
            `emotion ${segment.emotion}`,
            this.words.emotion,
            this.label("emotions", segment.emotion),
            segment.emotion_probability,
            everything.join("  "),
          )
        : null,
      this.second(segment),
      ...this.sentiment(segment),
      ...segment.events.map(([name, value]) =>
        this.chip("event", this.words.events, this.label("events", name), value),
      ),
      ...this.marks(segment),
    );
  }

  second({ second, disagrees }) {
    if (!second) return null;
    const everything = Object.entries(second.emotions).map(
      ([name, value]) => `${this.label("nine", name)} ${percent(value)}`,
    );
    const chip = this.chip(
      disagrees ? "second disagrees" : "second",
      this.words.second_emotion,
      this.label("nine", second.emotion),
      second.probability,
      `${this.words.second_emotion}: ${everything.join("  ")}`,
    );
    const said = disagrees ? ` (${this.words.disagree})` : "";
    chip.append(make("span", { className: "sr-only", textContent: said }));
    return chip;
  }

  // How the words are meant, and where the voice says the opposite.
  sentiment({ sentiment, agreement }) {
    if (!sentiment) return [];
    const { symbols: signs } = this.labels;
    const group = this.words.sentiment;
    const everything = Object.entries(sentiment.sentiments).map(
      ([name, value]) => `${this.label("sentiments", name)} ${percent(value)}`,
    );
    const told = agreement && this.agreement(agreement);
    const isIrony = agreement?.accord === "irony";
    const title = [`${group}: ${everything.join("  ")}`, isIrony ? null : told];
    const chip = this.chip(
      `sentiment ${sentiment.sentiment}`,
      group,
      `${signs[sentiment.sentiment]} ${this.label("sentiments", sentiment.sentiment)}`,
      sentiment.probability,
      title.filter(Boolean).join("\n"),
    );
    return isIrony ? [chip, this.chip("irony", group, this.words.irony, null, told)] : [chip];
  }

  agreement({ accord, voice, words, confidence }) {
    return filled(this.words[`${accord}_title`], {
      voice: percent(voice),
      words: percent(words),
      confidence: percent(confidence),
    });
  }

  marks(segment) {
    return [
      this.misheardMark(segment),
      this.hotwordMark(segment),
      this.ruleMark(segment),
      this.revisedMark(segment),
      this.mark(segment),
    ];
  }

  misheardMark({ misheard }) {
    const { misheard: textContent, misheard_title: title } = this.words;
    return misheard ? make("span", { className: "mark misheard", title, textContent }) : null;
  }

  hotwordMark({ hotwords }) {
    const textContent = filled(this.words.hotword_changed, { words: hotwords.join(" ") });
    return hotwords.length ? make("span", { className: "mark hotword", textContent }) : null;
  }

  ruleMark({ rules }) {
    const title = rules.join(", ");
    return rules.length
      ? make("span", { className: "mark", title, textContent: this.words.rule_changed })
      : null;
  }

  revisedMark({ revised }) {
    const labels = revised.map((was) => this.label("revised", was));
    const textContent = filled(this.words.cascade_changed, { words: labels.join(", ") });
    return revised.length ? make("span", { className: "mark revised", textContent }) : null;
  }

  mark(segment) {
    if (!segment.corrected.length) return null;
    const names = {
      text: "text",
      language: "segment_language",
      emotion: "emotion",
      events: "events",
      speaker: "speaker",
      times: "line_times",
    };
    const title = segment.corrected.map((name) => this.words[names[name]]).join(", ");
    return make("span", { className: "mark", title, textContent: `✎ ${this.words.corrected}` });
  }

  underline() {
    for (const span of this.list.querySelectorAll("[data-probability]")) {
      span.classList.toggle("unsure", Number(span.dataset.probability) < this.unsureBelow);
    }
  }

  // Filters --------------------------------------------------------------------------------------

  fillSelects() {
    const heard = heardLabels(this.segments);
    const kinds = {
      emotion: "emotions",
      sentiment: "sentiments",
      events: "events",
      language: "languages",
    };
    for (const [name, select] of Object.entries(this.selects)) {
      const values = heard[name];
      const found = values.join();
      if (select.dataset.found === found) continue;
      select.dataset.found = found;
      select.replaceChildren(
        option("", this.words[`filter_${name}`]),
        ...values.map((value) =>
          option(value, kinds[name] ? this.label(kinds[name], value === "none" ? "" : value) : value),
        ),
      );
      select.value = values.includes(this.filter[name]) ? this.filter[name] : "";
      select.hidden = !values.length;
      this.filter[name] = select.value;
    }
  }

  // Somebody who sees only what is in dispute sees everything once nothing is.
  offerBoxes() {
    for (const [name, box] of Object.entries(this.boxes)) {
      const offered = this.segments.some((segment) => inDispute[name](segment));
      box.parentElement.hidden = !offered;
      this.filter[name] &&= offered;
    }
  }

  choose(name, value) {
    this.filter[name] = value;
    this.applyFilter();
  }

  applyFilter() {
    this.search.value = this.filter.text;
    for (const [name, box] of Object.entries(this.boxes)) box.checked = this.filter[name];
    const shown = this.rows.filter((row) => matches(this.filter, row.segment, row.found));
    const hidden = new Set(this.rows.map((row) => row.segment.id));
    for (const row of shown) hidden.delete(row.segment.id);
    this.window.set(shown);
    this.count.textContent = hidden.size
      ? filled(this.words.filter_count, {
          shown: this.rows.length - hidden.size,
          total: this.rows.length,
        })
      : "";
    this.filtered(hidden);
  }

  // The word that is spoken ----------------------------------------------------------------------

  setTime(seconds, playing) {
    const row = playing ? this.rowAt(seconds) : null;
    const before = this.current ?? {};
    if (row !== before.row) {
      before.row?.element?.classList.remove("playing");
      this.current = { row, span: before.span };
      row?.element?.classList.add("playing");
      if (row) this.show(row);
    }
    const span = row && this.spanAt(row, seconds);
    if (span !== this.current?.span) {
      this.current?.span?.classList.remove("now");
      span?.classList.add("now");
    }
    this.current = { row, span };
  }

  rowAt(seconds) {
    return this.rows[above(this.rows, seconds + 0.05, (row) => row.segment.start) - 1] ?? null;
  }

  // A word lights until the next one begins, or the segment ends.
  spanAt({ segment, spans, element }, seconds) {
    return (element && spans[wordAt(segment, seconds)]) ?? null;
  }

  // Leads to what is said at a time, for whoever has followed a link to it.
  lead(seconds) {
    const row = this.rowAt(seconds);
    if (!row) return;
    this.show(row);
    row.element?.querySelector(".time").focus();
  }

  show(row) {
    const isWriting = this.list.contains(document.activeElement?.closest("form"));
    if (!isWriting) this.window.reveal(row);
  }

  // Corrections ------------------------------------------------------------------------------------

  edit(row, draft) {
    if (row.element.querySelector("form")) return;
    const { segment } = row;
    const { job } = this.data;
    draft ??= this.sent.of(job, segment.id);
    const fields = this.fields({ ...segment, ...draft });
    const send = (hand) => {
      const { index, part, id } = segment;
      const correction = { index, part, ...this.changes(segment, fields) };
      const isChanged = Object.keys(correction).length > 2;
      const begin = () => this.sent.add(job, id, this.written(fields));
      hand(isChanged ? correction : undefined, begin);
    };
    const steps = stepsOf(segment, this.words, {
      written: draft && { ...segment, ...draft },
      text: fields.text,
      time: this.time,
      take: (kind, place) => {
        const { index, part } = segment;
        form.close();
        send((correction, begin) =>
          this.events.step({ kind, index, part, ...place, correction, sent: begin() }),
        );
      },
    });
    Object.assign(fields, { start: steps.start, end: steps.end });
    const contents = [
      fields.text,
      make("div", { className: "choices" }, fields.emotion, fields.language, ...fields.speaker),
      make(
        "fieldset",
        { aria: { label: this.words.events } },
        ...fields.events.map((box) => make("label", {}, box, this.label("events", box.value))),
      ),
      steps.element,
    ];
    const form = this.ask(row, fields.text, contents, () =>
      send((correction, begin) => correction && this.events.correct(correction, begin())),
    );
    const { id, index, part } = segment;
    const tell = () => {
      if (this.data.drafts) this.telling.tell(id, { index, part, ...this.changes(segment, fields) });
    };
    form.addEventListener("input", () => {
      this.drafts.keep(job, id, this.written(fields));
      tell();
    });
    form.addEventListener("close", () => {
      this.drafts.drop(job, id);
      this.telling.drop(id, { index, part });
    });
    if (draft) tell();
  }

  // What was sent stays a draft until it is there; what was refused is open again.
  settle() {
    const { job, answers } = this.data;
    const isWritten = (line) =>
      this.rows.some(({ segment, element }) => segment.id === line && element.querySelector("form"));
    const refused = this.sent.settle(job, answers, isWritten);
    if (Object.keys(refused).length) this.waiting = { ...this.waiting, ...refused };
  }

  // What was being written before the page was loaded anew, or on another device: read once, and
  // open as lines arrive.
  openDrafts() {
    const { job, drafts } = this.data;
    this.waiting ??= { ...this.drafts.of(job) };
    if (drafts && !this.hasDrafts) {
      this.hasDrafts = true;
      this.waiting = { ...drafts, ...this.waiting };
      for (const line of Object.keys(drafts)) this.telling.told.add(line);
    }
    for (const row of this.rows) {
      const { [row.segment.id]: draft, ...others } = this.waiting;
      if (!draft) continue;
      this.waiting = others;
      this.window.bring(row);
      if (row.element) this.edit(row, draft);
    }
  }

  // What whoever speaks here is called, wherever they speak.
  askName(row) {
    if (row.element.querySelector("form")) return;
    const { speaker } = row.segment;
    const name = make("input", { value: speaker, maxLength: 40, className: "name", dir: "auto" });
    const label = filled(this.words.rename_name, { speaker });
    this.ask(row, name, [make("label", {}, label, name)], () => {
      if (name.value.trim() && name.value !== speaker) this.events.rename(speaker, name.value);
    });
    name.select();
  }

  // A form in the place of a line, which is back before `save` is called, and when nobody saves.
  ask({ line, element }, first, contents, save) {
    const button = (type, name) =>
      make("button", { type, className: `quiet ${name}`, textContent: this.words[name] });
    const buttons = [button("submit", "save"), button("button", "discard")];
    const form = make(
      "form",
      { className: "correction" },
      ...contents,
      make("div", { className: "buttons" }, ...buttons),
    );
    const close = () => {
      form.dispatchEvent(new Event("close"));
      form.remove();
      line.hidden = false;
      element.querySelector(".correct").focus();
    };
    form.close = close;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      close();
      save();
    });
    form.querySelector(".discard").addEventListener("click", close);
    form.addEventListener("keydown", (event) => {
      const enter = event.key === "Enter" && event.target === first;
      if (event.key === "Escape") close();
      if (enter && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        form.requestSubmit();
      }
    });
    line.hidden = true;
    line.after(form);
    first.focus();
    return form;
  }

  fields(segment) {
    const choice = (kind, current, label) => {
      const names = Object.keys(this.labels[kind]).filter((name) => name || !current);
      const options = names.map((name) => option(name, this.label(kind, name)));
      const select = make("select", { aria: { label } }, ...options);
      select.value = current ?? "";
      return select;
    };
    const heard = segment.events.map(([name]) => name);
    return {
      text: make("textarea", {
        dir: "auto",
        value: segment.text,
        rows: Math.min(1 + Math.ceil(segment.text.length / 50), 8),
        maxLength: 2000,
        aria: { label: this.words.text },
      }),
      emotion: choice("emotions", segment.emotion, this.words.emotion),
      language: choice("languages", segment.language, this.words.segment_language),
      speaker: this.speakerField(segment),
      events: Object.keys(this.labels.events).map((name) =>
        make("input", { type: "checkbox", value: name, checked: heard.includes(name) }),
      ),
    };
  }

  // Who else may have spoken: somebody known, or a new name.
  speakerField({ speaker }) {
    const { speakers = [] } = this.data;
    if (!speakers.length) return [];
    const known = make(
      "datalist",
      { id: "known-speakers" },
      ...speakers.map((name) => option(name, name)),
    );
    const input = make("input", {
      value: speaker,
      maxLength: 40,
      className: "name",
      aria: { label: this.words.speaker },
    });
    input.setAttribute("list", known.id);
    return [input, known];
  }

  // What stands in the fields, as a segment has it.
  written({ text, emotion, language, events, start, end, speaker: [name] }) {
    const values = { text: text.value, emotion: emotion.value, language: language.value };
    Object.assign(values, { start: start.value, end: end.value });
    const checked = events.filter((box) => box.checked).map((box) => [box.value]);
    return { ...values, events: checked, ...(name && { speaker: name.value }) };
  }

  // What was changed in the fields, and nothing else.
  changes(segment, { text, emotion, language, events, start, end, speaker: [name] }) {
    const heard = segment.events.map(([name]) => name);
    const changes = {};
    if (text.value !== segment.text) changes.text = text.value;
    if (emotion.value !== segment.emotion) changes.emotion = emotion.value;
    if (language.value !== (segment.language ?? "")) changes.language = language.value;
    if (name?.value.trim() && name.value !== segment.speaker) changes.speaker = name.value;
    for (const [time, { value }] of Object.entries({ start, end }))
      if (value !== "" && Number(value) !== segment[time]) changes[time] = Number(value);
    if (events.some((box) => box.checked !== heard.includes(box.value))) {
      changes.events = events.filter((box) => box.checked).map((box) => box.value);
    }
    return changes;
  }
}
