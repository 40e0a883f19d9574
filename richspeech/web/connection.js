// What to do about a server that answers, or does not.
const MILLISECONDS_BETWEEN_LOOKS = 4000;
const MILLISECONDS_WHILE_LOST = 1000;
const FAILURES_IN_A_ROW = 2;

export class Connection {
  failures = 0;

  get isLost() {
    return this.failures >= FAILURES_IN_A_ROW;
  }

  // Returns what to do ("reload", "notice" or "wait"), and in how many milliseconds to look again.
  heard(answers) {
    if (answers && this.isLost) return { act: "reload", again: null };
    this.failures = answers ? 0 : this.failures + 1;
    const again = this.failures ? MILLISECONDS_WHILE_LOST : MILLISECONDS_BETWEEN_LOOKS;
    return { act: this.isLost ? "notice" : "wait", again };
  }
}
