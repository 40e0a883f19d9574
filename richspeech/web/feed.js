// What is heard live, told to other windows of this browser that show it large.
import { feedChannel } from "./feed_channel.js";
import { windowKey } from "./locale.js";

const LINES = 40;
const LETTERS = 8;

// The name of this window among them: a piece of its key, which opens nothing.
export const feedName = () => windowKey().slice(0, LETTERS);

// Whoever opens a window later asks for what there is.
export class Feed {
  constructor() {
    this.channel = feedChannel(feedName());
    this.channel.onmessage = ({ data }) => data === "hello" && this.last && this.send(this.last);
  }

  // A page that has only been loaded says nothing: what was heard before stays where it is shown.
  tell(state, lines, open) {
    if (state === "idle" && !lines.length && !open) return;
    this.send({ state, lines: lines.slice(-LINES), open, count: lines.length });
  }

  send(told) {
    this.last = told;
    this.channel.postMessage(told);
  }
}
