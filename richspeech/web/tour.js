// What each tab answers, and a tour of the page for one of four people, who do everything with the
// real controls. A script of its own, which page.js loads when somebody first asks for it.
import { guideWords } from "./data.js";
import { make } from "./dom.js";
import { remember } from "./remembered.js";

const SEEN = "richspeech.tour";
const MILLISECONDS_BETWEEN_LOOKS = 200;

// For whom, which steps.
const PEOPLE = {
  manager: ["example", "verdict", "timeline", "lines", "last"],
  quality: ["example", "verdict", "risk", "batch"],
  editor: ["example", "highlights", "clips", "subtitles"],
  teacher: ["example", "lines", "correct", "analysis", "last"],
};

// Where each step points; `part` is a tab of the result, `tab` one of the page.
const STEPS = {
  example: { at: "#examples [data-example]" },
  verdict: { at: ".glance" },
  timeline: { part: "text", at: ".timeline-stage" },
  lines: { part: "text", at: "#transcript .lines" },
  correct: { part: "text", at: "#transcript li" },
  analysis: { part: "analysis", at: "#insight" },
  highlights: { part: "highlights", at: "#highlights" },
  clips: { part: "highlights", at: "#highlights [data-make]" },
  risk: { part: "risk", at: "#risk" },
  subtitles: { part: "export", at: "#subtitle-preview" },
  last: { at: "#export-last button" },
  batch: { tab: "batch", at: "#batch-files" },
};

const say = (key) => guideWords[document.documentElement.dataset.settled][key];
const find = (selector) =>
  [...document.querySelectorAll(selector)].find((each) => each.checkVisibility());
const hasResult = () => Boolean(find(".glance"));

function press(tabs, name) {
  const tab = document.querySelector(`${tabs} > .tab-wrapper [role=tab][data-tab-id="${name}"]`);
  if (tab?.ariaSelected !== "true") tab?.click();
}

const tabInFront = (tabs) =>
  document.querySelector(`${tabs} > .tab-wrapper [role=tab][aria-selected=true]`)?.dataset.tabId;

class Guide {
  constructor() {
    this.card = make("dialog", { className: "tour", id: "tour", aria: { labelledby: "tour-title" } });
    document.body.append(this.card);
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.card.open) return;
      event.preventDefault();
      this.close();
    });
    document.addEventListener("richspeech:locale", () => this.card.open && this.draw());
  }

  open(what) {
    if (!this.card.open) this.opener = document.activeElement;
    this.draw = { help: () => this.help(), tour: () => this.choose() }[what];
    this.draw();
  }

  close() {
    this.point(null);
    this.card.close();
    if (this.opener?.isConnected) this.opener.focus();
  }

  // A title, sentences, and buttons: the first has the keyboard.
  show(title, sentences, ...buttons) {
    const close = this.button("×", () => this.close());
    close.className = "tour-close";
    close.setAttribute("aria-label", say("tour_close"));
    this.card.replaceChildren(
      make("h2", { id: "tour-title", textContent: title }),
      ...sentences.map((textContent) => make("p", { textContent })),
      make("div", { className: "tour-buttons" }, ...buttons),
      close,
    );
    if (!this.card.open) this.card.show();
    buttons[0].focus({ preventScroll: true });
  }

  button(textContent, pressed) {
    const button = make("button", { type: "button", textContent });
    button.addEventListener("click", pressed);
    return button;
  }

  // What the tab in front answers, and the part of the result.
  help() {
    const tab = tabInFront("#tabs") ?? "transcribe";
    const part = tab === "transcribe" && hasResult() ? tabInFront("#result-tabs") : null;
    const sentences = [say(`help_${tab}`), part && say(`help_part_${part}`)];
    this.show(
      say(`tab_${tab}`),
      sentences.filter(Boolean),
      this.button(say("tour"), () => this.open("tour")),
    );
  }

  choose() {
    this.point(null);
    const people = Object.keys(PEOPLE).map((person) =>
      this.button(say(`tour_person_${person}`), () => this.go(person, 0)),
    );
    this.show(say("tour"), [say("tour_who")], ...people);
  }

  go(person, number) {
    const names = PEOPLE[person];
    this.draw = () => this.step(person, number);
    const { part, tab } = STEPS[names[number]];
    press("#tabs", tab ?? "transcribe");
    if (part && hasResult()) press("#result-tabs", part);
    this.draw();
  }

  step(person, number) {
    const names = PEOPLE[person];
    const name = names[number];
    const isLast = number === names.length - 1;
    const onwards = () => {
      if (name === "example" && !hasResult()) find(STEPS.example.at)?.click();
      if (isLast) this.end();
      else this.go(person, number + 1);
    };
    const back = number && this.button(say("tour_back"), () => this.go(person, number - 1));
    const next = this.button(say(isLast ? "tour_done" : "tour_next"), onwards);
    const title = `${say(`tour_person_${person}`)} · ${number + 1} / ${names.length}`;
    this.show(title, [say(`tour_${name}`)], next, ...(back ? [back] : []));
    this.point(STEPS[name]);
  }

  end() {
    remember(SEEN, "seen");
    document.documentElement.classList.add("has-toured");
    this.close();
  }

  // Marks where a step points, as soon as it is there: what is being recognised takes its time.
  point(step) {
    clearTimeout(this.waiting);
    this.marked?.classList.remove("toured");
    this.marked = step && find(step.at);
    if (!step) return;
    if (!this.marked) {
      this.waiting = setTimeout(() => this.look(step), MILLISECONDS_BETWEEN_LOOKS);
      return;
    }
    this.marked.classList.add("toured");
    this.marked.scrollIntoView({ block: "center" });
  }

  look(step) {
    if (step.part && hasResult()) press("#result-tabs", step.part);
    this.point(step);
  }
}

const guide = new Guide();
document.addEventListener("richspeech:guide", ({ detail }) => guide.open(detail));
