"""Measure who is told apart by voice: ``python -m scripts.measure_voices --write``.

Conversations are put together and heard as the console would: our reading with the published
fsmn-vad weights, windows, an encoder, our clustering. Tables go into docs/speakers.md.

    people     clips of ../shared/audio, each sample used once, 2 to 4 people who never overlap
    synthetic  2 to 4 voices of flite and espeak-ng, a tenth of the speech under somebody else's
    error      diarization error rate of pyannote.metrics, collar 0.25 s, overlap counted
    segments   the same of segments as a transcript has them, pauses within a speaker's included
    count      conversations in which as many speakers were found as there are

``python -m scripts.measure_voices --more --write`` does the same on ten further seeds, since 36
conversations say little about nine in ten.

Speech of the reference is what is louder than 40 dB below the peak of its clip, shorter pauses than
0.3 s included. Nothing here was heard by the embedded models. What is fixed in
``richspeech.stages.voices`` was chosen on conversations of the seeds 777 to 781, in ``voice_graph``
of 777 to 796, of the same people and voices: others judge.

``python -m scripts.measure_voices remember --write`` asks how often who was named in one recording
is known in another, and who was not is taken for one who was. What a person says is cut in two,
which are two recordings: mostly of one day and one microphone, so people are harder than that.

``python -m scripts.measure_voices pairs --write`` asks of any two windows whether one person speaks
in both, of the embedded encoder unless told: models/README.md has the table.

``python -m scripts.measure_voices cost --write`` sets encoders against a recogniser of
SenseVoiceSmall's size.
"""

import io
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, groupby
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import soundfile
from cyclopts import App, Parameter
from numpy.typing import NDArray
from pyannote.core import Annotation, Segment, Timeline
from pyannote.metrics.diarization import DiarizationErrorRate
from scipy.signal import resample_poly

from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import load_waveform
from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.bench.sections import Bench
from richspeech.bench.setup import make_setup
from richspeech.bench.weights import RANDOM_FULL
from richspeech.engines.common.fbank import Fbank
from richspeech.engines.common.fsmn_vad import FsmnVad
from richspeech.engines.common.funasr_import import model_class
from richspeech.engines.hub import EMBEDDED
from richspeech.engines.voices.campplus import MODEL_CLASS, SAME_FROM, Campplus
from richspeech.engines.voices.load import Encoder, load_encoder, recognised_from
from richspeech.model.options import Options
from richspeech.places import HOME as ROOT
from richspeech.recognition.reading import BLOCK_SECONDS, Reader
from richspeech.recognition.utterance import Utterance
from richspeech.recognition.voiced import WINDOW_SAMPLES, Listener, VoiceEncoder, windows_of
from richspeech.settings import Settings, load_settings
from richspeech.stages.voices import Turn
from scripts.embedded import campplus

SHARED = ROOT.parent / "shared"
RESULTS = ROOT / "docs" / "speakers.md"
VOICES_TABLE, COST_TABLE, REMEMBERED_TABLE = "voices", "cost of voices", "remembered voices"
MORE_TABLE = "more voices"
SEEDS = (20_261_129, 20_261_130, 20_261_201)
MORE_SEEDS = tuple(range(801, 811))
MODELS = ROOT / "models" / "README.md"
PAIRS_TABLE, CONVERSATIONS_TABLE = "voices", "conversations"
WINDOWS = 20
"""Of each voice, at most."""
TUNED = (777, 778, 779, 780, 781)
COLLAR = 0.25
LEVEL = 0.06
"""Root mean square of every clip."""
FLOOR_DB, PAUSE_SECONDS, FRAME = 40, 0.3, 160
TURN_SECONDS, GAP_SECONDS, CUT_IN_SECONDS = (2.0, 4.5), (0.1, 0.9), (0.4, 1.2)
OVERLAP = 0.1
app = App(help=__doc__)

