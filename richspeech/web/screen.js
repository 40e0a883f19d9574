// Large captions on another computer: those of the window whose link stands behind the # of the address.
import { say, show } from "./caption_page.js";
import { socketAddress } from "./framing.js";

const link = location.hash.slice(1);

function read() {
  const socket = new WebSocket(socketAddress(document.baseURI, "screen/text"));
  const end = (...said) => {
    socket.onclose = null;
    socket.close();
    say(...said);
  };
  socket.onopen = () => socket.send(JSON.stringify({ type: "begin", link }));
  socket.onmessage = ({ data }) => {
    const { type, message, ...told } = JSON.parse(data);
    // A link works once: nobody needs it in the history of the browser.
    if (type === "ready") history.replaceState(null, "", location.pathname);
    if (type === "told") show(told);
    if (type === "finished") end("over");
    if (type === "error") end("refused", message);
  };
  socket.onclose = () => end("lost");
}

if (link) read();
else say("unlinked");
