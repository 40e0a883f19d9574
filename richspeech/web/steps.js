// What becomes of a line beside corrections: it is cut, joined with the next one, removed or moved.
import { make } from "./dom.js";

// Characters before a position of a text area, as the server counts them.
export const caretOf = (text, position) => [...text.slice(0, position)].length;

// The time of the player if it lies within a line, else nothing.
export const timeWithin = ({ start, end }, time) => (time > start && time < end ? time : undefined);

const rounded = (seconds) => Math.round(seconds * 100) / 100;

// Fields for the times of a line, `written` if somebody has done so, and what is shown around them and
// its buttons. `time` gives that of the player in seconds, `take` hands on a step.
export function stepsOf(segment, words, { written = segment, text, time, take }) {
  const field = (name) =>
    make("input", {
      type: "number",
      min: 0,
      step: "any",
      className: "seconds",
      name,
      value: written[name],
    });
  const [start, end] = [field("start"), field("end")];
  const button = (name, press) => {
    const made = make("button", {
      type: "button",
      className: `quiet ${name}`,
      textContent: words[name],
    });
    made.addEventListener("click", press);
    return made;
  };
  const timed = (input, word, name) =>
    make(
      "div",
      { className: "timed" },
      make("label", {}, words[word], input),
      button(name, () => {
        if (time() == null) return;
        input.value = rounded(time());
        input.dispatchEvent(new Event("input", { bubbles: true }));
      }),
    );
  const caret = () => caretOf(text.value, text.selectionStart);
  const buttons = [
    button("split_caret", () => take("split", { caret: caret(), at: timeWithin(segment, time()) })),
    button("split_player", () => time() != null && take("split", { at: time() })),
    button("merge_next", () => take("merge", {})),
    button("remove_line", () => take("remove", {})),
  ];
  const element = make(
    "details",
    { className: "steps", open: [start, end].some((each) => each.value !== `${segment[each.name]}`) },
    make("summary", { textContent: words.steps }),
    make("div", { className: "buttons" }, ...buttons),
    make(
      "div",
      { className: "buttons" },
      timed(start, "line_start", "start_player"),
      timed(end, "line_end", "end_player"),
    ),
  );
  return { start, end, element };
}