PEOPLE: Mapping[str, Sequence[str]] = {
    "speechbrain": [f"en/speechbrain__spk1_snt{each}.wav" for each in range(1, 6)],
    "ljspeech": [f"en/tts__LJ001-000{each}.wav" for each in range(1, 5)],
    "jfk": ["en/whisper.cpp__jfk.wav"],
    "librispeech": ["en/wenet__librispeech-1995-1837-0001.wav"],
    "sensevoice-en": ["en/sensevoice.axe__en.mp3"],
    "asr-example": ["zh/funasr__asr_example.wav"],
    "glm": ["zh/glm-asr__example_zh.wav"],
    "sensevoice-zh": ["zh/voxtype__zh.wav"],
    "sample": ["zh/sensevoice__sample.wav"],
    "sensevoice-yue": ["yue/voxtype__yue.wav"],
    "sensevoice-ja": ["ja/voxtype__ja.wav"],
    "deepspeech-ru": ["other/deepspeech__ru.wav"],
    "fsdd-jackson": [f"en/fsdd/{digit}_jackson_5.wav" for digit in range(10)],
}
"""All of ../shared/audio/speech with 5 s or more of one person, by who that is."""

SENTENCES = (
    "The parcel was meant to arrive on Monday, and today is already Thursday afternoon.",
    "Could you please tell me the number that is printed on the back of the box?",
    "I have looked at your account, and the payment went through without any trouble.",
    "We would rather wait until the weather is better before we start the long journey.",
    "My brother keeps his old bicycle in the cellar behind the broken kitchen table.",
    "Nobody told us that the office closes so early in the middle of the week.",
    "There are seven different ways to reach the station, and all of them are slow.",
    "She reads a chapter every evening and then writes down what she liked about it.",
    "If the light on the front is green, press the button and hold it for a while.",
    "They moved the meeting to the large room because more people wanted to come.",
)
VOICES: Mapping[str, Sequence[str]] = {
    **{f"flite {name}": ("flite", "-voice", name) for name in ("kal16", "awb", "rms", "slt")},
    "espeak f2": ("espeak-ng", "-v", "en-gb+f2", "-p", "70"),
    "espeak m7": ("espeak-ng", "-v", "en-gb-scotland+m7", "-p", "25"),
}


ALIKE = ("espeak f2", "espeak m7")
"""Two settings of one synthesiser, which an encoder of people's voices takes for one."""


@dataclass(frozen=True)
class Conversation:
    """Who says what when."""

    waveform: Waveform
    reference: Annotation
    count: int


@dataclass(frozen=True)
class Memory:
    """A waveform as a recording."""

    waveform: Waveform
    warnings: tuple[()] = ()

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.waveform) / SAMPLE_RATE

    def blocks(self, block_seconds: float) -> Iterator[Waveform]:
        """Yield it in blocks."""
        size = round(block_seconds * SAMPLE_RATE)
        for at in range(0, len(self.waveform), size):
            yield self.waveform[at : at + size]


# ------------------------------------------------------------------------------ what is heard


def levelled(waveform: Waveform) -> Waveform:
    """Return it as loud as every other."""
    return (waveform * (LEVEL / np.sqrt(np.mean(waveform**2)))).astype(np.float32)


@cache
def people() -> Mapping[str, Waveform]:
    """Read all that each person says."""
    limits = AudioLimits(10**9, 3_600)
    folder = SHARED / "audio" / "speech"
    return {
        name: levelled(np.concatenate([load_waveform(folder / each, limits) for each in files]))
        for name, files in PEOPLE.items()
    }


@cache
def synthetic() -> Mapping[str, Waveform]:
    """Have every voice say every sentence."""
    return {
        name: levelled(np.concatenate([spoken(command, each) for each in SENTENCES]))
        for name, command in VOICES.items()
    }


def spoken(command: Sequence[str], sentence: str) -> Waveform:
    """Say a sentence."""
    ask = ["-t", sentence, "-o", "/dev/stdout"] if command[0] == "flite" else ["--stdout", sentence]
    said = subprocess.run([*command, *ask], check=True, capture_output=True).stdout
    waveform, rate = soundfile.read(io.BytesIO(said), dtype="float32")
    return np.asarray(resample_poly(waveform, SAMPLE_RATE, rate), np.float32)


