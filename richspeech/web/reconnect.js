// Notices that the server or the tunnel is gone, says so, and reloads the page once it is back: then
// the session of this window, and work that goes on in it, are found again.
(() => {
  const MILLISECONDS_BETWEEN_LOOKS = 4000;
  const MILLISECONDS_WHILE_LOST = 1000;
  const MILLISECONDS_TO_ANSWER = 8000;
  const FAILURES_IN_A_ROW = 2;

  let failures = 0;
  let timer = 0;

  async function answers() {
    const signal = AbortSignal.timeout(MILLISECONDS_TO_ANSWER);
    try {
      return (await fetch("health", { cache: "no-store", signal })).ok;
    } catch {
      return false;
    }
  }

  function notice() {
    const words = window.richspeechWords[window.richspeech.locale()];
    const box = document.getElementById("lost") ?? document.createElement("div");
    const text = (tag, key) => Object.assign(document.createElement(tag), { textContent: words[key] });
    Object.assign(box, { id: "lost" });
    box.setAttribute("role", "status");
    box.replaceChildren(text("strong", "lost"), text("span", "lost_hint"));
    document.body.append(box);
    document.documentElement.classList.add("lost");
  }

  async function look() {
    clearTimeout(timer);
    const before = failures;
    if (await answers()) {
      if (before >= FAILURES_IN_A_ROW) return location.reload();
      failures = 0;
    } else if (++failures >= FAILURES_IN_A_ROW) notice();
    timer = setTimeout(look, failures ? MILLISECONDS_WHILE_LOST : MILLISECONDS_BETWEEN_LOOKS);
  }

  for (const name of ["offline", "online", "pageshow"]) window.addEventListener(name, look);
  document.addEventListener("visibilitychange", () => document.hidden || look());
  document.addEventListener("richspeech:locale", () => failures >= FAILURES_IN_A_ROW && notice());
})();
