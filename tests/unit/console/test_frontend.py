"""The files of gradio's front end that a page asks for are those that its widgets load."""

import re

from richspeech.console.frontend import ASSETS, Frontend

PLAIN = Frontend(frozenset({"button", "html"}))
IMPORTED = re.compile(r'(?:from|import)"\./([^"]+\.js)"')


def test_a_widget_comes_with_its_script_and_its_looks() -> None:
    found = {*Frontend(frozenset({"button", "dropdown"})).scripts} - {*PLAIN.scripts}
    texts = "".join((ASSETS / name).read_text(encoding="utf-8") for name in found)
    assert "filterable" in texts  # what a list to choose from alone can be
    assert {*Frontend(frozenset({"dropdown"})).styles} - {*PLAIN.styles}


def test_what_a_page_draws_with_is_asked_for_beside_the_widgets() -> None:
    beginnings = {name.partition("-")[0] for name in Frontend(frozenset()).scripts}
    assert {"index", "Index", "core", "Blocks"} <= beginnings
    assert Frontend(frozenset()).scripts[0].startswith("index-")


def test_every_file_is_there_and_so_is_whatever_it_imports() -> None:
    scripts = {*PLAIN.scripts}
    assert all((ASSETS / name).is_file() for name in (*scripts, *PLAIN.styles))
    for name in scripts:
        assert {*IMPORTED.findall((ASSETS / name).read_text(encoding="utf-8"))} <= scripts


def test_the_player_of_sounds_is_not_asked_for_without_one() -> None:
    with_sound = Frontend(frozenset({"button", "html", "audio"}))
    more = {*with_sound.scripts} - {*PLAIN.scripts}
    assert any(name.startswith("hls-") for name in more)


def test_an_unknown_widget_is_left_to_the_browser() -> None:
    assert Frontend(frozenset({"button", "html", "no_such"})).scripts == PLAIN.scripts
