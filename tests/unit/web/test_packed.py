"""Bytes go out as the browser takes them, and come out of it the same."""

import gzip

import brotli
import pytest

from richspeech.web.packed import AT_TIMES, Packed, accepted

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
    ],
)
def test_everybody_is_sent_the_smallest_that_they_take(header: str, coding: str | None) -> None:
    data, chosen = Packed(TEXT).sent_to(header)
    assert chosen == coding
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[coding]
    assert unpack(data) == TEXT
    assert (len(data) < len(TEXT) / 4) is (coding is not None)


def test_what_is_packed_now_and_then_is_the_same_text() -> None:
    assert brotli.decompress(Packed(TEXT, AT_TIMES).by_brotli) == TEXT


def test_a_coding_without_a_weight_is_taken() -> None:
    assert accepted("br; q=1.0, gzip;q=0.001, *;q=0") == {"br", "gzip"}
