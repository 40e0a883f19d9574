#!/usr/bin/env bash
# wavesurfer.js: with peaks from a server, a waveform that is zoomed in stands beside its sound.
#
# Expected: peaks[n] of N is drawn at n/N of the duration, as the cursor and the regions are placed.
# What happens (wavesurfer.js 8.0.1): a wide waveform is cut into canvases. Each takes the peaks from
# the floor of its left edge to the floor of its right edge, and spreads them over its whole width as
# if they began and ended with it. With coarse peaks and a large zoom that moves a peak by up to the
# length of one: here of 128 ms, in a recording of three hours. Fewer pixels a second, or peaks as
# fine as the pixels, hide it.
# Source: sliceChannelData and calculateLinePaths in src/renderer-utils.ts, which are called here with
# the same values as the renderer calls them with.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-fund --no-audit wavesurfer.js@8.0.1
cat > shift.mjs <<'SCRIPT'
import { readFileSync } from "node:fs";
import {
  calculateLinePaths,
  computeCanvasPlan,
  sliceChannelData,
} from "./node_modules/wavesurfer.js/dist/renderer-utils.js";

const DURATION = 10_800; // seconds
const PEAK = 0.128; // seconds that one peak stands for
const COUNT = Math.floor(DURATION / PEAK);
const VIEW = 1_100; // pixels that are seen at once

/** Return by how many ms the tops of single peaks are drawn from where their time lies. */
function shifts(pixelsPerSecond) {
  const totalWidth = Math.ceil(DURATION * pixelsPerSecond);
  const { slots } = computeCanvasPlan({ totalWidth, clientWidth: VIEW, options: {} });
  const found = [];
  for (let number = 1_000; number < COUNT; number += 997) {
    const peaks = new Float32Array(COUNT);
    peaks[number] = 1;
    const place = (number / COUNT) * totalWidth;
    for (const { offset, width } of slots) {
      if (place < offset || place >= offset + width) continue;
      const [data] = sliceChannelData({
        channelData: [peaks],
        offset,
        clampedWidth: width,
        totalWidth,
      });
      const [path] = calculateLinePaths({ channelData: [data], width, height: 60, vScale: 1 });
      const top = path.find(({ y }) => y < 5);
      if (top) found.push(((offset + top.x - place) / pixelsPerSecond) * 1_000);
    }
  }
  return found;
}

const { version } = JSON.parse(readFileSync("node_modules/wavesurfer.js/package.json", "utf8"));
console.log("wavesurfer.js", version);
let worst = 0;
for (const seconds of [60, 10, 2]) {
  const found = shifts(VIEW / seconds);
  const [least, most] = [Math.min(...found), Math.max(...found)];
  console.log(`${seconds} s on screen: ${found.length} peaks drawn ${least.toFixed(0)} to ${most.toFixed(0)} ms from their time`);
  worst = Math.max(worst, Math.abs(least), Math.abs(most));
}
if (worst < 100 || worst > 150) throw new Error(`up to ${worst} ms, no longer about one peak`);
SCRIPT
node shift.mjs
