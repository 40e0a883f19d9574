// Steps that were sent and are not answered yet. What was written for them stays a draft until then.
export class Sent {
  constructor(drafts) {
    this.drafts = drafts;
    this.waiting = new Map();
    this.last = 0;
  }

  // Returns the number that the server answers with; none was given before in this window.
  add(job, line, written) {
    this.last = Math.max(this.last + 1, Date.now());
    this.drafts.keep(job, line, written);
    this.waiting.set(this.last, { job, line, written });
    return this.last;
  }

  // What was written last for a line and is on its way.
  of(job, line) {
    return [...this.waiting.values()].findLast((step) => step.job === job && step.line === line)
      ?.written;
  }

  // `answers` tell by number what was taken. Returns by line what was refused, to be written again;
  // a line that `isWritten` anew has a later draft.
  settle(job, answers, isWritten) {
    const refused = {};
    for (const [number, step] of this.waiting) {
      const isTaken = answers[number];
      if (step.job === job && isTaken === undefined) continue;
      this.waiting.delete(number);
      if (step.job !== job || isWritten(step.line)) continue;
      if (!isTaken) refused[step.line] = step.written;
      else if (!this.of(job, step.line)) this.drafts.drop(job, step.line);
    }
    return refused;
  }
}
