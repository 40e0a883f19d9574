"""The files of one recording in the folder of a batch, each there in full or not at all."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from richspeech.access.principal import Role
from richspeech.audio.container import AudioLimits
from richspeech.audio.mono import mixture
from richspeech.audio.playback import to_mp3
from richspeech.audio.strands import open_strands
from richspeech.errors import RichSpeechError
from richspeech.jobs.batch.sources import Item
from richspeech.model.options import Options
from richspeech.model.transcript import Transcript
from richspeech.privacy.mask import mask_text
from richspeech.privacy.sound import cover_of
from richspeech.settings import PrivacySettings
from richspeech.storage.atomic import write_atomically
from richspeech.writers import WRITERS, WriterOptions, write

JSON = "json"
"""Always written; the other formats can be made of it again."""


@dataclass(frozen=True)
class Results:
    """Where and how results are written."""

    folder: Path
    formats: Sequence[str]
    look: WriterOptions
    """Without title and sound, which are those of each recording."""
    limits: AudioLimits
    options: Options
    """Those with which the recordings are heard."""
    privacy: PrivacySettings = field(default_factory=PrivacySettings)
    """What is masked, and how it is covered in sound."""

    def path(self, item: Item, form: str) -> Path:
        """Name a file: that of the recording, whole, so that a.mp3 and a.wav do not meet."""
        return self.folder / f"{item.name}.{form}"

    def write(self, item: Item, transcript: Transcript) -> None:
        """Write every format; the JSON comes last, since it says that all are there.

        Where words are masked, what lies there in another format is written anew as well: nobody is
        to find the words in it that were not.
        """
        for form in (*self._others, *self._left_over(item), JSON):
            self._write(item, form, transcript)

    def complete(self, item: Item) -> bool:
        """Write what is missing beside the JSON; say whether all is there now."""
        if not self.path(item, JSON).is_file():
            return False
        missing = [form for form in self._others if not self.path(item, form).is_file()]
        try:
            self._add(item, missing)
        except (RichSpeechError, OSError, ValueError):
            return False  # somebody has changed it, or the disk is full: it is done again
        return True

    def _add(self, item: Item, forms: Sequence[str]) -> None:
        if forms:
            document = json.loads(self.path(item, JSON).read_text(encoding="utf-8"))
            transcript = Transcript.from_dict(document)
            for form in forms:
                self._write(item, form, transcript)

    @property
    def _others(self) -> list[str]:
        return [form for form in self.formats if form != JSON]

    def _left_over(self, item: Item) -> list[str]:
        if not self.privacy.masks(Role.ADMIN):
            return []
        others = (form for form in WRITERS if form not in (JSON, *self.formats))
        return [form for form in others if self.path(item, form).is_file()]

    def _write(self, item: Item, form: str, transcript: Transcript) -> None:
        name = PurePosixPath(item.name).name
        audio = self._audio(item, name, transcript) if form == "html" else None
        masks = self.privacy.masks(Role.ADMIN)
        title = mask_text(name, None, self.privacy.kinds) if masks else name
        options = replace(self.look, title=title, audio=audio)
        write_atomically(self.path(item, form), write(transcript, form, options))

    def _audio(self, item: Item, name: str, transcript: Transcript) -> bytes:
        options = replace(self.options, raw=item.raw)
        with (
            item.open() as source,
            open_strands(source, self.limits, options, name=name) as recording,
        ):
            cover = cover_of(transcript, self.privacy)
            return to_mp3(map(mixture, cover.blocks(recording.blocks())))
