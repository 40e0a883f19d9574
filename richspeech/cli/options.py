"""Options that several commands share, and the settings and options that come of them."""

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeAlias, cast

from cyclopts import Parameter, Token
from cyclopts.validators import Number

from postprocess import STYLES
from richspeech.cli.usage import typed
from richspeech.engines.adapters import NO_ADAPTER, find_adapter
from richspeech.engines.cascades import NO_CASCADE, find_cascade
from richspeech.errors import OptionError
from richspeech.language.catalog import locales
from richspeech.model.hotword_list import hotwords_in, hotwords_of_file, protected_in
from richspeech.model.options import (
    CHANNELS,
    DENOISE,
    Channels,
    Denoise,
    Options,
    language_hint,
    tracks_in,
    voices_in,
)
from richspeech.model.options import Tracks as HeardTracks
from richspeech.model.raw_format import DEMUXERS, RawFormat
from richspeech.model.speaker import names_over, speakers_in
from richspeech.places import CONFIG
from richspeech.presets.rules import Preset
from richspeech.settings import ENGINES, Settings, load_settings
from richspeech.writers import WriterOptions
from richspeech.writers.line_room import (
    LATIN_PER_LINE,
    LATIN_RANGE,
    WIDE_PER_LINE,
    WIDE_RANGE,
    LineRoom,
)
from richspeech.writers.options import require_known


def require_locale(_: Any, locale: str) -> None:
    """Raise ``OptionError`` for a locale that has no words."""
    require_known("locale", locale, locales())


def read_raw(_: Any, tokens: Sequence[Token]) -> RawFormat:
    """Read what sound without a header is; raises ``OptionError``."""
    return RawFormat.read(tokens[0].value)


def read_tracks(_: Any, tokens: Sequence[Token]) -> HeardTracks | int:
    """Read which tracks are heard; raises ``OptionError``."""
    return tracks_in(tokens[0].value)


def named_in(speakers: str | None) -> tuple[str | None, ...]:
    """Return names by channel, as they were typed; raises ``UsageError``."""
    with typed():
        return speakers_in(speakers or "")


AS_SET = "as in the settings"

Config: TypeAlias = Annotated[
    Path, Parameter(metavar="FILE", help="settings file", show_default=CONFIG.name)
]
Raw: TypeAlias = Annotated[
    RawFormat | None,
    Parameter(
        name="--raw",
        metavar="ENCODING:RATE[:CHANNELS]",
        help=f"sound without a header: {', '.join(DEMUXERS)}; such as ulaw:8000, s16le:16000:2",
        converter=read_raw,
        accepts_keys=False,
        n_tokens=1,
        show_default=False,
    ),
]
Tracks: TypeAlias = Annotated[
    HeardTracks | int | None,
    Parameter(
        name="--tracks",
        metavar="default|all|mix|N",
        help="audio tracks that are heard; a transcript does not tell of mix or N",
        converter=read_tracks,
        show_choices=False,
        accepts_keys=False,
        n_tokens=1,
        show_default=False,
    ),
]
Speakers: TypeAlias = Annotated[
    str | None,
    Parameter(
        name="--speakers",
        metavar="left=NAME,right=NAME",
        help=(
            "names of who is on which channel where channels are heard apart; "
            "a number counts from 1"
        ),
        show_default=False,
    ),
]
RiskPreset: TypeAlias = Annotated[
    Preset | None,
    Parameter(name="--preset", help="rules of the risk, by trade", show_default=AS_SET),
]
Mask: TypeAlias = Annotated[
    bool | None,
    Parameter(
        name="--mask",
        negative="--no-mask",
        help="mask personal data; by default as privacy.mask says",
        show_default=False,
    ),
]
Locale: TypeAlias = Annotated[str, Parameter(validator=require_locale)]
History: TypeAlias = Annotated[bool, Parameter(help="read from and save to the console's history")]


@Parameter(name="*", show_default=AS_SET)
@dataclass(frozen=True, kw_only=True)
class Weights:
    """Which weights run, and where."""

    model: str | None = None
    """embedded, a ModelScope id or a folder"""
    device: str | None = None
    """cuda:0, cpu, …"""
    config: Config = CONFIG

    def settings(self, group: str | None = None) -> Settings:
        """Read the settings file; ``group`` is where the weights that were named belong."""
        return load_settings(self.config, **self._asked(group or "model"))

    def _asked(self, group: str) -> dict[str, dict[str, Any]]:
        asked: dict[str, dict[str, Any]] = {"model": {}, group: {}}
        if self.device:
            asked["model"]["device"] = self.device
        if self.model:
            asked[group]["id"] = self.model
        return asked


