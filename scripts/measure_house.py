"""Count what docs/adr/0045-next-house.md measures: ``python -m scripts.measure_house CHECKOUT…``.

Prints a table in Markdown, one column per checkout. It needs the standard library alone and imports
nothing of what it counts, so any revision will do (``git worktree add --detach FOLDER REVISION``).

Counted are ``richspeech``, ``app_sensevoice.py`` and ``postprocess.py``; imports count wherever
they stand, also within functions and for types alone.
"""

import argparse
import ast
import re
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef
Graph = dict[str, set[str]]

LONG_LINES = 40
"""A function with more lines than this cannot be seen whole."""
THREADS = {"Thread", "ThreadPoolExecutor"}
ENGINES = {"SENSEVOICE", "PARAFORMER", "REFERENCE", "WHISPER"}
ENGINE_NAMES = {name.lower() for name in ENGINES}
OUTCOMES = {"Cancelled", "RichSpeechError"}
MARKUP = re.compile(r"</?[a-z]")


@dataclass(frozen=True)
class Module:
    """One Python file."""

    name: str
    """Dotted, as it is imported; a package has the name of its folder."""
    text: str

    @property
    def lines(self) -> int:
        """All of them, blank ones and comments too."""
        return self.text.count("\n")

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """The syntax tree, flat."""
        return tuple(ast.walk(ast.parse(self.text)))

    def inside(self, package: str) -> bool:
        """Tell whether it belongs to a package of richspeech."""
        return f"{self.name}.".startswith(f"richspeech.{package}.")


@dataclass(frozen=True)
class House:
    """A checkout."""

    root: Path

    @cached_property
    def modules(self) -> tuple[Module, ...]:
        """Everything that is counted."""
        paths = [*self.root.glob("richspeech/**/*.py")]
        paths += [self.root / name for name in ("app_sensevoice.py", "postprocess.py")]
        return tuple(self._module(path) for path in sorted(paths) if path.is_file())

    def _module(self, path: Path) -> Module:
        name = ".".join(path.relative_to(self.root).with_suffix("").parts)
        return Module(name.removesuffix(".__init__"), path.read_text(encoding="utf-8"))

    @property
    def console(self) -> tuple[Module, ...]:
        """The page."""
        return tuple(module for module in self.modules if module.inside("console"))

    @property
    def program(self) -> tuple[Module, ...]:
        """Everything but the bench, which is a tool beside it."""
        return tuple(module for module in self.modules if not module.inside("bench"))

    def files(self, suffix: str) -> list[Path]:
        """Find files of the front end that people write: neither vendored nor minified."""
        paths = self.root.glob(f"richspeech/**/*{suffix}")
        return [path for path in paths if ".min." not in path.name and "vendor" not in path.parts]


def imports_of(module: Module, known: Iterable[str]) -> set[str]:
    """Name the known modules that a module imports."""
    names = [name for node in module.nodes for name in _imported(node)]
    found = {name if name in known else name.rpartition(".")[0] for name in names}
    return (found & {*known}) - {module.name}


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def circles(graph: Graph) -> list[set[str]]:
    """Group the modules of which each reaches every other by imports."""
    reach = {module: _reached(module, graph) for module in graph}
    groups = {
        frozenset(other for other in reach[module] if module in reach[other])
        for module in graph
        if module in reach[module]
    }
    return sorted((set(group) for group in groups), key=len)


def _reached(start: str, graph: Graph) -> set[str]:
    found: set[str] = set()
    waiting = [*graph[start]]
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += graph[module]
    return found


def circles_of(house: House) -> str:
    """Count the circles, and the modules in each."""
    known = {module.name for module in house.modules}
    found = circles({module.name: imports_of(module, known) for module in house.modules})
    sizes = f" of {', '.join(str(len(group)) for group in found)} modules" if found else ""
    return f"{len(found)}{sizes}"


def count(modules: Iterable[Module], matches: Callable[[ast.AST], bool]) -> str:
    """Say how many nodes match, and in how many modules."""
    numbers = [sum(map(matches, module.nodes)) for module in modules]
    return f"{sum(numbers)} in {sum(number > 0 for number in numbers)}"


