"""Bytes go out as the browser takes them, and come out of it the same."""

import gzip

import brotli
import pytest

from richspeech.web.packed import AT_TIMES, Packed, coding_for

TEXT = b"a page that says the same again, and again, and again" * 40


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("br;q=0.0", None),
        ("GZIP , deflate", "gzip"),
        ("brotli, xgzip", None),
        ("identity", None),
        ("", None),
        ("br; q=1.0, gzip;q=0.001, *;q=0", "br"),
        ("br;q=none, gzip", "gzip"),
        ("br;q=0, *", "gzip"),
        ("*;q=0", None),
    ],
)
def test_everybody_is_sent_the_smallest_that_they_take(header: str, coding: str | None) -> None:
    packed, chosen = Packed(TEXT), coding_for(header)
    assert chosen == coding
    data = TEXT if chosen is None else packed.by(chosen)
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[coding]
    assert unpack(data) == TEXT
    assert (len(data) < len(TEXT) / 4) is (coding is not None)


def test_what_is_packed_now_and_then_is_the_same_text() -> None:
    assert brotli.decompress(Packed(TEXT, AT_TIMES).by("br")) == TEXT


def test_nothing_is_packed_before_somebody_asks_and_nothing_twice() -> None:
    packed = Packed(TEXT)
    assert packed.ready(None) == TEXT
    assert packed.ready("gzip") is None
    assert packed.by("gzip") is packed.by("gzip") is packed.ready("gzip")
    assert packed.ready("br") is None
