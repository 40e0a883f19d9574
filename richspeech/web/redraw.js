// Draws HTML that comes again and again while work goes on. What is the same stays the same element:
// of the same data-key, or of the same kind in the same order. So nothing that somebody presses, has
// the keyboard in, unfolded or listens to is taken away from under them.
const MILLISECONDS_TO_CLICK = 50;

// While a button is down nothing around it moves: what comes then waits until it was let go.
const PRESSABLE = "button, a, input, label, select, summary";
const waiting = new Map();
let pressed = null;

const press = ({ target }) => (pressed = target.closest?.(PRESSABLE) ?? null);

function release() {
  if (!pressed) return;
  pressed = null;
  // A finger clicks a moment after it was lifted.
  setTimeout(() => {
    for (const [place, drawing] of waiting) redraw(place, ...drawing);
  }, MILLISECONDS_TO_CLICK);
}

addEventListener("pointerdown", (event) => event.button === 0 && press(event), true);
addEventListener("keydown", (event) => event.key === " " && press(event), true);
for (const name of ["pointerup", "pointercancel", "keyup", "blur"])
  addEventListener(name, release, true);

// Calls `drawn` once the HTML is there.
export function redraw(place, html, drawn = () => {}) {
  if (pressed && place.contains(pressed)) {
    waiting.set(place, [html, drawn]);
    return;
  }
  waiting.delete(place);
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  matchChildren(place, fresh.content);
  drawn();
}

const keyOf = (node) => node.dataset?.key ?? null;

function matchChildren(place, fresh) {
  const keyed = new Map([...place.children].map((each) => [keyOf(each), each]));
  let next = place.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const key = keyOf(wanted);
    const found = key === null ? unkeyed(next, wanted) : keyed.get(key);
    keyed.delete(key);
    if (found?.nodeName !== wanted.nodeName) {
      place.insertBefore(wanted, next);
      continue;
    }
    next = bring(place, found, next);
    match(found, wanted);
  }
  while (next) {
    const after = next.nextSibling;
    next.remove();
    next = after;
  }
}

function unkeyed(from, wanted) {
  let node = from;
  while (node && (node.nodeName !== wanted.nodeName || keyOf(node) !== null)) node = node.nextSibling;
  return node;
}

// Puts a child where the next one stands; returns the one after it. What has the keyboard would
// lose it by being moved: the others make way.
function bring(place, found, next) {
  if (found.contains(document.activeElement)) while (next !== found) next = shift(place, next);
  if (next !== found) place.insertBefore(found, next);
  return found === next ? found.nextSibling : next;
}

function shift(place, node) {
  const after = node.nextSibling;
  place.append(node);
  return after;
}

// A half made press and what was unfolded belong to the person, not to the drawing.
export function match(known, wanted) {
  if (known.nodeType !== Node.ELEMENT_NODE) {
    if (known.nodeValue !== wanted.nodeValue) known.nodeValue = wanted.nodeValue;
    return;
  }
  if ("armed" in known.dataset) return;
  for (const { name } of [...known.attributes])
    if (!wanted.hasAttribute(name) && name !== "open") known.removeAttribute(name);
  for (const { name, value } of wanted.attributes)
    if (known.getAttribute(name) !== value) known.setAttribute(name, value);
  matchChildren(known, wanted);
}
