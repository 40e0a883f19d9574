"""Imports run one way, every heavy package has one place, and importing does no work."""

import ast
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(
    path
    for path in (*ROOT.glob("*.py"), *ROOT.glob("richspeech/**/*.py"))
    if "__pycache__" not in path.parts
)

TOP_LEVEL = {path.stem for path in ROOT.glob("*.py")}
"""Modules beside the package; ``queue`` is one of Python's own, and a part of ours."""

LAYERS = (
    (
        "postprocess",
        "errors",
        "extras",
        "language",
        "memory",
        "passwords",
        "places",
        "polling",
        "engines.names",
        "access.principal",
    ),
    ("model",),
    ("presets", "settings", "audio", "web", "operations"),
    ("stages", "privacy"),
    ("recognition",),
    ("version", "engines", "writers"),
    ("storage", "review", "emotion", "readers", "adaptation"),
    ("jobs", "bench", "access", "calibration", "cascade"),
    ("queue",),
    ("operations.metrics", "operations.parts", "operations.tracing"),
    ("service",),
    ("api", "console"),
    ("app",),
    ("cli",),
    ("__main__", "app_sensevoice"),
)
"""A part imports from its own row and from those above."""

ENGINES_KNOWN_TO = ("engines", "bench", "cli.doctor")
"""The concrete classes: bench measures them, doctor examines what they stand on."""

PUBLIC = (
    *("registry", "names", "loaded", "hub", "loader", "lazy", "transcribers", "readiness"),
    *("reader", "calibration", "cascades", "weight_files"),
    *("sentiment.load", "emotion2vec.load", "denoising.load", "voices.load"),
    *("adapters", "sensevoice.recipe", "sensevoice.training", "sensevoice.course"),
)
"""Modules of ``engines`` that everybody may import."""

REGISTRY = "engines.registry"

ENGINE_FOLDERS = tuple(
    folder.name
    for folder in (ROOT / "richspeech" / "engines").iterdir()
    if folder.is_dir() and folder.name not in ("common", "__pycache__")
)

HOMES = {
    "babel": ("language",),
    "torch": ("engines", "bench"),
    "torchaudio": ("engines",),
    "funasr": ("engines", "bench.reading"),
    "kaldi_native_fbank": ("engines",),
    "openvino": ("engines",),
    "sentencepiece": ("engines", "bench"),
    "onnx": ("engines", "bench"),
    "onnxruntime": ("engines", "bench"),
    "langcodes": ("model.languages",),
    "tokenizers": ("engines",),
    "ctranslate2": ("engines.whisper",),
    "faster_whisper": ("engines.whisper",),
    "huggingface_hub": ("engines.whisper",),
    "transformers": ("engines",),
    "peft": ("engines.sensevoice.training",),
    "safetensors": ("engines",),
    "sherpa_onnx": ("bench",),
    "cyclopts": ("cli",),
    "platformdirs": ("places",),
    "psutil": ("bench", "memory"),
    "pypinyin": ("stages.hotwords",),
    "phonenumbers": ("privacy",),
    "stdnum": ("privacy",),
    "rapidfuzz": ("stages.hotwords", "adaptation"),
    "sklearn": ("emotion.embeddings", "calibration.fit", "cascade.fit"),
    "scipy": ("calibration.fit", "stages.voices", "stages.voice_graph"),
    "librosa": ("engines.voices.resemblyzer",),
    "modelscope": ("engines.hub",),
    "modelscope_hub": ("engines.hub",),
    "av": ("audio", "bench.reading"),
    "docx": ("writers",),
    "xlsxwriter": ("review.overview_table",),
    "pysubs2": ("writers",),
    "opentimelineio": ("review.timecode", "review.timeline"),
    "jinja2": ("writers", "console"),
    "numba": ("audio.vad",),
    "soxr": ("engines.denoising",),
    "gradio": ("console",),
    "jiwer": ("review.comparison", "calibration.observe"),
    "fastapi": ("api", "app"),
    "starlette": ("api", "app"),
    "uvicorn": ("api", "app"),
    "httpcore2": ("queue",),
    "standardwebhooks": ("queue.webhooks",),
    "h11": ("api.connection",),
    "mcp": ("api.mcp",),
    "wyoming": ("api.wyoming",),
    "python_multipart": ("api.multipart",),
    "limits": ("api.middleware.attempts", "access"),
    "segno": ("api.phone",),
    "argon2": ("passwords",),
    "opentelemetry": ("operations.tracing",),
    "prometheus_client": ("operations.metrics",),
    "seccompy": ("readers.limits",),
    "structlog": ("operations.logs",),
    "sqlalchemy": ("storage",),
    "alembic": ("storage",),
    "sqlite3": ("storage.sqlite_file",),
    "filelock": ("storage", "operations.audit"),
    "ray": ("jobs.batch.ray",),
    "yaml": (
        *("settings", "storage.rule_file", "storage.yaml_list", "storage.settings_text"),
        *("presets.rules", "bench"),
    ),
    "pydantic_settings": ("settings",),
}
"""Where alone a package may be imported, even within a function."""