@Parameter(name="*", show_default=AS_SET)
@dataclass(frozen=True, kw_only=True)
class Hearing(Weights):
    """The engine and its weights, with what was learned for them."""

    engine: Annotated[str | None, Parameter(choices=ENGINES)] = None
    """engine that transcribes"""
    adapter: Annotated[str | None, Parameter(metavar="NAME")] = None
    """adapter in adapters.folder that the weights get; none: without"""

    def settings(self, group: str | None = None) -> Settings:
        """Read the settings file; ``group`` is that of the engine unless given.

        The adapter of the settings is for the weights of the settings, and no others. Raises
        ``UsageError`` for one that is not there, or not for the engine.
        """
        from richspeech.engines.registry import engine_named  # noqa: PLC0415 - all engines

        settings = super().settings(group or "model")
        engine = engine_named(settings.model.engine)
        if group is None:
            settings = super().settings(engine.settings)
        if self.adapter and self.adapter != NO_ADAPTER:
            with typed():
                engine.require_adapters()
                find_adapter(settings.adapters.folder, self.adapter)
        own = load_settings(self.config)
        if self.adapter is None and _weights_in(settings) != _weights_in(own):
            settings = settings.with_adapter(None)
        return settings

    def _asked(self, group: str) -> dict[str, dict[str, Any]]:
        asked = super()._asked(group)
        if self.engine:
            asked["model"]["engine"] = self.engine
        if self.adapter:
            asked["model"]["adapter"] = None if self.adapter == NO_ADAPTER else self.adapter
        return asked


@Parameter(name="*", show_default=AS_SET)
@dataclass(frozen=True, kw_only=True)
class Reading(Hearing):
    """The engine, its weights, and whether sentiment is wanted."""

    sentiment: Annotated[bool | None, Parameter(negative="--no-sentiment", show_default=False)] = (
        None
    )
    """analyse the sentiment of the words; by default as sentiment.engines says"""

    def _asked(self, group: str) -> dict[str, dict[str, Any]]:
        asked = super()._asked(group)
        if self.sentiment is not None:
            asked["sentiment"] = {"engines": ENGINES if self.sentiment else ()}
        return asked


@Parameter(name="*", show_default=AS_SET)
@dataclass(frozen=True, kw_only=True)
class Model(Reading):
    """The same, what revises the labels, and whether personal data are masked."""

    cascade: Annotated[str | None, Parameter(metavar="NAME")] = None
    """cascade in cascade.folder that revises labels; none: without"""
    mask: Annotated[bool | None, Parameter(negative="--no-mask", show_default=False)] = None
    """mask personal data; by default as privacy.mask says"""

    def settings(self, group: str | None = None) -> Settings:
        """Read the settings file as above.

        The cascade of the settings is for the weights and the adapter of the settings, and no
        others. Raises ``UsageError`` for one that is not there, or not for the engine, too.
        """
        from richspeech.engines.registry import engine_named  # noqa: PLC0415 - all engines

        settings, own = super().settings(group), load_settings(self.config)
        if self.cascade and self.cascade != NO_CASCADE:
            with typed():
                engine_named(settings.model.engine).require_cascades()
                find_cascade(settings.cascade.folder, self.cascade)
        is_own = _weights_in(settings) == _weights_in(own)
        if self.cascade is None and not (is_own and settings.model.adapter == own.model.adapter):
            without = settings.cascade.model_copy(update={"use": None})
            settings = settings.model_copy(update={"cascade": without})
        return settings

    def _asked(self, group: str) -> dict[str, dict[str, Any]]:
        asked = super()._asked(group)
        if self.cascade:
            asked["cascade"] = {"use": None if self.cascade == NO_CASCADE else self.cascade}
        if self.mask is not None:
            asked["privacy"] = {"mask": self.mask}
        return asked


def _weights_in(settings: Settings) -> tuple[str, str]:
    """Return the engine of the settings and the name of its weights."""
    from richspeech.engines.registry import engine_named  # noqa: PLC0415 - all engines

    engine = engine_named(settings.model.engine)
    return engine.name, engine.weights_id(settings)


