// Keeps a drawing in step with an audio element that comes and goes.
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
