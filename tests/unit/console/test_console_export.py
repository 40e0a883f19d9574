"""Files that people ask for at the page: each is made when asked for, from what is shown then."""

import csv
import html
import json
import re
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Self

import numpy as np
import pytest

from postprocess import AudioEvent, Emotion
from richspeech.audio import clips
from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import open_recording
from richspeech.console.panels.export import render as export_render
from richspeech.console.panels.export.material import can_train, has_files, material_of
from richspeech.console.panels.export.panel import FORMS
from richspeech.console.panels.export.subtitles import FORMS as SUBTITLES
from richspeech.console.panels.export.subtitles import MOST_SHOWN, Subtitles, preview
from richspeech.console.sessions import Session
from richspeech.console.shown import drop_export, show, shown
from richspeech.errors import OptionError
from richspeech.jobs.export import SLOW, Export, Exports, Material, order
from richspeech.jobs.runner import Runner
from richspeech.jobs.transcribe import Transcription
from richspeech.language.catalog import Notice
from richspeech.language.localized import LocalizedText
from richspeech.model.corrections import Correction
from richspeech.model.document import Document
from richspeech.model.job_state import State
from richspeech.model.options import Options, Tracks
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Segment, Transcript
from richspeech.recognition.pipeline import Progress
from richspeech.review import edl
from richspeech.review.highlights import Highlight
from richspeech.writers import WRITERS, WriterOptions
from richspeech.writers.line_room import USUAL_ROOM, LineRoom
from tests.e2e.visitor import write_samples
from tests.fakes import wait_until
from tests.transcripts import put_right, segment, transcript
from tests.two_tracks import FIRST, SECOND, pitches_of, sound_in, two_tracks

