"""Recordings in files, folders and zips: all are found, and no name leads anywhere else."""

import os
import pickle
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from richspeech.errors import AudioError, OptionError, QuotaError
from richspeech.jobs.batch import sources
from richspeech.jobs.batch.passed_over import PassedOver
from richspeech.jobs.batch.sources import Item, ZipLimits, open_sources, require_allowed, safe_name
from richspeech.model.raw_format import RawFormat
from richspeech.storage.quota import Quota
from tests.unit.audio.test_audio import small

LIMITS = ZipLimits(max_files=20, max_bytes=10_000_000, max_file_bytes=5_000_000)
SOUND = small("wav")
CHINESE = "客服/录音 一.wav"


def names(*paths: Path) -> list[str]:
    with open_sources(paths, LIMITS) as items:
        return [item.name for item in items]


def contents(*paths: Path) -> dict[str, bytes | str]:
    """Names, each with what is read or with the sentence that says why nothing is."""
    with open_sources(paths, LIMITS) as items:
        return {item.name: content(item) for item in items}


def content(item: Item) -> bytes | str:
    try:
        with item.open() as source:
            return source.read_bytes() if isinstance(source, Path) else source.read()  # type: ignore[union-attr]
    except AudioError as error:
        return str(error)


def passed(*paths: Path) -> str:
    """What is said of files that hold no sound; empty for none."""
    counted = PassedOver()
    with open_sources(paths, LIMITS, counted):
        return str(counted.notice or "")


