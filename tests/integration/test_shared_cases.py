"""Recordings that were heard wrongly once, in ../shared/cases; their truth is in EXPECTED.tsv."""

from pathlib import Path

import numpy as np
import pytest

from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import open_recording
from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.cli.options import Recognition
from richspeech.jobs.batch.passed_over import PassedOver
from richspeech.jobs.batch.sources import ZipLimits, open_sources
from richspeech.settings import Settings

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "cases"
LIMITS = AudioLimits(max_bytes=10_000_000, max_seconds=60.0)

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="../shared/cases is not there")


def heard(name: str) -> tuple[Waveform, list[str]]:
    """The sound, and the codes of what was said about the file."""
    with open_recording(CASES / name, LIMITS) as recording:
        waveform = np.concatenate([*recording.blocks()])
        return waveform, [each.code for each in recording.warnings]


def phrases(waveform: Waveform) -> int:
    """How many times sound follows half a second of silence."""
    frames = waveform[: len(waveform) // 1_600 * 1_600].reshape(-1, 1_600)  # 0.1 s each
    loud = [*(np.sqrt(np.mean(frames**2, axis=1)) > 0.005)]
    return sum(each and not any(loud[max(0, i - 5) : i]) for i, each in enumerate(loud))


def test_two_wavs_one_behind_the_other_are_heard_to_the_end() -> None:
    waveform, said = heard("two-wavs-appended_only-first-14s-heard.wav")
    assert len(waveform) / SAMPLE_RATE == pytest.approx(27, abs=0.5)
    assert phrases(waveform) == 4
    assert said == ["wav_appended"]


def test_a_hotword_file_for_the_runtime_of_funasr_has_words_and_weights() -> None:
    recognition = Recognition(
        hotword_file=CASES / "hotwords-with-weights-as-funasr-runtime-wants.txt"
    )
    options = recognition.options(Settings())
    assert options.weighed_hotwords == {"冰箱坏掉": 20, "地址": 20}


def test_a_folder_gives_what_opens_whatever_its_ending() -> None:
    passed = PassedOver()
    with open_sources([CASES], ZipLimits(100, 10**9, 10**8), passed) as items:
        found = {item.name for item in items}
    assert "batch-folder-skips-me.3gpp" in found
    assert {*passed.endings} == {".tsv", ".txt"}
    waveform, said = heard("batch-folder-skips-me.3gpp")
    assert (phrases(waveform), said) == (2, [])
