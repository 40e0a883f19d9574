"""Every text is there in every language, with the same values, and is used."""

import ast
import re
import string
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from richspeech.language import catalog
from richspeech.language.catalog import FALLBACK_LOCALE, locales, read_catalog, say
from richspeech.language.languages import language_name
from tests.unit.test_imports import FILES, ROOT, tree_of

TEMPLATES = [*ROOT.glob("richspeech/**/*.html"), *ROOT.glob("richspeech/**/*.j2")]
CHINESE = re.compile(r"[\u3400-\u9fff]")


@cache
def texts(locale: str) -> dict[str, tuple[str, ...]]:
    """Key → its text, or its texts for one and for many."""
    found = {}
    for message in read_catalog(locale):
        if message.id:
            key = message.id if isinstance(message.id, str) else message.id[0]
            each = message.string
            found[key] = (each,) if isinstance(each, str) else tuple(each or ())
    return found


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@cache
def written() -> tuple[frozenset[str], tuple[str, ...]]:
    """All strings of the code, and its f-strings that could be keys, as patterns."""
    literals, patterns = set(), set()
    for path in FILES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                literals.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                patterns.add(pattern_of(node))
    for path in TEMPLATES:
        tree = Environment(autoescape=True).parse(path.read_text(encoding="utf-8"))
        literals.update(each.value for each in tree.find_all(nodes.Const))
        patterns.update(pattern_of_template(each) for each in tree.find_all(nodes.Concat))
    return frozenset(literals), tuple(
        each for each in patterns if re.search(r"[a-z](_|\\\.)|_[a-z]", each)
    )


def is_used(key: str) -> bool:
    """Whether the code has the key, an f-string for it, or two strings that it is made of."""
    literals, patterns = written()
    if key in literals or any(re.fullmatch(pattern, key) for pattern in patterns):
        return True
    parts = key.split("_")
    halves = (("_".join(parts[:at]), "_".join(parts[at:])) for at in range(1, len(parts)))
    return any({*half} <= literals for half in halves)


def pattern_of(node: ast.JoinedStr) -> str:
    parts = (part.value if isinstance(part, ast.Constant) else None for part in node.values)
    return "".join("[a-z0-9_]+" if part is None else re.escape(str(part)) for part in parts)


def pattern_of_template(node: nodes.Concat) -> str:
    """``"risk_" ~ level``."""
    parts = (part.value if isinstance(part, nodes.Const) else None for part in node.nodes)
    return "".join("[a-z0-9_]+" if part is None else re.escape(str(part)) for part in parts)


@pytest.mark.parametrize("locale", locales())
def test_no_language_has_a_key_that_english_lacks(locale: str) -> None:
    assert texts(locale).keys() - texts(FALLBACK_LOCALE).keys() == set()


@pytest.mark.parametrize("locale", locales())
def test_every_language_says_all_that_english_says(locale: str) -> None:
    """What is named here would be said in English: write it into the file of the language."""
    assert sorted(texts(FALLBACK_LOCALE).keys() - texts(locale).keys()) == []


def test_traditional_characters_are_not_mixed_with_simplified_ones() -> None:
    apart = {*"".join(chain(*texts("zh").values()))} - {*"".join(chain(*texts("zh_Hant").values()))}
    assert apart >= {*"设录识语话这个们"}
    # What big5 can write are the characters in use where the traditional ones are.
    met = {*"".join(chain(*texts("zh_Hant").values()))}
    assert [each for each in met if CHINESE.match(each) and not is_in_big5(each)] == []


def is_in_big5(character: str) -> bool:
    return bool(character.encode("big5", "ignore"))


@pytest.mark.parametrize("locale", locales())
def test_every_language_names_itself_and_its_tag(locale: str) -> None:
    assert {"language_itself", "file_language_tag"} <= texts(locale).keys()


@pytest.mark.parametrize("locale", locales())
def test_every_language_names_the_same_values(locale: str) -> None:
    english = texts(FALLBACK_LOCALE)
    for key, each in texts(locale).items():
        assert all(text.strip() for text in each), key
        assert {name for text in each for name in placeholders(text)} == {
            name for text in english[key] for name in placeholders(text)
        }, key


