"""Which item of a conversation an utterance is, when it comes later than the next one begins."""

from typing import Any

from richspeech.api.realtime.items import Items, Utterances
from richspeech.model.transcript import Segment
from richspeech.recognition.live import Began, Event, Final
from tests.transcripts import segment


def items_of(*events: Event) -> list[tuple[int, str]]:
    """Milliseconds at which each completed item began, and what is said in it."""
    began: dict[str, int] = {}
    done: list[tuple[int, str]] = []

    def say(kind: str, **fields: Any) -> None:
        if kind.endswith("speech_started"):
            began[fields["item_id"]] = fields["audio_start_ms"]
        elif kind.endswith("transcription.completed"):
            done.append((began[fields["item_id"]], fields["transcript"]))

    told = Utterances(Items(say, "en"), offset=0.0, logprobs=False)
    for event in events:
        told.take(event)
    return done


def final(start: float, end: float, text: str) -> Final:
    heard: Segment = segment(start, end, text, language="en")
    return Final(heard, 0.1)


def test_an_utterance_is_not_taken_for_the_next_one_that_has_begun() -> None:
    found = items_of(Began(10.4), final(9.5, 10.0, "Yes."), final(10.4, 12.0, "Why not?"))
    assert found == [(9_500, "Yes."), (10_400, "Why not?")]


def test_an_utterance_behind_a_cut_is_the_item_that_began_at_the_cut() -> None:
    found = items_of(
        Began(3.0), Began(30.0), final(3.0, 29.4, "One"), final(29.4, 32.0, "two."), Began(33.0)
    )
    assert found == [(3_000, "One"), (30_000, "two.")]
