"""Help texts show examples that can be typed, and wrong usage ends with a sentence and status 2."""

import io
import shlex
import subprocess
import sys
from itertools import takewhile

import pytest

from richspeech.cli.app import COMMANDS, examples_of, main, make_app
from richspeech.language.catalog import locales
from richspeech.passwords import looks_hashed
from richspeech.places import HOME

EXAMPLES = [example for name in COMMANDS for example in examples_of(make_app(()), name)]
LOCALES = ", ".join(locales())


def help_of(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main([*words, "--help"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_the_help_text_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    shown = help_of(capsys)
    assert [name for name in COMMANDS if f"\n  {name}: " not in shown] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_text_shows_its_examples_in_a_line_each(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = help_of(capsys, name).splitlines()
    examples = [f"  python -m richspeech {each}" for each in examples_of(make_app(()), name)]
    assert examples
    assert lines[lines.index("Examples:") + 1 :] == examples


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_can_be_typed(example: str) -> None:
    words = [*takewhile(lambda word: word not in "<>", shlex.split(example))]
    command, bound, _ = make_app(words).parse_args(words, exit_on_error=False, print_error=False)
    assert command.__module__ == f"richspeech.cli.{words[0].replace('-', '_')}"
    assert bound.arguments or words[-1] in (words[0], "list")


def test_the_hash_of_a_password_that_is_piped_in_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("correct horse\n"))
    assert main(["hash-password"]) == 0
    assert looks_hashed(capsys.readouterr().out.strip())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("transcribe", "FILE is missing. See python -m richspeech transcribe --help."),
        ("batch calls", "--output is missing. See python -m richspeech batch --help."),
        (
            "batch --format srt html --output x",
            "html is a format, not a recording: write --format html.",
        ),
        ("highlights a.wav b.wav", "b.wav is more than the command takes. See "),
        ("transcribe a.wav --fromat srt", "Unknown option: --fromat. Did you mean --format? See "),
        ("transcribe a.wav --format pdf", 'Invalid value "pdf" for --format. Choose from: "txt", '),
        ("transcribe a.wav --locale xx", f"The locale 'xx' is unknown; choose one of {LOCALES}."),
        ("transcribe a.wav --merge-length long", "Invalid value for --merge-length: unable to "),
        ("batch calls --output x --workers 65", 'Invalid value "65" for --workers. Must be <= 64'),
        ("highlights a.wav --tracks 0", "choose default, all, mix or a number"),
        ("highlights a.wav --frame-rate 0", "--frame-rate 0 is not a frame rate: give 1 to "),
        ("bench --only speed warp", 'Invalid value "warp" for --only. Choose from: "speed", '),
        ("bench --only", "--only requires at least 1 element. "),
        ("history", "ACTION is missing. See python -m richspeech history --help."),
        ("cascade train clips.zip", "--output is missing. See python -m richspeech cascade train "),
        ("cascade list calls", "calls is more than the command takes. See python -m richspeech "),
        ("cascade list --test x", "Unknown option: --test"),
        ("cascade sing", 'Unknown command "sing". Available commands: train, list'),
        ("calibrate x.jsonl --cascade calls", "Unknown option: --cascade"),
        ("sing", 'Unknown command "sing". Available commands: '),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(
    words: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert sentence in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("transcribe", "--locale STR: language of the labels [default: zh]"),
        ("transcribe", "--no-itn: no punctuation, no digits [default: as in the settings]"),
        ("transcribe", "--config FILE: settings file [default: config.yaml]"),
        ("transcribe", "--history: read from and save to the console's history"),
        ("batch", "--raw ENCODING:RATE[:CHANNELS]: sound without a header: ulaw, alaw, gsm, u8, "),
        ("highlights", "--window SECONDS: seconds per point of the curves [default: 10]"),
        ("embeddings", "--nearest COUNT: how many of the most similar to list [default: 5]"),
    ],
)
def test_help_names_what_holds_unless_somebody_says_otherwise(
    command: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"\n  {shown}\n" in help_of(capsys, command)


@pytest.mark.process
def test_a_stdout_that_was_closed_before_the_start_is_a_sentence() -> None:
    shell = f"echo secret | {sys.executable} -m richspeech hash-password >&-"
    done = subprocess.run(
        ["bash", "-c", shell], check=False, cwd=HOME, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "stdout cannot be written (Bad file descriptor): "
        "send it to a file, or to a disk with room.\n"
    )


def test_no_command_shows_on_stderr_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "\n  transcribe: " in err


def test_several_sections_of_the_bench_follow_one_option() -> None:
    words = ["bench", "--only", "speed", "vad", "--json"]
    _, bound, _ = make_app(words).parse_args(words)
    assert bound.arguments == {"json": True, "only": ("speed", "vad")}
