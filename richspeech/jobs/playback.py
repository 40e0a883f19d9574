"""What a browser plays and draws of a transcript that was opened, made while somebody reads it.

The history keeps no sound: where a waveform was never measured the recording is read for it, and
where words are covered a copy is written in which nobody hears them.
"""

from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import ClassVar

from richspeech.audio.container import AudioLimits
from richspeech.audio.peaks import MeteredRecording, PeakMeter
from richspeech.jobs.export import as_unwritable
from richspeech.jobs.job import Job, Kind
from richspeech.jobs.runner import Runner
from richspeech.jobs.transcribe import Transcription, cover_of_job, covered_mp3
from richspeech.model.job_state import State
from richspeech.readers.opener import HERE, Opener
from richspeech.recognition.reading import BLOCK_SECONDS
from richspeech.settings import PrivacySettings


@dataclass(eq=False)
class Playback(Job):
    """Reads one recording; whoever shows another transcript stops it."""

    kind: ClassVar[Kind] = Kind.EXPORT

    of: Transcription

    @property
    def name(self) -> str:
        """Name of the recording."""
        return self.of.name


class Playbacks:
    """Makes what is missing of opened transcripts; for all threads."""

    def __init__(
        self,
        runner: Runner,
        limits: AudioLimits,
        privacy: PrivacySettings | None = None,
        opener: Opener = HERE,
    ) -> None:
        """Have recordings opened by ``opener``, and words covered as ``privacy`` has it."""
        self._runner, self._limits, self._opener = runner, limits, opener
        self._privacy = privacy or PrivacySettings()

    def prepare(self, job: Transcription, folder: Path) -> None:
        """Begin what an opened ``job`` lacks; ``folder`` is one from which a browser may fetch."""
        path, is_measured = job.path, len(job.meter.peaks.values) > 0
        if path is None or not job.is_over or (is_measured and not job.hides_sound):
            return
        playback = job.being_prepared = Playback(job)
        self._runner.submit(playback, partial(self.run, playback, path, folder))

    def run(self, playback: Playback, path: Path, folder: Path) -> None:
        """Make it here and now; raises what goes wrong, and ``Cancelled``."""
        job, unwanted, meter = playback.of, playback.stop.is_set, PeakMeter()
        playback.enter(State.RUNNING)
        cover = cover_of_job(job, self._privacy)
        with self._opener.open(
            path, self._limits, job.request.options, name=job.name, cancelled=unwanted
        ) as recording:
            metered = MeteredRecording(recording, meter, job.name)
            if not job.hides_sound:
                for _ in takewhile(lambda _: not unwanted(), metered.blocks(BLOCK_SECONDS)):
                    continue
                playback.require_wanted()
            else:
                self._keep(playback, covered_mp3(metered, cover, unwanted), folder)
        job.meter.peaks = meter.peaks

    @staticmethod
    def _keep(playback: Playback, sound: bytes, folder: Path) -> None:
        job, written = playback.of, folder / f"{playback.id}.mp3"
        playback.require_wanted()
        with as_unwritable(job.name):
            written.write_bytes(sound)
        with job.editing:  # what is to be covered changes there
            playback.require_wanted()
            job.playback = written