def written(path: Path, text: str = "sound") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def zipped(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


# Files and folders --------------------------------------------------------------------------------


def test_a_folder_gives_its_recordings_with_their_paths_in_order(tmp_path: Path) -> None:
    for name in ("b.mp3", "a/2.WAV", "a/1.flac", "a/deep/x.mp4", "notes.txt", "noending"):
        written(tmp_path / name)
    assert names(tmp_path) == ["a/1.flac", "a/2.WAV", "a/deep/x.mp4", "b.mp3"]


def test_whatever_opens_is_a_recording_and_the_rest_is_counted(tmp_path: Path) -> None:
    for name in ("call.3gpp", "field.BWF", "noending", "odd.dat", "talk.Wav"):
        (tmp_path / name).write_bytes(SOUND)
    for name in ("a.txt", "b.TXT", "c.jpg", "LICENSE", ".DS_Store", "x/Thumbs.db", "x/.y.wav"):
        written(tmp_path / name)
    assert names(tmp_path) == ["call.3gpp", "field.BWF", "noending", "odd.dat", "talk.Wav"]
    assert passed(tmp_path) == (
        "7 files without sound were passed over: 2 .txt, 1 without an ending, 1 .jpg, 3 hidden."
    )


def test_whatever_opens_in_a_zip_is_a_recording_and_the_rest_is_counted(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("call.3gpp", "noending", "odd.dat"):
            archive.writestr(name, SOUND)
        archive.writestr("late.dat", b"\0\0\0\x14ftypisom" + bytes(8))  # its index is far behind
        archive.writestr("photo", b"\0\0\0\x14ftypheic" + bytes(8))
        for name in ("notes.txt", "__MACOSX/._a.wav", "x/Thumbs.db"):
            archive.writestr(name, "text")
    assert names(tmp_path / "a.zip") == ["call.3gpp", "late.dat", "noending", "odd.dat"]
    assert passed(tmp_path / "a.zip") == (
        "4 files without sound were passed over: 1 without an ending, 1 .txt, 2 hidden."
    )


def test_no_more_of_a_zip_is_looked_into_than_it_may_hold(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(LIMITS.max_files):
            archive.writestr(f"{number}.txt", "text")
        archive.writestr("a.wav", SOUND)
        archive.writestr("odd.dat", SOUND)
    assert names(tmp_path / "a.zip") == ["a.wav"]


def test_what_is_passed_over_is_said_in_the_language_of_the_reader() -> None:
    counted = PassedOver()
    for ending in ("a", "a", "b", "c", "d", "e", "f", "g", "much-too-long-an-ending"):
        counted.add(f"x.{ending}")
    [said] = filter(None, [counted.notice])
    assert said.sentence("zh").startswith(
        "跳过了 9 个没有声音的文件：.a 2 个、无扩展名 1 个、.b 1 个"
    )
    assert said.sentence("zh").endswith("、其他 2 个。")
    assert PassedOver().notice is None


def test_a_file_of_a_watched_folder_is_looked_into_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Path] = []

    def look_into(path: Path) -> bool:
        looked.append(path)
        return True

    monkeypatch.setattr(sources, "holds_sound", look_into)
    path = written(tmp_path / "odd.dat")
    for _ in range(3):
        assert [item.name for item in sources.recordings_in(tmp_path, PassedOver())] == ["odd.dat"]
    assert looked == [path]
    written(path, "longer")
    sources.recordings_in(tmp_path, PassedOver())
    assert looked == [path, path]


def test_raw_sound_is_what_is_named_and_what_ends_like_it(tmp_path: Path) -> None:
    for name in ("calls/a.ulaw", "calls/b.RAW", "calls/notes.txt", "odd"):
        written(tmp_path / name)
    (tmp_path / "calls" / "c.wav").write_bytes(SOUND)
    zipped(tmp_path / "z.zip", **{"d.gsm": "x", "e.txt": "text"})
    raw = RawFormat("ulaw", 8_000)
    paths = [tmp_path / "calls", tmp_path / "odd", tmp_path / "z.zip"]
    with open_sources(paths, LIMITS, raw=raw) as items:
        found = {item.name: item for item in items}
    assert [name for name, item in found.items() if item.raw is None] == ["calls/c.wav"]
    assert {*found} == {"calls/a.ulaw", "calls/b.RAW", "calls/c.wav", "odd", "z.zip/d.gsm"}
    with open_sources(paths, LIMITS, raw=replace(raw, channels=2)) as items:
        others = {item.name: item for item in items}
    changed = {name for name, item in found.items() if item.version != others[name].version}
    assert changed == {*found} - {"calls/c.wav"}
    assert names(tmp_path / "calls") == ["c.wav"]


def test_what_is_hidden_is_left_out_of_folders(tmp_path: Path) -> None:
    for name in ("a.wav", ".b.wav", ".trash/c.wav", "__MACOSX/._d.wav"):
        written(tmp_path / name)
    assert names(tmp_path) == ["a.wav"]


def test_a_file_that_is_named_is_tried_whatever_its_ending(tmp_path: Path) -> None:
    assert contents(written(tmp_path / "strange.dat", "x")) == {"strange.dat": b"x"}


def test_a_missing_file_is_an_item_of_its_own(tmp_path: Path) -> None:
    assert names(tmp_path / "none.wav", written(tmp_path / "a.wav")) == ["a.wav", "none.wav"]


def test_links_out_of_a_folder_are_not_followed(tmp_path: Path) -> None:
    written(tmp_path / "outside" / "secret.wav")
    inside = tmp_path / "inside"
    written(inside / "a.wav")
    (inside / "link.wav").symlink_to(tmp_path / "outside" / "secret.wav")
    (inside / "folder").symlink_to(tmp_path / "outside")
    (inside / "same.wav").symlink_to(inside / "a.wav")
    assert names(inside) == ["a.wav", "same.wav"]


def test_a_closed_folder_within_is_an_item_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path / "a.wav")
    closed = written(tmp_path / "closed" / "b.wav").parent
    scandir = os.scandir

    def refuse(path: str) -> Iterator[os.DirEntry[str]]:
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert (
        contents(tmp_path)["closed"]
        == "closed cannot be opened (Permission denied): check its permissions."
    )


def test_without_any_recording_there_is_a_sentence(tmp_path: Path) -> None:
    written(tmp_path / "notes.txt")
    with pytest.raises(OptionError, match=f"There is no recording in {tmp_path.name};"):
        names(tmp_path)


def test_of_several_sources_folders_and_zips_go_before_their_names(tmp_path: Path) -> None:
    written(tmp_path / "calls" / "a.wav")
    zipped(tmp_path / "b.zip", **{"a.wav": "x"})
    found = names(tmp_path / "calls", tmp_path / "b.zip", written(tmp_path / "a.wav"))
    assert found == ["a.wav", "b.zip/a.wav", "calls/a.wav"]


def test_names_that_would_meet_are_told_apart_in_every_order(tmp_path: Path) -> None:
    paths = [
        written(tmp_path / folder / name, folder + name)
        for folder, name in (("x", "a.wav"), ("y", "a.wav"), ("z", "A.wav"), ("z", "b.wav"))
    ]
    found = contents(*paths)
    assert len({name.casefold() for name in found}) == 4
    assert found["b.wav"] == b"zb.wav"
    assert contents(*reversed(paths)) == found


def test_the_version_changes_with_the_content(tmp_path: Path) -> None:
    def version() -> str:
        with open_sources([tmp_path], LIMITS) as (item,):
            return item.version

    path = written(tmp_path / "a.wav", "one")
    first = version()
    assert version() == first
    os.utime(path, (1, 1))
    second = version()
    written(path, "longer")
    os.utime(path, (1, 1))
    assert len({first, second, version()}) == 3


def test_only_allowed_folders_may_be_used(tmp_path: Path) -> None:
    inner = written(tmp_path / "allowed" / "calls" / "a.wav").parent
    assert require_allowed(inner, [tmp_path / "allowed"]) == inner
    assert require_allowed(inner, [tmp_path / "other", inner]) == inner
    (tmp_path / "allowed" / "out").symlink_to(tmp_path)
    for wrong in (tmp_path, inner / ".." / "..", tmp_path / "allowed" / "out", inner / "a.wav"):
        with pytest.raises(OptionError, match="may not be used; see "):
            require_allowed(wrong, [tmp_path / "allowed"])
    with pytest.raises(OptionError):
        require_allowed(inner, [])


def test_an_item_can_be_opened_in_another_process(tmp_path: Path) -> None:
    written(tmp_path / "calls" / "a.wav", "one")
    zipped(tmp_path / "calls.zip", **{"b.wav": "two"})
    (tmp_path / "broken.zip").write_text("no zip")
    paths = (tmp_path / "calls", tmp_path / "calls.zip", tmp_path / "broken.zip")
    with open_sources(paths, LIMITS) as items:
        sent = pickle.dumps(items)
    assert [content(item) for item in pickle.loads(sent)] == [  # noqa: S301 - our own
        "broken.zip is not a zip that can be read: make it again.",
        b"two",
        b"one",
    ]


# Names --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a/b.wav", "a/b.wav"),
        ("/etc/passwd.wav", "etc/passwd.wav"),
        ("../../x.wav", "x.wav"),
        ("a/../../x.wav", "a/x.wav"),
        ("..\\..\\x.wav", "x.wav"),
        ("C:\\x\\y.wav", "C:/x/y.wav"),
        ("a\nb\x1b[31m.wav", "a�b�[31m.wav"),
        ("..", "recording"),
        ("", "recording"),
        ("a/./b//c.wav", "a/b/c.wav"),
    ],
)
def test_a_name_leads_nowhere_else(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text(st.characters(codec=None)) | st.text("./\\ a"))
def test_any_name_stays_below_its_folder_and_can_be_written(name: str) -> None:
    safe = safe_name(name)
    assert safe == safe_name(safe)
    path = PurePosixPath(safe)
    assert not path.is_absolute()
    assert path.parts
    assert ".." not in path.parts
    assert all(len(part.encode()) <= 180 for part in path.parts)


