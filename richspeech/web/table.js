// The table of segments, which the server draws whole: of many rows those near what is shown are in it.
import { redraw } from "./redraw.js";
import { FEW_ROWS, Windowed } from "./windowed.js";

// Of the whole, for a column; others have USUAL.
const WIDTHS = { start_time: 7, end_time: 7, speaker: 5, segment_language: 5, events: 7, text: 15 };
const USUAL = 8;

// Takes the rows out of a table, and lets it scroll through them.
function scrolling(table) {
  const body = table.querySelector("tbody");
  const rows = [...body.children].map((element) => ({ element }));
  body.replaceChildren();
  table.classList.add("long");
  table.setAttribute("aria-rowcount", rows.length + 1);
  const widths = [...rows[0].element.children].map((cell) => WIDTHS[cell.className] ?? USUAL);
  const columns = widths.map((width) => `minmax(0, ${width}fr)`);
  table.style.setProperty("--columns", columns.join(" "));
  const windowed = new Windowed(body, {
    draw: (row) => row.element,
    drop: () => {},
    tell: (row, number) => row.setAttribute("aria-rowindex", number + 2), // below the head
  });
  return () => windowed.set(rows);
}

// What gradio calls.
export function segmentTable(element, props, watch) {
  const place = element.querySelector(".table");
  const show = () => {
    const html = props.value || "";
    const drawn = document.createElement("template");
    drawn.innerHTML = html;
    if (drawn.content.querySelectorAll("tbody tr").length <= FEW_ROWS) return redraw(place, html);
    const before = place.querySelector("tbody")?.scrollTop ?? 0;
    const fill = scrolling(drawn.content.querySelector("table"));
    place.replaceChildren(drawn.content);
    fill();
    place.querySelector("tbody").scrollTop = before;
  };
  watch("value", show);
  show();
}
