"""Where lines may break in Chinese, Cantonese and Japanese."""

import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from richspeech.writers import breaks
from richspeech.writers.breaks import breaks_in

LONGEST = 12


def parts(text: str, language: str | None = "zh") -> str:
    ends = breaks_in(text, language, LONGEST)
    assert ends is not None
    return "|".join(text[start:end] for start, end in pairwise((0, *sorted(ends | {len(text)}))))


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("对不起，灰色的冰箱没有了。", "zh", "对不起，|灰色|的|冰箱|没有|了。"),
        ("请问我的订单对不对？", "zh", "请问|我|的|订单|对|不|对？"),
        ("我很后悔，地址不对！", "zh", "我|很|后悔，|地址|不|对！"),
        ("开放时间早上9点至下午5点。", None, "开放|时间|早上|9点至|下午|5点。"),
        ("我上星期買嘅風扇壞咗！", "yue", "我|上星期買嘅風扇壞咗！"),
        ("昨日、仕事を話し合いました。", "ja", "昨日、|仕事を|話し合いました。"),
        (
            "弁当を持っていけない場合は50円のパンを買う",
            None,
            "弁当を|持っていけない|場合は|50円の|パンを|買う",
        ),
    ],
)
def test_words_stay_whole(text: str, language: str | None, expected: str) -> None:
    assert parts(text, language) == expected


@pytest.mark.parametrize(
    ("text", "language"),
    [("We went back.", "en"), ("감사합니다 漢字", "ko"), ("", "zh"), ("😀！", None)],
)
def test_other_scripts_are_left_alone(text: str, language: str | None) -> None:
    assert breaks_in(text, language, LONGEST) is None


def test_what_is_too_long_breaks_at_words_and_a_word_that_is_too_long_anywhere() -> None:
    assert parts("我" * 20) == "|".join("我" * 20)
    assert "识|别" not in parts("语音识别模型" * 6)


@settings(deadline=None)
@given(st.text(st.sampled_from("我们昨天去了北京，买嘅風扇。あっコーヒー 9a"), max_size=60))
def test_nothing_is_longer_than_it_may_be(text: str) -> None:
    for language in ("zh", "yue", "ja"):
        ends = breaks_in(text, language, LONGEST)
        if ends is not None:
            assert all(0 <= end <= len(text) for end in ends)
            assert max(map(len, parts(text, language).split("|"))) <= LONGEST


def test_nothing_is_read_from_the_folder_that_everybody_may_write_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "jieba.cache").write_bytes(b"planted")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    breaks._words.cache_clear()
    assert parts("对不起，冰箱没有了。") == "对不起，|冰箱|没有|了。"
    assert (tmp_path / "jieba.cache").read_bytes() == b"planted"
