"""Measure the embedded models on held-out sentences: ``python -m scripts.evaluate_embedded``.

Every utterance goes through the whole pipeline, the tiny voice activity detector included; emotion
recognition gets it as it is. ``--write`` puts each table into models/README.md, between its
markers.
"""

import argparse
import csv
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import jiwer
import numpy as np

from richspeech.calibration.listen import Listening
from richspeech.calibration.observe import Observed
from richspeech.calibration.report import found_table, report
from richspeech.engines import loader
from richspeech.engines.calibration import read_calibration
from richspeech.engines.common.fsmn_vad import FsmnVad
from richspeech.engines.emotion2vec.engine import Emotion2vec
from richspeech.engines.hub import (
    EMBEDDED,
    EMBEDDED_CLASSIFIER,
    EMBEDDED_DETECTOR,
    EMBEDDED_EMOTION_RECOGNISER,
    EMBEDDED_RECOGNISER,
)
from richspeech.engines.weight_files import CALIBRATION as BESIDE
from richspeech.errors import RichSpeechError
from richspeech.model.emotion_scores import NineEmotion
from richspeech.model.options import Options
from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.transcript import Transcript
from richspeech.recognition.pipeline import Pipeline
from richspeech.review.examples import Example, opened
from richspeech.settings import load_settings
from scripts.embedded import (
    calibration,
    dataset,
    detector,
    frozen_scores,
    mandarin,
    sentiment,
    sounds,
)
from scripts.embedded.corpus import LANGUAGES, plain_form
from scripts.embedded.dataset import Utterance
from scripts.embedded.voices import SAMPLE_RATE, Waveform

log = logging.getLogger(__name__)

MODELS = Path(__file__).resolve().parents[1] / "models"
README = MODELS / "README.md"
SHARED_AUDIO = MODELS.parents[1] / "shared" / "audio"
TRANSCRIPTS, FROZEN, EMOTIONS = "measured", "frozen test", "emotion recognition"
PARAFORMER, PUNCTUATION, SENTIMENT = "paraformer", "punctuation", "sentiment"
CALIBRATION, PEOPLE = "calibration", "people"
"""Names of the tables in models/README.md."""
PAD = np.zeros(int(0.5 * SAMPLE_RATE), np.float32)
SOUNDS = (NineEmotion.OTHER, NineEmotion.UNKNOWN)
"""What emotion recognition should say of clips without speech."""
NOISES = 40
"""In every set for emotion recognition, with the label unknown."""


@dataclass(frozen=True)
class Clip:
    """A waveform in memory that looks like a recording to the pipeline."""

    waveform: Waveform
    name: str = "clip"
    warnings: tuple[RecordingWarning, ...] = ()

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.waveform) / SAMPLE_RATE

    def blocks(self, block_seconds: float) -> Iterator[Waveform]:
        """Yield the waveform in blocks."""
        size = int(block_seconds * SAMPLE_RATE)
        return (self.waveform[at : at + size] for at in range(0, len(self.waveform), size))


@dataclass(frozen=True)
class Answer:
    """What was said and what was heard."""

    truth: Utterance
    itn: Transcript
    plain: Transcript


def transcribe(pipeline: Pipeline, waveform: Waveform, options: Options) -> Transcript:
    """Run the whole pipeline on one padded utterance."""
    *_, last = pipeline.transcribe(Clip(np.concatenate([PAD, waveform, PAD])), options)
    return last.transcript


def answers(pipeline: Pipeline, plan: dataset.Plan, snr_db: float | None) -> list[Answer]:
    """Speak the utterances of ``plan`` and have them recognised, with and without ITN."""
    rng = np.random.default_rng(plan.seed)
    found = []
    for truth, waveform in dataset.performances(dataset.compose(plan)):
        heard = waveform if snr_db is None else sounds.add_noise(waveform, snr_db, rng)
        with_itn, without = (
            transcribe(pipeline, heard, Options(inverse_text_normalization=itn))
            for itn in (True, False)
        )
        found.append(Answer(truth, with_itn, without))
    return found


def error_rate(found: Sequence[Answer], language: str, *, itn: bool) -> float:
    """Return WER for English, else CER without spaces, in percent."""
    pairs = [
        (a.truth.withitn, a.itn.text) if itn else (a.truth.woitn, plain_form(a.plain.text))
        for a in found
        if a.truth.language == language
    ]
    references, hypotheses = (list(column) for column in zip(*pairs, strict=True))
    if language == "en":
        return 100 * float(jiwer.wer(references, hypotheses))
    return 100 * float(jiwer.cer(_unspaced(references), _unspaced(hypotheses)))


def _unspaced(texts: Sequence[str]) -> list[str]:
    return [text.replace(" ", "") for text in texts]