def test_the_english_page_holds_no_chinese() -> None:
    assert [k for k, each in texts("en").items() if any(map(CHINESE.search, each))] == []


def test_every_text_is_used() -> None:
    assert [key for key in texts(FALLBACK_LOCALE) if not is_used(key)] == []


def said() -> Iterator[tuple[Path, str]]:
    for path in FILES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("say", "_say"):
                yield from ((path, key) for key in keys_of(node.args[0] if node.args else None))
    for path in TEMPLATES:
        for call in (
            Environment(autoescape=True)
            .parse(path.read_text(encoding="utf-8"))
            .find_all(nodes.Call)
        ):
            if isinstance(call.node, nodes.Name) and call.node.name == "say":
                yield from ((path, key.value) for key in call.args if isinstance(key, nodes.Const))


def keys_of(node: ast.expr | None) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from keys_of(node.body)
        yield from keys_of(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def test_every_text_that_is_said_exists() -> None:
    known = texts(FALLBACK_LOCALE)
    calls = [*said()]
    assert len(calls) > 200
    assert [(str(path), key) for path, key in calls if key not in known] == []


def test_a_text_that_nobody_wrote_is_an_error() -> None:
    with pytest.raises(KeyError, match="nobody_wrote_this"):
        say("nobody_wrote_this", "zh")


def test_a_language_without_a_file_is_refused_and_those_with_one_are_named() -> None:
    with pytest.raises(ValueError, match=f"locale 'xx' is not one of {', '.join(locales())}"):
        say("title", "xx")


def test_numbers_and_lists_are_spelled_as_the_language_does() -> None:
    assert say("highlight_rules", "zh", rules=("a", "b")) == "规则：a、b"
    assert say("highlight_rules", "en", rules=("a", "b")) == "Rules: a, b"
    assert say("highlight_rules", "en", rules=(1, 12_345)) == "Rules: 1, 12,345"
    assert say("earlier", "en", count=12_345).startswith("12,345 ")


def test_english_tells_one_from_many() -> None:
    assert say("earlier", "en", count=1) == "1 earlier segment is shown at the end"
    assert say("earlier", "en", count=2) == "2 earlier segments are shown at the end"
    assert say("history_wiped", "en", count=1) == "1 transcript is deleted."
    assert say("lab_words_differ", "en", errors=1, words=9).startswith("B differs in 1 place from")


JAPANESE = """
msgid ""
msgstr ""
"Language: ja\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

msgid "title"
msgstr "音声認識"
"""


def test_a_new_language_is_one_file_and_says_in_english_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for locale in ("zh", "en"):
        source = catalog.FOLDER / f"{locale}.po"
        (tmp_path / source.name).write_bytes(source.read_bytes())
    (tmp_path / "ja.po").write_text(JAPANESE, encoding="utf-8")
    monkeypatch.setattr(catalog, "FOLDER", tmp_path)
    catalog.locales.cache_clear()
    catalog._texts.cache_clear()
    try:
        assert catalog.locales() == ("zh", "en", "ja")
        assert say("title", "ja") == "音声認識"
        assert say("cancel", "ja") == "Cancel"
        (warning,) = caplog.messages
        assert warning.startswith("ja.po lacks these, said in English: ")
        assert ", cancel, " in warning
    finally:
        monkeypatch.undo()
        catalog.locales.cache_clear()
        catalog._texts.cache_clear()


@pytest.mark.parametrize(
    ("language", "zh", "en"),
    [
        ("yue", "粤语", "Cantonese"),
        ("nospeech", "无人声", "no speech"),
        ("fr", "法语", "French"),
        ("pt-BR", "葡萄牙语 (巴西)", "Portuguese (Brazil)"),
        (None, "未知", "unknown"),
        ("not a tag", "未知", "unknown"),
    ],
)
def test_every_language_tag_has_a_name(language: str | None, zh: str, en: str) -> None:
    assert (language_name(language, "zh"), language_name(language, "en")) == (zh, en)


@pytest.mark.parametrize("locale", locales())
def test_a_percent_sign_stands_at_its_figure_so_that_it_never_begins_a_line(locale: str) -> None:
    apart = {key for key, found in texts(locale).items() if any(" %" in each for each in found)}
    assert apart == set()
