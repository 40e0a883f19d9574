"""Numbers are spelled as people write them, in every language."""

from datetime import UTC, datetime

import pytest

from richspeech.language.figures import (
    Figure,
    clock,
    duration_text,
    moment,
    number,
    size_text,
    zone_of,
)


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (0, "0 秒", "0 sec"),
        (0.5, "0.5 秒", "0.5 sec"),
        (34, "34 秒", "34 sec"),
        (59.97, "1 分钟", "1 min"),
        (74, "1 分钟 14 秒", "1 min 14 sec"),
        (3_720, "1 小时 2 分钟", "1 hr 2 min"),
        (43_200, "12 小时", "12 hr"),
    ],
)
def test_durations_are_spelled_for_people(seconds: float, zh: str, en: str) -> None:
    assert (duration_text(seconds, "zh"), duration_text(seconds, "en")) == (zh, en)


def test_a_point_in_a_recording_counts_begun_seconds_as_not_yet_there() -> None:
    assert [clock(0), clock(67.9), clock(3_765)] == ["0:00", "1:07", "1:02:45"]


def test_a_whole_number_is_spelled_without_a_point_whatever_its_type() -> None:
    assert [number(each, "en") for each in (5, 5.0, 1_500.0, 0.5)] == ["5", "5", "1,500", "0.5"]


@pytest.mark.parametrize(
    ("size_bytes", "text"), [(2 * 1024**3, "2 GB"), (500 * 1024**2, "500 MB"), (15_360, "15 kB")]
)
def test_sizes_are_spelled_with_the_largest_unit_that_fits(size_bytes: int, text: str) -> None:
    assert size_text(size_bytes, "en") == text


def test_a_size_over_a_limit_never_looks_like_the_limit() -> None:
    assert size_text(500.1 * 1024**2, "zh") == "500.1 MB"


def test_a_text_says_how_its_numbers_are_spelled() -> None:
    text = "{a} {a:d} {b:.1f} {c:percent} {d:size} {e:duration} {e:clock}"
    values = {"a": 12_345, "b": 1.25, "c": 0.756, "d": 1024**2, "e": 61}
    shown = text.format(**{name: Figure(value, "en") for name, value in values.items()})
    assert shown == "12,345 12345 1.2 76% 1 MB 1 min 1 sec 1:01"


def test_a_moment_is_shown_by_the_clocks_of_a_time_zone() -> None:
    when = datetime(2026, 11, 1, 23, 5, tzinfo=UTC)
    assert moment(when, "Asia/Shanghai") == "2026-11-02 07:05"
    assert zone_of("Nowhere/../etc") is UTC
