"""Corrected segments → training data in SenseVoice's format: JSON lines, and the audio they name.

Lengths are counted as ``funasr``'s ``sensevoice2jsonl`` does: ``source_len`` in frames of 10 ms,
``target_len`` in words where there are spaces, else in characters.
"""

import io
import json
import string
import unicodedata
import wave
import zipfile
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from postprocess import LANGUAGES, AudioEvent
from richspeech.audio.mono import SAMPLE_RATE, Waveform, Waveforms
from richspeech.audio.strands import part_of
from richspeech.model.corrections import FIELDS
from richspeech.model.strand import Strand
from richspeech.model.transcript import Segment, Transcript

FRAME_SAMPLES = SAMPLE_RATE // 100


def training_segments(transcript: Transcript) -> tuple[Segment, ...]:
    """Return what a person corrected and a model can learn from: words in a known language."""
    return tuple(
        s
        for s in transcript.segments
        if {*FIELDS}.intersection(s.corrected) and s.text and s.language in LANGUAGES
    )


def training_line(segment: Segment, key: str, source: str, samples: int) -> dict[str, Any]:
    """Describe one sound of ``samples`` samples; of several events the first is the target."""
    event = segment.events[0] if segment.events else AudioEvent.SPEECH
    return {
        "key": key,
        "source": source,
        "source_len": samples // FRAME_SAMPLES,
        "target": segment.text,
        "target_len": len(segment.text.split() if " " in segment.text else segment.text),
        "text_language": f"<|{segment.language}|>",
        "emo_target": segment.emotion.tag,
        "event_target": event.tag,
        "with_or_wo_itn": "<|withitn|>" if has_punctuation(segment.text) else "<|woitn|>",
    }


def write_training(
    transcript: Transcript,
    blocks: Iterable[Waveforms],
    stem: str,
    path: Path,
    strands: Sequence[Strand] = (),
) -> None:
    """Write a zip: train.jsonl, and the sound of each line in wav/, as its ``source`` says.

    ``blocks`` is the recording; it is read once, to the end of the last line. It has a row for each
    of ``strands`` if there are any.
    """
    lines = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for segment, waveform in _cut(training_segments(transcript), blocks, strands):
            times_ms = (round(seconds * 1_000) for seconds in (segment.start, segment.end))
            apart = (f"{segment.channel}",) if segment.channel else ()
            key = "-".join((stem, *(f"{time:08}" for time in times_ms), *apart))
            source = f"wav/{key}.wav"
            archive.writestr(source, _wav(waveform))
            lines.append(training_line(segment, key, source, len(waveform)))
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        archive.writestr("train.jsonl", text)


def _cut(
    segments: Iterable[Segment], blocks: Iterable[Waveforms], strands: Sequence[Strand]
) -> Iterator[tuple[Segment, Waveform]]:
    """Give each segment its samples; segments come in order of time, and leave in that of ends."""
    waiting = deque(segments)
    begun: list[tuple[Segment, list[Waveform]]] = []
    at = 0
    for block in blocks:
        end = at + block.shape[-1]
        while waiting and round(waiting[0].start * SAMPLE_RATE) < end:
            begun.append((waiting.popleft(), []))
        for segment, pieces in [*begun]:
            first, last = (round(t * SAMPLE_RATE) for t in (segment.start, segment.end))
            own = part_of(block, strands, segment.strand)
            pieces.append(own[max(first - at, 0) : max(last - at, 0)])
            if last <= end:
                begun = [each for each in begun if each[0] is not segment]
                yield segment, np.concatenate(pieces)
        at = end
        if not (waiting or begun):
            return
    for segment, pieces in begun:  # the recording ends within them
        yield segment, np.concatenate(pieces)


def _wav(waveform: Waveform) -> bytes:
    with io.BytesIO() as buffer:
        with wave.open(buffer, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            file.writeframes((np.clip(waveform, -1, 1) * 32_767).astype("<i2").tobytes())
        return buffer.getvalue()


def has_punctuation(text: str) -> bool:
    """Say whether a text is written as with ITN."""
    return any(c in string.punctuation or unicodedata.category(c).startswith("P") for c in text)
