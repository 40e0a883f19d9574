// A list that scrolls, and has more rows than a page can bear: in the document are those near what is
// shown, and those that somebody writes in, has the keyboard in or has selected.
import { Heights } from "./heights.js";

// So many are all there, and the browser finds in them, too.
export const FEW_ROWS = 200;
const USUAL_PIXELS = 64;
// Above and below what is shown, in heights of what is.
const AROUND = 0.5;
// Rows that turn out lower than was thought let others come into view.
const MOST_TURNS = 4;

export class Windowed {
  // `draw` gives the element of a row, which is an object that takes its `height`; `drop` hears of one
  // that has left the document; `tell` puts on an element its number, from 0, of how many.
  constructor(list, { draw, drop, tell }) {
    Object.assign(this, { list, draw, drop, tell, there: new Map(), width: 0 });
    this.set([]);
    list.addEventListener("scroll", () => this.render());
    list.addEventListener("copy", () => this.render()); // all that was selected is there by then
    this.sizes = new ResizeObserver(() => requestAnimationFrame(() => this.resize()));
    this.sizes.observe(list);
  }

  get areAllThere() {
    return this.rows.length <= FEW_ROWS;
  }

  // Takes rows in order; the one at the top of what is shown stays there.
  set(rows) {
    // there was no need to measure few
    const areLeft = this.rows && this.areAllThere && rows.length > FEW_ROWS && this.list.clientHeight;
    if (areLeft) this.measure([...this.rows.keys()]);
    const [number, into] = this.rows?.length ? this.anchor() : [0, 0];
    const first = this.rows?.[number];
    this.rows = rows;
    this.numbers = new Map(rows.map((row, n) => [row, n]));
    this.list.classList.toggle("many", !this.areAllThere);
    this.measureAnew();
    this.render(this.numbers.has(first) ? [this.numbers.get(first), into] : undefined);
  }

  measureAnew() {
    const known = this.rows.map(({ height }) => height);
    this.heights = new Heights(known, this.usual ?? USUAL_PIXELS);
  }

  resize() {
    const { clientWidth } = this.list;
    if (!clientWidth || this.areAllThere) return;
    const anchor = this.anchor();
    if (clientWidth !== this.width) {
      this.width = clientWidth;
      this.usual = null;
      for (const row of this.rows) row.height = undefined;
      this.measureAnew();
    }
    this.render(anchor);
  }

  // The row at the top of what is shown, and how much of it lies above.
  anchor() {
    const number = this.heights.at(this.list.scrollTop);
    return [number, this.list.scrollTop - this.heights.top(number)];
  }

  // Has a row in the document, wherever it is, until another one is brought.
  bring(row) {
    this.brought = row;
    this.render();
  }

  // Scrolls the list, never the page, unless all of a row is to be seen.
  reveal(row) {
    const { list } = this;
    const quarter = list.clientHeight / 4;
    if (!this.there.has(row) && this.numbers.has(row)) {
      const number = this.numbers.get(row);
      list.scrollTop = this.heights.top(number) - quarter;
      this.render([number, -quarter]);
    }
    const element = this.there.get(row);
    if (!element) return;
    const { top, height } = element.getBoundingClientRect();
    const above = top - list.getBoundingClientRect().top;
    if (above < 0 || above + height > list.clientHeight) list.scrollTop += above - quarter;
  }

  // The row in whose element something lies.
  rowOf(node) {
    return [...this.there].find(([, element]) => element.contains(node))?.[0];
  }

  render(anchor) {
    const everything = [...this.rows.keys()];
    if (this.areAllThere) {
      this.put(everything);
      return this.space(everything);
    }
    if (this.list.clientWidth) this.place(anchor ?? this.anchor());
  }

  place([first, into]) {
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      const numbers = this.wanted(this.heights.top(first) + into);
      const isAnother = this.put(numbers);
      if (!this.measure(numbers) && !isAnother) return;
      this.space(numbers);
      const top = this.heights.top(first) + into;
      if (Math.abs(this.list.scrollTop - top) >= 1) this.list.scrollTop = top;
    }
  }

  wanted(top) {
    const { heights, list } = this;
    const around = list.clientHeight * AROUND;
    const last = heights.at(top + list.clientHeight + around);
    const numbers = new Set(this.kept());
    for (let number = heights.at(top - around); number <= last; number++) numbers.add(number);
    return [...numbers].sort((one, other) => one - other);
  }

  // The numbers of rows that may not go, although nobody sees them.
  kept() {
    const isUsed = ([, element]) =>
      element.contains(document.activeElement) || element.querySelector("form");
    const used = [...this.there].filter(isUsed).map(([row]) => row);
    const numbers = [this.brought, ...used].map((row) => this.numbers.get(row));
    return [...numbers.filter((number) => number !== undefined), ...this.selected()];
  }

  // Those from one end of what is selected to the other.
  selected() {
    const { anchorNode, focusNode, isCollapsed } = getSelection();
    if (isCollapsed) return [];
    const [from, to] = [anchorNode, focusNode]
      .map((node) => this.numbers.get(this.rowOf(node)))
      .sort((one, other) => one - other);
    if (from === undefined || to === undefined) return [];
    return Array.from({ length: to - from + 1 }, (_, n) => from + n);
  }

  // Has these rows in the document and no others; whether that is a change.
  put(numbers) {
    const wanted = new Set(numbers.map((number) => this.rows[number]));
    const going = [...this.there.keys()].filter((row) => !wanted.has(row));
    const coming = [...wanted].filter((row) => !this.there.has(row));
    for (const row of going) this.leave(row);
    for (const row of coming) this.enter(row);
    let next = this.list.firstChild;
    for (const number of numbers) {
      const element = this.there.get(this.rows[number]);
      this.tell(element, number, this.rows.length);
      if (element === next) next = next.nextSibling;
      else this.list.insertBefore(element, next);
    }
    return going.length + coming.length > 0;
  }

  enter(row) {
    const element = this.draw(row);
    this.there.set(row, element);
    this.sizes?.observe(element);
  }

  leave(row) {
    const element = this.there.get(row);
    this.sizes.unobserve(element);
    element.remove();
    this.there.delete(row);
    this.drop(row);
  }

  // Whether rows are of other heights than was known.
  measure(numbers) {
    const measured = numbers
      .map((number) => [number, this.there.get(this.rows[number]).getBoundingClientRect().height])
      .filter(([number, height]) => Math.abs(height - (this.rows[number].height ?? 0)) > 0.1);
    if (!measured.length) return false;
    for (const [number, height] of measured) this.rows[number].height = height;
    if (this.usual) this.heights.set(measured);
    else {
      // what is usual is learnt once, or nothing would ever rest
      this.usual = measured.reduce((sum, [, height]) => sum + height, 0) / measured.length;
      this.measureAnew();
    }
    return true;
  }

  // Leaves room for what is not there.
  space(numbers) {
    const gaps = this.areAllThere ? [] : this.heights.gaps(numbers);
    const below = (n) => (n === numbers.length - 1 ? gaps.at(-1) : 0);
    for (const [n, number] of numbers.entries()) {
      const { style } = this.there.get(this.rows[number]);
      style.marginTop = gaps[n] ? `${gaps[n]}px` : "";
      style.marginBottom = below(n) ? `${below(n)}px` : "";
    }
  }
}