def name_of(node: ast.AST | None) -> str:
    """Take the last part of a name: ``Thread`` of ``threading.Thread``."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def starts_threads(node: ast.AST) -> bool:
    """Tell whether this makes a thread or a pool of threads."""
    return isinstance(node, ast.Call) and name_of(node.func) in THREADS


def tells_outcomes_apart(node: ast.AST) -> bool:
    """Find a ``try`` with one ``except`` for cancelled work and one for refused work."""
    if not isinstance(node, ast.Try):
        return False
    return {name_of(handler.type) for handler in node.handlers} >= OUTCOMES


def asks_for_an_engine(node: ast.AST) -> bool:
    """Find a comparison with the name of an engine."""
    return isinstance(node, ast.Compare) and any(
        name_of(each) in ENGINES or (isinstance(each, ast.Constant) and each.value in ENGINE_NAMES)
        for each in (node.left, *node.comparators)
    )


def writes_markup(node: ast.AST) -> bool:
    """Find an f-string with an HTML tag in it."""
    return isinstance(node, ast.JoinedStr) and any(
        isinstance(part, ast.Constant) and MARKUP.search(str(part.value)) for part in node.values
    )


def kinds_of_progress(house: House) -> set[str]:
    """Name ``Progress`` and the classes derived from it."""
    bases = {
        node.name: {name_of(base) for base in node.bases}
        for module in house.modules
        for node in module.nodes
        if isinstance(node, ast.ClassDef)
    }
    kinds = {"Progress"}
    while more := {name for name, parents in bases.items() if parents & kinds} - kinds:
        kinds |= more
    return kinds


def progress_told_apart(house: House) -> str:
    """Count the questions which kind of progress something is."""
    kinds = kinds_of_progress(house)

    def asks(node: ast.AST) -> bool:
        is_question = isinstance(node, ast.Call) and name_of(node.func) == "isinstance"
        return is_question and any(name_of(each) in kinds for each in ast.walk(node))

    return count(house.modules, asks)


def functions(house: House) -> str:
    """Count functions and methods, and how long they are."""
    lengths = [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for module in house.modules
        for node in module.nodes
        if isinstance(node, Function)
    ]
    long = sum(length > LONG_LINES for length in lengths)
    return f"{len(lengths):,}, {statistics.median(lengths):g}, {long}"


def lines_of(modules: Iterable[Module]) -> int:
    """Add up the lines of modules."""
    return sum(module.lines for module in modules)


def share_of_the_console(house: House) -> str:
    """Compare the page's lines with all."""
    console = lines_of(house.console)
    return f"{console:,} ({100 * console / lines_of(house.modules):.1f} %)"


def weight(paths: Sequence[Path]) -> str:
    """Say how many files, and how large together."""
    return f"{len(paths)}, {sum(path.stat().st_size for path in paths) / 1000:.0f} kB"


MEASURES: dict[str, Callable[[House], str]] = {
    "modules": lambda house: f"{len(house.modules)}",
    "lines of Python": lambda house: f"{lines_of(house.modules):,}",
    "lines of Python in console/, share": share_of_the_console,
    "circles of imports": circles_of,
    "calls that start threads, in modules": lambda house: count(house.program, starts_threads),
    "`except Cancelled` beside `RichSpeechError`, in modules": lambda house: count(
        house.modules, tells_outcomes_apart
    ),
    "`isinstance` on progress, in modules": progress_told_apart,
    "comparisons with an engine's name, in modules": lambda house: count(
        house.program, asks_for_an_engine
    ),
    "f-strings with HTML, in modules": lambda house: count(house.modules, writes_markup),
    "functions, median lines, longer than 40 lines": functions,
    "JavaScript files, size": lambda house: weight(house.files(".js")),
    "style sheets, size": lambda house: weight(house.files(".css")),
}


def table(houses: Sequence[House]) -> Iterator[str]:
    """Write the table in Markdown, line by line."""
    heads = ["measure", *(house.root.name for house in houses)]
    yield f"| {' | '.join(heads)} |"
    yield f"|{' --- |' * len(heads)}"
    for name, measure in MEASURES.items():
        yield f"| {' | '.join([name, *map(measure, houses)])} |"


def main() -> None:
    """Print the table of the checkouts that the command line names."""
    summary, _, _ = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(description=summary)
    parser.add_argument("checkouts", nargs="+", type=Path, metavar="CHECKOUT")
    checkouts = parser.parse_args().checkouts
    print("\n".join(table([House(path.resolve()) for path in checkouts])))


if __name__ == "__main__":
    main()
