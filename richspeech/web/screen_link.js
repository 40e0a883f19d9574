// The link for a screen on another computer, and what it is shown: one at a time, until it is taken back.
import { drawCode } from "./code.js";
import { make } from "./dom.js";
import { clock, filled } from "./figures.js";
import { socketAddress } from "./framing.js";

export class ScreenLink {
  state = "closed";

  // `changed` is called once it has another state: closed, asking, waiting or here.
  constructor(feed, changed) {
    Object.assign(this, { feed, changed });
    this.tell = (told) => this.state === "here" && this.send({ type: "told", ...told });
    feed.others.add(this.tell);
  }

  become(state, more = {}) {
    Object.assign(this, { state, message: "", link: null, ...more });
    this.changed();
  }

  open() {
    const socket = (this.socket = new WebSocket(socketAddress(document.baseURI, "live/screen")));
    const page = new URL(".", document.baseURI).href;
    socket.onopen = () => this.send({ type: "begin", page });
    socket.onmessage = ({ data }) => this.take(JSON.parse(data));
    socket.onclose = () => socket === this.socket && this.close("screen_lost");
    this.become("asking");
  }

  send(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  take({ type, message, ...link }) {
    if (type === "link") this.become("waiting", { link });
    if (type === "here") {
      this.become("here");
      if (this.feed.last) this.tell(this.feed.last);
    }
    if (type === "gone") this.close("screen_gone");
    if (type === "error") this.close(null, message);
  }

  // `said` is the name of a sentence, `message` one that the server has written.
  close(said = null, message = "") {
    const { socket } = this;
    this.socket = null;
    socket?.close();
    this.become("closed", { said, message });
  }

  draw(words) {
    const { state, link } = this;
    const text = (textContent, more = {}) => make("p", { textContent, ...more });
    if (state === "closed") return [text(this.message || words[this.said] || "", { role: "status" })];
    if (state === "asking") return [];
    const end = make("button", { type: "button", className: "quiet", textContent: words.screen_end });
    end.addEventListener("click", () => this.close());
    if (state === "here") return [text(words.screen_here, { role: "status" }), end];
    return [
      drawCode(link.code, words.live_code),
      text(filled(words.screen_link, { time: clock(link.seconds) })),
      make("p", { className: "address" }, make("code", { textContent: link.address, tabIndex: 0 })),
      end,
    ];
  }
}