def accuracies(found: Sequence[Answer]) -> dict[str, float]:
    """Return percent right: language and emotion over speech, event over everything."""
    speech = [a for a in found if a.truth.language != "nospeech"]
    right = {
        "language": [a.itn.language == a.truth.language for a in speech],
        "emotion": [_emotion(a.itn) == a.truth.emotion.lower() for a in speech],
        "event": [_event(a.itn) == a.truth.event.lower() for a in found],
    }
    return {name: 100 * float(np.mean(values)) for name, values in right.items()}


def _emotion(transcript: Transcript) -> str | None:
    return next((str(s.emotion) for s in transcript.segments if s.text), None)


def _event(transcript: Transcript) -> str | None:
    if not transcript.segments:
        return None
    events = [str(event) for segment in transcript.segments for event in segment.events]
    return events[-1] if events else "speech"


def frame_error(snr_db: float | None) -> float:
    """Return the share of 10 ms frames that the detector decides wrongly, in percent."""
    model = FsmnVad.load(EMBEDDED_DETECTOR)
    items = detector.clean_items(dataset.TEST_SEEN, 300) + detector.clean_items(
        dataset.TEST_NEW, 150
    )
    rng = np.random.default_rng(5)
    streams = [detector.lay_out(items, 20.0, rng, snr_db) for _ in range(40)]
    threshold = 0.5 + detector.SPEECH_NOISE_THRESHOLD / 2
    wrong = [
        np.mean((1 - model.score_track(s.waveform)[0] >= threshold) != s.active) for s in streams
    ]
    return 100 * float(np.mean(wrong))


def table(sets: dict[str, list[Answer]], frame_errors: dict[str, float]) -> str:
    """Return the markdown tables."""
    lines = [
        "| held-out set | utterances | "
        + " | ".join(LANGUAGES)
        + " | language | emotion | event |",
        "| --- " * (len(LANGUAGES) + 5) + "|",
    ]
    for name, found in sets.items():
        right = accuracies(found)
        shares = " | ".join(f"{right[key]:.1f}" for key in ("language", "emotion", "event"))
        for itn in (False, True):
            rates = " | ".join(
                f"{error_rate(found, language, itn=itn):.1f}" for language in LANGUAGES
            )
            spelling = "punctuation and digits" if itn else "words"
            lines.append(f"| {name}, {spelling} | {len(found)} | {rates} | {shares} |")
    lines += ["", "| voice activity, wrong frames in % | |", "| --- | --- |"]
    lines += [f"| {name} | {value:.1f} |" for name, value in frame_errors.items()]
    return "\n".join(lines)


def emotions_recognised(
    emotion2vec: Emotion2vec, plan: dataset.Plan, snr_db: float | None
) -> list[tuple[NineEmotion, NineEmotion]]:
    """Speak the utterances of ``plan``, and noises: what each is, and what is recognised."""
    rng = np.random.default_rng(plan.seed)
    clips = [
        (truth.emotion.lower() if truth.woitn else "other", waveform)
        for truth, waveform in dataset.performances(dataset.compose(plan))
    ]
    clips += [("unknown", 0.1 * sounds.noise(3.0, rng)) for _ in range(NOISES)]
    found = []
    for name, waveform in clips:
        padded = np.concatenate([PAD, waveform, PAD])
        heard = padded if snr_db is None else sounds.add_noise(padded, snr_db, rng)
        found.append((NineEmotion(name), emotion2vec.recognise([heard]).emotion))
    return found


def emotion_table() -> str:
    """Return percent recognised correctly: of each emotion, of speech, of all."""
    emotion2vec = Emotion2vec.load(EMBEDDED_EMOTION_RECOGNISER, "cpu", threads=1)
    events = replace(dataset.TEST_NEW, events=10)
    sets = {
        "known voices": emotions_recognised(emotion2vec, dataset.TEST_SEEN, None),
        "voices never heard": emotions_recognised(emotion2vec, events, None),
        "voices never heard, noise at 10 dB": emotions_recognised(emotion2vec, events, 10.0),
    }
    lines = [
        "| held-out set | clips | " + " | ".join(NineEmotion) + " | speech | all |",
        "| --- " * (len(NineEmotion) + 4) + "|",
    ]
    for name, found in sets.items():
        clips, right = Counter(t for t, _ in found), Counter(t for t, heard in found if t == heard)
        shares = [f"{100 * right[each] / clips[each]:.1f}" for each in NineEmotion]
        spoken = [truth is heard for truth, heard in found if truth not in SOUNDS]
        shares += [f"{100 * np.mean(spoken):.1f}", f"{100 * right.total() / len(found):.1f}"]
        lines.append(f"| {name} | {len(found)} | {' | '.join(shares)} |")
    return "\n".join(lines)


def load_pipeline(recogniser: str) -> Pipeline:
    """Load a recogniser, ``embedded`` or a folder, with the tiny detector."""
    settings = load_settings(model={"id": recogniser, "vad_id": EMBEDDED, "device": "cpu"})
    loaded = loader.load_engine(settings, settings.model.engine)
    assert isinstance(loaded.transcriber, Pipeline)  # noqa: S101 - sensevoice is the default
    return loaded.transcriber


