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
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from postprocess import LANGUAGES, AudioEvent
from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.model.transcript import Segment, Transcript

FRAME_SAMPLES = SAMPLE_RATE // 100


def training_segments(transcript: Transcript) -> tuple[Segment, ...]:
    """Return what a person corrected and a model can learn from: words in a known language."""
    return tuple(
        s for s in transcript.segments if s.corrected and s.text and s.language in LANGUAGES
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
        "with_or_wo_itn": "<|withitn|>" if _has_punctuation(segment.text) else "<|woitn|>",
    }


def write_training(
    transcript: Transcript, blocks: Iterable[Waveform], stem: str, path: Path
) -> None:
    """Write a zip: train.jsonl, and the sound of each line in wav/, as its ``source`` says.

    ``blocks`` is the recording; it is read once, to the end of the last line.
    """
    lines = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for segment, waveform in _cut(training_segments(transcript), blocks):
            times_ms = (round(seconds * 1_000) for seconds in (segment.start, segment.end))
            key = "-".join((stem, *(f"{time:08}" for time in times_ms)))
            source = f"wav/{key}.wav"
            archive.writestr(source, _wav(waveform))
            lines.append(training_line(segment, key, source, len(waveform)))
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        archive.writestr("train.jsonl", text)


def _cut(
    segments: Iterable[Segment], blocks: Iterable[Waveform]
) -> Iterator[tuple[Segment, Waveform]]:
    """Give each segment its samples; segments come in order of time and do not overlap."""
    waiting = deque(segments)
    pieces: list[Waveform] = []
    at = 0
    for block in blocks:
        while waiting:
            first, last = (round(t * SAMPLE_RATE) for t in (waiting[0].start, waiting[0].end))
            pieces.append(block[max(first - at, 0) : max(last - at, 0)])
            if last > at + len(block):
                break
            yield waiting.popleft(), np.concatenate(pieces)
            pieces = []
        at += len(block)
        if not waiting:
            return
    if waiting and sum(map(len, pieces)):  # the recording ends within the last segment
        yield waiting.popleft(), np.concatenate(pieces)


def _wav(waveform: Waveform) -> bytes:
    with io.BytesIO() as buffer:
        with wave.open(buffer, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            file.writeframes((np.clip(waveform, -1, 1) * 32_767).astype("<i2").tobytes())
        return buffer.getvalue()


def _has_punctuation(text: str) -> bool:
    return any(c in string.punctuation or unicodedata.category(c).startswith("P") for c in text)
