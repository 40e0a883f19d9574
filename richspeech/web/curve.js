// The numbers behind a curve of emotions. Pure functions of times and scores.

// The number of the time that is nearest, in a sorted list.
export function nearest(times, seconds) {
  let [low, high] = [0, times.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] + times[middle + 1]) / 2 < seconds) low = middle + 1;
    else high = middle;
  }
  return low;
}

// The names of the emotions at point n, the strongest first.
export const rankedAt = (scores, n) =>
  Object.keys(scores).sort((one, other) => scores[other][n] - scores[one][n]);

// Neighbours that are equal, as [first, last + 1, value].
export function runsOf(values) {
  const runs = [];
  for (let first = 0, last; first < values.length; first = last) {
    for (last = first + 1; last < values.length && values[last] === values[first]; ) last++;
    runs.push([first, last, values[first]]);
  }
  return runs;
}

// The name of the strongest emotion at point n; of equals the first.
export const strongestAt = (scores, n) =>
  Object.keys(scores).reduce((best, name) => (scores[name][n] > scores[best][n] ? name : best));

// What a line covers where many of its points share a pixel: [pixel, lowest, highest] of them and of
// the point before, to which it is joined.
export function columns(row, xs) {
  const found = [];
  for (let n = 0; n < row.length; n++) {
    const pixel = Math.floor(xs[n]);
    if (found.at(-1)?.[0] !== pixel)
      found.push([pixel, row[Math.max(n - 1, 0)], row[Math.max(n - 1, 0)]]);
    const column = found.at(-1);
    column[1] = Math.min(column[1], row[n]);
    column[2] = Math.max(column[2], row[n]);
  }
  return found;
}
