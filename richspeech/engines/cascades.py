"""Cascades: small folders with a classifier that revises the labels of one model.

    cascade.folder/
      NAME/
        cascade.json      whose labels, by which features, and what it was worth
        emotion.onnx      numbers, no program; of each kind of label that it may revise
        event.onnx

They are chosen by their names from the list of that folder, never by a path. What they revise are
the labels of one model, so that any other is refused. Of a file of theirs nothing but numbers is
taken: what runs is written anew from these, and a file that differs from that in anything (another
operator, version or name, a file beside it) is refused.
"""

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from postprocess import AudioEvent, Emotion
from richspeech.engines.adapters import Adapter, Base, is_name, list_kept, read_text
from richspeech.engines.calibration import digest_of_weights
from richspeech.engines.hub import Weights
from richspeech.errors import ModelError, OptionError
from richspeech.stages.cascade import KINDS, Features

NO_CASCADE = "none"
"""What people name who want labels as the model and the rules leave them."""
MANIFEST = "cascade.json"
FORMAT = 1
"""Of cascade.json."""
MOST_BYTES = 1_000_000
"""Of a classifier; those that are trained here have some kilobytes."""
MOST_FEATURES = 1_000
DOMAIN = "ai.onnx.ml"
OPSETS = {"": 17, DOMAIN: 3}
IR_VERSION = 8
INPUT, SCALED, LABEL, OUTPUT = "features", "scaled", "label", "probabilities"
NUMBERS = ("offset", "scale", "coefficients", "intercepts")
"""All that a classifier has learned."""
LABELS = {"emotion": [each.value for each in Emotion], "event": [each.value for each in AudioEvent]}

Values = NDArray[np.float64]


class _Judged(BaseModel):
    """What is known of one kind of labels."""

    labels: Annotated[list[str], Field(min_length=2, max_length=50)]
    used: bool
    sure: Annotated[float, Field(ge=0, le=1)] | None = None


class _Result(BaseModel):
    """What it was worth for one kind of labels: wrong ones in percent, before and after."""

    model_config = ConfigDict(extra="allow")

    kind: str
    rules: float
    cascade: float


class _Manifest(BaseModel):
    """What is read of cascade.json; what else it says is for people."""

    model_config = ConfigDict(extra="allow")

    format: int
    base: Base
    features: Annotated[list[str], Field(min_length=1, max_length=MOST_FEATURES)]
    kinds: dict[str, _Judged]
    results: list[_Result] = []


@dataclass(frozen=True)
class KeptCascade:
    """One cascade, as its folder says."""

    name: str
    folder: Path
    base: str
    """Digest of the model whose labels it revises."""
    base_name: str
    """What people call that."""
    features: tuple[str, ...]
    labels: Mapping[str, tuple[str, ...]]
    """Those that it tells apart, by kind; none of a kind for which it is no better than rules."""
    sure: Mapping[str, float]
    """From which probability on it names what a calibration has left in doubt, by kind."""
    facts: Mapping[str, Any]
    """What else cascade.json says: when it was made, of how much, and its table."""

    @property
    def is_used(self) -> bool:
        """Whether it was better than rules alone in anything."""
        return bool(self.labels)

    @property
    def reads(self) -> bool:
        """Whether it wants to know the sentiment of the words."""
        return any(name.startswith("sentiment.") for name in self.features)

    @cached_property
    def digest(self) -> str:
        """Tell it from others of its name, before and after."""
        found = hashlib.blake2b(digest_size=16)
        for name in (MANIFEST, *(f"{kind}.onnx" for kind in self.labels)):
            found.update((self.folder / name).read_bytes())
        return found.hexdigest()

    def require_base(self, weights: Weights, adapter: Adapter | None) -> None:
        """Raise ``ModelError`` unless it was made for the labels of these weights."""
        if not self.fits(weights, adapter):
            raise ModelError("cascade.other_weights", name=self.name, base=self.base_name)

    def fits(self, weights: Weights, adapter: Adapter | None) -> bool:
        """Say whether it was made for the labels of these weights."""
        return base_digest(weights, adapter) == self.base

    def load(self) -> "Cascade":
        """Load its classifiers; raises ``ModelError`` for a file that is none of ours."""
        classifiers = {
            kind: _Classifier.load(self, f"{kind}.onnx", labels)
            for kind, labels in self.labels.items()
        }
        return Cascade(self, classifiers)


