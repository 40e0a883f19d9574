// What somebody is writing: kept in this window as they type, so that a reload takes nothing away.
// It goes with the window, since words of a recording may be personal.

const PREFIX = "richspeech.draft.";

export class Drafts {
  constructor(store) {
    this.store = store;
  }

  // By the number of the segment, what its form holds.
  of(job) {
    return JSON.parse(this.store.getItem(PREFIX + job) ?? "{}");
  }

  keep(job, index, values) {
    this.write(job, { ...this.of(job), [index]: values });
  }

  drop(job, index) {
    const { [index]: _, ...others } = this.of(job);
    this.write(job, others);
  }

  write(job, drafts) {
    if (Object.keys(drafts).length) this.store.setItem(PREFIX + job, JSON.stringify(drafts));
    else this.store.removeItem(PREFIX + job);
  }
}
