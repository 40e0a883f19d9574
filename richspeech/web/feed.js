// What is heard live, told to other windows of this browser that show it large.
import { feedChannel } from "./feed_channel.js";

const LINES = 40;
const LETTERS = 8;

// Whoever opens a window later asks for what there is.
export class Feed {
  // The name of this window among them is a piece of its key, which opens nothing.
  constructor(windowKey) {
    this.name = windowKey.slice(0, LETTERS);
    this.others = new Set();
    this.channel = feedChannel(this.name);
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
    for (const tell of this.others) tell(told);
  }
}