@dataclass(frozen=True)
class _Classifier:
    labels: tuple[str, ...]
    session: Any

    @classmethod
    def load(cls, kept: KeptCascade, file: str, labels: Sequence[str]) -> "_Classifier":
        model = _rebuilt(_content(kept, file), len(kept.features), len(labels))
        if model is None:
            raise _damaged(kept.name, file)
        runtime = import_module("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        content, cpu = model.SerializeToString(), ["CPUExecutionProvider"]
        return cls(tuple(labels), runtime.InferenceSession(content, options, providers=cpu))

    def probabilities(self, features: Features) -> list[dict[str, float]]:
        (found,) = self.session.run([OUTPUT], {INPUT: features})
        return [dict(zip(self.labels, row, strict=True)) for row in found.tolist()]


@dataclass(frozen=True)
class Cascade:
    """A cascade that can judge; read-only, so any number of threads may use it."""

    kept: KeptCascade
    classifiers: Mapping[str, _Classifier]

    @property
    def name(self) -> str:
        """What people call it."""
        return self.kept.name

    @property
    def features(self) -> tuple[str, ...]:
        """Names of what it wants to know, in order."""
        return self.kept.features

    @property
    def sure(self) -> Mapping[str, float]:
        """From which probability on it names what a calibration has left in doubt, by kind."""
        return self.kept.sure

    def judge(self, features: Features) -> Sequence[Mapping[str, Mapping[str, float]]]:
        """Return for each row, by kind, the probability of every label that it knows."""
        found = {kind: each.probabilities(features) for kind, each in self.classifiers.items()}
        return [{kind: rows[at] for kind, rows in found.items()} for at in range(len(features))]


def base_digest(weights: Weights, adapter: Adapter | None) -> str:
    """Tell whose probabilities these are: of weights, with an adapter, as they are calibrated."""
    calibration = weights.calibration.to_dict() if weights.calibration else None
    parts = [digest_of_weights(weights.folder, adapter), calibration]
    return hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=16).hexdigest()


# Folders ------------------------------------------------------------------------------------------


def list_cascades(folder: Path) -> tuple[KeptCascade, ...]:
    """Return the cascades in a folder by their names; what is none, or damaged, is left out."""
    return list_kept(folder, MANIFEST, read_cascade)


def find_cascade(folder: Path, name: str) -> KeptCascade:
    """Return a cascade from the list of a folder; raises ``OptionError`` naming those there are.

    Raises ``ModelError`` for one that is damaged.
    """
    if is_name(name) and (folder / name / MANIFEST).is_file():
        return read_cascade(folder / name)
    known = tuple(each.name for each in list_cascades(folder))
    if not known:
        raise OptionError("cascade.none_there", name=name[:64])
    raise OptionError("cascade.unknown", name=name[:64], known=(NO_CASCADE, *known))


def read_cascade(folder: Path) -> KeptCascade:
    """Read what a cascade says of itself; raises ``ModelError`` where that is not whole."""
    try:
        found = _Manifest.model_validate_json(read_text(folder / MANIFEST))
    except (OSError, ValueError, ValidationError) as error:
        raise _damaged(folder.name, MANIFEST) from error
    if found.format != FORMAT or not _are_known(found.kinds):
        raise _damaged(folder.name, MANIFEST)
    labels = {kind: tuple(each.labels) for kind, each in found.kinds.items() if each.used}
    for kind in labels:
        if not (folder / f"{kind}.onnx").is_file():
            raise _damaged(folder.name, f"{kind}.onnx")
    kinds, features = found.kinds, tuple(found.features)
    sure = {kind: each.sure for kind, each in kinds.items() if each.sure is not None}
    base, known = found.base, {"format", "base", "features", "kinds"}
    facts = found.model_dump(exclude=known, exclude_unset=True)
    return KeptCascade(folder.name, folder, base.digest, base.name, features, labels, sure, facts)


