// The report: one file that opens without a server. bundle() of files.py puts this and what it
// imports into it.
import { above, axisStep, clock } from "./figures.js";
import { linked } from "./linked.js";

const main = document.querySelector("main");
const audio = document.querySelector("audio");
const svg = document.querySelector("svg");
const rows = [...document.querySelectorAll(".rows li")];
const duration = Number(main.dataset.duration);
const startOf = (row) => Number(row.dataset.start);

// The row that is heard at a time: the last one that has begun, unless it is over.
const rowAt = (seconds) => {
  const row = rows[above(rows, seconds, startOf) - 1];
  return row && seconds < Number(row.dataset.end) ? row : null;
};

const show = (seconds) => {
  const playhead = svg.querySelector(".playhead");
  const place = `${(100 * seconds) / duration}%`;
  playhead.setAttribute("x1", place);
  playhead.setAttribute("x2", place);
  const now = rowAt(seconds);
  for (const row of document.querySelectorAll(".now")) if (row !== now) row.classList.remove("now");
  if (now && !now.classList.contains("now")) {
    now.classList.add("now");
    return now;
  }
  return null;
};

const go = (seconds) => {
  if (audio) {
    audio.currentTime = seconds;
    audio.play().catch(() => {});
  }
  show(seconds);
};

const listenToPlayer = () => {
  main.classList.add("playable");
  let frame = 0;
  const follow = () => {
    show(audio.currentTime);
    frame = audio.paused ? 0 : requestAnimationFrame(follow);
  };
  audio.addEventListener("play", () => {
    if (!frame) follow();
  });
  audio.addEventListener("seeked", () => show(audio.currentTime));
  document.addEventListener("keydown", (event) => {
    if (event.code !== "Space" || event.target.closest("button, input, select, audio")) return;
    event.preventDefault();
    if (audio.paused) audio.play();
    else audio.pause();
  });
  for (const row of rows) {
    row.addEventListener("click", () => {
      if (getSelection().isCollapsed) go(startOf(row));
    });
  }
};

const listenToTimeline = () => {
  svg.addEventListener("click", (event) => {
    const box = svg.getBoundingClientRect();
    const seconds = (duration * (event.clientX - box.left)) / box.width;
    go(seconds);
    rowAt(seconds)?.scrollIntoView({ block: "center" });
  });
};

// A link may lead to a second. Nothing plays before somebody wants it to.
const follow = () => {
  const { seconds } = linked(location.hash);
  if (seconds === null) return;
  show(seconds);
  if (audio) audio.currentTime = seconds;
  rowAt(seconds)?.scrollIntoView({ block: "center" });
};

const drawRuler = () => {
  const ruler = svg.querySelector(".ruler");
  const top = Number(ruler.dataset.top);
  const step = axisStep(svg.clientWidth / duration, 76, 1);
  const draw = (name, attributes, text) => {
    const element = document.createElementNS(svg.namespaceURI, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = text;
    return element;
  };
  const marks = [];
  for (let at = 0; at < duration; at += step) {
    const x = `${(100 * at) / duration}%`;
    marks.push(draw("line", { x1: x, x2: x, y1: 0, y2: top + 6 }, ""));
    marks.push(draw("text", { x, y: top + 18, dx: 3 }, clock(at)));
  }
  ruler.replaceChildren(...marks);
};

// From the whole recording to ten seconds, unless that were wider than browsers draw well.
const listenToZoom = () => {
  const slider = document.querySelector(".zoom input");
  const scroller = document.querySelector(".scroller");
  slider.addEventListener("input", () => {
    const most = Math.max(1, Math.min(duration / 10, 100000 / scroller.clientWidth));
    const middle = (scroller.scrollLeft + scroller.clientWidth / 2) / svg.clientWidth;
    svg.style.width = `${100 * most ** (slider.value / 100)}%`;
    scroller.scrollLeft = middle * svg.clientWidth - scroller.clientWidth / 2;
    drawRuler();
  });
  new ResizeObserver(drawRuler).observe(scroller);
};

// Where it stands in an element: names, and words that are underlined, have elements of their own.
const found = function* (element, wanted) {
  const nodes = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (nodes.nextNode()) {
    const { currentNode: node } = nodes;
    const text = node.data.toLowerCase();
    for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) {
      if (at + wanted.length > node.length) break;
      const range = new Range();
      range.setStart(node, at);
      range.setEnd(node, at + wanted.length);
      yield range;
    }
  }
};

const mark = (wanted) => {
  if (!CSS.highlights) return;
  const ranges = [];
  for (const row of wanted ? rows : []) {
    const text = row.hidden ? null : row.querySelector(".text:not(.empty)");
    if (text) ranges.push(...found(text, wanted));
  }
  CSS.highlights.set("found", new Highlight(...ranges));
};

const listenToFilters = () => {
  const search = document.querySelector("input[type=search]");
  const selects = [...document.querySelectorAll("[data-filter]")];
  const filter = () => {
    const wanted = search.value.trim().toLowerCase();
    let count = 0;
    for (const row of rows) {
      const text = row.querySelector(".text:not(.empty)")?.textContent.toLowerCase() ?? "";
      const fits =
        text.includes(wanted) &&
        selects.every(
          ({ value, dataset }) =>
            !value || (row.dataset[dataset.filter] ?? "").split(" ").includes(value),
        );
      row.hidden = !fits;
      count += fits;
    }
    document.querySelector("output b").textContent = count;
    document.querySelector("#none").hidden = count > 0;
    mark(wanted);
  };
  search.addEventListener("input", filter);
  for (const select of selects) select.addEventListener("change", filter);
};

if (rows.length) {
  listenToTimeline();
  listenToZoom();
  listenToFilters();
  if (audio) listenToPlayer();
  addEventListener("hashchange", follow);
  follow();
}
