"""What a browser plays at a time is what the transcript has there, in films that are not simple."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from numpy.typing import NDArray
from playwright.sync_api import Page

from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import load_waveform

from .test_viewer import SLOWEST, set_speed
from .visitor import EXAMPLES, Visitor, read_samples

LIMITS = AudioLimits(10**8, 3_600.0)
SECONDS = 14.0
LATE = 2.3
"""Seconds at which the sound of the film begins."""

TIMES = 4
"""To listen before what was played is taken for late: a busy machine may stammer once."""

LISTEN = """
async (milliseconds) => {
  const player = document.querySelector("#player :is(audio, video)"), heard = [];
  const context = (window.ear ??= new AudioContext());
  await context.resume();
  const meter = context.createScriptProcessor(512, 1, 1);
  meter.onaudioprocess = ({ inputBuffer }) => {
    const samples = inputBuffer.getChannelData(0);
    heard.push([player.currentTime, samples.reduce((m, v) => Math.max(m, Math.abs(v)), 0)]);
  };
  window.played ??= context.createMediaElementSource(player);
  window.played.connect(meter);
  meter.connect(context.destination);
  await player.play();
  await new Promise((done) => setTimeout(done, milliseconds));
  player.pause();
  window.played.disconnect();
  return heard;
}
"""


def film(path: Path, hole: tuple[float, float] | None) -> Path:
    """A call whose sound begins late; packets in the hole, in seconds of sound, are left out."""
    samples, rate = read_samples(EXAMPLES / "zh-call.wav")
    samples = samples[: round(SECONDS * rate)]
    with av.open(str(path), "w") as output:
        screen = output.add_stream("libx264", rate=10)
        screen.width, screen.height, screen.pix_fmt = 64, 48, "yuv420p"
        stream = output.add_stream("aac", rate=rate, layout="mono")
        for number in range(round((SECONDS + LATE) * 10)):
            picture = VideoFrame.from_ndarray(np.full((48, 64, 3), number, np.uint8))
            picture.pts, picture.time_base = number, Fraction(1, 10)
            output.mux(screen.encode(picture))
        output.mux(screen.encode(None))
        sound = AudioFrame.from_ndarray(samples[np.newaxis].copy(), format="s16", layout="mono")
        sound.sample_rate, sound.time_base = rate, Fraction(1, rate)
        sound.pts = round(LATE * rate)
        resampler = av.AudioResampler("fltp", "mono", rate, frame_size=1024)
        for part in [*resampler.resample(sound), *resampler.resample(None), None]:
            for packet in stream.encode(part):
                at = float((packet.pts or 0) * (packet.time_base or 1)) - LATE
                if hole is None or not hole[0] <= at < hole[1]:
                    output.mux(packet)
    return path


def lag(heard: list[tuple[float, float]], waveform: NDArray[np.float32]) -> float:
    """Seconds by which what was heard is behind the waveform, at its best fit."""
    peaks = np.abs(waveform[: len(waveform) // 160 * 160]).reshape(-1, 160).max(axis=1)
    times, levels = np.array(heard).T

    def likeness(seconds: float) -> float:
        there = peaks[np.clip(((times - seconds) * 100).astype(int), 0, len(peaks) - 1)]
        return float(np.corrcoef(levels, there)[0, 1]) if there.std() else -1.0

    lags = np.arange(-4, 4, 0.02)
    return float(lags[np.argmax([likeness(float(each)) for each in lags])])


def clicked_word(page: Page, row: int) -> float:
    """Click on the first word of a row; return its time."""
    word = page.locator("#transcript li").nth(row).locator(".word").first
    word.click()
    return float(word.get_attribute("data-seek") or "nan")


@pytest.mark.parametrize("hole", [None, (4.5, 7.0)])
def test_a_click_on_a_word_of_a_film_plays_that_word(
    visitor: Visitor, tmp_path: Path, hole: tuple[float, float] | None
) -> None:
    source = film(tmp_path / "film.mp4", hole)
    visitor.transcribe(source)
    visitor.wait_until_all_is_drawn()
    page = visitor.page
    page.wait_for_function("document.querySelector('#player :is(audio, video)')?.duration > 0")
    if hole is None:  # what has one is played from a copy of its sound
        film_shown = page.locator("#player video")
        assert film_shown.evaluate("film => [film.videoWidth, film.videoHeight]") == [64, 48]
        captions = film_shown.evaluate("film => [...film.textTracks[0].cues].map((c) => c.text)")
        assert captions == page.locator("#transcript .line > p:first-child").all_inner_texts()
    set_speed(page, SLOWEST)
    at = clicked_word(page, -1)
    assert at > LATE + (0.0 if hole is None else hole[1] - 0.2)
    page.wait_for_function("!document.querySelector('#player :is(audio, video)').paused")
    player: Any = page.evaluate("document.querySelector('#player :is(audio, video)').currentTime")
    assert at - 0.1 < player < at + 2
    set_speed(page, 1)
    waveform = load_waveform(source, LIMITS)
    lags = (lag(heard(page), waveform) for _ in range(TIMES))
    assert any(abs(each) < 0.15 for each in lags)


def heard(page: Page) -> list[tuple[float, float]]:
    """Time and level of six seconds as they are played."""
    page.evaluate(f"document.querySelector('#player :is(audio, video)').currentTime = {LATE + 4.0}")
    found: list[tuple[float, float]] = page.evaluate(LISTEN, 6_000)
    return found
