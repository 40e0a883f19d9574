// Gradio's trackers of progress ask for every frame as long as their event is on its way, and the one of
// the page's own loading for ever: a page at rest took a tenth of a core of its visitor.

const MILLISECONDS = 1000;
const TRACKER = "/statustracker-";

// They take the function as their script begins, which is when they are given one that seldom draws; all
// others get the browser's own.
export function calmTrackers(scope = window, stackOf = () => new Error("who asks").stack) {
  const frame = scope.requestAnimationFrame.bind(scope);
  const give = (property) =>
    Object.defineProperty(scope, "requestAnimationFrame", { configurable: true, ...property });
  give({
    get() {
      if (!stackOf().includes(TRACKER)) return frame;
      give({ value: frame, writable: true });
      return (draw) => scope.setTimeout(() => frame(draw), MILLISECONDS);
    },
  });
}
