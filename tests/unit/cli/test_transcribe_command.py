"""The command line with a made-up transcriber: results on stdout, sentences on stderr, status."""

import contextlib
import importlib.metadata
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
import soundfile as sf

from richspeech.audio.decode import Recording
from richspeech.cli import app as command_line
from richspeech.cli import doctor, transcribe
from richspeech.engines import hub, loader, transcribers
from richspeech.engines.common import funasr_import
from richspeech.engines.hub import NEEDED_FILES, Source
from richspeech.engines.lazy import Lazy
from richspeech.engines.loader import Loaded
from richspeech.engines.registry import engine_named
from richspeech.engines.sentiment.load import FoundClassifier, LazyReader, LoadedClassifier
from richspeech.errors import Cancelled, ModelError
from richspeech.model.options import Options
from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.sentiment import Sentiment
from richspeech.model.transcript import Transcript
from richspeech.recognition.pipeline import Cancel, Progress
from richspeech.recognition.reading import WaveformSource
from richspeech.settings import ENGINES, Settings
from tests.fakes import HAPPY, FakeClassifier, FakeTranscriber, loaded_with
from tests.history import full_history
from tests.two_tracks import SECOND, pitches_of, sound_in, two_tracks

if TYPE_CHECKING:
    from richspeech.engines.sentiment.classifier import SentimentClassifier


class Bench:
    """Runs the command line and keeps what the loader was asked for."""

    def __init__(self) -> None:
        self.transcriber = FakeTranscriber()
        self.settings: list[Settings] = []

    def load(self, settings: Settings, engine: str) -> Loaded:
        self.settings.append(settings)
        return loaded_with(self.transcriber, engine, folder=Path(), source=Source.FOLDER)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    bench = Bench()
    monkeypatch.setattr(loader, "load_engine", bench.load)
    return bench


@pytest.fixture
def sound(tmp_path: Path) -> str:
    return silence(tmp_path / "good.wav")


def silence(path: Path) -> str:
    sf.write(path, np.zeros(16_000, np.int16), 16_000)
    return str(path)


def run(*arguments: str) -> int:
    return command_line.main(["transcribe", *arguments])


