"""What scripts/measure_house.py counts, on a house of a few lines."""

from pathlib import Path

from scripts.measure_house import MEASURES, House, table

FILES = {
    "richspeech/__init__.py": "",
    "richspeech/pipeline.py": "class Progress: ...\n",
    "richspeech/store.py": (
        "from richspeech.pipeline import Progress\n"
        "class Kept(Progress): ...\n"
        "def is_kept(it: object) -> bool:\n"
        "    return isinstance(it, Kept)\n"
    ),
    "richspeech/console/__init__.py": "",
    "richspeech/console/session.py": (
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n"
        "    from richspeech.console import tab\n"
    ),
    "richspeech/console/tab.py": (
        "import threading\n"
        "from richspeech.console.session import Session\n"
        "def begin(engine: str) -> str:\n"
        "    if engine == PARAFORMER:\n"
        "        threading.Thread().start()\n"
        "    try:\n"
        "        ...\n"
        "    except Cancelled:\n"
        "        ...\n"
        "    except RichSpeechError:\n"
        "        ...\n"
        "    return f'<p>{engine}</p>'\n"
    ),
    "richspeech/bench/tool.py": "import threading\nthreading.Thread()\n",
    "richspeech/console/page.js": "x" * 1500,
    "richspeech/console/vendor/plot.js": "x" * 9000,
}


def house(folder: Path) -> House:
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return House(folder)


def measured(folder: Path, start: str) -> str:
    [measure] = [measure for name, measure in MEASURES.items() if name.startswith(start)]
    return measure(house(folder))


def test_modules_that_import_each_other_for_types_alone_are_a_circle(tmp_path: Path) -> None:
    assert measured(tmp_path, "circles") == "1 of 2 modules"


def test_a_house_without_circles_says_zero(tmp_path: Path) -> None:
    folder = house(tmp_path).root
    (folder / "richspeech/console/session.py").write_text("", encoding="utf-8")
    assert MEASURES["circles of imports"](House(folder)) == "0"


def test_threads_of_the_bench_do_not_count(tmp_path: Path) -> None:
    assert measured(tmp_path, "calls that start threads") == "1 in 1"


def test_questions_about_progress_count_whatever_its_classes_are_called(tmp_path: Path) -> None:
    assert measured(tmp_path, "`isinstance` on progress") == "1 in 1"


def test_outcomes_engines_and_html_are_found_once_each(tmp_path: Path) -> None:
    for start in ("`except Cancelled`", "comparisons with an engine", "f-strings with HTML"):
        assert measured(tmp_path, start) == "1 in 1"


def test_the_page_is_compared_with_all_lines(tmp_path: Path) -> None:
    assert measured(tmp_path, "lines of Python in console/") == "15 (68.2 %)"


def test_vendored_scripts_do_not_count(tmp_path: Path) -> None:
    assert measured(tmp_path, "JavaScript") == "1, 2 kB"


def test_each_checkout_has_a_column(tmp_path: Path) -> None:
    before, after = house(tmp_path / "before"), house(tmp_path / "after")
    head, rule, *rows = table([before, after])
    assert head == "| measure | before | after |"
    assert rule == "| --- | --- | --- |"
    assert len(rows) == len(MEASURES)
