"""Numbers are said and written as people do."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.embedded import numbers
from scripts.embedded.corpus import LANGUAGES


@pytest.mark.parametrize(
    ("language", "value", "label", "spoken", "written"),
    [
        ("zh", 2, "二", "二", "2"),
        ("zh", 200, "两百", "两百", "200"),
        ("zh", 22_222, "两万两千二百二十二", "两万两千二百二十二", "22222"),
        ("zh", 1_020_000, "一百零二万", "一百零二万", "102万"),
        ("zh", 350_000_000, "三亿五千万", "三亿五千万", "3亿5000万"),
        ("yue", 20_000, "兩萬", "兩萬", "2萬"),
        ("en", 347, "three hundred forty seven", "three hundred forty seven", "347"),
        ("en", 5_000_000, "five million", "five million", "5 million"),
        ("ja", 8_300, "八千三百", "はっせんさんびゃく", "8300"),
        ("ja", 10_000_000, "一千万", "いっせんまん", "1000万"),
        ("ja", 110_000_000, "一億一千万", "いちおくいっせんまん", "1億1000万"),
        ("ko", 10_000, "만", "만", "1만"),
        ("ko", 347_215, "삼십사만 칠천이백십오", "삼십사만 칠천이백십오", "347215"),
    ],
)
def test_a_whole_number(language: str, value: int, label: str, spoken: str, written: str) -> None:
    assert (*numbers.words(language, value), numbers.digits(language, value)) == (
        label,
        spoken,
        written,
    )


@pytest.mark.parametrize(
    ("language", "kind", "label", "spoken", "written"),
    [
        ("ja", "date", "四月二十日", "しがつはつか", "4月20日"),
        ("ja", "time", "四時三十分", "よじさんじゅっぷん", "4時30分"),
        ("ja", "time", "九時十六分", "くじじゅうろっぷん", "9時16分"),
        ("ko", "time", "두 시 삼십 분", "두 시 삼십 분", "2시 30분"),
        ("ko", "date", "유월 육일", "유월 육일", "6월 6일"),
        ("zh", "time", "两点零五分", "两点零五分", "2点05分"),
        ("yue", "time", "兩點十分", "兩點十分", "2點10分"),
        ("en", "time", "three oh five", "three oh five", "3:05"),
        ("en", "date", "March fifth", "March fifth", "March 5th"),
    ],
)
def test_a_date_or_a_time_is_among_those_drawn(
    language: str, kind: str, label: str, spoken: str, written: str
) -> None:
    rng = random.Random(3)  # noqa: S311
    reserved = numbers.is_reserved(kind, written)
    drawn = {numbers.draw(language, kind, rng, reserved=reserved) for _ in range(6_000)}
    assert f"{label}|{spoken}|{written}" in drawn


@given(language=st.sampled_from(LANGUAGES), kind=st.sampled_from(numbers.KINDS), seed=st.integers())
def test_every_number_has_a_label_without_digits_and_a_written_form_with_them(
    language: str, kind: str, seed: int
) -> None:
    rng = random.Random(seed)  # noqa: S311
    label, spoken, written = numbers.draw(language, kind, rng).split("|")
    assert not any(c.isdigit() for c in label + spoken)
    assert any(c.isdigit() for c in written)