LIMITS = AudioLimits(10**9, 10**5)
RATE = 16_000
SAID = (
    segment(1.0, 3.0, "真的！", Emotion.HAPPY, AudioEvent.LAUGHTER),
    segment(5.0, 7.0, "不行。", Emotion.ANGRY),
)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Ten seconds, each with a tone of its own."""
    seconds = np.arange(RATE) / RATE
    tones = [np.sin(2 * np.pi * (400 + 200 * second) * seconds) for second in range(10)]
    return write_samples(tmp_path / "my call.wav", 10_000 * np.concatenate(tones), RATE)


def session_of(recording: Path | None, *said: Segment, options: Options | None = None) -> Session:
    session = Session()
    heard = transcript(*(said or SAID), duration=10.0)
    job = Transcription(
        recording,
        TranscriptionRequest(options or Options()),
        Progress(heard, heard.segments, 10.0, True),
        state=State.FINISHED,
    )
    show(session, job)
    return session


def highlight(start: float, end: float) -> Highlight:
    return Highlight(start, end, ("laughter",), (LocalizedText("笑声", "Laughter"),), 1.0, ())


def made(
    session: Session,
    form: str,
    *highlights: Highlight,
    emotions: bool = True,
    sounds: bool = True,
    room: LineRoom = USUAL_ROOM,
) -> Export:
    material = material_of(session, emotions=emotions, sounds=sounds, room=room)
    assert material is not None
    material = Material(**{**vars(material), "highlights": highlights})
    export = order(form, material, session.folder)
    runner = Runner()
    runner.run(export, partial(Exports(runner, LIMITS).make, export))
    return export


def content(export: Export) -> str:
    assert export.path is not None, export.error
    return export.path.read_text(encoding="utf-8-sig")


def loudest(path: Path) -> list[int]:
    """The pitch of each second in Hz."""
    with open_recording(path, LIMITS) as opened:
        sound = np.concatenate([*opened.blocks()])
    spectra = (
        np.abs(np.fft.rfft(sound[at : at + RATE])) for at in range(0, len(sound) - RATE + 1, RATE)
    )
    return [int(spectrum.argmax()) for spectrum in spectra]


# Tracks


@pytest.mark.parametrize(
    ("tracks", "heard"),
    [("default", {FIRST}), (2, {SECOND}), ("all", {FIRST, SECOND}), ("mix", {FIRST, SECOND})],
)
def test_every_file_carries_the_tracks_that_were_heard(
    tracks: Tracks | int, heard: set[int], tmp_path: Path
) -> None:
    film = two_tracks(tmp_path / "film.mkv", seconds=8)
    session = session_of(film, options=Options(tracks=tracks))
    assert pitches_of(sound_in(content(made(session, "html")))) == heard
    reel = made(session, "reel", highlight(1, 3), highlight(5, 7))
    assert reel.path is not None, reel.error
    assert pitches_of(reel.path) == heard
    clips = made(session, "clips", highlight(1, 3), highlight(5, 7))
    assert clips.path is not None, clips.error
    with zipfile.ZipFile(clips.path) as archive:
        assert [pitches_of(archive.read(name)) for name in archive.namelist()] == [heard, heard]


def test_training_data_is_of_the_track_that_was_heard(tmp_path: Path) -> None:
    film = two_tracks(tmp_path / "film.mkv", seconds=8)
    session = session_of(film, options=Options(tracks=2))
    job = shown(session)
    assert job is not None
    put_right(job, Correction(1, text="行。"))
    export = made(session, "training")
    assert export.path is not None, export.error
    with zipfile.ZipFile(export.path) as archive:
        sounds = [name for name in archive.namelist() if name.endswith(".wav")]
        assert sounds
        assert all(pitches_of(archive.read(name)) == {SECOND} for name in sounds)


# Formats


def test_every_format_is_on_the_page() -> None:
    assert set(WRITERS) == set(FORMS) - {"training"}


@pytest.mark.parametrize("form", sorted(WRITERS))
def test_a_correction_is_in_every_format(recording: Path, form: str) -> None:
    session = session_of(recording)
    job = shown(session)
    assert job is not None
    put_right(job, Correction(0, text="把冰箱退掉", emotion=Emotion.SAD))
    export = made(session, form)
    assert export.path is not None
    assert export.path.name == f"my_call.{form}"
    file = export.path
    text = (
        zipfile.ZipFile(file).read("word/document.xml").decode()
        if form == "docx"
        else file.read_text(encoding="utf-8")
    )
    assert "把冰箱退掉" in text
    assert "真的" not in text


def test_nothing_is_written_before_it_is_asked_for(recording: Path) -> None:
    session = session_of(recording)
    assert has_files(shown(session))
    assert [*session.folder.iterdir()] == []


def test_there_are_no_files_before_the_end(recording: Path) -> None:
    session = session_of(recording)
    job = shown(session)
    assert job is not None
    job.state = State.RUNNING
    assert not has_files(job)
    assert material_of(session, emotions=True, sounds=True) is None
    assert material_of(Session(), emotions=True, sounds=True) is None


def test_style_and_language_of_the_page_are_those_of_the_files(recording: Path) -> None:
    session = session_of(recording)
    assert "真的！(开心)" in content(made(session, "txt"))
    session.locale = "en"
    assert "(happy)" in content(made(session, "txt"))
    session.style = "plain"
    assert content(made(session, "txt")) == "真的！\n不行。\n"


def test_emotions_and_sounds_stay_out_of_subtitles_that_do_without(recording: Path) -> None:
    session = session_of(recording)
    assert "<c.happy>[笑声] 真的！</c>" in content(made(session, "vtt"))
    bare = content(made(session, "vtt", emotions=False, sounds=False))
    assert "\n真的！\n" in bare
    assert "STYLE" not in bare
    assert "[笑声]" in content(made(session, "srt", emotions=False))


@pytest.mark.parametrize("form", SUBTITLES)
def test_the_preview_is_how_the_file_begins(recording: Path, form: str) -> None:
    session = session_of(recording, *(segment(n, n + 1.0, f"line {n} & more") for n in range(30)))
    session.keep(Subtitles(latin=20, form=form, is_open=True))
    shown = preview(session)
    assert shown is not None
    first = content(made(session, form, room=LineRoom(latin=20))).splitlines()[:MOST_SHOWN]
    text = re.findall("<pre[^>]*>(.*)</pre>", shown["html"], re.DOTALL)
    assert html.unescape(text[0]) == "\n".join(first)
    assert shown["cues"] is None


def test_a_preview_that_nobody_has_opened_is_not_made(recording: Path) -> None:
    assert preview(session_of(recording)) is None


def test_over_a_film_stands_what_the_subtitles_say(tmp_path: Path) -> None:
    said = segment(0.5, 3.0, "我上周买的冰箱坏了", Emotion.ANGRY)
    session = session_of(tmp_path / "film.mp4", said)
    session.keep(Subtitles(wide=8, is_open=True))
    shown = preview(session)
    assert shown is not None
    assert shown["cues"] == [(0.5, 3.0, "我上周买的\n冰箱坏了(愤怒)")]


def test_the_report_carries_the_sound_while_the_recording_is_kept(recording: Path) -> None:
    session = session_of(recording)
    assert "data:audio/mpeg;base64," in content(made(session, "html"))
    recording.unlink()
    silent = content(made(session, "html"))
    assert "data:audio" not in silent
    assert "真的！" in silent


def test_a_transcript_without_a_recording_has_its_files_all_the_same() -> None:
    session = session_of(None)
    assert len([*csv.reader(StringIO(content(made(session, "csv"))))]) == 3


def test_the_training_data_holds_what_was_corrected(recording: Path) -> None:
    session = session_of(recording)
    job = shown(session)
    assert job is not None
    assert not can_train(job)
    put_right(job, Correction(1, text="行。"))
    assert can_train(job)
    export = made(session, "training")
    assert export.path is not None
    assert export.path.name == "my_call-training.zip"
    with zipfile.ZipFile(export.path) as archive:
        line = json.loads(archive.read("train.jsonl"))
        assert (line["target"], line["source_len"]) == ("行。", 200)
        assert line["source"] in archive.namelist()
    recording.unlink()
    assert not can_train(job)


# Highlights


def test_clips_are_the_chosen_seconds_one_file_each(recording: Path, tmp_path: Path) -> None:
    session = session_of(recording)
    export = made(session, "clips", highlight(1, 3), highlight(6, 7))
    assert export.path is not None
    with zipfile.ZipFile(export.path) as archive:
        assert archive.namelist() == ["my_call-01.wav", "my_call-02.wav"]
        archive.extractall(tmp_path / "clips")
    pitches = [loudest(path) for path in sorted((tmp_path / "clips").iterdir())]
    assert pitches == [[600, 800], [1_600]]
    assert [path.name for path in export.folder.iterdir()] == ["my_call-clips.zip"]


def test_the_reel_is_all_of_them_in_a_row(recording: Path) -> None:
    session = session_of(recording)
    export = made(session, "reel", highlight(1, 3), highlight(6, 7))
    assert export.path is not None
    assert (export.path.name, loudest(export.path)) == ("my_call-reel.wav", [600, 800, 1_600])
    assert export.seconds_total == 7
    assert export.fraction > 0.9


def test_chapters_and_the_edit_list_need_no_recording() -> None:
    session = session_of(Path("/gone/my call.wav"))
    assert "00:00:01.000 --> 00:00:03.000\n笑声" in content(
        made(session, "chapters", highlight(1, 3))
    )
    assert "00:00:01:00 00:00:03:00" in content(made(session, "edl", highlight(1, 3)))


def test_a_recording_that_is_gone_is_told_in_a_sentence() -> None:
    export = made(session_of(Path("/gone/call.wav")), "clips", highlight(1, 3))
    assert export.error is not None
    assert Notice.of(export.error).sentence("zh") == "call.wav 已不在服务器上：请重新上传并转写。"
    shown = export_render.exports([export], "en")
    assert "call.wav is no longer kept here" in shown
    assert 'role="alert"' in shown


def test_a_recording_that_is_too_short_for_the_transcript_is_told(recording: Path) -> None:
    session = session_of(recording)
    export = made(session, "reel", highlight(20, 30))
    assert export.error is not None
    assert Notice.of(export.error).sentence("zh").startswith("my call.wav 在 0:20 之前就结束了")
    assert not list(export.folder.glob("*.wav"))


@pytest.mark.parametrize(
    "refuse",
    [
        lambda: clips.cut(b"", [(2, 1)], Path(), LIMITS, stem="x"),
        lambda: edl.write_edl([], name="x", frame_rate=Fraction(200)),
        lambda: edl.write_edl([highlight(1, 2)] * 1_000, name="x"),
        lambda: edl.write_edl([highlight(1, 90_000)], name="x"),
        lambda: WriterOptions(style="loud"),
        lambda: WriterOptions(locale="fr"),
    ],
)
def test_what_clips_lists_and_writers_refuse_has_a_chinese_sentence(refuse: object) -> None:
    with pytest.raises(OptionError) as caught:
        refuse()  # type: ignore[operator]
    sentence = Notice.of(caught.value).sentence("zh")
    assert not sentence.startswith("设置有误")
    assert str(caught.value) not in sentence


# Work in the background


class SlowRecording:
    """Opens recordings, whose blocks come as long as nobody stops them."""

    duration, warnings = None, ()

    def __init__(self) -> None:
        self.begun = threading.Event()

    @contextmanager
    def open(self, *_: object, **__: object) -> Iterator[Self]:
        yield self

    def blocks(self, _: float) -> Iterator[np.ndarray[tuple[int], np.dtype[np.float32]]]:
        for _ in range(10_000):
            self.begun.set()
            time.sleep(0.01)
            yield np.zeros(RATE, np.float32)


def test_work_that_was_stopped_ends_soon_and_leaves_nothing(recording: Path) -> None:
    slow = SlowRecording()
    session = session_of(recording)
    material = material_of(session, emotions=True, sounds=True)
    assert material is not None
    export = order("html", material, session.folder)
    session.put(export, export.form)
    Exports(Runner(), LIMITS, slow).submit(export)
    assert slow.begun.wait(20)
    assert session.has_work
    shown = export_render.exports([export], "zh")
    assert 'data-stop="html">取消</button></div>' in shown
    assert "正在把录音嵌入报告" in shown
    drop_export(session, "html")
    wait_until(lambda: not export.folder.exists())
    assert export.state is State.CANCELLED
    assert session.jobs_of(Export) == []


def test_a_new_recording_takes_the_files_of_the_one_before_away(recording: Path) -> None:
    session = session_of(recording)
    export = made(session, "html")
    session.put(export, export.form)
    show(session, Transcription(recording))
    assert session.jobs_of(Export) == []
    assert not export.folder.exists()


def test_an_unexpected_failure_is_logged_and_told_in_one_sentence(
    recording: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> bytes:
        raise KeyError("secret")

    monkeypatch.setattr("richspeech.jobs.export.write", fail)
    export = made(session_of(recording), "srt")
    assert export.state is State.FAILED
    shown = export_render.exports([export], "zh")
    assert "程序内部出错" in shown
    assert "secret" not in shown
    assert "secret" in caplog.text


def test_a_full_disk_is_told_in_one_sentence(
    recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("richspeech.jobs.export.write", fail)
    shown = export_render.exports([made(session_of(recording), "srt")], "zh")
    assert "磁盘可能满了" in shown


def test_what_is_ready_says_its_name_escaped_and_its_size(recording: Path) -> None:
    session = session_of(recording)
    slow = made(session, "html")
    assert "my_call.html 已做好" in export_render.exports([slow], "zh")
    assert 'data-save="html"' in export_render.exports([slow], "zh")
    assert "srt" not in SLOW
    assert export_render.exports([made(session, "srt")], "zh") == ""


def test_progress_tells_seconds_and_time_left(recording: Path) -> None:
    material = material_of(session_of(recording), emotions=True, sounds=True)
    assert material is not None
    export = order("html", material, recording.parent)
    assert "排队中" in export_render.exports([export], "zh")
    export.enter(State.RUNNING)
    export.began = time.monotonic() - 5
    export.tell(2.5)
    shown = export_render.exports([export], "zh")
    assert all(part in shown for part in ("25%", "0:02 / 0:10", "还需约 15 秒"))


def test_a_transcript_without_segments_has_no_files(recording: Path) -> None:
    session = session_of(recording)
    job = shown(session)
    assert job is not None
    job.document = Document(Transcript(10.0, 1.0, "sensevoice", "x"))
    assert not has_files(job)
