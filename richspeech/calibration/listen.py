"""Settings → an engine whose numbers are as the model gives them, and what it says of examples."""

from collections.abc import Callable
from pathlib import Path

from richspeech.audio.container import Source
from richspeech.calibration.observe import Ear, Observed
from richspeech.engines.calibration import digest_of_weights, file_for
from richspeech.engines.loader import audio_limits, default_options, load_engine
from richspeech.engines.registry import engine_named
from richspeech.errors import OptionError, RichSpeechError
from richspeech.model.capability import Capability
from richspeech.recognition.pipeline import reader_of
from richspeech.review.examples import Example, Examples, Fault
from richspeech.settings import Settings


class Listening:
    """The engine of the settings, until it is closed."""

    def __init__(self, settings: Settings) -> None:
        """Load it; raises ``ModelError``, and ``OptionError`` for one that has no probabilities."""
        engine = settings.model.engine
        if not engine_named(engine).can(Capability.LIVE):
            raise OptionError("calibrate.whole", engine=engine)
        plain = settings.calibration.model_copy(update={"enabled": False})
        self._settings = settings.model_copy(update={"calibration": plain})
        self._loaded = load_engine(self._settings, engine)
        reader, sketcher = reader_of(self._loaded.transcriber), self._loaded.sketcher
        if reader is None or sketcher is None:
            raise OptionError("calibrate.whole", engine=engine)
        self._ear = Ear(reader, sketcher.queue, audio_limits(self._settings))

    @property
    def digest(self) -> str:
        """Of its weights."""
        return digest_of_weights(self._loaded.weights.folder, self._loaded.adapter)

    @property
    def file(self) -> Path:
        """Where their calibration is looked for."""
        return file_for(self._settings, self.digest)

    def observe(self, examples: Examples, told: Callable[[Fault], None]) -> list[Observed]:
        """Hear examples; ``told`` learns of those that cannot be read, and the others go on."""
        found = []
        for each in examples:
            if isinstance(each, Fault):
                told(each)
                continue
            try:
                found.append(self.hear(each, examples.sound(each, self._ear.limits)))
            except RichSpeechError as error:
                told(examples.fault(each, error))
        return found

    def hear(self, example: Example, sound: Source) -> Observed:
        """Hear one; raises ``AudioError`` when it has no sound, and what the model raises."""
        return self._ear.observe(example, sound, default_options(self._settings))

    def close(self) -> None:
        """Let the engine go."""
        self._loaded.close()
