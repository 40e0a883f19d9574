// A QR code, drawn of its rows: 1 is dark. Dark on light in either theme, with the margin that it needs.
const SVG = "http://www.w3.org/2000/svg";
const MARGIN = 4;

// Rows → the squares of a path.
export const squares = (rows) =>
  rows
    .flatMap((row, y) => [...row].map((cell, x) => (cell === "1" ? `M${x} ${y}h1v1h-1z` : "")))
    .join("");

export function drawCode(rows, label) {
  const element = (tag, attributes) => {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };
  const size = rows.length + 2 * MARGIN;
  const viewBox = `${-MARGIN} ${-MARGIN} ${size} ${size}`;
  const drawing = element("svg", { viewBox, role: "img", "aria-label": label, class: "code" });
  drawing.append(
    element("rect", { x: -MARGIN, y: -MARGIN, width: size, height: size, fill: "#fff" }),
    element("path", { d: squares(rows), fill: "#000", "shape-rendering": "crispEdges" }),
  );
  return drawing;
}
