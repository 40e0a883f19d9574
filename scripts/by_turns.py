"""Builds of the console that go through the same, turn by turn; the medians as a table."""

import argparse
import statistics
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from richspeech.places import HOME as ROOT
from richspeech.settings import CACHE_FOLDER
from scripts.measure_page import unpacked
from scripts.server import Server, served


def turns_parser(description: str) -> argparse.ArgumentParser:
    """Make the parser of a script that measures this build, or an earlier one beside it."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("revision", nargs="?", help="what to compare with, as git names it")
    parser.add_argument("--rounds", type=int, default=3, help="of each, by turns (3)")
    return parser


@contextmanager
def builds(
    revision: str | None,
    environment: Mapping[str, str] | None = None,
    prepare: Callable[[Server], None] | None = None,
) -> Iterator[dict[str, Server]]:
    """Serve this build, and before it that of a revision, by what they are called.

    ``prepare`` is called with each before it starts.
    """
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        roots = {revision: unpacked(revision, scratch / "build")} if revision else {}
        servers = {}
        for name, root in {**roots, "now": ROOT}.items():
            folder = scratch / f"of-{name}"
            folder.mkdir()
            own = {"RICHSPEECH_MODEL__CACHE_FOLDER": str(CACHE_FOLDER), **(environment or {})}
            server = Server(folder, root=root, environment=own)
            if prepare:
                prepare(server)
            servers[name] = stack.enter_context(served(server))
        yield servers


def by_turns(
    servers: Mapping[str, Server],
    rounds: int,
    measured: Callable[[str, Server], Iterable[tuple[str, float]]],
) -> None:
    """Measure each so many times, and print every value, then a table of the medians."""
    rows: dict[str, dict[str, list[float]]] = {}
    for _ in range(rounds):
        for name, server in servers.items():
            for what, value in measured(name, server):
                rows.setdefault(what, {}).setdefault(name, []).append(value)
                print(f"{name}: {what}: {value:.3g}", flush=True)
    print(f"\n| what | {' | '.join(servers)} |\n| --- |{' --- |' * len(servers)}")
    for what, by_name in rows.items():
        values = (_median(by_name.get(name)) for name in servers)
        print(f"| {what} | {' | '.join(values)} |")


def _median(values: Sequence[float] | None) -> str:
    return f"{statistics.median(values):.3g}" if values else "–"  # an earlier build may have none
