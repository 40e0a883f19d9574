"""Forms: fields and files in any order and pieces, and no more of them than there is room for."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from richspeech.api.multipart import (
    MOST_FIELD_BYTES,
    Form,
    FormLimits,
    FormReader,
    request_folder,
)
from richspeech.errors import AudioError, OptionError, RichSpeechError
from richspeech.storage.quota import Quota

TYPE = "multipart/form-data; boundary=x"
MOST_BYTES = 1_000
SOUND = b"\r\n--xy\r\n sound \r\n-"


def field(name: str, value: bytes) -> bytes:
    return f'Content-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value


def file(name: str, content: bytes = SOUND, field: str = "file") -> bytes:
    head = f'Content-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
    return head.encode() + content


def body_of(*parts: bytes) -> bytes:
    return b"".join(b"--x\r\n" + part + b"\r\n" for part in parts) + b"--x--\r\n"


def read(
    folder: Path, body: bytes, cuts: Sequence[int] = (), limits: FormLimits | None = None
) -> Form:
    reader = FormReader(TYPE, folder, limits or FormLimits(MOST_BYTES, files=2))
    edges = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    for first, last in pairwise(edges):
        reader.feed(body[first:last])
    return reader.finish()


@pytest.mark.parametrize("file_first", [True, False])
def test_the_file_may_come_before_the_fields_or_after_them(
    tmp_path: Path, *, file_first: bool
) -> None:
    fields = [field("model", b"whisper-1"), field("languages[]", b"zh"), field("languages[]", b"")]
    sent = file("会议.wav")
    form = read(tmp_path, body_of(*([sent, *fields] if file_first else [*fields, sent])))
    assert form.fields == (("model", "whisper-1"), ("languages[]", "zh"), ("languages[]", ""))
    [kept] = form.files
    assert (kept.field, kept.path.name, kept.path.read_bytes()) == ("file", "会议.wav", SOUND)


@given(cuts=st.lists(st.integers(0, 400), max_size=12))
def test_a_form_may_come_in_any_pieces(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    body = body_of(field("prompt", "你好".encode()), file("a.wav"), field("stream", b"true"))
    form = read(tmp_path_factory.mktemp("form"), body, cuts)
    assert form.fields == (("prompt", "你好"), ("stream", "true"))
    assert [each.path.read_bytes() for each in form.files] == [SOUND]


@given(st.binary(max_size=200))
def test_whatever_comes_is_a_form_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, garbage: bytes
) -> None:
    folder = tmp_path_factory.mktemp("form")
    with pytest.raises(OptionError, match="upload"):
        read(folder, b"--x\r\n" + garbage)


@pytest.mark.parametrize(
    ("body", "kind", "key"),
    [
        (body_of(file("a.wav", b"s" * (MOST_BYTES + 1))), AudioError, "upload.too_big"),
        (body_of(file("a"), file("b"), file("c")), OptionError, "upload.too_many"),
        (body_of(file("")), OptionError, "upload.nameless"),
        (body_of(field("a", b"")) * 4, OptionError, "upload.fields"),
        (
            body_of(field("a", b"v" * MOST_FIELD_BYTES)),
            OptionError,
            "upload.fields_too_big",
        ),
        (body_of(field("a", b"\xff")), OptionError, "upload.unreadable"),
        (body_of(file("a"))[:-9], OptionError, "upload.incomplete"),
        (b"no form", OptionError, "upload.unreadable"),
    ],
)
def test_too_much_of_anything_is_refused(
    tmp_path: Path, body: bytes, kind: type[RichSpeechError], key: str
) -> None:
    body = body.replace(b"--x--\r\n--x\r\n", b"--x\r\n")
    with pytest.raises(kind) as refused:
        read(tmp_path, body, limits=FormLimits(MOST_BYTES, files=2, fields=3))
    assert refused.value.key == key


@pytest.mark.parametrize("kind", ["", "application/json", "multipart/form-data"])
def test_another_kind_of_body_is_refused(tmp_path: Path, kind: str) -> None:
    with pytest.raises(OptionError, match="multipart/form-data"):
        FormReader(kind, tmp_path, FormLimits(MOST_BYTES))


def test_the_folder_of_a_request_goes_with_it_also_when_it_is_cancelled(tmp_path: Path) -> None:
    quota = Quota(tmp_path, total_bytes=100, window_bytes=100)

    async def ask(*, waits: bool) -> None:
        async with request_folder(quota) as folder:
            (folder / "sound.wav").write_bytes(SOUND)
            await asyncio.sleep(60 * waits)

    async def leave() -> None:
        asking = asyncio.create_task(ask(waits=True))
        while not [*tmp_path.rglob("sound.wav")]:
            await asyncio.sleep(0.001)
        asking.cancel()
        await asyncio.wait([asking])

    asyncio.run(ask(waits=False))
    assert [*tmp_path.iterdir()] == []
    asyncio.run(leave())
    assert [*tmp_path.iterdir()] == []
