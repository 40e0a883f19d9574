// Notices that the server or the tunnel is gone, says so, and reloads the page once it is back: then
// the session of this window, and work that goes on in it, are found again.
import { Connection } from "./connection.js";
import { words } from "./data.js";
import { make } from "./dom.js";
import { locale } from "./locale.js";

const MILLISECONDS_TO_ANSWER = 8000;

const connection = new Connection();
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
  const box = document.getElementById("lost") ?? make("div", { id: "lost", role: "status" });
  const text = (tag, key) => make(tag, { textContent: words[locale()][key] });
  box.replaceChildren(text("strong", "lost"), text("span", "lost_hint"));
  document.body.append(box);
  document.documentElement.classList.add("lost");
}

async function look() {
  clearTimeout(timer);
  const { act, again } = connection.heard(await answers());
  if (act === "reload") return location.reload();
  if (act === "notice") notice();
  if (!document.hidden) timer = setTimeout(look, again); // else it is asked when the page is seen
}

export function watchConnection() {
  for (const name of ["offline", "online", "pageshow"]) window.addEventListener(name, look);
  document.addEventListener("visibilitychange", () => document.hidden || look());
  document.addEventListener("richspeech:locale", () => connection.isLost && notice());
}
