"""Recordings read in processes of their own: the same as here, and whatever becomes of one."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from postprocess import Emotion
from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import load_waveform
from richspeech.audio.strands import open_strands
from richspeech.engines.common.fbank import Fbank
from richspeech.engines.common.fsmn_vad import FsmnVad
from richspeech.engines.denoising.load import Denoisers
from richspeech.engines.hub import EMBEDDED_DETECTOR
from richspeech.engines.transcribers import Transcribers
from richspeech.errors import AudioError, Cancelled, StoppingError
from richspeech.jobs.runner import Runner
from richspeech.jobs.transcribe import Transcription, Transcriptions
from richspeech.model.job_state import State
from richspeech.model.options import Options
from richspeech.model.transcript import Hypothesis
from richspeech.readers.limits import ReaderLimits
from richspeech.readers.opener import HERE, tracks_of
from richspeech.readers.pool import MOST_LOGGED, ReadElsewhere, ReaderPool
from richspeech.readers.processes import Template
from richspeech.recognition.pipeline import Pipeline
from richspeech.recognition.reading import Reader, Stretch, WaveformSource
from richspeech.recognition.utterance import Request
from richspeech.settings import Settings
from scripts.measure_silence import flac_of_silence
from tests.fakes import FakeQueue, loaded_with, ready, wait_until, wav_at
from tests.integration import bad_readers
from tests.integration.bad_readers import BadReader
from tests.integration.conftest import EXAMPLES
from tests.two_tracks import two_tracks

LIMITS = AudioLimits(10**9, 3600.0)
SPOKEN = ("zh-call.wav", "en-meeting.wav")
STALL_SECONDS = 2.0
SHARED_AUDIO = Path(__file__).resolve().parents[2].parent / "shared" / "audio"

SMALL = ReaderLimits(
    memory_bytes=160 * 2**20,
    cpu_seconds=1.5,
    cpu_seconds_per_second=0.002,
    stall_seconds=STALL_SECONDS,
)


@pytest.fixture(scope="module")
def pool() -> Iterator[ReaderPool]:
    """One process is kept."""
    with closing(ReaderPool(SMALL, 1, modules=[bad_readers.__name__])) as made:
        yield made


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(Fbank(), FsmnVad.load(EMBEDDED_DETECTOR), denoisers=Denoisers())


@pytest.fixture
def minute(tmp_path: Path) -> Path:
    return wav_at(tmp_path / "minute.wav", np.zeros(60 * 16_000))


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More than a reader may be ahead of whoever takes what it has read."""
    return wav_at(tmp_path_factory.mktemp("long") / "long.wav", np.zeros(600 * 16_000))


