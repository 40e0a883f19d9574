// Where what is heard live is told to other windows of this browser; `name` is one of a window.
export const feedChannel = (name) => new BroadcastChannel(`richspeech.live.${name}`);