def test_long_names_stay_different_and_keep_their_ending(tmp_path: Path) -> None:
    long = [safe_name("很" * 100 + each + ".wav") for each in ("一", "二")]
    assert long[0] != long[1]
    assert all(name.endswith(".wav") for name in long)


# Zips ---------------------------------------------------------------------------------------------


def test_a_zip_gives_its_recordings(tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "a.zip",
        **{"b.wav": "two", "a/c.mp3": "one", "notes.txt": "", "__MACOSX/._b.wav": "", "d/": ""},
    )
    assert contents(path) == {"a/c.mp3": b"one", "b.wav": b"two"}


def test_nothing_of_a_zip_is_written_under_its_name(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", **{"../../evil.wav": "x", "/root/evil.wav": "y"})
    before = sorted(tmp_path.rglob("*"))
    assert contents(path) == {"evil.wav": b"x", "root/evil.wav": b"y"}
    assert sorted(tmp_path.rglob("*")) == before


def test_two_files_of_one_name_in_a_zip_are_two_recordings(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.wav", "one")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.wav", "two")
        archive.writestr("x/../a.wav", "three")
    assert sorted(contents(tmp_path / "a.zip").values(), key=str) == [b"one", b"three", b"two"]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_chinese_names_are_read_as_they_were_meant(tmp_path: Path, encoding: str) -> None:
    placeholder = b"n" * len(CHINESE.encode(encoding))
    zipped(tmp_path / "a.zip", **{placeholder.decode(): "x"})
    packed = (tmp_path / "a.zip").read_bytes().replace(placeholder, CHINESE.encode(encoding))
    (tmp_path / "a.zip").write_bytes(packed)
    assert contents(tmp_path / "a.zip") == {CHINESE: b"x"}


def test_an_archive_within_another_is_named_and_fails_alone(tmp_path: Path) -> None:
    zipped(tmp_path / "a.zip", **{"one.wav": "sound", "more/inner.zip": "x", "x.tar.gz": "y"})
    found = contents(tmp_path / "a.zip")
    assert found["one.wav"] == b"sound"
    for name in ("more/inner.zip", "x.tar.gz"):
        assert "is an archive within another: unpack it" in str(found[name])
    written(tmp_path / "calls" / "b.wav")
    zipped(tmp_path / "calls" / "old.zip", **{"c.wav": "sound"})
    assert names(tmp_path / "calls") == ["b.wav", "old.zip"]
    assert "is an archive in a folder: unpack it" in str(contents(tmp_path / "calls")["old.zip"])


def test_what_a_zip_unpacks_needs_room_for_as_long_as_it_is_there(tmp_path: Path) -> None:
    quota = Quota(tmp_path / "none", 10**9, 100)
    limits = replace(LIMITS, hold=partial(quota.unseen, tmp_path / "window"))
    zipped(tmp_path / "a.zip", **{"fits.wav": "x" * 90, "large.wav": "x" * 110})
    with open_sources([tmp_path / "a.zip"], limits) as (fits, large):
        with fits.open(), pytest.raises(QuotaError, match="more than the allowed"), fits.open():
            pass
        assert content(fits) == b"x" * 90  # its room is free again
        with pytest.raises(QuotaError), large.open():
            pass


def test_a_zip_with_too_many_or_too_big_recordings_is_refused(tmp_path: Path) -> None:
    many = zipped(tmp_path / "many.zip", **{f"{n}.wav": "" for n in range(21)})
    assert contents(many) == {
        "many.zip": "many.zip holds 21 recordings, more than the allowed 20: "
        "make several zips of it."
    }
    big = zipped(tmp_path / "big.zip", **{f"{n}.wav": "\0" * 4_000_000 for n in range(3)})
    assert contents(big) == {
        "big.zip": "big.zip unpacks to 11.4 MB, more than the allowed 9.5 MB: "
        "make several zips of it."
    }


def test_one_recording_that_is_too_big_fails_alone(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", **{"x/big.wav": "\0" * 6_000_000, "small.wav": "x"})
    found = contents(path)
    assert found["small.wav"] == b"x"
    assert str(found["x/big.wav"]).startswith("big.wav has 5.7 MB, more than the allowed 4.8 MB: ")


def test_more_than_a_zip_claims_is_never_unpacked(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", **{"a.wav": "\0" * 4_000_000})
    claimed = struct.pack("<I", 4_000_000)
    path.write_bytes(path.read_bytes().replace(claimed, struct.pack("<I", 100)))
    assert contents(path) == {"a.wav": "a.wav is damaged in the zip: make the zip again."}


def test_an_endless_table_of_contents_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zipped(tmp_path / "a.zip", **{f"{n}.txt": "" for n in range(2_000)})
    assert path.stat().st_size > 100_000
    monkeypatch.setattr(sources, "MOST_DIRECTORY_BYTES", 100_000)
    assert contents(path) == {"a.zip": "a.zip is not a zip that can be read: make it again."}


def test_an_encrypted_or_oddly_packed_recording_fails_alone(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("good.wav", "x")
        archive.writestr("odd.wav", "x", zipfile.ZIP_BZIP2)
    encrypted = zipped(tmp_path / "b.zip", **{"a.wav": "x"})
    packed = bytearray(encrypted.read_bytes())
    packed[packed.index(b"PK\x01\x02") + 8] |= 1
    encrypted.write_bytes(packed)
    found = contents(tmp_path / "a.zip", encrypted)
    assert found["a.zip/good.wav"] == b"x"
    assert str(found["a.zip/odd.wav"]).startswith("odd.wav is packed in a way that is not known")
    assert str(found["b.zip/a.wav"]).startswith("a.wav is encrypted in the zip: ")


def test_a_broken_zip_is_an_item_that_fails(tmp_path: Path) -> None:
    broken = written(tmp_path / "a.zip", "no zip")
    assert contents(broken, tmp_path / "none.zip", written(tmp_path / "b.wav", "x")) == {
        "a.zip": "a.zip is not a zip that can be read: make it again.",
        "b.wav": b"x",
        "none.zip": "none.zip is not a zip that can be read: make it again.",
    }


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("zips")
    return zipped(folder / "a.zip", **{"a.wav": "sound " * 20, "b/c.wav": "x"}).read_bytes()


@hypothesis_settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_damage_to_a_zip_is_a_sentence_at_most(
    healthy: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    damaged = bytearray(healthy)
    places = st.integers(0, len(healthy) - 1)
    for place in data.draw(st.lists(places, max_size=4)):
        damaged[place] = data.draw(st.integers(0, 255))
    end = data.draw(st.just(len(healthy)) | places)
    path = tmp_path_factory.getbasetemp() / "damaged.zip"
    path.write_bytes(damaged[:end])
    try:
        found = contents(path)
    except OptionError as error:
        found = {"": str(error)}
    for text in found.values():
        assert isinstance(text, bytes) or text.endswith(".")
