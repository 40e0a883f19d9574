"""What everybody may know of an engine without loading it."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from postprocess import LOCALES
from richspeech.engines.hub import find_weights
from richspeech.engines.names import NAMES
from richspeech.engines.registry import Engine, engine_named, engines
from richspeech.errors import ModelError, OptionError
from richspeech.model.capability import Capability
from richspeech.model.options import Options
from richspeech.model.request import TranscriptionRequest
from richspeech.places import HOME as ROOT
from richspeech.settings import Settings

every_engine = pytest.mark.parametrize("engine", engines().values(), ids=NAMES)


@every_engine
def test_an_engine_is_called_like_its_folder_and_has_a_title_in_every_language(
    engine: Engine,
) -> None:
    assert (ROOT / "richspeech" / "engines" / engine.name / "__init__.py").is_file()
    assert all(engine.title.in_locale(locale) for locale in LOCALES)
    assert engine.languages


@every_engine
def test_its_weights_stand_in_the_group_of_the_settings_that_it_names(engine: Engine) -> None:
    changed = engine.with_weights(Settings(), "mine")
    assert engine.weights_id(changed) == "mine"
    assert getattr(changed, engine.settings) != getattr(Settings(), engine.settings)


def test_an_unknown_engine_is_refused_with_the_names_of_all() -> None:
    with pytest.raises(OptionError) as caught:
        engine_named("kaldi")
    assert str(caught.value) == (
        "The engine 'kaldi' is unknown; choose one of sensevoice, paraformer, reference, whisper."
    )


def test_what_an_engine_cannot_do_is_as_if_nobody_had_asked() -> None:
    options = Options("en", ("en",), False, True, 9.0, True, ("退款",))
    asked = TranscriptionRequest(options, adapter="calls", cascade="calls")
    for engine in engines().values():
        deaf = replace(engine, capabilities=frozenset())
        left = Options(merge=True, merge_length_s=9.0)
        assert deaf.heeded(asked) == TranscriptionRequest(left)
        able = replace(engine, capabilities=frozenset(Capability))
        assert able.heeded(asked) == asked


def test_a_language_that_an_engine_does_not_know_is_refused_with_those_it_knows() -> None:
    mandarin = engine_named("paraformer")
    mandarin.require_languages(Options(language="zh"))
    mandarin.require_languages(Options())
    with pytest.raises(OptionError) as caught:
        mandarin.require_languages(Options(language="en"))
    assert str(caught.value) == (
        "The engine paraformer does not know the language en: choose one of auto, zh, or another "
        "engine."
    )


def test_an_engine_without_a_small_twin_is_refused_where_its_weights_are_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MODELSCOPE_CACHE", str(tmp_path))
    monkeypatch.setattr("richspeech.engines.hub.reachable", lambda _: False)
    with pytest.raises(ModelError, match="no small model to take the place of owner/big"):
        find_weights("owner/big", None)
    with pytest.raises(ModelError, match="No small model of this kind"):
        find_weights("embedded", None)


@pytest.mark.process
def test_to_know_the_engines_needs_no_heavy_package() -> None:
    heavy = ("torch", "funasr", "transformers", "modelscope", "openvino")
    code = (
        "import sys; from richspeech.engines.registry import engines; engines();"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)
    assert done.stdout == b"[]\n"