def speech_in(waveform: Waveform, at: float) -> list[Segment]:
    """Return where there is speech in a piece that begins at this second."""
    whole = waveform[: len(waveform) // FRAME * FRAME].reshape(-1, FRAME)
    level = 20 * np.log10(np.sqrt(np.mean(whole**2, axis=1)) + 1e-9)
    loud = np.flatnonzero(level > level.max() - FLOOR_DB) * (FRAME / SAMPLE_RATE) + at
    step = FRAME / SAMPLE_RATE
    timeline = Timeline([Segment(each, each + step) for each in loud])
    return list(timeline.support(collar=PAUSE_SECONDS))


def pieces(waveform: Waveform, rng: np.random.Generator) -> list[Waveform]:
    """Cut what one says into turns, two at least."""
    found, at = [], 0
    most = min(TURN_SECONDS[1], len(waveform) / SAMPLE_RATE / 2)
    while len(waveform) - at > SAMPLE_RATE:
        length = round(float(rng.uniform(min(TURN_SECONDS[0], most), most)) * SAMPLE_RATE)
        found.append(waveform[at : at + length])
        at += length
    return found


def conversation(
    voices: Mapping[str, Waveform], count: int, rng: np.random.Generator, overlap: float
) -> Conversation:
    """Have ``count`` voices talk by turns; nobody speaks twice in a row while others have turns."""
    names = [str(name) for name in rng.choice(sorted(voices), count, replace=False)]
    left = {name: pieces(voices[name], rng)[:6] for name in names}
    sound, reference = np.zeros(0, np.float32), Annotation()
    overlapped, said, last = 0.0, 0.0, ""
    while any(left.values()):
        able = [name for name in names if left[name] and name != last] or [last]
        name = able[int(rng.integers(len(able)))]
        piece = left[name].pop(0)
        end, length = len(sound) / SAMPLE_RATE, len(piece) / SAMPLE_RATE
        owed = overlap * (said + length) - overlapped
        cuts_in = name != last and owed > CUT_IN_SECONDS[0] and end > 0
        share = min(owed, CUT_IN_SECONDS[1], length / 2) if cuts_in else 0.0
        start = end - share if cuts_in else end + float(rng.uniform(*GAP_SECONDS))
        overlapped, said, last = overlapped + share, said + length, name
        first = round(start * SAMPLE_RATE)
        longer = max(len(sound), first + len(piece))
        sound = np.pad(sound, (0, longer - len(sound)))
        sound[first : first + len(piece)] += piece
        for segment in speech_in(piece, first / SAMPLE_RATE):
            reference[segment, f"{name} {segment.start:.2f}"] = name
    noise = rng.normal(0, LEVEL / 300, len(sound))
    return Conversation((sound + noise).astype(np.float32), reference, count)


# ------------------------------------------------------------------------------ how it is heard


@cache
def reader() -> Reader:
    """Read as the console does with the published detector."""
    settings = load_settings().vad
    detector = FsmnVad.load(
        SHARED / "models" / "fsmn-vad",
        max_end_silence_ms=settings.max_end_silence_ms,
        max_single_segment_ms=settings.max_single_segment_ms,
        cut_search_ms=settings.cut_search_ms,
    )
    return Reader(Fbank(), detector, BLOCK_SECONDS)


@dataclass(frozen=True)
class Heard:
    """What was kept of a conversation."""

    listener: Listener
    utterances: Sequence[tuple[float, float]]
    """Start and end of each in seconds."""

    def turns(self, count: int | None) -> list[Turn]:
        """Return what somebody is known to say."""
        turns = self.listener.turns(count).get(None, ())
        return [turn for turn in turns if turn.speaker is not None]


def utterances_of(conversation: Conversation) -> list[Utterance]:
    """Read a conversation."""
    read = reader().read(Memory(conversation.waveform), Options())
    return [utterance for stretch in read for utterance in stretch.utterances]


def listened(conversation: Conversation, encoder: VoiceEncoder) -> Heard:
    """Hear a conversation."""
    listener, utterances = Listener(encoder), utterances_of(conversation)
    for utterance in utterances:
        listener.hear(utterance)
    return Heard(listener, [(each.start, each.end) for each in utterances])


def segmented(utterances: Sequence[tuple[float, float]], turns: Sequence[Turn]) -> list[Turn]:
    """Return turns as segments with timed words show them: utterances, cut between speakers."""
    found = []
    for start, end in utterances:
        own = [turn for turn in turns if start <= (turn.start + turn.end) / 2 < end]
        runs = [[*run] for _, run in groupby(own, lambda turn: turn.speaker)]
        for number, run in enumerate(runs):
            first = start if number == 0 else run[0].start
            last = end if number == len(runs) - 1 else run[-1].end
            found.append(Turn(first, last, run[0].speaker))
    return found


def annotated(turns: Sequence[Turn]) -> Annotation:
    """Return turns as pyannote has them."""
    found = Annotation()
    for number, turn in enumerate(turns):
        found[Segment(turn.start, turn.end), number] = turn.speaker
    return found


@dataclass
class Score:
    """Sums over conversations."""

    title: str
    rate: Any
    apart: Any
    segments: Any
    right: int = 0
    conversations: int = 0

    @classmethod
    def empty(cls, title: str) -> "Score":
        """Begin."""
        whole, segments = (DiarizationErrorRate(collar=COLLAR) for _ in range(2))
        return cls(title, whole, DiarizationErrorRate(collar=COLLAR, skip_overlap=True), segments)

    def take(self, conversation: Conversation, heard: Heard, count: int | None) -> None:
        """Add a conversation."""
        turns, reference = heard.turns(count), conversation.reference
        extent = Timeline([Segment(0, len(conversation.waveform) / SAMPLE_RATE)])
        found = annotated(turns)
        self.rate(reference, found, uem=extent)
        self.apart(reference, found, uem=extent)
        self.segments(reference, annotated(segmented(heard.utterances, turns)), uem=extent)
        self.right += len({turn.speaker for turn in turns}) == conversation.count
        self.conversations += 1

    @property
    def row(self) -> list[str]:
        """For a table."""
        parts = self.rate[:]
        total = parts["total"]
        shares = [parts[name] / total for name in ("missed detection", "false alarm", "confusion")]
        rates = (abs(self.rate), *shares, abs(self.apart), abs(self.segments))
        return [
            self.title,
            *(f"{100 * each:.1f} %" for each in rates),
            f"{self.right} of {self.conversations}",
        ]


def conversations(
    voices: Mapping[str, Waveform], many: int, overlap: float, seeds: Sequence[int] = SEEDS
) -> Iterator[Conversation]:
    """Yield so many for each seed, of 2, 3 and 4 speakers by turns."""
    for seed in seeds:
        rng = np.random.default_rng(seed)
        yield from (conversation(voices, 2 + each % 3, rng, overlap) for each in range(many))


def measure(
    title: str, spoken_of: Iterable[Conversation], encoder: VoiceEncoder
) -> list[list[str]]:
    """Return rows for a count that is found and for one that is given."""
    scores = [Score.empty(f"{title}, count {way}") for way in ("found", "given")]
    unlike = [Score.empty(f"{each.title}, not both of espeak-ng") for each in scores]
    for spoken_here in spoken_of:
        heard = listened(spoken_here, encoder)
        is_alike = set(ALIKE) <= set(spoken_here.reference.labels())
        for score, less, count in zip(scores, unlike, (None, spoken_here.count), strict=True):
            score.take(spoken_here, heard, count)
            if not is_alike:
                less.take(spoken_here, heard, count)
    shown = [*scores, *unlike] if unlike[0].conversations < scores[0].conversations else scores
    return [score.row for score in shown]


HEAD = (
    "conversations",
    "error",
    "missed",
    "false alarm",
    "wrong speaker",
    "without overlap",
    "of segments",
    "count right",
)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(each) + " |" for each in lines)


