"""What the documents name exists: paths, links, modules, pins and decisions."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
RECORDS = ROOT / "docs" / "adr"
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted(ROOT.glob("docs/*.md")),
    *sorted(RECORDS.glob("*.md")),
    ROOT / "models" / "README.md",
]
NAMING = [*DOCUMENTS, ROOT / "config.yaml", *sorted(ROOT.glob("requirements*.txt"))]
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
PATH = re.compile(r"(?<![\w/.])(?:richspeech|scripts|tests|docs|models|examples|deploy)/[\w./-]*\w")
MODULE = re.compile(r"(?<![\w/])richspeech(?:\.\w+)+")
IMPORT = re.compile(r"from (richspeech[\w.]*) import ([\w, ]+)")
MADE_BY_USERS = {"models/bert_sentiment_chinese"}
MAP = {"README.md": "## Files", "README_zh.md": "## 文件"}
MOST_WORDS = 8
PIN = re.compile(r"^([\w.-]+(?:\[\w+\])?==\S+)", re.MULTILINE)


def name(document: Path) -> str:
    return str(document.relative_to(ROOT))


def text_of(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def modules_named(text: str) -> Iterator[str]:
    """Dotted names of the package, also those that an example imports."""
    yield from MODULE.findall(text)
    for package, names in IMPORT.findall(text):
        yield from (f"{package}.{each.strip()}" for each in names.split(","))


def is_defined(dotted: str) -> bool:
    """Whether a dotted name is a module, or a name that its module binds."""
    *parents, last = dotted.split(".")
    place = ROOT.joinpath(*parents)
    if (place / last).is_dir() or (place / f"{last}.py").is_file():
        return True
    source = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    return source.is_file() and re.search(rf"\b{last}\b", text_of(source)) is not None


def wrong(find: Callable[[str, Path], Iterable[str]], documents: list[Path]) -> dict[str, set[str]]:
    """What is found in the texts, by document; those where nothing is found are left out."""
    assert documents
    found = {name(each): {*find(text_of(each), each)} for each in documents}
    return {document: each for document, each in found.items() if each}


def test_every_relative_link_leads_to_a_file() -> None:
    def dead(text: str, document: Path) -> Iterable[str]:
        targets = [link for link in LINK.findall(text) if "://" not in link]
        return [link for link in targets if not (document.parent / link).exists()]

    assert wrong(dead, DOCUMENTS) == {}


def test_every_path_that_is_named_exists() -> None:
    def missing(text: str, _: Path) -> Iterable[str]:
        paths = set(PATH.findall(text)) - MADE_BY_USERS
        return [path for path in paths if not (ROOT / path).exists()]

    assert wrong(missing, NAMING) == {}


def test_every_module_that_is_named_exists() -> None:
    def missing(text: str, _: Path) -> Iterable[str]:
        return [each for each in modules_named(text) if not is_defined(each)]

    assert wrong(missing, NAMING) == {}


def tree_of(readme: str) -> Iterator[tuple[Path, str]]:
    """Every path of the map of files, and what is said of its line."""
    folders = [ROOT]
    for line in re.findall(
        r"^ {4,}\S.*$", text_of(ROOT / readme).split(MAP[readme])[1], re.MULTILINE
    ):
        names, _, gloss = line.strip().partition("  ")
        depth = (len(line) - len(line.lstrip()) - 4) // 2
        del folders[depth + 1 :]
        paths = [folders[depth] / each for each in names.split()]
        yield from ((path, gloss.strip()) for path in paths)
        folders.append(paths[0])


@pytest.mark.parametrize("readme", MAP)
def test_the_map_of_files_names_what_exists_in_a_few_words(readme: str) -> None:
    tree = [*tree_of(readme)]
    assert [path for path, _ in tree if not path.exists()] == []
    assert [gloss for _, gloss in tree if len(gloss.split()) > MOST_WORDS] == []


@pytest.mark.parametrize("readme", MAP)
def test_the_map_of_files_names_every_package_and_script(readme: str) -> None:
    named = {path for path, _ in tree_of(readme)}
    packages = {path.parent for path in ROOT.glob("richspeech/*/*.py")}
    scripts = {path for path in ROOT.glob("scripts/*.*") if path.stem != "__init__"}
    assert (packages | scripts) - named == set()


def test_every_pinned_version_has_its_reason() -> None:
    [record] = RECORDS.glob("*-pinned-dependencies.md")
    pins = {pin for path in ROOT.glob("requirements*.txt") for pin in PIN.findall(text_of(path))}
    assert pins
    assert {pin for pin in pins if f"`{pin}`" not in text_of(record)} == set()


def test_every_decision_is_listed_with_its_number_and_title() -> None:
    index = text_of(RECORDS / "README.md")
    records = sorted(RECORDS.glob("[0-9]*.md"))
    listed = re.findall(r"^\| \[(\d{4})\]\(([\w-]+\.md)\) \| (.+?) \| ", index, re.MULTILINE)
    headings = [text_of(record).splitlines()[0] for record in records]
    assert [(number, file) for number, file, _ in listed] == [(r.name[:4], r.name) for r in records]
    assert [f"# {number}. {title}" for number, _, title in listed] == headings


def test_every_decision_has_status_date_context_decision_and_consequences() -> None:
    parts = (
        r"# \d{4}\. .+",
        r"\* Status: .+",
        r"\* Date: \d{4}-\d\d-\d\d",
        "## Context",
        "## Decision",
        "## Consequences",
    )

    def missing(text: str, _: Path) -> Iterable[str]:
        lines = text.splitlines()
        return [part for part in parts if not any(re.fullmatch(part, line) for line in lines)]

    assert wrong(missing, sorted(RECORDS.glob("[0-9]*.md"))) == {}


def test_the_sum_of_a_million_hours_is_what_its_assumptions_give() -> None:
    text = text_of(ROOT / "docs" / "scale.md")
    block = re.search(r"```python\n(.*?)```\n\n```text\n(.*?)```", text, re.DOTALL)
    assert block is not None
    names: dict[str, Any] = {}
    with redirect_stdout(StringIO()) as said:
        exec(block[1], names)  # noqa: S102 - our own
    assert said.getvalue() == block[2]
    measured = text_of(ROOT / "docs" / "performance.md")
    for rtfx, *_ in names["machines"].values():
        assert f"| ours, end to end | {rtfx} |" in measured
