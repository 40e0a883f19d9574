// Asks who else has a transcript open, every so often while somebody looks at it, and says by that
// that this window has.
import { windowKey } from "./locale.js";

const MILLISECONDS_BETWEEN = 15_000;

export class Presence {
  // `told` gets what the server knows: names of others, and how often the transcript was changed.
  constructor(told) {
    Object.assign(this, { told, entry: null, timer: 0 });
    document.addEventListener("visibilitychange", () => this.look());
  }

  // None is a transcript that nobody else can open.
  watch(entry) {
    if (entry === this.entry) return;
    this.entry = entry;
    this.told({ others: [], revision: 0 });
    this.look();
  }

  async look() {
    clearTimeout(this.timer);
    const { entry } = this;
    if (entry == null || document.hidden) return;
    this.timer = setTimeout(() => this.look(), MILLISECONDS_BETWEEN);
    const answer = await this.ask(entry);
    if (!answer || entry !== this.entry) return;
    if (answer.ok) this.told(await answer.json());
    else clearTimeout(this.timer); // it is deleted, or not to be seen any more
  }

  // Nothing where the server is not there, which another has to say.
  async ask(entry) {
    try {
      const headers = { "X-Richspeech-Window": windowKey() };
      return await fetch(`v1/transcripts/${entry}/presence`, { headers });
    } catch {
      return null;
    }
  }
}
