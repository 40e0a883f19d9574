// Links to a second: of a transcript that is shared, or of one in the history of this console.
//   …/share/TOKEN#t=83.5        …/#transcript=12&t=83.5

// What an address leads to: the number of a transcript and seconds, each null where it says neither.
export function linked(hash) {
  const said = new URLSearchParams(hash.slice(1));
  const number = (name, form) => (form.test(said.get(name) ?? "") ? Number(said.get(name)) : null);
  return {
    transcript: number("transcript", /^[1-9]\d{0,9}$/),
    seconds: number("t", /^\d{1,6}(\.\d{1,3})?$/),
  };
}

// The address of a second: of the link that was just made, which anybody may follow, or else of the
// entry, for those who may see it.
export function linkTo(seconds, entry, shared, page) {
  const at = `t=${Math.round(seconds * 1000) / 1000}`;
  return shared ? `${shared}#${at}` : `${page}#transcript=${entry}&${at}`;
}
