// The players of the page, whose elements come and go.

// By which a drawing is kept in step.
const NAMES = ["play", "pause", "seeked", "timeupdate", "loadedmetadata", "emptied"];

// `audio` finds the element, `drawing` what has tick() and run(), or null. Media events do not
// bubble, but they can be caught on their way down.
export function followPlayer(audio, drawing) {
  const follow = ({ type, target }) => {
    if (!drawing() || target !== audio()) return;
    if (type === "play") drawing().run();
    else drawing().tick();
  };
  for (const name of NAMES) document.addEventListener(name, follow, true);
}

// How fast is chosen once, for all that this page plays.
export function keepSpeed() {
  let speed = 1;
  document.addEventListener("change", ({ target }) => {
    if (!target.matches?.(".player .speed")) return;
    speed = Number(target.value);
    target.parentElement.querySelector("audio, video").playbackRate = speed;
  });
  const apply = ({ target }) => {
    const choice = target.parentElement?.querySelector(".speed");
    if (!choice) return;
    choice.value = speed;
    target.playbackRate = speed;
  };
  document.addEventListener("loadedmetadata", apply, true);
}
