"""Masked transcripts as files: no digit of a number is left in any of them."""

import zipfile
from dataclasses import replace
from io import BytesIO
from itertools import pairwise

import pytest

from postprocess import Emotion
from richspeech.model.transcript import Transcript
from richspeech.privacy.mask import mask
from richspeech.review.review import review_transcript
from richspeech.settings import Settings
from richspeech.writers import WRITERS, WriterOptions, write
from tests.transcripts import transcript
from tests.unit.privacy.test_find import spoken

NUMBER = "15996287341"
SAID = "幺五九九六二八七三四幺"
SECRETS = (
    *(NUMBER[at : at + 4] for at in range(len(NUMBER) - 3)),
    *(SAID[at : at + 3] for at in range(len(SAID) - 2)),
    *("王小明", "example.com", "建国路88"),
)
"""Whatever of them stands in a file, times and probabilities do not have."""


@pytest.fixture
def masked() -> Transcript:
    angry = replace(
        spoken(0, f"我要投诉，我叫王小明，打{NUMBER}。"), emotion=Emotion.ANGRY, raw_text=NUMBER
    )
    return mask(
        transcript(
            angry,
            spoken(5, f"再说一遍，{SAID}，王小明。"),
            spoken(9, "邮箱xiaoming@example.com，我住在北京市朝阳区建国路88号。"),
        )
    )


def content_of(file: bytes) -> str:
    """What can be read in a file, all parts of a document included."""
    if file.startswith(b"PK"):
        with zipfile.ZipFile(BytesIO(file)) as archive:
            return "".join(
                archive.read(name).decode(errors="ignore") for name in archive.namelist()
            )
    return file.decode()


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("style", ["label", "tags"])
def test_no_digit_is_left_in_any_export(form: str, style: str, masked: Transcript) -> None:
    content = content_of(write(masked, form, WriterOptions(style=style)))
    assert [secret for secret in SECRETS if secret in content] == []
    assert "[电话]" in content.replace("\\u7535\\u8bdd", "电话") or "电话" in content


def test_nothing_is_left_in_what_a_transcript_amounts_to(masked: Transcript) -> None:
    document = str(review_transcript(masked, Settings(), 10.0).to_dict())
    assert [secret for secret in SECRETS if secret in document] == []


def test_the_secrets_are_no_figures_of_the_files_themselves() -> None:
    plain = transcript(spoken(0, "我要投诉。"), spoken(5, "再说一遍。"), spoken(9, "谢谢。"))
    for form in WRITERS:
        content = content_of(write(plain, form, WriterOptions()))
        assert [secret for secret in SECRETS if secret in content] == []


def test_segments_keep_their_places(masked: Transcript) -> None:
    assert all(one.end <= other.start for one, other in pairwise(masked.segments))
    assert [each.start for each in masked.segments] == [0, 5, 9]
