// What somebody is writing: kept in this window as they type, so that a reload takes nothing away.
// It goes with the window, since words of a recording may be personal. Whoever has logged in finds it
// on another device as well.

const PREFIX = "richspeech.draft.";

export class Drafts {
  constructor(store) {
    this.store = store;
  }

  // By the line, what its form holds; nothing of what something else has damaged.
  of(job) {
    try {
      const drafts = JSON.parse(this.store.getItem(PREFIX + job) ?? "{}");
      return typeof drafts === "object" && !Array.isArray(drafts) ? (drafts ?? {}) : {};
    } catch (error) {
      if (error instanceof SyntaxError) return {};
      throw error;
    }
  }

  keep(job, line, values) {
    this.write(job, { ...this.of(job), [line]: values });
  }

  drop(job, line) {
    const { [line]: _, ...others } = this.of(job);
    this.write(job, others);
  }

  // Where there is no room, what is written stands in its form alone.
  write(job, drafts) {
    try {
      if (Object.keys(drafts).length) this.store.setItem(PREFIX + job, JSON.stringify(drafts));
      else this.store.removeItem(PREFIX + job);
    } catch (error) {
      if (error.name !== "QuotaExceededError") throw error;
    }
  }
}

const MILLISECONDS_OF_REST = 1500;

// Tells the server what is written in a line, a moment after the last key.
export class Telling {
  constructor(send, timers = window) {
    Object.assign(this, { send, timers, waiting: new Map(), told: new Set() });
  }

  tell(line, draft) {
    this.stop(line);
    const send = () => {
      this.waiting.delete(line);
      this.told.add(line);
      this.send(draft);
    };
    this.waiting.set(line, this.timers.setTimeout(send, MILLISECONDS_OF_REST));
  }

  // `empty` is a draft of that line that says nothing.
  drop(line, empty) {
    this.stop(line);
    if (this.told.delete(line)) this.send(empty);
  }

  stop(line) {
    this.timers.clearTimeout(this.waiting.get(line));
    this.waiting.delete(line);
  }
}
