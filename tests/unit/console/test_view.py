"""What the scripts of the page are given."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from postprocess import STYLES, AudioEvent, Emotion
from richspeech.console.root_page import page_data
from richspeech.console.view import decoration, labels, segment_line, view
from richspeech.jobs.transcribe import Transcription
from richspeech.language.catalog import locales
from richspeech.model.corrections import Correction
from richspeech.model.job_state import State
from richspeech.model.place import Place
from richspeech.model.transcript import Segment, Token, Transcript
from richspeech.recognition.pipeline import Progress
from tests.transcripts import put_right, segment, transcript, transcripts


def job_with(heard: Transcript, status: State = State.FINISHED, total: float = 80) -> Transcription:
    return Transcription(
        Path("a.wav"), progress=Progress(heard, (), total, status.is_over), state=status
    )


def drawn(job: Transcription, style: str = "label") -> dict[str, Any]:
    found = view(job, "zh", style)
    assert found is not None
    return found


def line(each: Segment, style: str = "label") -> dict[str, Any]:
    read: dict[str, Any] = json.loads(segment_line(Place(0), each, style))
    return read


def test_there_is_nothing_to_see_before_anything_was_heard() -> None:
    assert view(None, "zh", "label") is None
    assert view(Transcription(Path("a.wav")), "zh", "label") is None


def test_a_running_job_lasts_as_long_as_its_file_claims_a_finished_one_as_it_is() -> None:
    heard = transcript(segment(0, 2), duration=20)
    assert drawn(job_with(heard, State.RUNNING))["duration"] == 80
    assert drawn(job_with(heard))["duration"] == 20


def test_speakers_have_lanes_in_the_place_of_that_of_emotions() -> None:
    call = (replace(segment(1, 3), channel=2, speaker="B"), replace(segment(2, 4), speaker="Ann"))
    shown = drawn(job_with(transcript(*call)))
    assert (shown["speakers"], shown["lanes"]) == (("Ann", "B"), ["events", "language"])
    alone = drawn(job_with(transcript(segment(1, 3))))
    assert (alone["speakers"], alone["lanes"]) == ((), ["emotion", "events", "language"])


@given(transcripts())
def test_every_segment_with_something_to_show_is_there_with_its_number(heard: Transcript) -> None:
    lines = [json.loads(each) for each in drawn(job_with(heard))["segments"]]
    shown = [n for n, each in enumerate(heard.segments) if each.text or each.events]
    assert [each["index"] for each in lines] == shown
    for each in lines:
        said = heard.segments[each["index"]]
        assert (each["text"], each["emotion"]) == (said.text, said.emotion.value)
        assert "".join(word[0] for word in each["words"]) == said.text


def test_what_the_engine_cannot_hear_has_no_lane_until_somebody_puts_it_there() -> None:
    words = segment(0, 2, "好", Emotion.UNKNOWN, probabilities={})
    heard = replace(transcript(words), engine="paraformer")
    assert drawn(job_with(heard))["lanes"] == ["language"]
    felt, laughed = job_with(heard), job_with(heard)
    put_right(felt, Correction(0, emotion=Emotion.SAD))
    assert drawn(felt)["lanes"] == ["emotion", "language"]
    put_right(laughed, Correction(0, events=(AudioEvent.LAUGHTER,)))
    assert drawn(laughed)["lanes"] == ["events", "language"]
    for engine in ("sensevoice", "reference", "one of tomorrow"):
        heard = replace(transcript(words), engine=engine)
        assert drawn(job_with(heard))["lanes"] == ["emotion", "events", "language"]


def test_only_what_is_new_is_written_again() -> None:
    job = job_with(transcript(segment(0, 2), segment(3, 4)))
    before = drawn(job)["segments"]
    put_right(job, Correction(1, text="不"))
    after = drawn(job)["segments"]
    assert after[0] is before[0]
    assert json.loads(after[1])["corrected"] == ["text"]
    assert drawn(job)["corrections"] == 1


def test_a_segment_that_was_emptied_by_hand_can_still_be_seen() -> None:
    job = job_with(transcript(segment(0, 2)))
    put_right(job, Correction(0, text=""))
    assert len(drawn(job)["segments"]) == 1


def test_a_probability_is_of_the_models_own_label_only() -> None:
    said = replace(segment(0, 2, "好", Emotion.SAD), emotion_probabilities={"sad": 0.2})
    assert line(said)["emotion_probability"] == 0.2
    assert line(replace(said, corrected=("emotion",)))["emotion_probability"] is None
    assert line(replace(said, emotion_probabilities={}))["emotion_probability"] is None


def test_words_carry_their_times_and_their_least_probability() -> None:
    tokens = (Token("你", 0.1, 0.2, 0.91234), Token("好", 0.3, 0.4, None), Token("。", 0.4, 0.5, 1))
    assert line(segment(0, 1, "你好。"))["words"] == [["你好。"]]
    said = replace(segment(0, 1, "你好。"), tokens=tokens)
    assert line(said)["words"] == [["你", 0.1, 0.2, 0.912], ["好。", 0.3, 0.4, None]]


@pytest.mark.parametrize("style", STYLES)
def test_a_style_is_what_stands_around_the_words(style: str) -> None:
    said = segment(0, 2, "你好。", Emotion.HAPPY, AudioEvent.LAUGHTER)
    expected = {
        "label": ("", ""),
        "plain": ("", ""),
        "emoji": ("😀", "😊"),
        "tags": ("<|zh|><|HAPPY|><|Laughter|>", ""),
    }
    assert decoration(said, style) == expected[style]
    assert line(said, style)["chips"] == (style == "label")


def test_peaks_are_there_while_the_job_runs() -> None:
    job = job_with(transcript(segment(0, 2)), State.RUNNING)
    job.meter.feed(np.ones(1_024, np.float32))
    # of four peaks, since three of them are text that only grows
    assert drawn(job)["peaks"] == {"seconds_per_peak": 0.016, "chunks": ["f39/f39/"]}


def test_the_text_to_copy_is_there_at_the_end() -> None:
    heard = transcript(segment(0, 2, "你好。", Emotion.SAD))
    assert drawn(job_with(heard, State.RUNNING))["copy"] == ""
    assert drawn(job_with(heard))["copy"] == "你好。(悲伤)"


def test_every_label_has_a_word_and_every_emotion_a_sign_of_its_own() -> None:
    assert set(labels()["emotions"]) == {e.value for e in Emotion}
    assert "speech" not in labels()["events"]
    for locale in locales():
        signs = [labels()["signs"][each.value][locale] for each in Emotion]
        assert len({*signs}) == len(Emotion)


def test_the_scripts_fill_in_the_values_of_their_words() -> None:
    assert "{time}" in page_data(0.5)["words"]["en"]["play_from"]
