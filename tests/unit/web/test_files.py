"""Modules under one hash, and as one script; the rules by which they can be bundled."""

import re
from collections import Counter
from pathlib import Path

import pytest

from richspeech.console.guide import guide_data
from richspeech.console.root_page import page_data
from richspeech.console.tabs.live.tab import live_words
from richspeech.engines.registry import engine_named
from richspeech.web import files
from richspeech.web.files import (
    ASIDE,
    DATA,
    ENTRY,
    EXPORT,
    FOLDER,
    IMPORT,
    LATER,
    LIVE,
    TAP,
    TOUR,
    bundle,
    imported_by,
    joined,
    page_files,
    read,
)

MODULES = sorted(path.name for path in FOLDER.glob("*.js"))
REPORT = "report.js"
ENTRIES = (ENTRY, *LATER, TOUR, REPORT, TAP, *ASIDE)


@pytest.mark.parametrize("module", MODULES)
def test_every_import_is_one_that_can_be_bundled_and_leads_somewhere(module: str) -> None:
    text = read(module)
    assert len(re.findall(r"^import\b", text, re.MULTILINE)) == len(IMPORT.findall(text))
    assert {*IMPORT.findall(text)} <= {*MODULES, DATA}
    assert len(re.findall(r"^export\b", text, re.MULTILINE)) == len(EXPORT.findall(text))
    assert " as " not in "".join(found[0] for found in IMPORT.finditer(text))


@pytest.mark.parametrize("module", MODULES)
def test_every_module_is_loaded(module: str) -> None:
    assert module in {each for entry in ENTRIES for each in imported_by(entry)}


@pytest.mark.parametrize("module", [name for name in MODULES if name != ENTRY])
def test_only_the_entry_makes_a_global(module: str) -> None:
    assert not re.search(r"\bwindow\.\w+ = |Object\.assign\(window|globalThis", read(module))


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_entry_is_one_script_whose_names_do_not_meet(entry: str) -> None:
    assert not re.search(r"^(import|export)\b", joined(entry), re.MULTILINE)
    modules = [name for name in imported_by(entry) if name != DATA]
    counts = Counter(name for module in modules for name in EXPORT.findall(read(module)))
    counts.update([*page_data(None)])
    assert [name for name, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("module", MODULES)
def test_remarks_are_not_sent_and_words_are(module: str) -> None:
    remark, *_ = read(module).splitlines()
    assert remark.startswith("// ")
    assert remark not in bundle(module)
    code = [line for line in read(module).splitlines() if not line.lstrip().startswith("//")]
    for said in re.findall(r'"(?:[^"\\\n]|\\.)*"', IMPORT.sub("", "\n".join(code))):
        assert said in bundle(module)


def test_a_bundle_begins_with_what_the_rest_needs() -> None:
    script = bundle(REPORT)
    assert script.index("function clock") < script.index("drawRuler")


def test_a_module_stands_after_those_that_it_needs() -> None:
    order = imported_by(ENTRY)
    assert order[-1] == ENTRY
    for module in order:
        needed = IMPORT.findall(read(module)) if module != DATA else []
        assert all(order.index(other) < order.index(module) for other in needed)


def test_the_page_is_one_script_with_its_data_under_a_hash() -> None:
    sent = page_files({"words": {"zh": "中"}, "limit": 0.5}, {"guideWords": {}})
    [folder] = {name.rpartition("/")[0] for name in sent}
    assert re.fullmatch(r"web/[0-9a-f]{16}", folder)
    assert {*sent} == {f"{folder}/{name}" for name in (ENTRY, *LATER, TOUR, TAP, *ASIDE)}
    assert sent[f"{folder}/{LIVE}"].endswith(b"export { live };\n")
    script = sent[f"{folder}/{ENTRY}"].decode()
    assert script == 'const words = {"zh": "中"};\nconst limit = 0.5;\n' + bundle(ENTRY)


def test_another_word_or_script_is_another_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, other = page_files({"limit": 1}, {}), page_files({"limit": 2}, {})
    assert page_files({"limit": 1}, {}) == before
    assert before.keys() & other.keys() == set()
    for module in MODULES:
        (tmp_path / module).write_text(read(module) + "void 0;\n", encoding="utf-8")
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    bundle.cache_clear()
    assert page_files({"limit": 1}, {}).keys() & before.keys() == set()


def test_the_tour_is_given_a_text_for_every_step_and_person() -> None:
    script, [words] = read(TOUR), {*map(frozenset, guide_data()["guideWords"].values())}
    steps = re.findall(r"^  (\w+): \{.*at:", script, re.MULTILINE)
    people = dict(re.findall(r"^  (\w+): \[(.*)\],$", script, re.MULTILINE))
    assert {f"tour_{each}" for each in steps} | {f"tour_person_{each}" for each in people} <= words
    assert {*re.findall(r"\w+", " ".join(people.values()))} == {*steps}
    assert {*re.findall(r'say\("(\w+)"\)', script)} <= words


def test_the_live_tab_is_given_every_word_that_it_writes() -> None:
    written = set(re.findall(r"\bwords\.(\w+)", read("live.js")))
    assert "live" in written
    assert written - live_words("en", 6006, engine_named("sensevoice")).keys() == set()
