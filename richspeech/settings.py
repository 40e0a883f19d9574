"""Frozen settings, validated at start-up; the only reader of the environment.

Messages name the key, the value and its source, but never a value that may be the password.
"""

import base64
import binascii
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    PlainValidator,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import SettingsError as EnvironmentRefused

from postprocess import DEFAULT_RULES, Rule
from richspeech.access.principal import Principal, Role
from richspeech.engines.names import NAMES
from richspeech.errors import SettingsError
from richspeech.language.catalog import Notice
from richspeech.language.refused import Refused
from richspeech.model.emotion_scores import NineEmotion
from richspeech.model.labels import sentiment_named, word_of
from richspeech.model.languages import AUTO, LanguageTag, is_language
from richspeech.model.options import (
    MOST_TRACKS,
    MOST_VOICES,
    Channels,
    Denoise,
    Tracks,
    Voices,
    require_protected,
)
from richspeech.model.personal import PersonalKind
from richspeech.model.risk_rules import RiskRule, Words, require_consistent
from richspeech.model.rules import (
    DEFAULT_HIGHLIGHT_RULES,
    HighlightRule,
    Probability,
    require_names,
)
from richspeech.model.sentiment import Sentiment
from richspeech.model.speaker import by_channel
from richspeech.model.validation import reason_of
from richspeech.model.web_address import WebAddress
from richspeech.passwords import looks_hashed, require_hash
from richspeech.places import CONFIG, HOME
from richspeech.presets.rules import Preset, preset_rules

CACHE_FOLDER = HOME / ".cache" / "models"
OUTPUTS_FOLDER = HOME / "outputs"
CALIBRATION_FOLDER = HOME / "data" / "calibration"
RECORDINGS_FOLDER = HOME / "data" / "recordings"
ADAPTER_FOLDER = HOME / "data" / "adapters"
CASCADE_FOLDER = HOME / "data" / "cascades"
AUDIT_FILE = HOME / "data" / "audit.jsonl"
PREFIX = "RICHSPEECH_"
SECRET_KEYS = frozenset(
    {
        *("server", "server.password", "history", "history.url"),
        *("webhooks", "webhooks.secret", "jobs", "jobs.broker"),
    }
)
DEVICE = re.compile(r"(cpu|cuda|mps|npu|xpu)(:\d+)?")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
ANY_ADDRESS = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not bound to
HOST = re.compile(r"[a-z0-9._-]+|\[?[0-9a-f:.]*:[0-9a-f:.]*\]?", re.IGNORECASE)
BROKER = re.compile(r"(rediss?|amqps?)://[^/\s]+\S*")
BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{2,62}(/[\w.-]+)*/?")
ORIGIN = re.compile(r"https?://[a-z0-9.*:\[\]_-]+", re.IGNORECASE)

SIGNING_PREFIX = "whsec_"
SIGNING_BYTES = range(24, 65)
"""As the specification of Standard Webhooks has it."""

STAFF = (
    *("agent", "advisor", "operator", "support", "sales", "host", "teacher"),
    *("客服", "坐席", "销售", "顾问", "主播", "老师", "客服員", "銷售", "老師"),
    *("オペレーター", "担当者", "教師", "講師", "상담원", "교사", "강사"),
)
"""What speakers are called who belong to the house; not 先生 and 선생님, since customers are."""

ENGINES = NAMES


def _rule(value: Any) -> Rule:
    if isinstance(value, Rule):
        return value
    if not isinstance(value, dict):
        message = f"{value!r} is not a rule"
        raise ValueError(message)  # noqa: TRY004 - pydantic turns a ValueError into its own
    return Rule.from_dict(value)


def _engine(value: str) -> str:
    if value not in ENGINES:
        message = f"an engine is one of {', '.join(ENGINES)}"
        raise ValueError(message)
    return value


Engine = Annotated[str, AfterValidator(_engine)]


def _language_hint(value: str) -> str:
    if value != AUTO and not is_language(value):
        message = "a language is auto, or a tag such as zh, en or pt-BR"
        raise ValueError(message)
    return value