def frozen_table(recogniser: str) -> str:
    """Return what the pipeline makes of the frozen test."""
    pipeline = load_pipeline(recogniser)

    def hear(waveform: Waveform, /, *, itn: bool) -> Transcript:
        return transcribe(pipeline, waveform, Options(inverse_text_normalization=itn))

    return frozen_scores.table(hear)


def transcript_table(recogniser: str) -> str:
    """Return what the pipeline gets wrong."""
    pipeline = load_pipeline(recogniser)
    seen, new = (answers(pipeline, plan, None) for plan in (dataset.TEST_SEEN, dataset.TEST_NEW))
    noisy = answers(pipeline, dataset.TEST_NEW, 10.0)
    sets = {
        "known voices": seen,
        "voices never heard": new,
        "all": seen + new,
        "voices never heard, noise at 10 dB": noisy,
    }
    errors = {
        "clean": frame_error(None),
        "noise at 10 dB": frame_error(10.0),
        "noise at 0 dB": frame_error(0.0),
    }
    return table(sets, errors)


def calibration_table() -> str:
    """Return what the calibration makes of speech that it was not fitted to."""
    with TemporaryDirectory() as folder:
        file = calibration.write(calibration.TEST, Path(folder))
        with listening() as ear, opened(file) as clips:
            observed = ear.observe(clips, lambda fault: log.warning("%s", fault))
        return report(observed, read_calibration(EMBEDDED_RECOGNISER / BESIDE))


def people_table() -> str:
    """Return how many recordings of people are said to be unlike what the model knows."""
    if not SHARED_AUDIO.is_dir():
        message = f"{SHARED_AUDIO} is not there"
        raise SystemExit(message)
    observed = _observed([*recordings_of_people(), *examples()])
    return found_table(observed, read_calibration(EMBEDDED_RECOGNISER / BESIDE))


def recordings_of_people() -> Iterator[tuple[Example, Path]]:
    """Give what people say in ../shared/audio: whole sentences, and single words and syllables."""
    with (SHARED_AUDIO / "EXPECTED.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            folder, *inner = Path(row["path"]).parts
            if folder != "speech":
                continue
            kind = "people, single words" if len(inner) > 2 else "people, sentences"
            yield _unlabelled(SHARED_AUDIO / row["path"], row["transcript_or_label"], kind)


def examples() -> Iterator[tuple[Example, Path]]:
    """Give the shipped recordings."""
    for path in sorted((MODELS.parent / "examples").glob("*.wav")):
        references = json.loads((path.parent / "references.json").read_text(encoding="utf-8"))
        text = "".join(line["text"] for line in references[path.name]["lines"])
        yield _unlabelled(path, text, "examples")


def _unlabelled(path: Path, text: str, kind: str) -> tuple[Example, Path]:
    return Example(path.name, text, kind=kind), path


def listening() -> AbstractContextManager[Listening]:
    """Give the embedded model, uncalibrated."""
    return closing(Listening(load_settings(model={"id": "embedded", "device": "cpu"})))


def _observed(clips: Iterable[tuple[Example, Path]]) -> list[Observed]:
    found = []
    with listening() as ear:
        for example, path in clips:
            try:
                found.append(ear.hear(example, path))
            except RichSpeechError as error:
                log.warning("%s: %s", path, error)
    return found


TABLES: dict[str, Callable[[str], str]] = {
    TRANSCRIPTS: transcript_table,
    FROZEN: frozen_table,
    EMOTIONS: lambda _: emotion_table(),
    PARAFORMER: lambda _: mandarin.paraformer_table(MODELS / "paraformer-tiny"),
    PUNCTUATION: lambda _: mandarin.punctuation_table(MODELS / "ct-punc-tiny"),
    CALIBRATION: lambda _: calibration_table(),
    PEOPLE: lambda _: people_table(),
    SENTIMENT: lambda _: sentiment.table(EMBEDDED_CLASSIFIER),
}


def write(name: str, text: str) -> None:
    """Put a table into models/README.md, between its markers."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, rest = README.read_text(encoding="utf-8").split(begin)
    README.write_text(f"{before}{begin}\n{text}\n{end}{rest.split(end)[1]}", encoding="utf-8")


def main() -> None:
    """Measure, print, and with ``--write`` keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the tables into models/README.md")
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=[*TABLES])
    parser.add_argument(
        "--recogniser", default=EMBEDDED, help="folder of weights that are not shipped yet"
    )
    arguments = parser.parse_args()
    if arguments.write and arguments.recogniser != EMBEDDED:
        parser.error("models/README.md is about the shipped weights")
    logging.basicConfig(level=logging.WARNING)
    for name in arguments.tables:
        text = TABLES[name](arguments.recogniser)
        print(text)
        if arguments.write:
            write(name, text)


if __name__ == "__main__":
    main()
