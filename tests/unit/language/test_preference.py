"""The language of a reader is that with most weight among ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from richspeech.language.catalog import locales
from richspeech.language.preference import preferred_locale


@pytest.mark.parametrize(
    ("accepted", "locale"),
    [
        ("zh-CN,en;q=0.5", "zh"),
        ("en;q=0.5, zh-CN", "zh"),
        ("fr, de;q=0.9, EN-gb ; q=0.2", "en"),
        ("zh;q=0, en;q=0.1", "en"),
        ("zh;q=0", None),
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh_Hant"),
        ("zh-hk", "zh_Hant"),
        ("zh-Hant-CN", "zh_Hant"),
        ("zh-Hans-TW, en", "zh"),
        ("zh-SG", "zh"),
        ("en-TW", "en"),
        ("enm, zho", None),
        ("en;q=nan, zh;q=0.1", "zh"),
        ("en;q=7, zh;q=0.1", "zh"),
        ("fr", None),
        ("*", None),
        ("", None),
    ],
)
def test_all_tags_are_weighed(accepted: str, locale: str | None) -> None:
    assert preferred_locale(accepted) == locale


@pytest.mark.parametrize("locale", [each for each in locales() if each in ("ja", "ko")])
def test_a_language_with_one_script_is_found_by_its_first_letters(locale: str) -> None:
    assert preferred_locale(f"{locale}-{locale.upper()},en;q=0.9") == locale


@given(st.text())
def test_whatever_stands_there_is_a_language_of_ours_or_none(accepted: str) -> None:
    assert preferred_locale(accepted) in (*locales(), None)
