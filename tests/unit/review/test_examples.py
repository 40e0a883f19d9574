"""One reader for all who are told what is true: bad lines are named, and the rest goes on."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postprocess import NO_SPEECH, AudioEvent, Emotion
from richspeech.audio.container import AudioLimits
from richspeech.errors import OptionError
from richspeech.review.examples import Example, Fault, opened

LIMITS = AudioLimits(1_000, 60.0)


def line(**more: Any) -> dict[str, Any]:
    return {"source": "a.wav", "target": "你好", **more}


def read(folder: Path, *lines: object) -> list[Example | Fault]:
    texts = (each if isinstance(each, str) else json.dumps(each) for each in lines)
    (folder / "data.jsonl").write_text("\n".join(texts), encoding="utf-8")
    with opened(folder / "data.jsonl") as examples:
        return [*examples]


def only(folder: Path, **said: Any) -> Example:
    (example,) = read(folder, line(**said))
    assert isinstance(example, Example)
    return example


def test_all_that_a_line_says_is_read(tmp_path: Path) -> None:
    example = only(
        tmp_path,
        key="call-1",
        text_language="<|yue|>",
        emo_target="<|EMO_UNKNOWN|>",
        event_target="<|BGM|>",
        with_or_wo_itn="<|withitn|>",
        source_len=250,
        session="monday",
        kind="calls",
    )
    assert example == Example(
        "call-1", "你好", "yue", Emotion.UNKNOWN, AudioEvent.BGM, itn=True, session="monday"
    )
    assert (example.source, example.seconds, example.kind, example.line) == (
        *("a.wav", 2.5, "calls", 1),
    )


def test_what_nobody_has_said_is_missing(tmp_path: Path) -> None:
    example = only(tmp_path)
    assert (example.key, example.kind, example.seconds) == ("", "all", None)
    assert (example.language, example.emotion, example.event) == (None, None, None)


def test_a_length_that_is_none_says_nothing(tmp_path: Path) -> None:
    lengths = [only(tmp_path, source_len=each).seconds for each in (True, "2", 10**400, -(10**400))]
    assert lengths == [None] * 4


@pytest.mark.parametrize(("text", "itn"), [("今天很好", False), ("今天很好。", True)])
def test_where_nobody_says_so_punctuation_tells_how_a_text_is_written(
    tmp_path: Path, text: str, itn: bool
) -> None:
    assert only(tmp_path, target=text).itn is itn
    assert only(tmp_path, target=text, with_or_wo_itn="<|woitn|>").itn is False


def test_an_empty_text_says_that_nobody_speaks(tmp_path: Path) -> None:
    example = only(tmp_path, target=" ", text_language="<|nospeech|>")
    assert (example.text, example.language) == ("", NO_SPEECH)


def test_languages_of_other_engines_are_read(tmp_path: Path) -> None:
    assert only(tmp_path, text_language="<|fr|>").language == "fr"


@pytest.mark.parametrize(
    ("bad", "key"),
    [
        ("{", "examples.no_json"),
        ("[]", "examples.no_json"),
        ("[" * 50_000, "examples.no_json"),
        ("x" * 100_001, "examples.long_line"),
        ({"source": "a.wav"}, "examples.needed"),
        (line(source=" "), "examples.needed"),
        (line(target=5), "examples.needed"),
        (line(text_language="zh"), "examples.tag"),
        (line(text_language="<|no tag|>"), "examples.tag"),
        (line(text_language=["<|zh|>"]), "examples.tag"),
        (line(emo_target=["<|ANGRY|>"]), "examples.tag"),
        (line(event_target="<|Bark|>"), "examples.tag"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_goes_on(tmp_path: Path, bad: object, key: str) -> None:
    first, fault, last = read(tmp_path, line(), bad, line())
    assert isinstance(first, Example)
    assert isinstance(last, Example)
    assert isinstance(fault, Fault)
    assert (fault.file, fault.line, fault.error.key) == ("data.jsonl", 2, key)
    assert str(fault.error)


def test_a_sound_is_found_beside_its_file_or_within_its_zip(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"sound")
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("train.jsonl", json.dumps(line()) + "\n" + json.dumps(line(source="b")))
        archive.writestr("a.wav", b"packed")
    read(tmp_path, line(), line(source="b"))
    for name, found in (("data.jsonl", tmp_path / "a.wav"), ("two.zip", b"packed")):
        with opened(tmp_path / name) as examples:
            here, missing = examples
            assert isinstance(here, Example)
            assert isinstance(missing, Example)
            sound = examples.sound(here, LIMITS)
            assert (sound if isinstance(sound, Path) else sound.read()) == found
            with pytest.raises(OptionError, match="no sound at b"):
                examples.sound(missing, LIMITS)


def test_a_member_of_a_zip_is_read_no_further_than_the_limits_allow(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train.jsonl", json.dumps(line()))
        archive.writestr("a.wav", bytes(1_000_000))
    with opened(tmp_path / "a.zip") as examples:
        (example,) = examples
        assert isinstance(example, Example)
        sound = examples.sound(example, LIMITS)
        assert not isinstance(sound, Path)
        assert len(sound.read()) == LIMITS.max_bytes + 1


@pytest.mark.parametrize("content", [b"\xff\xfe\xff", None])
def test_a_file_that_is_no_text_or_not_there_is_refused(
    tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "x.jsonl").write_bytes(content)
    with (
        pytest.raises(OptionError, match=r"x\.jsonl cannot be read|no file .*x\.jsonl"),
        opened(tmp_path / "x.jsonl") as examples,
    ):
        list(examples)


@given(
    st.text(max_size=200)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps)
)
def test_any_text_gives_examples_or_faults(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.mktemp("any") / "x.jsonl"
    path.write_text(text, encoding="utf-8", errors="surrogatepass" if text.isascii() else "replace")
    with opened(path) as examples:
        assert all(isinstance(each, Fault) for each in examples)