def _device(value: str) -> str:
    if not DEVICE.fullmatch(value):
        message = "a device is cpu, cuda:0 or the like"
        raise ValueError(message)
    return value


def _host(value: str) -> str:
    if not HOST.fullmatch(value):
        message = (
            "a host is a name or an address, such as hear.example.org, without scheme and port"
        )
        raise ValueError(message)
    return value


def _origin(value: str) -> str:
    if not ORIGIN.fullmatch(value):
        message = "an origin is a scheme and a host, such as https://portal.example.org"
        raise ValueError(message)
    return value


def _endpoint(value: str) -> str:
    if not re.match(r"https?://[^/]", value):
        message = "an endpoint is an address such as http://127.0.0.1:4318/v1/traces"
        raise ValueError(message)
    return value


def _password(value: str) -> str:
    if looks_hashed(value):
        require_hash(value)
    return value


def _receiver(value: str) -> str:
    address = WebAddress.read(value)
    if address.target != "/":
        message = "an origin is a scheme and a host, such as https://hooks.example.org"
        raise ValueError(message)
    return address.origin


def _signing_secret(value: str) -> str:
    """Require what all receivers read alike: some refuse what others take without a word."""
    try:
        secret = base64.b64decode(value.removeprefix(SIGNING_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if not value.startswith(SIGNING_PREFIX) or len(secret) not in SIGNING_BYTES:
        message = (
            "a secret is whsec_ and 24 to 64 random bytes in base64; "
            'make one by: echo "whsec_$(openssl rand -base64 32)"'
        )
        raise ValueError(message)
    return value


def _broker(value: str) -> str:
    if not BROKER.fullmatch(value):
        message = "a broker is redis://HOST:PORT/NUMBER or amqp://USER:PASSWORD@HOST:PORT//"
        raise ValueError(message)
    return value


def _bucket(value: str) -> str:
    if not BUCKET.fullmatch(value):
        message = "a bucket is s3://NAME, or s3://NAME/FOLDER"
        raise ValueError(message)
    return value.rstrip("/")


def _beside_the_project(value: Path) -> Path:
    return HOME / value.expanduser()


class _Group(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True
    )


class ModelSettings(_Group):
    """Which weights, on which device; units and reasons stand in config.yaml."""

    id: Annotated[str, Field(min_length=1)] = "iic/SenseVoiceSmall"
    vad_id: Annotated[str, Field(min_length=1)] = "iic/speech_fsmn_vad_zh-cn-16k-common-pytorch"
    device: Annotated[str, AfterValidator(_device)] = "cuda:0"
    engine: Engine = "sensevoice"
    idle_seconds: Annotated[float, Field(gt=0)] | None = 600.0
    require_model: bool = False
    hub_timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 5.0
    threads: Annotated[int, Field(ge=1)] | None = None
    backend: Literal["auto", "openvino", "torch"] = "auto"
    precision: Literal["auto", "float32", "bfloat16", "int8"] = "auto"
    cache_folder: Annotated[Path, AfterValidator(_beside_the_project)] = CACHE_FOLDER
    adapter: Annotated[str, Field(min_length=1, max_length=64)] | None = None


class AdapterSettings(_Group):
    """Weights made to fit somebody's own recordings."""

    folder: Annotated[Path, AfterValidator(_beside_the_project)] = ADAPTER_FOLDER
    most_loaded: Annotated[int, Field(ge=1, le=100)] = 2


class CascadeSettings(_Group):
    """Classifiers that revise labels."""

    folder: Annotated[Path, AfterValidator(_beside_the_project)] = CASCADE_FOLDER
    use: Annotated[str, Field(min_length=1, max_length=64)] | None = None


class VadSettings(_Group):
    """Where an utterance ends, and what is heard beside them."""

    max_end_silence_ms: Annotated[int, Field(ge=200, le=6_000)] = 800
    max_single_segment_ms: Annotated[int, Field(ge=2_000, le=60_000)] = 30_000
    cut_search_ms: Annotated[int, Field(ge=0, le=30_000)] = 5_000
    raise_quiet: bool = True
    sounds: bool = True
    sure_sound: Annotated[float, Field(ge=0, le=1)] = 0.5


class ReadingSettings(_Group):
    """Processes that open and read recordings."""

    processes: Annotated[int, Field(ge=0, le=256)] | None = None
    memory_bytes: Annotated[int, Field(ge=64 * 1024**2)] = 512 * 1024**2
    cpu_seconds: Annotated[float, Field(gt=0, le=86_400)] = 60.0
    cpu_seconds_per_second: Annotated[float, Field(gt=0, le=10)] = 0.1
    stall_seconds: Annotated[float, Field(gt=0, le=3_600)] = 60.0


def _by_text(value: Any) -> Any:
    """Take numbers for keys, as YAML reads them."""
    return {str(key): item for key, item in value.items()} if isinstance(value, dict) else value


def _speakers(value: dict[str, str]) -> dict[str, str]:
    by_channel(value.items())
    return value


def _protected(value: tuple[str, ...]) -> tuple[str, ...]:
    require_protected(value)
    return value


def _off(value: Any) -> Any:
    """Read the word off, which is the same as false in YAML."""
    return "off" if value is False else value


class RecognitionSettings(_Group):
    """What the recogniser is asked for when a request says nothing else."""

    language: Annotated[str, AfterValidator(_language_hint)] = AUTO
    allowed_languages: Annotated[tuple[LanguageTag, ...], Field(min_length=1)] | None = None
    inverse_text_normalization: bool = True
    merge: bool = False
    merge_length_s: Annotated[float, Field(ge=1, le=30)] = 15.0
    ban_unknown_emotion: bool = False
    tracks: Annotated[int, Field(ge=1, le=MOST_TRACKS)] | Tracks = "default"
    channels: Channels = "auto"
    speakers: Annotated[dict[str, str], BeforeValidator(_by_text), AfterValidator(_speakers)] = {}
    denoise: Annotated[Denoise, BeforeValidator(_off)] = "off"
    protected_words: Annotated[tuple[str, ...], AfterValidator(_protected)] = ()
    voices: Annotated[
        Annotated[int, Field(ge=1, le=MOST_VOICES)] | Voices, BeforeValidator(_off)
    ] = "off"


class ParaformerSettings(_Group):
    """The Mandarin engine: words with the times of their characters, then punctuation."""

    id: Annotated[str, Field(min_length=1)] = (
        "iic/speech_paraformer-large-vad-punc_asr_nat-zh-cn-16k-common-vocab8404-pytorch"
    )
    punctuation_id: Annotated[str, Field(min_length=1)] = (
        "iic/punc_ct-transformer_cn-en-common-vocab471067-large"
    )


class CalibrationSettings(_Group):
    """Whether a model's probabilities are made to hold, and where that is kept."""

    enabled: bool = True
    folder: Annotated[Path, AfterValidator(_beside_the_project)] = CALIBRATION_FOLDER


class WhisperSettings(_Group):
    """The engine of a hundred languages."""

    id: Annotated[str, Field(min_length=1)] = "large-v3"


class HotwordSettings(_Group):
    """How alike a word must sound to be taken for a hotword."""

    edits_per_character: Annotated[float, Field(ge=0, le=2)] = 0.34
    min_likeness: Annotated[float, Field(ge=50, le=100)] = 85.0


class SchedulerSettings(_Group):
    """How the utterances of all jobs share the model."""

    cpu_batch_seconds: Annotated[float, Field(gt=0, le=3_600)] = 20.0
    cuda_batch_seconds: Annotated[float, Field(gt=0, le=3_600)] = 300.0
    queue_seconds: Annotated[float, Field(gt=0, le=3_600)] = 300.0

    def batch_seconds(self, device: str) -> float:
        """Return what suits the device."""
        return self.cuda_batch_seconds if device.startswith("cuda") else self.cpu_batch_seconds


class EmotionSettings(_Group):
    """The emotion recogniser: nine emotions, over time."""

    id: Annotated[str, Field(min_length=1)] = "iic/emotion2vec_plus_large"
    block_seconds: Annotated[float, Field(ge=2, le=120)] = 30.0
    window_seconds: Annotated[float, Field(gt=0, le=120)] = 1.0
    hop_seconds: Annotated[float, Field(ge=0.02, le=120)] = 0.5
    risk: dict[NineEmotion, Annotated[float, Field(ge=0, le=1)]] = {NineEmotion.ANGRY: 0.75}
    outputs_folder: Annotated[Path, AfterValidator(_beside_the_project)] | None = OUTPUTS_FOLDER
    idle_seconds: Annotated[float, Field(gt=0)] | None = 600.0

    @model_validator(mode="after")
    def _whole_hops(self) -> "EmotionSettings":
        hops, frames = self.window_seconds / self.hop_seconds, self.hop_seconds / 0.02
        if round(hops) < 1 or abs(hops - round(hops)) > 1e-6:
            message = (
                f"window_seconds {self.window_seconds:g} is no whole number of "
                f"hop_seconds {self.hop_seconds:g}"
            )
            raise ValueError(message)
        if abs(frames - round(frames)) > 1e-6:
            message = f"hop_seconds {self.hop_seconds:g} is no whole number of features of 0.02 s"
            raise ValueError(message)
        return self


def _sentiment(value: Any) -> Sentiment:
    named = sentiment_named(str(value))
    if named is None:
        words = ", ".join(f"{each} ({word_of(each, 'zh')})" for each in Sentiment)
        message = f"a sentiment is one of {words}"
        raise ValueError(message)
    return named


class SentimentSettings(_Group):
    """How words are meant, and whether the voice says the same."""

    id: Annotated[str, Field(min_length=1)] = "bert_sentiment_chinese"
    labels: dict[str, Annotated[Sentiment, BeforeValidator(_sentiment)]] = {}
    languages: Annotated[tuple[LanguageTag, ...], Field(min_length=1)] | None = ("zh",)
    engines: tuple[Engine, ...] = ("paraformer",)
    backend: Literal["auto", "onnx", "torch"] = "auto"
    batch_tokens: Annotated[int, Field(ge=128, le=65_536)] = 2_048
    idle_seconds: Annotated[float, Field(gt=0)] | None = 600.0
    sure_voice: Annotated[float, Field(ge=0.5, le=1)] = 0.6
    sure_words: Annotated[float, Field(ge=0.5, le=1)] = 0.6


class VoicesSettings(_Group):
    """What tells voices apart; whether that is asked for stands in ``recognition``."""

    engine: Literal["campplus", "resemblyzer"] = "campplus"
    id: Annotated[str, Field(min_length=1)] = "iic/speech_campplus_sv_zh-cn_16k-common"
    same_from: Annotated[float, Field(gt=0, lt=1)] | None = None
    remember: bool = False
    recognised_from: Annotated[float, Field(gt=0, lt=1)] | None = None
    idle_seconds: Annotated[float, Field(gt=0)] | None = 600.0


class LimitSettings(_Group):
    """What one request may cost."""

    max_bytes: Annotated[int, Field(gt=0)] = 2 * 1024**3
    max_seconds: Annotated[float, Field(gt=0)] = 12 * 3_600.0
    keep_seconds: Annotated[int, Field(ge=60)] = 3_600
    upload_window_bytes: Annotated[int, Field(gt=0)] = 8 * 1024**3
    upload_total_bytes: Annotated[int, Field(gt=0)] = 32 * 1024**3


class HistorySettings(_Group):
    """Which transcripts are kept, where and for how long."""

    enabled: bool = True
    url: Annotated[str, Field(min_length=1)] = "sqlite:///data/history.sqlite"
    keep_days: Annotated[int, Field(ge=1, le=36_500)] | None = None


class PrivacySettings(_Group):
    """What of personal data is masked, for whom, and whether it is kept."""

    mask: bool = False
    kinds: Annotated[frozenset[PersonalKind], Field(min_length=1)] = frozenset(PersonalKind)
    originals_for: frozenset[Role] = frozenset(Role)
    keep_originals: bool = True
    sound: Literal["beep", "silence"] = "beep"
    margin_seconds: Annotated[float, Field(ge=0, le=5)] = 0.2

    def masks(self, role: Role, asked: bool | None = None) -> bool:  # noqa: FBT001
        """Tell whether somebody of a role, who may have ``asked`` for either, sees masked words."""
        if role not in self.originals_for or not self.keep_originals:
            return True
        return self.mask if asked is None else asked

    @property
    def masks_strangers(self) -> bool:
        """Whether words are masked for those of whom nobody knows who they are."""
        return any(self.masks(role) for role in Role)

    def seen_by(
        self,
        principal: Principal,
        asked: bool | None = None,  # noqa: FBT001
    ) -> Principal:
        """Return who asks, with what they see."""
        masks = self.masks(principal.role, asked)
        return principal if masks == principal.masks else replace(principal, masks=masks)


class BatchSettings(_Group):
    """How many recordings are done together, and where they may come from."""

    workers: Annotated[int, Field(ge=1, le=64)] = 4
    folders: tuple[Annotated[Path, AfterValidator(_beside_the_project)], ...] = ()
    max_zip_files: Annotated[int, Field(gt=0)] = 10_000
    max_zip_bytes: Annotated[int, Field(gt=0)] = 32 * 1024**3


class JobSettings(_Group):
    """Recordings that are handed in to be done whenever there is time."""

    queue: Literal["builtin", "celery"] = "builtin"
    broker: Annotated[str, AfterValidator(_broker)] | None = None
    workers: Annotated[int, Field(ge=1, le=64)] = 4
    recordings: Annotated[Path, AfterValidator(_beside_the_project)] = RECORDINGS_FOLDER
    bucket: Annotated[str, AfterValidator(_bucket)] | None = None
    max_bytes: Annotated[int, Field(gt=0)] = 32 * 1024**3
    keep_hours: Annotated[float, Field(gt=0, le=8_760)] = 24.0
    lease_seconds: Annotated[float, Field(ge=2, le=3_600)] = 30.0
    max_attempts: Annotated[int, Field(ge=1, le=1_000)] = 10
    followers: Annotated[int, Field(ge=1, le=10_000)] = 256

    @model_validator(mode="after")
    def _told(self) -> "JobSettings":
        if self.queue == "celery" and self.broker is None:
            message = "queue: celery needs a broker, redis://… or amqp://…"
            raise ValueError(message)
        return self


class PageSettings(_Group):
    """What the page shows of its own accord."""

    unsure_below: Annotated[float, Field(ge=0, le=1)] | None = None
    leave_seconds: Annotated[float, Field(ge=0, le=86_400)] = 600.0
    lab_models: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    may_save_rules: bool = True


class LiveSettings(_Group):
    """Reading along while somebody talks."""

    interim_seconds: Annotated[float, Field(gt=0, le=10)] = 0.35
    max_sessions: Annotated[int, Field(ge=0, le=1_000)] = 8
    idle_seconds: Annotated[float, Field(gt=0, le=3_600)] = 30.0
    phone_seconds: Annotated[float, Field(ge=10, le=3_600)] = 120.0


class ServerSettings(_Group):
    """Where the console listens, and who may come in."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65_535)] = 6006
    user: Annotated[str, Field(min_length=1)] | None = None
    password: Annotated[str, Field(min_length=1), AfterValidator(_password)] | None = None
    allow_unauthenticated: bool = False
    session_hours: Annotated[float, Field(gt=0, le=8_760)] = 12.0
    hosts: tuple[Annotated[str, AfterValidator(_host)], ...] = LOOPBACK
    proxies: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    frame_ancestors: tuple[Annotated[str, AfterValidator(_origin)], ...] = ()
    connections: Annotated[int, Field(ge=16, le=65_536)] = 512
    header_seconds: Annotated[float, Field(gt=0, le=600)] = 15.0
    body_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0
    waiting_jobs: Annotated[int, Field(ge=0, le=10_000)] = 32
    stop_seconds: Annotated[float, Field(ge=1, le=3_600)] = 10.0

    @property
    def served_hosts(self) -> frozenset[str]:
        """Names under which the page may be opened, without brackets and ports."""
        own = () if self.host in ANY_ADDRESS else (self.host,)
        return frozenset(name.lower().strip("[]") for name in (*self.hosts, *own))

    @property
    def lets_strangers_in(self) -> bool:
        """Whether other machines can reach the address and nobody asks who they are."""
        return self.host not in LOOPBACK and self.user is None

    @model_validator(mode="after")
    def _guarded(self) -> "ServerSettings":
        if (self.user is None) != (self.password is None):
            message = "user and password belong together: give both or neither"
            raise ValueError(message)
        if self.host not in LOOPBACK and not (self.user or self.allow_unauthenticated):
            message = (
                f"{self.host} can be reached from other machines: set user and password, "
                "also beside users of the database, or allow_unauthenticated: true"
            )
            raise ValueError(message)
        return self


class OperationsSettings(_Group):
    """What whoever runs the server looks at."""

    log_folder: Annotated[Path, AfterValidator(_beside_the_project)] | None = None
    log_bytes: Annotated[int, Field(ge=10_000)] = 10_000_000
    log_files: Annotated[int, Field(ge=1, le=1_000)] = 5
    audit_file: Annotated[Path, AfterValidator(_beside_the_project)] | None = AUDIT_FILE
    audit_bytes: Annotated[int, Field(ge=10_000)] = 10_000_000
    audit_files: Annotated[int, Field(ge=1, le=1_000)] = 20
    otlp_endpoint: Annotated[str, AfterValidator(_endpoint)] | None = None
    probe_port: Annotated[int, Field(ge=1, le=65_535)] | None = None


class WyomingSettings(_Group):
    """Home Assistant's protocol, on a port of its own."""

    port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    host: str = "127.0.0.1"
    allow_unauthenticated: bool = False
    connections: Annotated[int, Field(ge=1, le=1_000)] = 16
    idle_seconds: Annotated[float, Field(gt=0, le=3_600)] = 30.0
    max_seconds: Annotated[float, Field(gt=0, le=43_200)] = 300.0

    @model_validator(mode="after")
    def _guarded(self) -> "WyomingSettings":
        if self.host not in LOOPBACK and not self.allow_unauthenticated:
            message = (
                f"{self.host} can be reached from other machines, and this protocol knows no "
                "passwords: set allow_unauthenticated: true if all of them may talk"
            )
            raise ValueError(message)
        return self


class WebhookSettings(_Group):
    """Who may be told that a job is over."""

    secret: Annotated[str, AfterValidator(_signing_secret)] | None = Field(default=None, repr=False)
    origins: tuple[Annotated[str, AfterValidator(_receiver)], ...] = ()
    networks: tuple[IPvAnyNetwork, ...] = ()
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 15.0
    retry_seconds: Annotated[
        tuple[Annotated[float, Field(gt=0, le=7 * 86_400)], ...], Field(max_length=20)
    ] = (5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)

    @model_validator(mode="after")
    def _signed(self) -> "WebhookSettings":
        if self.origins and self.secret is None:
            message = "origins need a secret, with which receivers tell who calls them: set both"
            raise ValueError(message)
        return self


def _over(less: str, value: float, more: str, limit: float) -> Refused:
    """Say that what has to be less is not."""
    fields = {"less": less, "value": f"{value:g}", "more": more, "limit": f"{limit:g}"}
    return Refused("refused.over", **fields)


class HighlightSettings(_Group):
    """What is worth watching again, and how long a clip of it is."""

    padding_seconds: Annotated[float, Field(ge=0, le=60)] = 1.0
    min_seconds: Annotated[float, Field(gt=0, le=600)] = 3.0
    max_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0
    max_gap_seconds: Annotated[float, Field(ge=0, le=60)] = 2.0
    min_probability: Probability = 0.5
    top: Annotated[int, Field(ge=1, le=1_000)] = 10
    rules: tuple[HighlightRule, ...] = DEFAULT_HIGHLIGHT_RULES

    @model_validator(mode="after")
    def _in_order(self) -> "HighlightSettings":
        require_names(self.rules)
        if self.min_seconds > self.max_seconds:
            raise _over("min_seconds", self.min_seconds, "max_seconds", self.max_seconds)
        return self


class ConversationSettings(_Group):
    """From when on something has happened between those who speak."""

    talk_over_seconds: Annotated[float, Field(gt=0, le=60)] = 0.5
    silence_seconds: Annotated[float, Field(gt=0, le=3_600)] = 2.0
    hold_seconds: Annotated[float, Field(gt=0, le=3_600)] = 5.0

    @model_validator(mode="after")
    def _in_order(self) -> "ConversationSettings":
        if self.silence_seconds > self.hold_seconds:
            raise _over("silence_seconds", self.silence_seconds, "hold_seconds", self.hold_seconds)
        return self


class RiskSettings(_Group):
    """How a call is scored, 0 to 100."""

    preset: Preset = "service"
    medium_from: Annotated[int, Field(ge=1, le=100)] = 30
    high_from: Annotated[int, Field(ge=1, le=100)] = 60
    max_gap_seconds: Annotated[float, Field(ge=0, le=60)] = 2.0
    min_probability: Probability = 0.5
    staff: Words = STAFF
    rules: tuple[RiskRule, ...] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "RiskSettings":
        require_consistent(self.rules or ())
        if self.medium_from > self.high_from:
            raise _over("medium_from", self.medium_from, "high_from", self.high_from)
        return self

    @property
    def rules_in_force(self) -> tuple[RiskRule, ...]:
        """The own rules, or else those of the preset."""
        return preset_rules(self.preset) if self.rules is None else self.rules

    def with_preset(self, preset: Preset | None) -> "RiskSettings":
        """Return them with the rules of a preset; None leaves all as it is."""
        if preset is None:
            return self
        return self.model_copy(update={"preset": preset, "rules": None})


class Settings(BaseSettings):
    """Everything in config.yaml."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        hide_input_in_errors=True,
    )

    model: ModelSettings = ModelSettings()
    adapters: AdapterSettings = AdapterSettings()
    cascade: CascadeSettings = CascadeSettings()
    vad: VadSettings = VadSettings()
    reading: ReadingSettings = ReadingSettings()
    recognition: RecognitionSettings = RecognitionSettings()
    paraformer: ParaformerSettings = ParaformerSettings()
    calibration: CalibrationSettings = CalibrationSettings()
    whisper: WhisperSettings = WhisperSettings()
    hotwords: HotwordSettings = HotwordSettings()
    scheduler: SchedulerSettings = SchedulerSettings()
    emotion: EmotionSettings = EmotionSettings()
    sentiment: SentimentSettings = SentimentSettings()
    voices: VoicesSettings = VoicesSettings()
    limits: LimitSettings = LimitSettings()
    history: HistorySettings = HistorySettings()
    privacy: PrivacySettings = PrivacySettings()
    batch: BatchSettings = BatchSettings()
    jobs: JobSettings = JobSettings()
    page: PageSettings = PageSettings()
    live: LiveSettings = LiveSettings()
    server: ServerSettings = ServerSettings()
    operations: OperationsSettings = OperationsSettings()
    wyoming: WyomingSettings = WyomingSettings()
    webhooks: WebhookSettings = WebhookSettings()
    highlights: HighlightSettings = HighlightSettings()
    risk: RiskSettings = RiskSettings()
    conversation: ConversationSettings = ConversationSettings()
    rules: tuple[Annotated[Rule, PlainValidator(_rule)], ...] = DEFAULT_RULES

    def with_adapter(self, name: str | None) -> "Settings":
        """Return them with another adapter, or without one."""
        model = self.model.model_copy(update={"adapter": name})
        return self.model_copy(update={"model": model})

    def with_mask(self, mask: bool | None) -> "Settings":  # noqa: FBT001 - None leaves it as it is
        """Return them with masked words or without; None leaves all as it is."""
        if mask is None:
            return self
        privacy = self.privacy.model_copy(update={"mask": mask})
        return self.model_copy(update={"privacy": privacy})

    def with_risk_preset(self, preset: Preset | None) -> "Settings":
        """Return them with the risk rules of a preset; None leaves all as it is."""
        return self.model_copy(update={"risk": self.risk.with_preset(preset)})


def load_settings(path: Path = CONFIG, **overrides: dict[str, Any]) -> Settings:
    """Read ``path``; the environment goes before it, and ``overrides`` (by group) before both.

    Raises ``SettingsError`` naming the first key that is refused, and its value.
    """
    document = _read_yaml(path)
    _require_known_variables()

    class Sources(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is fixed
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, InitSettingsSource(settings_cls, document)

    try:
        return Sources(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        raise _refusal(error, path.name, overrides) from error
    except EnvironmentRefused as error:
        raise SettingsError("settings.environment", why=str(error)) from error


def refusals(document: Mapping[str, Any]) -> dict[tuple[str | int, ...], Notice | str]:
    """Return why parts of a document would be refused, by the place of each; nothing if none is.

    What the environment says stands behind the document here.
    """
    try:
        Settings.model_validate(_with_empty(document))
    except ValidationError as error:
        return {each["loc"]: reason_of(each) for each in reversed(error.errors())}
    return {}


def _require_known_variables() -> None:
    """Refuse what pydantic would ignore: a variable of ours that names no group."""
    for variable in os.environ:
        name = variable.upper().removeprefix(PREFIX)
        if (
            name != variable.upper()
            and name.partition("__")[0].lower() not in Settings.model_fields
        ):
            raise SettingsError("settings.variable", name=variable, such=f"{PREFIX}SERVER__PORT")


def _read_yaml(path: Path) -> dict[str, Any]:
    """Read a mapping of groups; one whose keys are all commented out is an empty one."""
    try:
        loader = yaml.CSafeLoader(path.read_text(encoding="utf-8"))  # ten times as quick in C
        node = loader.get_single_node()
        document, repeated = node and loader.construct_document(node), _repeated_key(node)
    except FileNotFoundError as error:
        raise SettingsError("settings.no_file", name=path.name) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            "settings.unreadable", name=path.name, why=type(error).__name__
        ) from error
    except yaml.YAMLError as error:  # its own words may quote the password
        mark = getattr(error, "problem_mark", None)
        if mark is None:
            raise SettingsError("settings.yaml", name=path.name) from error
        line, column = mark.line + 1, mark.column + 1
        raise SettingsError("settings.yaml_at", name=path.name, line=line, column=column) from error
    if repeated:
        raise SettingsError("settings.twice", name=path.name, key=repeated)
    groups = {} if document is None else document
    if not isinstance(groups, dict) or not all(isinstance(key, str) for key in groups):
        raise SettingsError("settings.none", name=path.name)
    return _with_empty(groups)


def _with_empty(groups: Mapping[str, Any]) -> dict[str, Any]:
    """Take a group whose keys are all commented out for an empty one."""
    empty: dict[str, Any] = {"rules": []}
    return {key: empty.get(key, {}) if value is None else value for key, value in groups.items()}


def _repeated_key(node: Any) -> str | None:
    """Find a key that YAML would let go before a later one of the same name."""
    if not isinstance(node, yaml.MappingNode):
        return None
    names = [str(key.value) for key, _ in node.value]
    nested = (_repeated_key(value) for _, value in node.value)
    return next(filter(None, (*(n for n in names if names.count(n) > 1), *nested)), None)


def _refusal(
    error: ValidationError, file: str, overrides: Mapping[str, dict[str, Any]]
) -> SettingsError:
    """Name the first key that pydantic refused, its value unless secret, and the reason."""
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    origin = _place_of(key, file, overrides)
    if first["type"] == "extra_forbidden":  # its value may be a password under a wrong name
        return SettingsError("settings.key", origin=origin, key=key)
    reason = reason_of(first)
    if isinstance(first["input"], dict) or key in SECRET_KEYS:
        return SettingsError("settings.refused", origin=origin, key=key, why=reason)
    value = repr(first["input"])
    return SettingsError("settings.value", origin=origin, key=key, value=value, why=reason)


def _place_of(key: str, file: str, overrides: Mapping[str, dict[str, Any]]) -> str:
    """Say where the value of ``key`` came from."""
    group, _, name = key.partition(".")
    if name in overrides.get(group, {}):
        return "command line"
    variables = {variable.upper() for variable in os.environ}
    for variable in (f"{PREFIX}{group}__{name.partition('.')[0]}", f"{PREFIX}{group}"):
        if variable.upper() in variables:
            return variable.upper()
    return file
