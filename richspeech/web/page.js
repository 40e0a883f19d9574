// Runs before gradio: settles the language, and wires what plain HTML cannot do.
(() => {
  const TAGS = { zh: "zh-CN", en: "en" };
  const WORDS = window.richspeechWords;
  const KEY = "richspeech.locale";

  // The server paints the page in the language of the cookie, or else of the browser.
  const painted = window.richspeechPage.locale;
  const look = window.richspeechPage.look;
  const stored = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
  let locale = painted;

  // Gradio's own words (drop a file here, record, …) follow navigator.language.
  Object.defineProperty(navigator, "language", { configurable: true, get: () => TAGS[locale] });
  Object.defineProperty(navigator, "languages", { configurable: true, get: () => [TAGS[locale]] });

  const root = document.documentElement;
  root.classList.toggle("insecure", !window.isSecureContext);

  function remember(value) {
    document.cookie = `${KEY}=${value}; path=${location.pathname}; max-age=31536000; samesite=lax`;
    try { localStorage.setItem(KEY, value); } catch { /* private window: not remembered */ }
  }

  // Whoever chose before there was the cookie; who refuses it has the switch.
  if (stored() in TAGS && stored() !== painted) {
    remember(stored());
    if (document.cookie.includes(`${KEY}=${stored()}`)) location.reload();
  }

  // Gradio's store changes language through a function of its own.
  async function changeGradio() {
    const core = performance.getEntriesByType("resource").map((entry) => entry.name)
      .find((name) => /\/assets\/core-[^/]+\.js$/.test(name));
    if (core) (await import(core)).changeLocale?.(TAGS[locale]);
  }

  // Words that gradio fixes when it draws a widget; style.css shows data-word in their place.
  const NAMED = {
    ".file-input .upload-container": "drop",
    ".file-input .upload-container > .wrap": "drop",
    ".file-input.many .upload-container": "batch_drop",
    ".file-input.many .upload-container > .wrap": "batch_drop",
    ".microphone-input .record-button": "record",
    ".microphone-input .stop-button": "stop",
    ".microphone-input .stop-button-paused": "stop",
    ".microphone-input .pause-button": "pause",
    ".microphone-input .resume-button": "resume",
    ".microphone-input .mic-select": "microphone_choice",
  };

  function rename() {
    for (const [selector, key] of Object.entries(NAMED)) {
      document.querySelectorAll(selector).forEach((element) => {
        element.dataset.word = WORDS[locale][key];
        if (element.matches("button, select")) element.setAttribute("aria-label", WORDS[locale][key]);
      });
    }
  }
  new MutationObserver(rename).observe(document, { childList: true, subtree: true });

  function settle() {
    document.title = WORDS[locale].page_title;
    rename();
    root.lang = TAGS[locale];
    root.dataset.settled = locale;
    document.dispatchEvent(new Event("richspeech:locale"));
    document.querySelectorAll("[data-hostname]").forEach((element) => {
      element.textContent = location.hostname;
    });
  }

  // By this the server finds the work of this window again after a reload.
  function windowKey() {
    const fresh = [...crypto.getRandomValues(new Uint8Array(16))]
      .map((byte) => byte.toString(16).padStart(2, "0")).join("");
    try {
      if (!sessionStorage.getItem("richspeech.window")) sessionStorage.setItem("richspeech.window", fresh);
      return sessionStorage.getItem("richspeech.window");
    } catch { return fresh; }
  }

  // An upload says which window sends it: nobody else may then use it. Whose login has ended is
  // led to the form.
  const send = window.fetch.bind(window);
  window.fetch = async (address, options = {}) => {
    const { origin, pathname } = new URL(address.url ?? address, document.baseURI);
    const isOwn = origin === location.origin;
    const isUpload = isOwn && pathname.endsWith("/gradio_api/upload");
    const headers = { ...options.headers, "X-Richspeech-Window": windowKey() };
    const answer = await send(address, isUpload ? { ...options, headers } : options);
    if (isOwn && answer.status === 401) location.reload();
    return answer;
  };

  window.richspeech = {
    visitor: () => [locale, windowKey(), Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC", look],
    // The server names the events that have something to show in this window.
    arrive(props, watch, trigger) {
      watch("value", () => (props.value?.wanted ?? []).forEach((name) => trigger(name)));
    },
    locale: () => locale,
    choose(value) {
      locale = value in TAGS ? value : "zh";
      remember(locale);
      changeGradio();
      return locale;
    },
    settle,
  };

  const audio = () => document.querySelector("#player audio");

  document.addEventListener("click", async (event) => {
    const time = event.target.closest?.("[data-seek]");
    if (time && audio()) {
      audio().currentTime = Number(time.dataset.seek);
      audio().play().catch(() => {});
    }
    const pressed = event.target.closest?.(".starts, .examples button");
    if (pressed && matchMedia("(max-width: 760px)").matches) showResult(pressed);
    const copy = event.target.closest?.("[data-copy]");
    if (copy) {
      await write(copy.dataset.copy);
      const before = copy.textContent;
      copy.textContent = copy.dataset.copied;
      setTimeout(() => { if (copy.textContent === copy.dataset.copied) copy.textContent = before; }, 1500);
    }
  });

  // On a phone the result is further down; where exactly is known once the answer has come, since
  // the field above it changes its height, too.
  function showResult(pressed) {
    const status = pressed.closest(".columns")?.querySelector(".status");
    if (!status) return;
    new MutationObserver((_, observer) => {
      observer.disconnect();
      setTimeout(() => status.closest(".card").scrollIntoView({ behavior: "smooth" }), 100);
    }).observe(status, { childList: true, subtree: true });
  }

  async function write(text) {
    try { await navigator.clipboard.writeText(text); } catch {
      const area = Object.assign(document.createElement("textarea"), { value: text });
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  }

  // Media events do not bubble, but they can be caught on their way down.
  const inPlayer = (event) => event.target.matches?.(".player audio");
  document.addEventListener("error", (event) => {
    if (inPlayer(event)) event.target.parentElement.classList.add("mute");
  }, true);
  document.addEventListener("loadedmetadata", (event) => {
    if (inPlayer(event)) event.target.parentElement.classList.remove("mute");
  }, true);
})();
