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


@given(st.text())
def test_whatever_stands_there_is_a_language_of_ours_or_none(accepted: str) -> None:
    assert preferred_locale(accepted) in (*locales(), None)