@Parameter(name="*", show_default=AS_SET)
@dataclass(frozen=True, kw_only=True)
class Recognition:
    """Recognition options; those not given stay as in the settings."""

    language: str | None = None
    """auto, or a tag that the engine knows: zh, en, …"""
    allowed_languages: Annotated[str | None, Parameter(metavar="zh,en")] = None
    """candidates for auto"""
    no_itn: bool = False
    """no punctuation, no digits"""
    merge_length: Annotated[float | None, Parameter(metavar="SECONDS")] = None
    """join utterances up to this length; 0 joins none"""
    ban_unknown_emotion: bool = False
    """never answer unknown"""
    tracks: Annotated[str | None, Parameter(metavar="default|all|mix|N")] = None
    """audio tracks that are heard: the main one, all by themselves, all as one, or one"""
    channels: Annotated[str | None, Parameter(choices=CHANNELS)] = None
    """channels as one, each by itself, or as what is on them asks for"""
    speakers: Speakers = None
    denoise: Annotated[str | None, Parameter(choices=DENOISE)] = None
    """what takes noise out before anything is looked for; it often hurts: see docs/denoising.md"""
    voices: Annotated[str | None, Parameter(metavar="off|auto|N")] = None
    """tell this many speakers, or as many as there are, apart by their voices"""
    hotwords: Annotated[str | None, Parameter(metavar="WORDS", show_default=False)] = None
    """hotwords, separated by spaces or commas; a weight from 1 to 100 may follow each"""
    hotword_file: Annotated[Path | None, Parameter(metavar="FILE", show_default=False)] = None
    """text file with one hotword per line, or CSV; a weight may follow, as for FunASR's runtime"""
    protected_words: Annotated[str | None, Parameter(metavar="WORDS", show_default=False)] = None
    """words that no hotword replaces, separated by spaces or commas"""
    protected_file: Annotated[Path | None, Parameter(metavar="FILE", show_default=False)] = None
    """text file with one such word per line, or CSV"""

    @property
    def named(self) -> tuple[str | None, ...]:
        """Names by channel, as they were typed; raises ``UsageError``."""
        return named_in(self.speakers)

    def options(self, settings: Settings) -> Options:
        """Return the settings' options, overridden by these.

        Raises ``UsageError`` for what the engine of the settings, or any, does not know.
        """
        from richspeech.engines.loader import default_options  # noqa: PLC0415 - all engines
        from richspeech.engines.registry import engine_named  # noqa: PLC0415

        engine, defaults = engine_named(settings.model.engine), default_options(settings)
        listed = _text_of(self.hotword_file), _text_of(self.protected_file)
        with typed():
            named = hotwords_in(self.hotwords or "")
            hotwords = {**named, **hotwords_of_file(listed[0]), **named}
            if language := language_hint(self.language):
                engine.require_language(language)
            protected = protected_in(listed[1], in_file=True)
            options = self._over(defaults, hotwords, protected)
            engine.require_languages(options)
        return options

    def _over(
        self, defaults: Options, hotwords: Mapping[str, int], protected: Sequence[str]
    ) -> Options:
        allowed = self.allowed_languages
        return Options(
            language=language_hint(self.language) if self.language else defaults.language,
            allowed_languages=tuple(allowed.split(",")) if allowed else defaults.allowed_languages,
            inverse_text_normalization=defaults.inverse_text_normalization and not self.no_itn,
            merge=defaults.merge if self.merge_length is None else self.merge_length > 0,
            merge_length_s=self.merge_length or defaults.merge_length_s,
            ban_unknown_emotion=defaults.ban_unknown_emotion or self.ban_unknown_emotion,
            tracks=tracks_in(self.tracks) if self.tracks else defaults.tracks,
            channels=cast("Channels", self.channels or defaults.channels),
            speakers=names_over(self.named, defaults.speakers),
            denoise=cast("Denoise", self.denoise or defaults.denoise),
            voices=voices_in(self.voices) if self.voices else defaults.voices,
            hotwords=(*hotwords,),
            hotword_weights=(*hotwords.values(),),
            protected_words=(*protected_in(self.protected_words or ""), *protected)
            or defaults.protected_words,
        )


LATIN, WIDE = (Number(gte=low, lte=high) for low, high in (LATIN_RANGE, WIDE_RANGE))


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Look:
    """How labels are written."""

    style: Annotated[str, Parameter(choices=STYLES)] = "label"
    """how labels are shown"""
    locale: Locale = "zh"
    """language of the labels"""
    no_emotions: bool = False
    """subtitles without emotions"""
    no_sounds: bool = False
    """subtitles without sounds"""
    latin_per_line: Annotated[int, Parameter(validator=LATIN)] = LATIN_PER_LINE
    """Latin characters that fill a line of subtitles, 16 to 84"""
    wide_per_line: Annotated[int, Parameter(validator=WIDE)] = WIDE_PER_LINE
    """Chinese, Japanese or Korean ones that do, 6 to 32"""

    def options(self, title: str | None = None, audio: bytes | None = None) -> WriterOptions:
        """Return what a writer takes."""
        return WriterOptions(
            style=self.style,
            locale=self.locale,
            emotions=not self.no_emotions,
            sounds=not self.no_sounds,
            room=LineRoom(self.latin_per_line, self.wide_per_line),
            title=title,
            audio=audio,
        )


WEIGHTS, HEARING, READING, MODEL = Weights(), Hearing(), Reading(), Model()
RECOGNITION, LOOK = Recognition(), Look()
"""If the command line names none."""


def _text_of(file: Path | None) -> str:
    """Read a list of words, of which spreadsheets write some in UTF-16; raises ``OptionError``."""
    if file is None:
        return ""
    try:
        written = file.read_bytes()
        marked = written.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return written.decode("utf-16" if marked else "utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError("cli.word_list", name=file.name) from error
