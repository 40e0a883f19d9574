"""Masked transcripts: nothing personal is left in any field, and the rest is as it was."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from richspeech.errors import OptionError
from richspeech.model.corrections import Correction
from richspeech.model.document import Document
from richspeech.model.edits import Amendment, CorrectionEdit, SpeakersEdit
from richspeech.model.personal import Masked, PersonalKind
from richspeech.model.place import Place
from richspeech.model.speaker import Naming
from richspeech.model.steps import Merge, Removal, Split
from richspeech.model.transcript import Token, Transcript
from richspeech.privacy.find import Rewording, find_personal
from richspeech.privacy.mask import mask, mask_document, mask_text
from richspeech.privacy.sound import cover_of
from richspeech.settings import PrivacySettings
from tests.transcripts import segment, transcript
from tests.unit.privacy.test_find import spoken

NUMBER = "13800138000"


def test_in_the_place_of_what_was_masked_stands_its_kind() -> None:
    [masked] = mask(transcript(spoken(0, f"打{NUMBER}给我"))).segments
    assert masked.text == "打[电话]给我"
    assert [token.text for token in masked.tokens] == ["打", "[电话]", "给", "我"]
    assert (masked.tokens[1].start, masked.tokens[1].end) == (masked.masked[0].start, 1.2)
    assert masked.masked == (Masked(PersonalKind.PHONE, 0.1, 1.2),)


def test_nothing_of_it_is_left_in_any_field() -> None:
    said = replace(
        spoken(0, f"打{NUMBER}"),
        raw_text=f"<|zh|><|HAPPY|>打{NUMBER}",
        rules=("calm", f"hotword:{NUMBER}", "hotword:打"),
    )
    masked = mask(transcript(said))
    assert NUMBER not in json.dumps(masked.to_dict(), ensure_ascii=False)
    assert masked.segments[0].raw_text == "<|zh|><|HAPPY|>打[电话]"
    assert masked.segments[0].rules == ("calm", "hotword:打")


def test_a_token_that_is_only_partly_personal_keeps_the_rest() -> None:
    heard = replace(
        segment(0, 3, f"call {NUMBER}, ok", language="en"),
        tokens=(
            Token("call", 0, 1, 0.9),
            Token(" 13800", 1.0, 1.5, 0.9),
            Token("138000, ok", 1.5, 3, 0.9),
        ),
    )
    [masked] = mask(transcript(heard)).segments
    assert [token.text for token in masked.tokens] == ["call", " ", "[phone]", ", ok"]
    assert "".join(token.text for token in masked.tokens) == masked.text == "call [phone], ok"


def test_tokens_of_another_text_are_not_kept_where_they_say_what_was_masked() -> None:
    heard = replace(
        segment(0, 3, f"电话{NUMBER}", language="zh"), tokens=(Token(f" {NUMBER} ", 0, 3, 0.9),)
    )
    [masked] = mask(transcript(heard)).segments
    assert "".join(token.text for token in masked.tokens) == "电话[电话]"
    assert masked.masked == (Masked(PersonalKind.PHONE, None, None),)


def test_a_transcript_with_nothing_personal_is_itself() -> None:
    heard = transcript(spoken(0, "今天天气很好。"))
    assert mask(heard) is heard


def test_masked_once_is_masked() -> None:
    once = mask(transcript(spoken(0, f"我叫张伟，电话{NUMBER}，车牌京A12345")))
    assert mask(once) is once
    assert [each.kind.value for each in once.segments[0].masked] == ["name", "phone", "plate"]


def test_a_masked_transcript_is_read_as_it_was_written() -> None:
    masked = mask(transcript(spoken(0, f"电话{NUMBER}")))
    assert Transcript.from_dict(masked.to_dict()) == masked


def test_what_a_person_wrote_is_masked_as_it_stands_among_the_others() -> None:
    document = Document(transcript(spoken(0, "电话一三八。"), spoken(2, "您好。")))
    wanted = Correction(1, text="零零一三八零零零。")
    document = document.with_edit(CorrectionEdit(correction=wanted, made=datetime.now(UTC)))
    masked = mask_document(document)
    assert masked.transcript.text == "电话[电话]。[电话]。"
    assert "零零一三" not in json.dumps(masked.to_dict(), ensure_ascii=False)


def test_what_a_person_wrote_in_many_places_is_masked_in_all() -> None:
    document = Document(transcript(spoken(0, "打给他。"), spoken(2, "他是谁？打给他。")))
    step = document.replacing("他。", f"{NUMBER}。")
    masked = mask_document(
        document.with_edit(CorrectionEdit(correction=step, made=datetime.now(UTC)))
    )
    assert [each.text for each in masked.transcript.segments] == [
        "打给[电话]。",
        "他是谁？打给[电话]。",
    ]
    assert NUMBER not in json.dumps(masked.to_dict())


def corrected(heard: Transcript, *steps: Amendment) -> Document:
    document = Document(heard)
    for step in steps:
        document = document.with_edit(CorrectionEdit(correction=step, made=datetime.now(UTC)))
    return document


def test_what_no_measured_word_gives_takes_the_whole_line_with_it() -> None:
    heard = transcript(spoken(2, "打一三八零零一三。谢谢。"), spoken(9, "您好。"))
    document = corrected(heard, Correction(0, text=f"打{NUMBER}。谢谢。"))
    masked = mask_document(document)
    assert masked.transcript.text == "打[电话]。谢谢。您好。"
    assert masked.transcript.segments[0].masked == (Masked(PersonalKind.PHONE, None, None),)
    [span] = cover_of(masked.transcript, PrivacySettings()).spans
    assert span == (2 - 0.2, heard.segments[0].end + 0.2)
    assert "一三八" not in json.dumps(masked.to_dict(), ensure_ascii=False)
    assert masked.transcript.segments[0].tokens[-3].start is not None  # 谢 keeps its time
    assert mask_document(masked) is masked


def test_a_correction_beside_a_number_leaves_the_times_of_the_number() -> None:
    heard = transcript(spoken(2, f"打{NUMBER}卸卸"))
    masked = mask_document(corrected(heard, Correction(0, text=f"打{NUMBER}谢谢")))
    [found] = masked.transcript.segments[0].masked
    assert found.start == pytest.approx(2.1)
    assert found.end == pytest.approx(3.2)


def test_a_line_that_was_cut_and_put_right_is_not_heard_either() -> None:
    heard = transcript(spoken(2, "打一三八零零一三。谢谢。"))
    document = corrected(heard, Split(Place(0), 1, 2.9, None), Correction(0, text=f"打{NUMBER}。"))
    masked = mask_document(document)
    assert masked.transcript.text == "打[电话]。谢谢。"
    assert masked.transcript.segments[0].masked == (Masked(PersonalKind.PHONE, 2, 2.9),)
    assert len(masked.edits) == 2  # both can be taken back
    assert "一三八" not in json.dumps(masked.to_dict(), ensure_ascii=False)


def covered(document: Document) -> list[tuple[float, float]]:
    """What is not to be heard, without a margin; spans that touch as one."""
    privacy = PrivacySettings(margin_seconds=0)
    spans: list[tuple[float, float]] = []
    for start, end in sorted(cover_of(mask_document(document).transcript, privacy).spans):
        last = spans.pop() if spans and start <= spans[-1][1] else (start, end)
        spans.append((last[0], max(last[1], end)))
    return spans


UNTIMED = transcript(
    segment(0, 10, f"打{NUMBER}。谢谢。", language="zh"), segment(10, 15, "您好。", language="zh")
)
"""What was said of it, and when, nobody knows beyond the line."""


@pytest.mark.parametrize(
    "steps",
    [
        [Split(Place(0), 1, 6.0, (f"打{NUMBER}。", "谢谢。")), Removal(Place(0))],
        [Split(Place(0), 1, 6.0, (f"打{NUMBER}。", "谢谢。")), Removal(Place(0, 1))],
        [Correction(0, end=6.0)],
        [Correction(0, start=2.0, end=6.0), Removal(Place(0))],
        [Correction(0, end=6.0), Split(Place(0), 1, 3.0, ("打", f"{NUMBER}。谢谢。"))],
        [Merge(Place(0), Place(1))],
        [Correction(0, end=6.0), Merge(Place(0), Place(1))],
        [Correction(0, end=6.0), Correction(1, start=7.0)],
    ],
)
def test_what_was_not_to_be_heard_is_not_whatever_becomes_of_its_line(
    steps: list[Amendment],
) -> None:
    assert covered(corrected(UNTIMED, *steps)) == [(0, 10)]


def test_of_two_lines_that_are_masked_alike_one_that_is_removed_is_not_heard() -> None:
    number = f"打{NUMBER}。"
    both = transcript(segment(0, 4, number, language="zh"), segment(9, 12, number, language="zh"))
    assert covered(corrected(both, Removal(Place(1)))) == [(0, 4), (9, 12)]


WRITTEN = Correction(0, text=f"打{NUMBER}。谢谢。")


@pytest.mark.parametrize(
    ("steps", "spans"),
    [
        ([Removal(Place(0))], [(2, 3.2)]),
        ([Correction(0, end=2.6)], [(2, 3.2)]),
        ([Correction(0, text="打电话。谢谢。")], [(2, 3.2)]),
        ([Split(Place(0), 1, 2.9, (f"打{NUMBER}。", "谢谢。"))], [(2, 2.9)]),
        ([Split(Place(0), 1, 2.9, ("打1380013", "8000。谢谢。"))], [(2, 3.2)]),
        (
            [Split(Place(0), 1, 2.9, (f"打{NUMBER}。", "谢谢。")), Removal(Place(0, 1))],
            [(2, 3.2)],
        ),
    ],
)
def test_what_a_person_wrote_is_not_heard_when_its_line_is_gone_or_has_other_words(
    steps: list[Amendment], spans: list[tuple[float, float]]
) -> None:
    heard = transcript(spoken(2, "打一三八零零一三。谢谢。"), spoken(9, "您好。"))
    document = corrected(heard, WRITTEN, *steps)
    assert [(start, round(end, 3)) for start, end in covered(document)] == spans
    assert NUMBER not in json.dumps(mask_document(document).to_dict(), ensure_ascii=False)


PARTS = ("1380013", "8000")
OVER_TWO: tuple[Amendment, ...] = (
    Correction(0, text=f"电话{PARTS[0]}。"),
    Correction(1, text=f"{PARTS[1]}。好"),
)


@pytest.mark.parametrize(
    "steps",
    [
        [Removal(Place(0))],
        [Removal(Place(1))],
        [Correction(1, text="好。")],
        [Correction(0, speaker="B")],
        [Removal(Place(1)), Split(Place(0), 1, 2.4, None), Removal(Place(0))],
        [Removal(Place(0)), Merge(Place(1), Place(2))],
        [Merge(Place(0), Place(1)), Split(Place(0), 1, 4.0, ("电话1380", "0138000。好"))],
    ],
)
def test_a_number_over_two_lines_stays_masked_whatever_becomes_of_one(
    steps: list[Amendment],
) -> None:
    heard = transcript(spoken(2, "电话一二。"), spoken(6, "好的。"), spoken(12, "您好。"))
    masked = mask_document(corrected(heard, *OVER_TWO, *steps))
    told = json.dumps(masked.to_dict(), ensure_ascii=False)
    assert not any(part in told for part in (*PARTS, "0013", "一二"))
    assert len(masked.edits) == len(OVER_TWO) + len(steps)
    assert within([(2, 2.5), (6, 6.3)], covered(corrected(heard, *OVER_TWO, *steps)))


def within(some: list[tuple[float, float]], spans: list[tuple[float, float]]) -> bool:
    """Tell whether these spans have all of some others; times are floats."""
    near = 1e-6
    return all(any(a - near <= x and y <= b + near for a, b in spans) for x, y in some)


def test_what_was_heard_of_a_number_is_masked_in_a_line_that_was_cut_before() -> None:
    heard = transcript(spoken(2, "电话一三八零零一三。"), spoken(6, "好的。"))
    steps = (Split(Place(0), 1, 2.6, None), Correction(1, text="8000。"))
    masked = mask_document(corrected(heard, *steps, Removal(Place(1))))
    assert masked.transcript.text == "电话[电话][电话]。"
    assert "一三八" not in json.dumps(masked.to_dict(), ensure_ascii=False)
    assert covered(corrected(heard, *steps)) == [(2.2, pytest.approx(2.9)), (6, 6.3)]


@settings(max_examples=40)
@given(st.data())
def test_what_was_masked_stays_so_whatever_is_done_to_lines_and_no_word_is_lost(
    data: st.DataObject,
) -> None:
    texts = st.sampled_from(["好的吧。", "打给他。", "谢谢。", "是一二三。"])
    lines = [
        replace(line, tokens=line.tokens if data.draw(st.booleans()) else ())
        for line in (spoken(at * 3.0, data.draw(texts)) for at in range(4))
    ]
    document = corrected(transcript(*lines), *OVER_TWO)
    for _ in range(data.draw(st.integers(1, 4))):
        before, document = covered(document), moved(document, data.draw)
        masked = mask_document(document)
        told = json.dumps(masked.to_dict(), ensure_ascii=False)
        assert not any(part in told for part in PARTS)
        assert words(masked) == words(document)
        is_cut = isinstance(document.corrections[-1], Split)  # a person says where the number is
        assert is_cut or within(before, covered(document))
        assert mask_document(masked).transcript == masked.transcript


def words(document: Document) -> str:
    """What is said beside the number."""
    return re.sub(r"\[电话\]|[\d。]", "", document.transcript.text)


def moved(document: Document, draw: Callable[[st.SearchStrategy[Any]], Any]) -> Document:
    """Take a line out, cut it, join it with the next or move it; nothing, where that cannot be."""
    if not document.places:
        return document
    number = draw(st.integers(0, len(document.places) - 1))
    place, line = document.places[number], document.transcript.segments[number]
    at = st.floats(line.start, line.end)
    steps: dict[str, Callable[[], Amendment]] = {
        "remove": lambda: Removal(place),
        "join": lambda: document.merging(place),
        "cut": lambda: document.splitting(place, caret=draw(st.integers(0, 9)), at=draw(at)),
        "move": lambda: Correction(place.index, part=place.part, end=round(draw(at), 2)),
    }
    with suppress(OptionError):
        step = steps[draw(st.sampled_from([*steps]))]()
        return document.with_edit(CorrectionEdit(correction=step, made=datetime.now(UTC)))
    return document


@given(st.data())
def test_a_correction_is_masked_as_if_the_whole_were_read_with_it(data: st.DataObject) -> None:
    text = st.sampled_from(
        ["我叫王小明。", "小明，打", "打一三八零零", "一三八零零零。", "王小明", "好。"]
    )
    lines = [
        spoken(data.draw(st.sampled_from([number * 3.0, number * 14.0])), data.draw(text), voice)
        for number, voice in enumerate(data.draw(st.lists(st.sampled_from("AB"), min_size=1)))
    ]
    measured = transcript(*lines)
    number, words = data.draw(st.integers(0, len(lines) - 1)), data.draw(text)
    reworded = replace(measured.segments[number], text=words, tokens=())
    whole = [*measured.segments]
    whole[number] = reworded
    expected = [
        (each.kind, each.start, each.end)
        for each in find_personal(replace(measured, segments=tuple(whole)))
        if each.segment == number
    ]
    assert [*Rewording(measured).spans(number, words)] == expected


def test_what_speakers_are_called_is_masked_and_two_stay_two() -> None:
    heard = transcript(spoken(0, "我叫王小明。"), spoken(2, "您好。", "B"))
    called = Naming({"A": f"小明 {NUMBER}", "B": "13900139000"})
    asked = SpeakersEdit(naming=Naming({"B": "13700137000"}), by="a", made=datetime.now(UTC))
    masked = mask_document(corrected(heard, called).with_edit(asked))
    names = [each.speaker for each in masked.transcript.segments]
    assert names == ["[name] [phone]", "[phone]"]
    assert not any(number in json.dumps(masked.to_dict()) for number in (NUMBER, "139", "137"))
    two = mask_document(corrected(heard, Naming({"A": NUMBER, "B": "13900139000"})))
    assert [each.speaker for each in two.transcript.segments] == ["[phone]", "[phone] 2"]


@given(st.text(alphabet="打我叫张电话138零一, .-", max_size=40))
def test_tokens_make_up_the_text_whatever_was_masked(text: str) -> None:
    [masked] = mask(transcript(spoken(0, text))).segments
    assert "".join(token.text for token in masked.tokens) == masked.text
    assert masked.text == mask_text(text, "zh")


def test_a_name_stays_masked_when_the_line_that_told_it_is_removed() -> None:
    heard = transcript(spoken(0, "我叫王小明。"), spoken(9, "王小明要退款。"))
    put_right = Correction(1, text="王小明要退款！")
    named = Naming({"": "王小明"})
    for steps in ([put_right, Removal(Place(0)), named], [Removal(Place(0))], [put_right]):
        masked = mask_document(corrected(heard, *steps))
        assert "王小明" not in json.dumps(masked.to_dict(), ensure_ascii=False)
        assert "要退款" in masked.transcript.text