@pytest.fixture
def no_stalls(pool: ReaderPool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is silent is not given up: what ends the waiting for him is something else."""
    monkeypatch.setattr(pool, "_limits", replace(SMALL, stall_seconds=600.0))


def read_badly(pool: ReaderPool, path: Path, then: Callable[[], object], first: int = 1) -> int:
    """Read with a reader of which something becomes; return how many blocks came before."""
    count = 0
    with pool.open(path, LIMITS, Options()) as recording:
        for _ in BadReader(then, first).read(recording, Options()):
            count += 1
    return count


def all_is_well(pool: ReaderPool) -> bool:
    with pool.open(EXAMPLES / "zh-laughter.wav", LIMITS, Options()) as recording:
        return sum(map(len, recording.blocks())) > 16_000


def contents(stretch: Stretch) -> tuple[object, ...]:
    utterances = [
        (each.start, each.end, each.waveform.tobytes(), each.log_mel.tobytes(), each.strand)
        for each in stretch.utterances
    ]
    known = (stretch.seconds, stretch.open_start, stretch.warnings)
    return (stretch.block.tobytes(), utterances, known)


@pytest.mark.parametrize("name", SPOKEN)
@pytest.mark.parametrize(
    "options",
    [Options(), Options(merge=True), Options(denoise="rnnoise"), Options(denoise="gtcrn")],
)
def test_what_comes_from_elsewhere_is_bit_for_bit_what_is_read_here(
    pool: ReaderPool, reader: Reader, name: str, options: Options
) -> None:
    with open_strands(EXAMPLES / name, LIMITS, options) as recording:
        here = [contents(each) for each in reader.read(recording, options)]
        duration = recording.duration
    with pool.open(EXAMPLES / name, LIMITS, options) as elsewhere:
        there = [contents(each) for each in reader.read(elsewhere, options)]
        assert (elsewhere.duration, elsewhere.name) == (duration, name)
    assert there == here


def test_channels_that_are_heard_apart_are_so_elsewhere_as_well(
    pool: ReaderPool, reader: Reader, tmp_path: Path
) -> None:
    one, other = (load_waveform(EXAMPLES / name, LIMITS)[:96_000] for name in SPOKEN)
    path = tmp_path / "call.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, 16_000, 0, "NONE", ""))
        file.writeframes((np.stack([one, other], 1) * 32_767).astype("<i2").tobytes())
    options = Options(channels="split")
    with open_strands(path, LIMITS, options) as recording:
        here = [contents(each) for each in reader.read(recording, options)]
        strands = recording.strands
    with pool.open(path, LIMITS, options) as elsewhere:
        there = [contents(each) for each in reader.read(elsewhere, options)]
        assert elsewhere.strands == strands
    assert len(strands) == 2
    assert there == here


def test_the_tracks_of_a_film_are_listed_elsewhere_as_well(
    pool: ReaderPool, tmp_path: Path
) -> None:
    film = two_tracks(tmp_path / "film.mkv")
    here, there = (tracks_of(each, film, LIMITS, lambda: False) for each in (HERE, pool))
    assert len(there) == 2
    assert there == here


def test_a_recording_may_come_as_bytes_and_as_a_file_without_a_name(pool: ReaderPool) -> None:
    content = (EXAMPLES / "zh-laughter.wav").read_bytes()
    for source in (content, BytesIO(content), EXAMPLES / "zh-laughter.wav"):
        with pool.open(source, LIMITS, Options(), name="a.wav") as recording:
            assert recording.name == "a.wav"
            assert sum(map(len, recording.blocks())) > 16_000


def outcome(opened: Callable[[], object]) -> object:
    try:
        return opened()
    except AudioError as error:
        return error.key, dict(error.fields)


@pytest.mark.skipif(not SHARED_AUDIO.is_dir(), reason="needs ../shared/audio")
def test_odd_and_broken_files_end_elsewhere_as_they_do_here(pool: ReaderPool) -> None:
    files = [
        path for path in sorted(SHARED_AUDIO.rglob("*.*")) if path.suffix not in (".md", ".tsv")
    ]
    assert len(files) > 50

    def here(path: Path) -> bytes:
        with open_strands(path, LIMITS, Options()) as recording:
            return b"".join(block.tobytes() for block in recording.blocks())

    def there(path: Path) -> bytes:
        with pool.open(path, LIMITS, Options()) as recording:
            return b"".join(block.tobytes() for block in recording.blocks())

    for path in files:
        assert outcome(partial(there, path)) == outcome(partial(here, path)), path


@pytest.mark.parametrize(
    ("then", "key"),
    [
        (bad_readers.compute, "reading.cpu"),
        (bad_readers.hoard, "reading.memory"),
        (bad_readers.sleep, "reading.silent"),
        (bad_readers.abort, "reading.died"),
        (bad_readers.leave, "reading.died"),
        (bad_readers.fail, "reading.failed"),
    ],
)
def test_what_goes_wrong_costs_one_recording_its_own_sentence(
    pool: ReaderPool, minute: Path, then: Callable[[], object], key: str
) -> None:
    with pytest.raises(AudioError) as caught:
        read_badly(pool, minute, then)
    assert caught.value.key == key
    assert "minute.wav" in str(caught.value)
    assert all_is_well(pool)


def test_a_reader_that_is_killed_is_named_and_another_is_started(
    pool: ReaderPool, long: Path
) -> None:
    with pool.open(long, LIMITS, Options()) as recording:
        stretches = BadReader(bad_readers.slowly).read(recording, Options())
        next(stretches)
        os.kill(recording.process, signal.SIGKILL)
        with pytest.raises(AudioError) as caught:
            list(stretches)
        killed = recording.process
    assert caught.value.key == "reading.killed"
    with pool.open(long, LIMITS, Options()) as recording:
        assert recording.process != killed


def test_one_that_was_killed_while_nobody_needed_it_is_replaced(pool: ReaderPool) -> None:
    with pool.open(EXAMPLES / "zh-laughter.wav", LIMITS, Options()) as recording:
        number = recording.process
    os.kill(number, signal.SIGKILL)
    wait_until(lambda: "Z" in Path(f"/proc/{number}/stat").read_text().rpartition(")")[2][:3])
    assert all_is_well(pool)


@pytest.mark.usefixtures("no_stalls")
def test_who_cancels_waits_for_no_reader_that_is_stopped(pool: ReaderPool, long: Path) -> None:
    stop = threading.Event()
    with pool.open(long, LIMITS, Options(), cancelled=stop.is_set) as recording:
        stretches = BadReader(bad_readers.slowly).read(recording, Options())
        next(stretches)
        os.kill(recording.process, signal.SIGSTOP)
        stop.set()
        with pytest.raises(Cancelled):
            list(stretches)
    assert all_is_well(pool)


def test_a_reader_runs_ahead_no_further_than_its_memory(pool: ReaderPool, long: Path) -> None:
    with pool.open(long, LIMITS, Options()) as recording:
        stretches = BadReader(bad_readers.nothing).read(recording, Options())
        next(stretches)
        used = Path(f"/proc/{recording.process}/stat")

        def ticks() -> int:
            return int(used.read_text().rpartition(")")[2].split()[11])

        def is_at_rest() -> bool:
            before = ticks()
            time.sleep(0.2)
            return ticks() == before

        wait_until(is_at_rest)
        offset = Path(f"/proc/{recording.process}/fdinfo")
        read = max(
            int(each.read_text().split()[1])
            for each in offset.iterdir()
            if Path(f"/proc/{recording.process}/fd/{each.name}").readlink() == long
        )
        assert read < 120 * 32_000
        assert sum(1 for _ in stretches) == 599


@pytest.mark.parametrize("then", [bad_readers.attempt, bad_readers.limits])
def test_a_reader_may_do_nothing_but_read(
    pool: ReaderPool, minute: Path, then: Callable[[], object], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(AudioError):
        read_badly(pool, minute, then)
    expected = {"attempt": "allowed: []", "limits": "(16, 16) (0, 0)"}[then.__name__]
    assert expected in caplog.text


def test_what_no_recogniser_could_take_is_refused(pool: ReaderPool, minute: Path) -> None:
    with pool.open(minute, LIMITS, Options()) as recording, pytest.raises(AudioError) as caught:
        list(bad_readers.Misshapen(bad_readers.nothing).read(recording, Options()))
    assert caught.value.key == "reading.failed"
    assert all_is_well(pool)


def test_silence_that_is_long_to_decode_holds_up_nobody_else(pool: ReaderPool) -> None:
    content = flac_of_silence(20 * 60)
    assert len(content) < 700_000
    with pool.open(content, LIMITS, Options()) as recording:
        blocks = recording.blocks(4.0)
        next(blocks)
        assert all_is_well(pool)
        with pytest.raises(AudioError) as caught:
            list(blocks)
    assert caught.value.key == "reading.cpu"


def test_a_template_that_was_killed_is_started_again_and_nothing_is_left_in_the_end(
    tmp_path: Path,
) -> None:
    files = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    shared = Path("/proc/self/maps").read_text().count("memfd:reading")
    pool = ReaderPool(SMALL, 2)
    with pool.open(EXAMPLES / "zh-laughter.wav", LIMITS, Options()) as recording:
        number = recording.process
        template = pool._template._process
        assert template is not None
        os.kill(template.pid, signal.SIGKILL)
        wait_until(lambda: template.poll() is not None and not Path(f"/proc/{number}").exists())
        with pytest.raises(AudioError) as caught:
            list(recording.blocks())
    assert caught.value.key == "reading.killed"
    assert all_is_well(pool)
    path = wav_at(tmp_path / "a.wav", np.zeros(160_000))
    numbers = set()
    with pool.open(path, LIMITS, Options()) as one, pool.open(path, LIMITS, Options()) as other:
        numbers |= {one.process, other.process}
        next(other.blocks())
    pool.close()
    wait_until(lambda: not any(Path(f"/proc/{number}").exists() for number in numbers))
    assert Path("/proc/self/maps").read_text().count("memfd:reading") == shared
    assert len(os.listdir("/proc/self/fd")) <= files  # noqa: PTH208
    with pytest.raises(StoppingError), pool.open(path, LIMITS, Options()):
        pass


def test_a_template_that_answered_too_late_is_not_asked_again() -> None:
    with closing(Template(SMALL, answer_seconds=60.0)) as template:
        reader = template.fork()
        stopped = template._process
        assert stopped is not None
        stopped.send_signal(signal.SIGSTOP)
        template._answer_seconds = 0.5
        assert template.end(reader) is None
        template._answer_seconds = 60.0
        stopped.send_signal(signal.SIGCONT)
        another = template.fork()
        assert template._process is not None
        assert parent_of(another.number) == template._process.pid
        assert template.end(reader) is None
        assert template.end(another) is not None
        assert template.end(another) is None


def parent_of(number: int) -> int:
    fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    return int(fields[1])


def test_a_template_ends_none_but_its_own(pool: ReaderPool) -> None:
    assert all_is_well(pool)
    line = pool._template._line
    assert line is not None
    command = [sys.executable, "-c", "input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as stranger:
        for number in (stranger.pid, -stranger.pid, 0):
            line.send("end", number)
            assert line.receive()[0] == [None]
        assert stranger.poll() is None
        assert stranger.stdin is not None
        stranger.stdin.write(b"\n")
    assert stranger.returncode == 0
    assert all_is_well(pool)


def test_a_warning_with_a_large_number_costs_no_recording(pool: ReaderPool, tmp_path: Path) -> None:
    path = wav_at(tmp_path / "rest.wav", np.zeros(160_000))
    path.write_bytes(path.read_bytes() + bytes(5_000))
    with pool.open(path, LIMITS, Options()) as recording:
        assert sum(map(len, recording.blocks())) == 160_000
        assert [str(each)[:5] for each in recording.warnings] == ["5,000"]


def test_a_reader_with_too_much_to_say_is_heard_to_its_end(
    pool: ReaderPool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = wav_at(tmp_path / "short.wav", np.zeros(2 * 16_000))
    with caplog.at_level(logging.WARNING):
        assert read_badly(pool, path, bad_readers.talk) == 2
    assert caplog.text.count("so much to say") == MOST_LOGGED


@pytest.mark.usefixtures("no_stalls")
def test_who_cancels_waits_for_no_reader_that_talks(pool: ReaderPool, long: Path) -> None:
    stop = threading.Event()
    with pool.open(long, LIMITS, Options(), cancelled=stop.is_set) as recording:
        stretches = BadReader(bad_readers.talk_on).read(recording, Options())
        next(stretches)
        stop.set()
        with pytest.raises(Cancelled):
            list(stretches)
    assert all_is_well(pool)


PARENT = """
import os, signal, sys
from richspeech.audio.container import AudioLimits
from richspeech.model.options import Options
from richspeech.readers.limits import ReaderLimits
from richspeech.readers.pool import ReaderPool

pool = ReaderPool(ReaderLimits(), 2)
limits = AudioLimits(10**9, 3600.0)
options = Options()
opened = [pool.open(sys.argv[1], limits, options) for _ in range(2)]
with opened[0] as one, opened[1] as other:
    os.kill(other.process, signal.SIGSTOP)
    print(pool._template._process.pid, one.process, other.process, flush=True)
    sys.stdin.read()
"""


def test_readers_die_with_a_parent_that_is_killed_even_if_they_are_stopped() -> None:
    command = [sys.executable, "-c", PARENT, str(EXAMPLES / "zh-laughter.wav")]
    parent = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with parent:
        assert parent.stdout is not None
        numbers = parent.stdout.readline().split()
        assert len(numbers) == 3
        parent.kill()
        wait_until(lambda: not any(Path(f"/proc/{number}").exists() for number in numbers))


def test_a_job_keeps_what_it_has_heard_and_the_others_go_on(
    pool: ReaderPool, tmp_path: Path
) -> None:
    def hear(request: Request) -> Hypothesis:
        text = f"{request.utterance.start:g}"
        return Hypothesis(text, None, {}, Emotion.UNKNOWN, {}, (), {}, (), text)

    queue = FakeQueue(hear)
    opened: list[ReadElsewhere] = []

    class Watched(BadReader):
        @property
        def pickled(self) -> bytes:
            return BadReader(self.then, self.first).pickled

        def read(self, recording: WaveformSource, options: Options) -> Iterator[Stretch]:
            if isinstance(recording, ReadElsewhere):
                opened.append(recording)
            return super().read(recording, options)

    loaded = loaded_with(Pipeline(queue, Watched(bad_readers.slowly).as_reader, model="tiny"))
    transcribers = Transcribers(ready(loaded), Settings())
    work = Transcriptions(Runner(), transcribers, LIMITS, opener=pool)
    seconds = {"first.wav": 600, "second.wav": 40}
    jobs = [
        Transcription(wav_at(tmp_path / name, np.zeros(length * 16_000)))
        for name, length in seconds.items()
    ]
    for job in jobs:
        work.submit(job)
    first, second = jobs
    wait_until(lambda: first.transcript is not None and len(first.transcript.segments) > 2)
    [read] = [each.process for each in opened if each.name == "first.wav"]
    os.kill(read, signal.SIGKILL)
    wait_until(lambda: first.is_over and second.is_over)
    assert (first.state, second.state) == (State.FAILED, State.FINISHED)
    assert isinstance(first.error, AudioError)
    assert first.error.key == "reading.killed"
    assert first.transcript is not None
    assert second.transcript is not None
    heard = [each.text for each in first.transcript.segments]
    assert heard == [f"{second}" for second in range(len(heard))]
    assert 2 < len(heard) < 600
    assert len(second.transcript.segments) == 40