def _are_known(kinds: Mapping[str, _Judged]) -> bool:
    return all(
        kind in KINDS and len({*each.labels}) == len(each.labels) and {*each.labels} <= {*known}
        for kind, each in kinds.items()
        for known in [LABELS.get(kind, [])]
    )


def write_manifest(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write down what ``read_cascade`` reads, and whatever else is to be known."""
    text = json.dumps({"format": FORMAT, **facts}, ensure_ascii=False, indent=1)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


# Classifiers --------------------------------------------------------------------------------------


def write_classifier(
    file: Path, offset: Values, scale: Values, coefficients: Values, intercepts: Values
) -> None:
    """Write softmax(((x - offset) * scale) · coefficientsᵀ + intercepts) as ONNX.

    ``offset`` and ``scale`` are [F], ``coefficients`` [K, F], ``intercepts`` [K]. skl2onnx would do
    so, but is silently wrong about calibrated ones: findings/skl2onnx-calibrated-is-wrong.sh.
    """
    file.write_bytes(_model(offset, scale, coefficients, intercepts).SerializeToString())


def _model(offset: Values, scale: Values, coefficients: Values, intercepts: Values) -> Any:
    onnx = import_module("onnx")
    make: Callable[..., Any] = onnx.helper.make_node
    floats = [[float(each) for each in np.ravel(part)] for part in (offset, scale)]
    nodes = [
        make("Scaler", [INPUT], [SCALED], domain=DOMAIN, offset=floats[0], scale=floats[1]),
        make(
            "LinearClassifier",
            [SCALED],
            [LABEL, OUTPUT],
            domain=DOMAIN,
            classlabels_ints=list(range(len(intercepts))),
            coefficients=[float(each) for each in coefficients.ravel()],
            intercepts=[float(each) for each in intercepts],
            multi_class=1,
            post_transform="SOFTMAX",
        ),
    ]
    tensor, kinds = onnx.helper.make_tensor_value_info, onnx.TensorProto
    graph = onnx.helper.make_graph(
        nodes,
        "cascade",
        [tensor(INPUT, kinds.FLOAT, [None, len(offset)])],
        [tensor(OUTPUT, kinds.FLOAT, [None, len(intercepts)])],
    )
    opsets = [onnx.helper.make_opsetid(domain, number) for domain, number in OPSETS.items()]
    return onnx.helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)


def _content(kept: KeptCascade, file: str) -> bytes:
    try:
        with (kept.folder / file).open("rb") as stream:
            return stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise _damaged(kept.name, file) from error


def _rebuilt(content: bytes, features: int, labels: int) -> Any | None:
    """Return what ``write_classifier`` makes of a file's numbers; None unless the file is that."""
    onnx, protobuf = import_module("onnx"), import_module("google.protobuf.message")
    if len(content) > MOST_BYTES:
        return None
    try:
        found = onnx.load_model_from_string(content)
    except protobuf.DecodeError:
        return None
    known = {each.name: each.floats for node in found.graph.node for each in node.attribute}
    shapes = ((features,), (features,), (labels, features), (labels,))
    numbers = [np.array(known.get(name, ()), np.float64) for name in NUMBERS]
    sizes = [math.prod(shape) for shape in shapes]
    if [len(each) for each in numbers] != sizes or not np.isfinite(np.concatenate(numbers)).all():
        return None
    model = _model(*(each.reshape(shape) for each, shape in zip(numbers, shapes, strict=True)))
    return model if model == found else None


def _damaged(name: str, file: str) -> ModelError:
    return ModelError("cascade.damaged", name=name, file=file)