ENVIRONMENT_HOMES = {
    "settings": "reads the RICHSPEECH_ variables",
    "jobs.batch.ray.session": "sets what ray reads only while it is imported: whom it listens to",
    "readers.processes": "starts a process with what that needs: one thread, the same packages",
    "app": "sets what gradio reads only while it is imported: telemetry, upload folder",
}

STRANGERS = (("api", "console"), ("console", "api"))
"""Both are made of the service; neither knows the other."""

WITHOUT_IO = {
    *("postprocess", "richspeech.model", "richspeech.errors", "richspeech.language", "numpy"),
    *(
        "bisect",
        "collections",
        "contextlib",
        "csv",
        "dataclasses",
        "datetime",
        "difflib",
        "enum",
        "functools",
        "itertools",
        "json",
        "math",
    ),
    *("langcodes", "pydantic", "re", "types", "typing", "unicodedata"),
}
"""All that ``model`` may import: what it holds comes from elsewhere and goes elsewhere."""

STATEMENTS = (
    ast.Import,
    ast.ImportFrom,
    ast.Assign,
    ast.AnnAssign,
    ast.ClassDef,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
)
CONDITIONS = ("TYPE_CHECKING", "__name__ == '__main__'")
WORK = {
    *("open", "read_text", "read_bytes", "write_text", "mkdir", "iterdir", "glob", "exists"),
    *("load", "loads", "safe_load", "run", "urlopen", "connect", "import_module", "version"),
    *("print", "basicConfig", "setLevel"),
}
"""Calls that no constant may be made of."""


def part_of(path: Path) -> str:
    """A top-level module, or a module or package right below richspeech."""
    inner = path.relative_to(ROOT).with_suffix("").parts
    return part_named(inner[1:]) if inner[0] == "richspeech" else inner[0]


def part_named(inner: Sequence[str]) -> str:
    """The part of a name below richspeech: its first word, or two where these have a layer."""
    two = ".".join(inner[:2])
    return two if any(two in layer for layer in LAYERS) else inner[0]


def lives_in(path: Path, homes: Iterable[str]) -> bool:
    """Whether a file is one of these modules, or in one of these packages."""
    inner = path.relative_to(ROOT).with_suffix("").parts
    name = ".".join(inner).removeprefix("richspeech.")
    return any(f"{name}.".startswith(f"{home}.") for home in homes)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@cache
def imported(path: Path) -> tuple[str, ...]:
    """Full names of what is imported anywhere in a file; ``from a import b`` gives ``a.b``."""
    return (*names_imported(path),)


