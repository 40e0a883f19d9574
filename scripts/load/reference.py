"""Clips of many lengths, and their words as one calm caller gets them."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx

from richspeech.bench.speech import clips, make_speech, write_wav
from scripts.load.clients import PATIENCE_SECONDS, TRANSCRIPTIONS
from scripts.load.plan import SIZES, Clip

CLIPS_A_SIZE = 8
SPEECH_SECONDS = 400.0


def make_clips(
    folder: Path, sizes: Iterable[float] = SIZES, each: int = CLIPS_A_SIZE
) -> Iterator[Clip]:
    """Cut speech into so many clips of each size, which begin at different places."""
    speech = make_speech(SPEECH_SECONDS)
    for seconds in sizes:
        for number, clip in enumerate(clips(speech, seconds, each)):
            path = folder / f"{seconds:g}-{number}.wav"
            write_wav(clip.speech, path)
            yield Clip(path.name, seconds, path.read_bytes())


def with_words(found: Iterator[Clip], address: str) -> list[Clip]:
    """Ask for the words of each, one after the other; leave out what says nothing of its own."""
    known: dict[str, Clip] = {}
    with httpx.Client(base_url=address, timeout=PATIENCE_SECONDS) as client:
        for clip in found:
            file = {"file": (clip.name, clip.content)}
            answer = client.post(TRANSCRIPTIONS, files=file).raise_for_status()
            text = answer.json()["text"]
            if text:
                known.setdefault(text, replace(clip, text=text))
    return [*known.values()]
