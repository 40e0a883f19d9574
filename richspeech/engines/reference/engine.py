"""The plain path of the model's authors, ``AutoModel.generate``, for comparing.

What is not covered, because funasr does not give it: probabilities, token times, progress within a
recording, cancelling. Segment times are those of funasr's own (merged) VAD segments, and only as
long as funasr returns one tag group for each of them.
"""

import importlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from postprocess import AudioEvent, Emotion, RichPiece, parse_rich_text, render
from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.engines.common.automodel import load_automodel
from richspeech.errors import OptionError
from richspeech.model.languages import AUTO
from richspeech.model.options import Options
from richspeech.model.transcript import Segment

BATCH_SECONDS = 60
"""``batch_size_s`` of the authors' page."""


@dataclass(frozen=True)
class ReferenceResult:
    """What funasr returned for one recording."""

    raw_text: str
    """With tags, one group for each VAD segment."""
    text: str
    """After funasr's ``rich_transcription_postprocess``."""
    segments: tuple[Segment, ...]


class Reference:
    """SenseVoiceSmall and fsmn-vad in one ``AutoModel``. Not thread-safe: one thread owns it."""

    name = "reference"

    def __init__(self, auto_model: Any) -> None:
        self._auto_model = auto_model

    @classmethod
    def load(
        cls,
        folder: Path,
        vad_folder: Path,
        device: str,
        vad_settings: Mapping[str, Any],
        threads: int | None = None,
    ) -> "Reference":
        """Load both; ``vad_settings`` are fsmn-vad's own (``max_single_segment_time``, …)."""
        return cls(
            load_automodel(
                folder,
                "SenseVoiceSmall",
                device,
                threads or os.cpu_count() or 1,
                frontend_conf={"dither": 0.0},
                vad_model=str(vad_folder.resolve()),
                vad_kwargs={**vad_settings, "device": "cpu", "disable_update": True},
            )
        )

    def segments(self, waveform: Waveform, options: Options) -> tuple[Segment, ...]:
        """Return the segments alone."""
        return self.transcribe(waveform, options).segments

    def transcribe(self, waveform: Waveform, options: Options) -> ReferenceResult:
        """Recognise a whole recording (float32 mono 16 kHz) as the authors' page does.

        Raises ``OptionError`` for what funasr cannot do with this model.
        """
        self._require_emotion_id(options)
        silence_ms = self._auto_model.vad_kwargs.get("max_end_silence_time", 800)
        # generate() resets its settings to the constructor's before it reads merge_length_s.
        self._auto_model._base_kwargs_map["kwargs"]["merge_length_s"] = options.merge_length_s  # noqa: SLF001
        result = self._auto_model.generate(
            waveform,
            cache={},
            language=options.language or AUTO,
            use_itn=options.inverse_text_normalization,
            batch_size_s=BATCH_SECONDS,
            merge_vad=options.merge,
            merge_length_s=options.merge_length_s,
            ban_emo_unk=options.ban_unknown_emotion,
            max_end_silence_time=silence_ms,
        )
        raw = result[0]["text"] if result else ""
        utils = importlib.import_module("funasr.utils.postprocess_utils")
        spans = self._spans(waveform, options, silence_ms)
        return ReferenceResult(
            raw,
            utils.rich_transcription_postprocess(raw),
            tuple(_segments(raw, spans, len(waveform) / SAMPLE_RATE)),
        )

    def _require_emotion_id(self, options: Options) -> None:
        unknown_emotion = self._auto_model.model.emo_dict["unk"]
        if options.ban_unknown_emotion and self._auto_model.model.vocab_size <= unknown_emotion:
            raise OptionError("engine.no_ban")

    def _spans(
        self, waveform: Waveform, options: Options, silence_ms: int
    ) -> list[tuple[float, float]]:
        """Return the segments that ``generate`` recognised, in seconds."""
        found = self._auto_model.inference(
            waveform,
            model=self._auto_model.vad_model,
            kwargs=dict(self._auto_model.vad_kwargs),
            max_end_silence_time=silence_ms,
            cache={},
        )
        spans_ms = found[0]["value"] if found else []
        if options.merge:
            merge = importlib.import_module("funasr.utils.vad_utils").merge_vad
            spans_ms = merge(spans_ms, int(options.merge_length_s * 1_000))
        return [(start / 1_000, end / 1_000) for start, end in spans_ms]


def _segments(raw: str, spans: list[tuple[float, float]], duration: float) -> Iterator[Segment]:
    """Give each tag group the time of its VAD segment, or of all when the counts differ.

    Pieces without a language are no tag groups; only the first may be one that has lost its tag.
    """
    pieces = parse_rich_text(raw)
    if len(pieces) == len(spans) and all(piece.language for piece in pieces[1:]):
        yield from (_segment(piece, *span) for piece, span in zip(pieces, spans, strict=True))
    else:
        yield from (_segment(piece, 0.0, duration) for piece in pieces)


def _segment(piece: RichPiece, start: float, end: float) -> Segment:
    return Segment(
        start=start,
        end=end,
        text=piece.text,
        language=piece.language,
        language_probability=None,
        emotion=piece.emotion or Emotion.UNKNOWN,
        emotion_probabilities={},
        events=tuple(event for event in piece.events if event is not AudioEvent.SPEECH),
        event_probabilities={},
        tokens=(),
        raw_text=render([piece], style="tags"),
    )
