// Where rows of different heights lie, in pixels. Those that nobody has measured are as high as is usual.
export class Heights {
  // `known`: the height of each row, undefined for one that was not measured.
  constructor(known, usual) {
    this.heights = Float64Array.from(known, (height) => height ?? usual);
    this.tops = new Float64Array(this.heights.length + 1);
    this.sum();
  }

  get count() {
    return this.heights.length;
  }

  // Sets the heights of some rows: [number, height] of each.
  set(measured) {
    for (const [number, height] of measured) this.heights[number] = height;
    this.sum();
  }

  sum() {
    for (let n = 0; n < this.count; n++) this.tops[n + 1] = this.tops[n] + this.heights[n];
  }

  // Where a row begins; of the number behind the last one, where all end.
  top(number) {
    return this.tops[number];
  }

  // The number of the row at a place; what lies outside belongs to the first or the last one.
  at(place) {
    let [low, high] = [0, Math.max(this.count - 1, 0)];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.tops[middle + 1] <= place) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  // How much room is left out above each of some rows, and below the last one, where only these are there.
  gaps(numbers) {
    const behind = [0, ...numbers.map((number) => number + 1)];
    return [...numbers, this.count].map((number, n) => this.tops[number] - this.tops[behind[n]]);
  }
}