# Results ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("bench")
def test_stdout_has_only_the_result(sound: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(sound) == 0
    assert capsys.readouterr() == ("你好(开心)(笑声)\n", "")


def test_the_history_is_asked_only_on_request(
    bench: Bench,
    sound: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    place = tmp_path / "history.sqlite"
    monkeypatch.setenv("RICHSPEECH_HISTORY__URL", f"sqlite:///{place}")
    assert run(sound) == 0
    assert not place.exists()
    assert run(sound, "--history") == 0

    def fail(*_: object) -> Iterator[Progress]:
        pytest.fail("what the history knows is recognised again")

    monkeypatch.setattr(bench.transcriber, "transcribe", fail)
    assert run(sound, "--history") == 0
    assert capsys.readouterr().out == "你好(开心)(笑声)\n" * 3


@pytest.mark.usefixtures("bench")
def test_a_transcript_that_the_history_does_not_take_is_written_and_told(
    sound: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("RICHSPEECH_HISTORY__URL", full_history(tmp_path / "history.sqlite"))
    assert run(sound, "--history") == 0
    out, err = capsys.readouterr()
    assert out == "你好(开心)(笑声)\n"
    assert err == (
        f"{Path(sound).name} is not kept in the history. The history cannot be used "
        "(database or disk is full); see history.url in the settings.\n"
    )


def test_what_is_amiss_with_a_recording_is_said_on_stderr(
    bench: Bench, sound: str, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.transcriber.warnings = (RecordingWarning.of("damaged_packets", packets=1),)
    assert run(sound) == 0
    assert capsys.readouterr() == (
        "你好(开心)(笑声)\n",
        "good.wav: 1 damaged packet was left out: what was said in it is missing.\n",
    )


@pytest.mark.usefixtures("bench")
def test_a_history_that_is_switched_off_cannot_be_asked(
    sound: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RICHSPEECH_HISTORY__ENABLED", "false")
    assert run(sound, "--history") == 1
    assert "switched off; set history.enabled, or leave out --history" in capsys.readouterr().err


@pytest.mark.usefixtures("bench")
def test_json_is_one_document_a_line(
    sound: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(sound, silence(tmp_path / "other.wav"), "--format", "json") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["text"] for line in lines] == ["你好", "你好"]
    assert Transcript.from_dict(json.loads(lines[0])).segments == (HAPPY,)


@pytest.mark.usefixtures("bench")
@pytest.mark.parametrize(
    ("arguments", "out"),
    [
        (["--style", "plain"], "你好\n"),
        (["--style", "emoji"], "😀你好😊\n"),
        (["--locale", "en"], "你好(happy)(laughter)\n"),
        (["--format", "srt", "--style", "plain"], "1\n00:00:00,500 --> 00:00:01,500\n你好\n"),
    ],
)
def test_style_locale_and_format_reach_the_writer(
    sound: str, arguments: list[str], out: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(sound, *arguments) == 0
    assert capsys.readouterr().out == out


# Files --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("bench")
def test_a_result_goes_into_the_file_that_was_named(
    sound: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "new" / "my.vtt"
    assert run(sound, "--format", "vtt", "--output", str(target), "--no-emotions") == 0
    assert target.read_text("utf-8").endswith("-->" + " 00:00:01.500\n[笑声] 你好\n")
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("bench")
def test_subtitles_leave_out_the_labels_that_are_not_wanted(
    sound: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(sound, "--format", "srt", "--no-sounds", "--no-emotions") == 0
    assert capsys.readouterr().out.endswith("\n你好\n")


@pytest.mark.usefixtures("bench")
def test_a_line_of_subtitles_has_so_many_characters_and_no_others(
    sound: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(sound, "--format", "srt", "--wide-per-line", "5") == 2
    assert "--wide-per-line" in capsys.readouterr().err
    assert run(sound, "--format", "srt", "--wide-per-line", "6", "--latin-per-line", "84") == 0
    assert "你好" in capsys.readouterr().out


@pytest.mark.usefixtures("bench")
def test_several_results_go_into_a_folder_under_their_own_names(sound: str, tmp_path: Path) -> None:
    other, folder = silence(tmp_path / "other.wav"), tmp_path / "results"
    assert run(sound, other, "--format", "docx", "--output", str(folder)) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["good.docx", "other.docx"]


@pytest.mark.usefixtures("bench")
def test_a_report_carries_the_name_and_the_sound_of_its_recording(
    sound: str, tmp_path: Path
) -> None:
    assert run(sound, "--format", "html", "--output", str(tmp_path / "report.html")) == 0
    report = (tmp_path / "report.html").read_text("utf-8")
    assert "<h1>good.wav</h1>" in report
    assert 'src="data:audio/mpeg;base64,' in report


@pytest.mark.usefixtures("bench")
def test_a_report_carries_the_track_that_was_heard(tmp_path: Path) -> None:
    film, report = two_tracks(tmp_path / "film.mkv"), tmp_path / "report.html"
    assert run(str(film), "--tracks", "2", "--format", "html", "--output", str(report)) == 0
    assert pitches_of(sound_in(report.read_text("utf-8"))) == {SECOND}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["a.wav", "--format", "docx"], "Results in docx cannot share the terminal: name"),
        (["a.wav", "b.wav", "--format", "html"], "Results in html cannot share the terminal: name"),
        (["a/x.wav", "b/x.mp3", "--output", "out"], "Two results would be named x.txt: rename a"),
    ],
)
def test_results_that_would_spoil_each_other_are_refused_before_anything_is_loaded(
    bench: Bench, arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refusal(capsys, *arguments, status=2).startswith(sentence)
    assert bench.settings == []


@pytest.mark.usefixtures("bench")
def test_a_file_that_cannot_be_written_is_named(
    sound: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("a file")
    target = tmp_path / "taken" / "out.txt"
    message = refusal(capsys, sound, "--output", str(target))
    assert f"{target} cannot be written (" in message


@pytest.mark.usefixtures("bench")
def test_a_terminal_sees_progress(
    sound: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert run(sound, "--style", "plain") == 0
    assert capsys.readouterr() == ("你好\n", "\rgood.wav: 1 of 1 s, 0 s left   \n")


class Reversing(FakeTranscriber):
    """Ends the first recording only after the second."""

    def __init__(self) -> None:
        super().__init__()
        self.second_is_done = threading.Event()

    def transcribe(
        self, recording: WaveformSource, options: Options, cancelled: Cancel
    ) -> Iterator[Progress]:
        first = cast("Recording", recording).name == "good.wav"
        assert not first or self.second_is_done.wait(60.0)
        for step in super().transcribe(recording, options, cancelled):
            yield replace(step, transcript=replace(step.transcript, engine=str(first)))
        self.second_is_done.set()


def test_what_reads_the_words_is_loaded_before_anything_is_heard(
    bench: Bench, sound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []

    def load() -> LoadedClassifier:
        order.append("loaded")
        read = FakeClassifier(lambda _: {Sentiment.POSITIVE: 1.0})
        return LoadedClassifier(cast("SentimentClassifier", read), found.weights, "cpu")

    class Listening(FakeTranscriber):
        def transcribe(
            self, recording: WaveformSource, options: Options, cancelled: Cancel
        ) -> Iterator[Progress]:
            order.append("heard")
            return super().transcribe(recording, options, cancelled)

    found = FoundClassifier(loaded_with(bench.transcriber).weights, ())
    reader = LazyReader(Lazy(load, None), found)
    monkeypatch.setattr(transcribers, "lazy_reader", lambda _: reader)
    bench.transcriber = Listening()
    assert run(sound, "--sentiment") == 0
    assert order == ["loaded", "heard"]


def test_files_are_done_at_once_and_written_in_their_order(
    bench: Bench, sound: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.transcriber = Reversing()
    assert run(sound, silence(tmp_path / "other.wav"), "--format", "json") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["engine"] for line in lines] == ["True", "False"]


def test_an_interruption_stops_the_files_that_are_in_work(
    bench: Bench, sound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, stopped = threading.Event(), threading.Event()

    def work(_recording: object, _options: Options, cancelled: Cancel) -> Iterator[Progress]:
        begun.set()
        while not cancelled():
            pass
        stopped.set()
        raise Cancelled

    def interrupt(*_: object) -> None:
        assert begun.wait(60.0)
        raise KeyboardInterrupt

    monkeypatch.setattr(bench.transcriber, "transcribe", work)
    monkeypatch.setattr(transcribe, "_write", interrupt)
    assert run(sound) == 130
    assert stopped.is_set()


@pytest.mark.process
def test_a_reader_who_has_enough_gets_no_traceback(tmp_path: Path) -> None:
    example = Path(__file__).parents[3] / "examples" / "en-cough.wav"
    command = [
        sys.executable,
        "-m",
        "richspeech",
        "transcribe",
        "--model",
        "embedded",
        str(example),
    ]
    with (tmp_path / "stderr").open("wb") as stderr:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr)
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(600) == 1
    assert "Traceback" not in (tmp_path / "stderr").read_text(encoding="utf-8")


@pytest.mark.usefixtures("bench")
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_a_full_disk_behind_stdout_is_a_sentence(
    sound: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert run(sound) == 1
        monkeypatch.undo()
        with contextlib.suppress(OSError):
            full.close()
    assert "stdout cannot be written (No space left on device)" in capsys.readouterr().err


# Options ------------------------------------------------------------------------------------------


def options_from(bench: Bench, *arguments: str) -> Options:
    assert run(*arguments) == 0
    return bench.transcriber.options[-1]


def test_without_arguments_the_settings_decide(bench: Bench, sound: str) -> None:
    assert options_from(bench, sound) == Options()


def test_a_settings_file_of_ones_own_decides(bench: Bench, sound: str, tmp_path: Path) -> None:
    config = tmp_path / "my.yaml"
    config.write_text(
        "recognition: {language: ja, merge: true, merge_length_s: 8, "
        "inverse_text_normalization: false, ban_unknown_emotion: true}"
    )
    expected = Options(
        language="ja",
        inverse_text_normalization=False,
        merge=True,
        merge_length_s=8.0,
        ban_unknown_emotion=True,
    )
    assert options_from(bench, sound, "--config", str(config)) == expected
    detected = options_from(bench, sound, "--config", str(config), "--language", "auto")
    assert detected.language is None


def test_arguments_reach_the_options(bench: Bench, sound: str) -> None:
    assert options_from(bench, sound, "--language", "yue").language == "yue"
    assert options_from(bench, sound, "--allowed-languages", "zh,en").allowed_languages == (
        "zh",
        "en",
    )
    assert not options_from(bench, sound, "--no-itn").inverse_text_normalization
    assert options_from(bench, sound, "--ban-unknown-emotion").ban_unknown_emotion


def test_a_merge_length_switches_merging_on_and_zero_switches_it_off(
    bench: Bench, sound: str, tmp_path: Path
) -> None:
    options = options_from(bench, sound, "--merge-length", "20")
    assert (options.merge, options.merge_length_s) == (True, 20.0)
    config = tmp_path / "my.yaml"
    config.write_text("recognition: {merge: true}")
    assert not options_from(bench, sound, "--config", str(config), "--merge-length", "0").merge


def test_the_model_engine_and_device_reach_the_settings(bench: Bench, sound: str) -> None:
    assert run(sound, "--model", "embedded", "--engine", "reference", "--device", "cpu") == 0
    model = bench.settings[-1].model
    assert (model.id, model.engine, model.device) == ("embedded", "reference", "cpu")


# Refusals -----------------------------------------------------------------------------------------


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 1) -> str:
    assert run(*arguments) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err.rstrip("\n")


@pytest.mark.usefixtures("bench")
def test_a_bad_file_is_named_once_and_the_others_are_done(
    sound: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.wav"
    bad.write_text("this is no sound")
    assert run(sound, str(bad), sound, "--style", "plain") == 1
    out, err = capsys.readouterr()
    assert out == "你好\n你好\n"
    assert err.count("\n") == err.count("bad.wav") == 1
    assert err.startswith("bad.wav cannot be read as sound or video: ")


@pytest.mark.usefixtures("bench")
def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(capsys, str(tmp_path / "none.wav")).startswith("none.wav is not a file")


def test_a_fault_of_the_model_names_the_file_it_was_in(
    bench: Bench, sound: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Iterator[Progress]:
        raise ModelError("The model gave nonsense.")

    monkeypatch.setattr(bench.transcriber, "transcribe", fail)
    assert refusal(capsys, sound) == "good.wav: The model gave nonsense."


@pytest.mark.parametrize(
    ("language", "arguments"),
    [
        ("fr", ("--language", "fr")),
        ("xx", ("--language", "xx")),
        ("fr", ("--allowed-languages", "zh,fr")),
    ],
)
def test_an_unknown_language_is_refused_before_anything_is_loaded(
    bench: Bench,
    sound: str,
    language: str,
    arguments: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    known = ", ".join(("auto", *engine_named("sensevoice").languages))
    sentence = (
        f"The engine sensevoice does not know the language {language}: choose one of {known}, or "
        "another engine."
    )
    assert refusal(capsys, sound, *arguments, status=2) == sentence
    assert bench.settings == []


@pytest.mark.parametrize("length", ["-1", "31", "nan"])
def test_an_impossible_merge_length_is_refused(
    bench: Bench, sound: str, length: str, capsys: pytest.CaptureFixture[str]
) -> None:
    message = refusal(capsys, sound, "--merge-length", length, status=2)
    assert message.startswith(f"The merge length of {float(length):g} seconds is ")
    assert bench.settings == []


@pytest.mark.usefixtures("bench")
def test_a_missing_settings_file_is_refused(
    sound: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    message = refusal(capsys, sound, "--config", str(tmp_path / "none.yaml"))
    assert message.startswith("The settings file none.yaml does not exist")


@pytest.mark.parametrize("engine", ENGINES)
def test_the_engine_is_that_of_the_command_line(bench: Bench, sound: str, engine: str) -> None:
    assert run(sound, "--engine", engine, "--model", "embedded") == 0
    (settings,) = bench.settings
    assert settings.model.engine == engine
    own = {"paraformer": settings.paraformer.id, "whisper": settings.whisper.id}
    assert own.pop(engine, settings.model.id) == "embedded"
    others = [*own.values(), *([settings.model.id] if len(own) == 1 else [])]
    assert "embedded" not in others


def test_hotwords_come_from_the_command_line_and_from_a_file(
    bench: Bench, sound: str, tmp_path: Path
) -> None:
    file = tmp_path / "words.txt"
    file.write_text("\ufeffmachine  learning\n\n 张珊 \n", encoding="utf-8")
    assert run(sound, "--hotwords", "达摩院 阿里巴巴", "--hotword-file", str(file)) == 0
    (options,) = bench.transcriber.options
    assert options.hotwords == ("达摩院", "阿里巴巴", "machine learning", "张珊")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_files_of_words_may_have_weights_and_come_from_a_spreadsheet(
    bench: Bench, sound: str, tmp_path: Path, encoding: str
) -> None:
    words, kept = tmp_path / "words.txt", tmp_path / "kept.csv"
    words.write_text("达摩院\t40\r\n张珊\t30\r\n", encoding=encoding)
    kept.write_text("地址\naccount number\n", encoding=encoding)
    asked = ("--hotwords", "张珊,50", "--protected-words", "电话")
    assert run(sound, *asked, "--hotword-file", str(words), "--protected-file", str(kept)) == 0
    (options,) = bench.transcriber.options
    assert options.weighed_hotwords == {"张珊": 50, "达摩院": 40}
    assert options.protected_words == ("电话", "地址", "account number")


@pytest.mark.usefixtures("bench")
def test_a_line_of_a_hotword_file_that_does_not_fit_is_named(
    sound: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "words.txt"
    file.write_text("达摩院 20\n张珊 200\n", encoding="utf-8")
    assert "Line 2 of the list: The weight 200 of the hotword '张珊' cannot be used" in refusal(
        capsys, sound, "--hotword-file", str(file), status=2
    )


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_hotword_file_that_is_no_text_is_refused(
    bench: Bench,
    sound: str,
    tmp_path: Path,
    content: bytes | None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "words.txt"
    if content:
        file.write_bytes(content)
    message = refusal(capsys, sound, "--hotword-file", str(file))
    assert message.startswith("The word list words.txt cannot be read: give a text file")
    assert bench.settings == []


@pytest.mark.usefixtures("bench")
def test_a_hotword_that_cannot_be_used_is_refused(
    sound: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "The hotword '院' cannot be used" in refusal(
        capsys, sound, "--hotwords", "达摩 院", status=2
    )


def test_an_unknown_model_folder_is_refused(
    sound: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "load_engine", loader.find_models)
    message = refusal(capsys, sound, "--model", "/no/such/folder")
    assert message.startswith("The model '/no/such/folder' is neither a folder nor a ModelScope id")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["transcribe"],
        ["sing"],
        ["transcribe", "a.wav", "--format", "pdf"],
        ["transcribe", "a.wav", "--merge-length", "long"],
    ],
)
def test_wrong_usage_ends_with_status_2(arguments: list[str]) -> None:
    assert command_line.main(arguments) == 2


# Doctor -------------------------------------------------------------------------------------------


@pytest.fixture
def _installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither torch nor weights are needed to see the rows."""
    device = SimpleNamespace(choose_device=lambda asked: ("cpu", f"{asked} was asked for"))
    monkeypatch.setitem(sys.modules, "richspeech.engines.common.device", device)
    monkeypatch.setattr(funasr_import, "fbank_backend", lambda: "kaldi-native-fbank")
    monkeypatch.setattr(loader, "EMBEDDED_DETECTOR", tmp_path / "gate")
    monkeypatch.setattr(loader, "EMBEDDED_PUNCTUATION", tmp_path / "gate")
    monkeypatch.setattr(
        loader,
        "engine_named",
        lambda name: replace(engine_named(name), embedded=tmp_path / "ear"),
    )
    for name in ("ear", "gate"):
        (tmp_path / name).mkdir()
        for needed in NEEDED_FILES:
            (tmp_path / name / needed).touch()


@pytest.mark.process
@pytest.mark.usefixtures("_installation")
def test_doctor_prints_its_rows(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["doctor", "--model", "embedded", "--device", "cuda:1"]) == 0
    rows = {line[:20].strip(): line[20:] for line in capsys.readouterr().out.splitlines()}
    assert [*rows] == [
        *("python", *doctor.PACKAGES),
        *("device", "funasr fbank", "model", "vad model", "sentiment model", "8 bits"),
        *("emotion model", "reading"),
    ]
    assert rows["av"] == importlib.metadata.version("av")
    assert rows["device"] == "cpu (cuda:1 was asked for)"
    assert rows["funasr fbank"] == "kaldi-native-fbank"
    assert rows["model"] == "models/ear (the settings ask for the embedded model)"
    assert rows["vad model"] == "models/gate (it belongs to models/ear)"
    assert rows["sentiment model"].startswith("models/sentiment-tiny (bert_sentiment_chinese is ")
    assert rows["reading"] == "in the server itself (reading.processes: 0)"


@pytest.mark.process
@pytest.mark.usefixtures("_installation")
def test_doctor_says_what_reading_processes_may_take(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RICHSPEECH_READING__PROCESSES", "3")
    assert command_line.main(["doctor", "--model", "embedded", "--device", "cuda:1"]) == 0
    said = "3 processes kept, each with 512 MiB and 60 s of processor time, 0.1 s more"
    assert said in capsys.readouterr().out


@pytest.mark.process
@pytest.mark.usefixtures("_installation")
def test_doctor_counts_one_process_and_says_nothing_of_8_bits_where_none_are_tried(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RICHSPEECH_READING__PROCESSES", "1")
    assert command_line.main(["doctor", "--model", "embedded", "--engine", "paraformer"]) == 0
    out = capsys.readouterr().out
    assert "reading             1 process kept, each" in out
    assert "\n8 bits" not in out


@pytest.mark.usefixtures("_installation")
@pytest.mark.parametrize(
    ("wanted", "row"),
    [
        ("embedded", "models/emotion2vec-tiny (the settings ask for the embedded model)"),
        ("nobody/no-such-ear", "nobody/no-such-ear (not on this machine; the model hub is asked "),
    ],
)
def test_doctor_names_the_emotion_recogniser_and_downloads_nothing(
    wanted: str,
    row: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RICHSPEECH_EMOTION__ID", wanted)
    monkeypatch.setattr(hub, "reachable", lambda _: pytest.fail("the hub is asked"))
    assert command_line.main(["doctor", "--model", "embedded"]) == 0
    assert f"emotion model       {row}" in capsys.readouterr().out


@pytest.mark.usefixtures("_installation")
def test_doctor_names_what_punctuates_the_engine_that_does_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command_line.main(["doctor", "--model", "embedded", "--engine", "paraformer"]) == 0
    out = capsys.readouterr().out
    assert "punctuation model   models/gate (it belongs to models/ear)\n" in out
    assert "\nmodel               models/ear (" in out


@pytest.mark.usefixtures("_installation")
def test_doctor_says_what_is_not_installed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "PACKAGES", ("av", "no-such-package"))
    assert command_line.main(["doctor", "--model", "embedded"]) == 0
    assert "no-such-package     not installed\n" in capsys.readouterr().out


@pytest.mark.usefixtures("_installation")
def test_doctor_says_what_is_wrong_with_a_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["doctor", "--model", "/no/such/folder"]) == 1
    assert capsys.readouterr().err.startswith("The model '/no/such/folder' is neither a folder")


@pytest.mark.usefixtures("bench")
def test_raw_sound_is_read_as_the_command_line_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "call.raw").write_bytes(bytes(16_000))
    assert run(str(tmp_path / "call.raw"), "--raw", "ulaw:8000", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["duration"] == 2.0


@pytest.mark.parametrize("written", ["ulaw", "opus:48000", "ulaw:8000:99"])
def test_a_raw_format_that_there_is_not_is_refused(
    bench: Bench, sound: str, written: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "aw sound" in refusal(capsys, sound, "--raw", written, status=2)
    assert bench.settings == []
