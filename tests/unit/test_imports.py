"""Imports run one way, every heavy package has one place, and importing does no work."""

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(
    path
    for path in (*ROOT.glob("*.py"), *ROOT.glob("richspeech/**/*.py"))
    if "__pycache__" not in path.parts
)

LAYERS = (
    ("postprocess", "errors", "wording", "memory", "header", "passwords", "workspace"),
    ("rules", "quota"),
    ("impression", "on_demand", "sentiment", "waiting"),
    ("settings", "transcript", "hub", "audio", "vad"),
    ("options", "writers", "version", "media", "text", "training", "rule_file"),
    ("utterance",),
    ("engines",),
    ("pipeline", "emotion"),
    ("scheduler", "punctuation", "live", "reading"),
    ("relabelling",),
    ("loader",),
    ("readiness", "transcribers", "history", "review"),
    ("batch",),
    ("bench",),
    ("api", "console", "__main__"),
    ("app_sensevoice",),
)
"""A part imports from the rows above its own, and from itself."""

ENGINES_KNOWN_TO = (
    *("engines", "loader", "emotion.listener", "reading.classifier", "bench", "__main__"),
)
"""loader, listener, classifier choose the classes; bench measures them; __main__ has doctor."""

HOMES = {
    "torch": ("engines", "bench"),
    "torchaudio": ("engines",),
    "funasr": ("engines",),
    "kaldi_native_fbank": ("engines",),
    "openvino": ("engines",),
    "sentencepiece": ("engines", "bench"),
    "onnx": ("bench",),
    "onnxruntime": ("engines", "bench"),
    "tokenizers": ("engines",),
    "transformers": ("engines",),
    "sherpa_onnx": ("bench",),
    "psutil": ("bench", "memory"),
    "pypinyin": ("text.hotwords",),
    "rapidfuzz": ("text.hotwords",),
    "sklearn": ("emotion.embeddings",),
    "modelscope": ("hub",),
    "modelscope_hub": ("hub",),
    "av": ("audio", "live.pcm", "media"),
    "docx": ("writers",),
    "jinja2": ("writers", "console.login"),
    "numba": ("vad",),
    "gradio": ("console",),
    "jiwer": ("text.comparison",),
    "fastapi": ("api", "app_sensevoice"),
    "starlette": ("api", "app_sensevoice"),
    "uvicorn": ("api", "app_sensevoice"),
    "h11": ("api.connection",),
    "python_multipart": ("api.uploads",),
    "limits": ("api.wall.attempts",),
    "argon2": ("passwords",),
    "sqlalchemy": ("history.database", "history.store"),
    "sqlite3": ("history.sqlite_file",),
    "filelock": ("history.sqlite_file", "workspace"),
    "yaml": ("settings", "rule_file", "bench"),
    "pydantic_settings": ("settings",),
}
"""Where alone a package may be imported, even within a function."""

ENVIRONMENT_HOMES = {
    "settings": "reads the RICHSPEECH_ variables",
    "app_sensevoice": "sets what gradio reads only while it is imported: telemetry, upload folder",
}

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
    return inner[min(1, len(inner) - 1)] if inner[0] == "richspeech" else inner[0]


def lives_in(path: Path, homes: Iterable[str]) -> bool:
    """Whether a file is one of these modules, or in one of these packages."""
    inner = path.relative_to(ROOT).with_suffix("").parts
    name = ".".join(inner).removeprefix("richspeech.")
    return any(f"{name}.".startswith(f"{home}.") for home in homes)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(path: Path) -> Iterator[str]:
    """Full names of what is imported anywhere in a file; ``from a import b`` gives ``a.b``."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and called(node) == "import_module":
            assert isinstance(node.args[0], ast.Constant)
            yield str(node.args[0].value)


def called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def parts_imported(path: Path) -> set[str]:
    names = (name.split(".") for name in imported(path))
    ours = {name[1] if name[0] == "richspeech" else name[0] for name in names if len(name) > 1}
    return ours & {part for layer in LAYERS for part in layer}


def layer_of(part: str) -> int:
    return next(number for number, layer in enumerate(LAYERS) if part in layer)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


every_file = pytest.mark.parametrize("path", FILES, ids=name_of)


def test_every_part_has_its_layer() -> None:
    known = {part for layer in LAYERS for part in layer}
    assert {part_of(path) for path in FILES} == known | {"__init__"}


@every_file
def test_imports_run_one_way(path: Path) -> None:
    part = part_of(path)
    if part == "__init__":
        assert [*imported(path)] == []
        return
    wrong = {
        other
        for other in parts_imported(path)
        if other != part and layer_of(other) >= layer_of(part)
    }
    assert wrong == set()


@every_file
def test_only_the_loader_knows_the_engines(path: Path) -> None:
    assert "engines" not in parts_imported(path) or lives_in(path, ENGINES_KNOWN_TO)


@every_file
def test_every_heavy_package_has_one_place(path: Path) -> None:
    packages = {name.partition(".")[0] for name in imported(path)}
    assert {p for p in packages & HOMES.keys() if not lives_in(path, HOMES[p])} == set()


@every_file
def test_the_environment_is_touched_in_two_places(path: Path) -> None:
    touched = [
        node.lineno
        for node in ast.walk(tree_of(path))
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "putenv"})
        or (isinstance(node, ast.ImportFrom) and node.module == "os" and node.names)
    ]
    assert touched == [] or part_of(path) in ENVIRONMENT_HOMES


@every_file
def test_nothing_happens_at_import(path: Path) -> None:
    for node in tree_of(path).body:
        if isinstance(node, ast.If):
            assert ast.unparse(node.test) in CONDITIONS, f"line {node.lineno}"
        elif isinstance(node, ast.Expr):
            assert isinstance(node.value, ast.Constant), f"line {node.lineno}"
        else:
            assert isinstance(node, STATEMENTS), f"line {node.lineno}"


@every_file
def test_constants_are_made_without_work(path: Path) -> None:
    constants = [
        node for node in tree_of(path).body if isinstance(node, ast.Assign | ast.AnnAssign)
    ]
    calls = [each for node in constants for each in ast.walk(node) if isinstance(each, ast.Call)]
    assert {called(call) for call in calls} & WORK == set()


@pytest.mark.parametrize("module", ["richspeech.__main__", "app_sensevoice"])
def test_a_help_text_needs_no_heavy_package(module: str) -> None:
    heavy = ("torch", "torchaudio", "funasr", "gradio", "fastapi", "modelscope", "transformers")
    code = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
