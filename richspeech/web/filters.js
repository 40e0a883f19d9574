// Which rows of a transcript are shown, and which word is spoken. Pure functions of segments.

export const fold = (text) => text.normalize("NFKC").toLowerCase();

// What can be shown alone, by the names of the filters.
export const inDispute = {
  disagreeing: (segment) => segment.disagrees,
  ironic: (segment) => segment.agreement?.accord === "irony",
};

export const noFilter = () => ({
  ...{ text: "", speaker: "", emotion: "", sentiment: "", events: "", language: "" },
  ...Object.fromEntries(Object.keys(inDispute).map((name) => [name, false])),
});

// `found` is the folded text of the segment.
export function matches(filter, segment, found) {
  const { text, speaker, emotion, sentiment, events, language } = filter;
  return (
    (!text || found.includes(fold(text))) &&
    Object.keys(inDispute).every((name) => !filter[name] || Boolean(inDispute[name](segment))) &&
    (!speaker || segment.speaker === speaker) &&
    (!emotion || (segment.has_emotion && segment.emotion === emotion)) &&
    (!sentiment || segment.sentiment?.sentiment === sentiment) &&
    (!events || segment.events.some(([name]) => name === events)) &&
    (!language || (segment.language ?? "none") === language)
  );
}

// What there is to choose from, by the names of the filters.
export function heardLabels(segments) {
  const heard = {
    speaker: segments.flatMap((segment) => segment.speaker || []),
    emotion: segments.filter((segment) => segment.has_emotion).map((segment) => segment.emotion),
    sentiment: segments.flatMap((segment) => segment.sentiment?.sentiment ?? []),
    events: segments.flatMap((segment) => segment.events.map(([name]) => name)),
    language: segments.map((segment) => segment.language ?? "none"),
  };
  return Object.fromEntries(
    Object.entries(heard).map(([name, values]) => [name, [...new Set(values)].sort()]),
  );
}

// The number of the word that lights: until the next one begins, or the segment ends; -1 for none.
export function wordAt({ end, words }, seconds) {
  if (seconds > end + 0.3) return -1;
  return words.findLastIndex(([, start]) => start != null && start <= seconds + 0.05);
}
