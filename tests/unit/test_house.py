"""What holds for the whole tree: threads are made for a known reason, and nothing is left over."""

import ast
from collections.abc import Iterator

from richspeech.cli.app import PARTS
from tests.unit.test_imports import FILES, ROOT, called, lives_in, name_of, tree_of

THREADS = {
    "jobs": "the work that people ask for, with a limit for each kind",
    "console.sessions": "a timer that stops the jobs of a window that was left",
    "recognition.scheduler": "the one thread that owns the model",
    "readers.pool": "loading what reading processes need beside whoever starts the service",
    "engines.lazy": "loading beside whoever waits, and a timer to unload",
    "memory": "releasing what is read of a mapped file while it is read",
    "engines.hub": "a probe of the network that nobody waits for",
    "api.server": "the end of the process within a time",
    "operations.pulse": "whether the process lives, beside an event loop that may be behind",
    "operations.parts": "asking the history, which may hang, while probes are answered",
    "app": "loading the model, sweeping old files, and the event loop of Wyoming",
    "queue.celery": "telling a broker that there is work, which may hang",
    "queue.consumer": "looking for durable jobs, and renewing what is promised of them",
    "queue.outbox": "looking for receivers to be told, and a call for each, which may hang",
    "queue.recognition": "batches of utterances that one engine has at once",
    "cli.mcp": "loading the model beside whoever starts it",
    "cli.transcribe": "recordings of one command that are read at once",
    "bench": "clients that it measures",
}
"""Where threads are made, and what for. Work that somebody asks for and waits for is a job."""

FOR_TESTS = {
    "load_classifier": "the classifier without the engine around it",
}
"""Public functions that only tests call, and why they stay."""


def test_threads_are_made_where_it_is_known_what_for() -> None:
    makers = {"Thread", "ThreadPoolExecutor", "Timer"}
    found = {
        path
        for path in FILES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and called(node) in makers
    }
    assert {name_of(path) for path in found if not lives_in(path, THREADS)} == set()
    idle = [home for home in THREADS if not any(lives_in(path, [home]) for path in found)]
    assert idle == [], "take these away from THREADS"


def test_every_public_function_is_used_outside_the_tests() -> None:
    trees = [tree_of(path) for path in (*FILES, *ROOT.glob("scripts/**/*.py"))]
    used = {name for tree in trees for node in ast.walk(tree) for name in names_in(node)}
    used |= {f"{part}_{name}" for name, parts in PARTS.items() for part in parts}
    public = {
        node.name
        for path in FILES
        for node in tree_of(path).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if not node.name.startswith("_") and not node.decorator_list
        if not getattr(node, "bases", [])  # a table of SQLAlchemy is used by being there
    }
    assert public - used == {*FOR_TESTS}


def names_in(node: ast.AST) -> Iterator[str]:
    """Names that a node reads; one in quotes counts, as in ``module:function``."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value.rpartition(":")[2]


def test_who_asks_over_http_in_a_test_says_how_long_he_waits() -> None:
    """Five seconds are what httpx gives otherwise, and less than a busy machine may need."""
    asks = {"get", "post", "put", "patch", "delete", "head", "request", "stream", "Client"}
    hasty = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in ROOT.glob("tests/**/*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
        if node.func.value.id == "httpx" and node.func.attr in asks
        if not {"timeout", "transport"} & {each.arg for each in node.keywords}
    ]
    assert hasty == []