def write_table(name: str, text: str, document: Path = RESULTS) -> None:
    """Put a table into a document."""
    begin, end = f"<!-- measured: {name} -->", f"<!-- end: {name} -->"
    before, rest = document.read_text(encoding="utf-8").split(begin)
    _, after = rest.split(end)
    document.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


def with_voices(**asked: Any) -> Settings:
    """Return the usual settings with another encoder."""
    usual = load_settings()
    return usual.model_copy(update={"voices": usual.voices.model_copy(update=asked)})


@app.default
def main(
    *,
    engine: str = "resemblyzer",
    weights: str | None = None,
    many: Annotated[int, Parameter(help="conversations of each kind and seed")] = 12,
    same_from: float | None = None,
    more: Annotated[bool, Parameter(help="of ten further seeds", negative=())] = False,
    write: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Measure who is told apart."""
    asked = {"engine": engine, "same_from": same_from} | ({"id": weights} if weights else {})
    encoder = load_encoder(with_voices(**asked))
    kinds = ((people(), "people", 0.0), (synthetic(), "synthetic", OVERLAP))
    seeds = MORE_SEEDS if more else SEEDS
    rows = [
        row
        for voices, title, overlap in kinds
        for row in measure(title, conversations(voices, many, overlap, seeds), encoder)
    ]
    text = table(HEAD, rows)
    print(text)
    if write and more:
        write_table(MORE_TABLE, text)
    elif write and weights == EMBEDDED:
        write_table(CONVERSATIONS_TABLE, text, MODELS)
    elif write:
        write_table(VOICES_TABLE, text)


# --------------------------------------------------------------------------- who is remembered


@dataclass(frozen=True)
class Likenesses:
    """Cosines between what was remembered and what was heard."""

    same: NDArray[np.float64]
    """[N], of one person each."""
    other: NDArray[np.float64]
    """[M]."""

    def row(self, title: str, limit: float) -> list[str]:
        """Say who is refused and accepted wrongly at a limit, and where both would be as often."""
        limits = np.unique(np.concatenate([self.same, self.other]))
        refused = np.array([np.mean(self.same < each) for each in limits])
        accepted = np.array([np.mean(self.other >= each) for each in limits])
        at = int(np.argmin(np.abs(refused - accepted)))
        rates = (np.mean(self.same < limit), np.mean(self.other >= limit))
        equal = (refused[at] + accepted[at]) / 2
        return [
            title,
            f"{len(self.same)} and {len(self.other)}",
            f"{limit:.2f}",
            *(f"{100 * each:.1f} %" for each in (*rates, equal)),
            f"{limits[at]:.2f}",
        ]


def halves(waveform: Waveform, rng: np.random.Generator) -> tuple[Waveform, Waveform]:
    """Cut what somebody says into two recordings, after 40 to 60 %."""
    at = round(len(waveform) * float(rng.uniform(0.4, 0.6)))
    return (waveform[:at], waveform[at:]) if rng.uniform() < 0.5 else (waveform[at:], waveform[:at])


def print_of(waveform: Waveform, encoder: VoiceEncoder) -> NDArray[np.float64]:
    """Return what is kept of a recording in which one person speaks."""
    listener = listened(Conversation(waveform, Annotation(), 1), encoder).listener
    return np.array(listener.prints(listener.turns(1))["A"].direction)


def likenesses(
    voices: Mapping[str, Waveform], encoder: VoiceEncoder, seeds: Sequence[int]
) -> Likenesses:
    """Compare the first recording of each with the second of each, with another cut each seed."""
    same, other = list[float](), list[float]()
    for seed in seeds:
        rng = np.random.default_rng(seed)
        cut = {name: halves(waveform, rng) for name, waveform in voices.items()}
        first, second = (
            np.stack([print_of(each[at], encoder) for each in cut.values()]) for at in (0, 1)
        )
        cosines = first @ second.T
        is_own = np.eye(len(cut), dtype=bool)
        same += cosines[is_own].tolist()
        other += cosines[~is_own].tolist()
    return Likenesses(np.array(same), np.array(other))


REMEMBERED_HEAD = (
    "voices",
    "pairs of one, of two",
    "limit",
    "refused wrongly",
    "accepted wrongly",
    "equal error",
    "its limit",
)


@app.command
def remember(
    *,
    engine: str = "resemblyzer",
    weights: str | None = None,
    tune: Annotated[bool, Parameter(help="of the seeds that a limit is chosen on")] = False,
    write: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Measure who is known again."""
    settings = with_voices(engine=engine, **({"id": weights} if weights else {}))
    encoder = load_encoder(settings)
    limit, seeds = recognised_from(settings, encoder.name), TUNED if tune else SEEDS
    rows = [
        likenesses(voices, encoder, seeds).row(title, limit)
        for title, voices in (("people", people()), ("synthetic", synthetic()))
    ]
    text = table(REMEMBERED_HEAD, rows)
    print(text)
    if write:
        write_table(REMEMBERED_TABLE, text)


# ------------------------------------------------------------------------------ pairs of windows


def window_pairs(voices: Mapping[str, Sequence[Waveform]], encoder: VoiceEncoder) -> Likenesses:
    """Compare all windows of all voices with each other; those of one sentence do not overlap."""
    spans = {
        name: [
            each[at : at + WINDOW_SAMPLES]
            for each in said
            for at in range(0, len(each) - WINDOW_SAMPLES, WINDOW_SAMPLES)
        ][:WINDOWS]
        for name, said in voices.items()
    }
    found = [encoder.embed(np.stack(each)) for each in spans.values() if each]
    same = [(each @ each.T)[np.triu_indices(len(each), 1)] for each in found]
    other = [(one @ two.T).ravel() for one, two in combinations(found, 2)]
    return Likenesses(np.concatenate(same), np.concatenate(other))


@app.command
def pairs(
    *,
    engine: str = "campplus",
    weights: str = EMBEDDED,
    write: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Measure how well two windows tell whether one person speaks in both."""
    encoder = load_encoder(with_voices(engine=engine, id=weights))
    sets = {
        "ten variants of espeak-ng never heard": campplus.held_out(),
        "six voices of flite and espeak-ng never heard": _alone(synthetic()),
        "13 people": _alone(people()),
    }
    rows = []
    for title, voices in sets.items():
        name, count, *_, equal, limit = window_pairs(voices, encoder).row(title, 0.5)
        rows.append([name, count, equal, limit])
    text = table(("voices", "pairs of one, of two", "equal error", "its limit"), rows)
    print(text)
    if write:
        write_table(PAIRS_TABLE, text, MODELS)


def _alone(voices: Mapping[str, Waveform]) -> dict[str, list[Waveform]]:
    return {name: [each] for name, each in voices.items()}


# ------------------------------------------------------------------------------- what it costs


class Clocked:
    """An encoder whose time is taken."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder, self.same_from = encoder, encoder.same_from
        self.name, self.is_embedded = encoder.name, encoder.is_embedded
        self.spent = 0.0
        """Processor seconds."""

    def embed(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what the encoder does."""
        began = time.process_time()
        embeddings = self._encoder.embed(windows)
        self.spent += time.process_time() - began
        return embeddings


def spent_by(encoder: Encoder, utterances: Sequence[Utterance]) -> float:
    """Return the processor seconds of embedding these, once it is warm."""
    windows_of(utterances[0], encoder)
    clocked = Clocked(encoder)
    for utterance in utterances:
        windows_of(utterance, clocked)
    return clocked.spent


def spent_by_recogniser(utterances: Sequence[Utterance]) -> float:
    """Return those of recognising them, by random weights of SenseVoiceSmall's size."""
    bench = Bench(make_setup(RANDOM_FULL))
    batches = bench.batches(utterances)
    bench.engine.recognise(batches[0])
    began = time.process_time()
    for batch in batches:
        bench.engine.recognise(batch)
    return time.process_time() - began


@app.command
def cost(
    *,
    recognition: Annotated[bool, Parameter(help="measure that as well")] = True,
    write: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Measure what encoders cost beside recognition; CAM++ with random weights."""
    utterances = [
        utterance for each in conversations(people(), 3, 0.0) for utterance in utterances_of(each)
    ]
    seconds = sum(utterance.duration for utterance in utterances)
    network = Campplus(model_class(MODEL_CLASS)().eval(), "cpu")
    encoders = {
        "`resemblyzer`": load_encoder(with_voices(engine="resemblyzer")),
        "`campplus`": Encoder("campplus", network, SAME_FROM),
    }
    spent = {name: spent_by(each, utterances) for name, each in encoders.items()}
    whole = spent_by_recogniser(utterances) if recognition else None
    if whole is not None:
        spent["recognition"] = whole
    rows = [
        [name, f"{1_000 * each / seconds:.1f} ms", f"{100 * each / whole:.0f} %" if whole else ""]
        for name, each in spent.items()
    ]
    text = table(("what", "for a second of speech", "of recognition"), rows)
    print(text)
    if write:
        write_table(COST_TABLE, text)


if __name__ == "__main__":
    app()