def names_imported(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and called(node) == "import_module":
            if lives_in(path, [REGISTRY]):
                continue  # it has the names of engines from a list
            assert isinstance(node.args[0], ast.Constant)
            yield str(node.args[0].value)


def called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def parts_imported(path: Path) -> set[str]:
    names = (name.split(".") for name in imported(path))
    ours = {
        part_named(name[1:]) if name[0] == "richspeech" else name[0]
        for name in names
        if len(name) > 1 and (name[0] == "richspeech" or name[0] in TOP_LEVEL)
    }
    return ours & {part for layer in LAYERS for part in layer}


def layer_of(part: str) -> int:
    return next(number for number, layer in enumerate(LAYERS) if part in layer)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def wrong(find: Callable[[Path], Collection[str]]) -> dict[str, Collection[str]]:
    """What is found in the files, by file; those where nothing is found are left out."""
    found = {name_of(path): find(path) for path in FILES}
    return {name: each for name, each in found.items() if each}


def test_every_part_has_its_layer() -> None:
    known = {part for layer in LAYERS for part in layer}
    assert {part_of(path) for path in FILES} == known | {"__init__"}


def test_imports_run_one_way() -> None:
    def upwards(path: Path) -> Collection[str]:
        part = part_of(path)
        if part == "__init__":
            return imported(path)
        return {other for other in parts_imported(path) if layer_of(other) > layer_of(part)}

    assert wrong(upwards) == {}


def module_of(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


def modules_imported(path: Path, known: Iterable[str]) -> set[str]:
    """Those of ours that a file imports, wherever in it: in functions, for types alone."""
    found = set()
    for name in imported(path):
        module = name if name in known else name.rpartition(".")[0]
        if module in known and module != module_of(path):
            found.add(module)
    return found


def test_no_modules_import_each_other() -> None:
    known = {module_of(path) for path in FILES}
    graph = {module_of(path): modules_imported(path, known) for path in FILES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def test_api_and_console_are_strangers() -> None:
    def acquaintances(path: Path) -> set[str]:
        others = {other for part, other in STRANGERS if part == part_of(path)}
        return others & parts_imported(path)

    assert wrong(acquaintances) == {}


def test_the_model_is_data_without_input_or_output() -> None:
    def strange(path: Path) -> list[str]:
        names = imported(path) if lives_in(path, ["model"]) else ()
        return [name for name in names if not is_within(name, WITHOUT_IO)]

    assert wrong(strange) == {}


def is_within(name: str, packages: Iterable[str]) -> bool:
    return any(f"{name}.".startswith(f"{package}.") for package in packages)


def test_only_the_loader_knows_the_engines() -> None:
    def concrete(path: Path) -> set[str]:
        if lives_in(path, ENGINES_KNOWN_TO):
            return set()
        package = "richspeech.engines."
        inner = {name[len(package) :] for name in imported(path) if name.startswith(package)}
        return {each for each in inner if not each.startswith(PUBLIC)}

    assert wrong(concrete) == {}


def test_no_engine_imports_another() -> None:
    def others(path: Path) -> list[str]:
        own = next((name for name in ENGINE_FOLDERS if lives_in(path, [f"engines.{name}"])), None)
        if own is None:
            return []
        packages = [f"richspeech.engines.{name}" for name in ENGINE_FOLDERS if name != own]
        return [each for each in imported(path) if is_within(each, packages)]

    assert wrong(others) == {}


def test_every_heavy_package_has_one_place() -> None:
    def astray(path: Path) -> set[str]:
        packages = {name.partition(".")[0] for name in imported(path)}
        return {each for each in packages & HOMES.keys() if not lives_in(path, HOMES[each])}

    assert wrong(astray) == {}


def line_of(node: ast.stmt | ast.expr) -> str:
    return f"line {node.lineno}"


def test_the_environment_is_touched_where_there_is_a_reason() -> None:
    def touched(path: Path) -> list[str]:
        if lives_in(path, ENVIRONMENT_HOMES):
            return []
        return [
            line_of(node)
            for node in ast.walk(tree_of(path))
            if (isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "putenv"})
            or (isinstance(node, ast.ImportFrom) and node.module == "os" and node.names)
        ]

    assert wrong(touched) == {}


def is_declaration(node: ast.stmt) -> bool:
    if isinstance(node, ast.If):
        return ast.unparse(node.test) in CONDITIONS
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    return isinstance(node, STATEMENTS)


def test_nothing_happens_at_import() -> None:
    def work(path: Path) -> list[str]:
        return [line_of(node) for node in tree_of(path).body if not is_declaration(node)]

    assert wrong(work) == {}


def test_constants_are_made_without_work() -> None:
    def work(path: Path) -> set[str]:
        constants = [
            node for node in tree_of(path).body if isinstance(node, ast.Assign | ast.AnnAssign)
        ]
        nodes = [each for constant in constants for each in ast.walk(constant)]
        return {called(each) for each in nodes if isinstance(each, ast.Call)} & WORK

    assert wrong(work) == {}


@pytest.mark.process
def test_help_texts_and_refused_settings_need_no_heavy_package() -> None:
    heavy = ("torch", "torchaudio", "funasr", "gradio", "fastapi", "modelscope", "transformers")
    code = f"""
import sys
from richspeech.cli.app import COMMANDS, main
statuses = {{main([name, "--help"]) for name in COMMANDS}}
statuses |= {{main(["transcribe", "x.wav", "--config", "none.yaml"])}}
statuses |= {{main(["serve", "--config", "none.yaml"])}}
print(sorted(statuses), [name for name in {heavy} if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "[0, 1] []"


@pytest.mark.process
def test_the_list_of_commands_needs_no_command() -> None:
    code = """
import sys
from richspeech.cli.app import COMMANDS, main
main(["--help"])
modules = [f"richspeech.cli.{each.replace('-', '_')}" for each in COMMANDS]
print([each for each in modules if each in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
