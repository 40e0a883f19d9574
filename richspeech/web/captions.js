// Large captions in a window of the same browser, which follow what its live tab tells.
import { show } from "./caption_page.js";
import { feedChannel } from "./feed_channel.js";

const channel = feedChannel(location.hash.slice(1));
channel.onmessage = ({ data }) => data !== "hello" && show(data);
channel.postMessage("hello");
