"""Every warning has a sentence, in the language of whoever reads it."""

import ast
from collections.abc import Iterator

from richspeech.language.catalog import FALLBACK_LOCALE, read_catalog
from richspeech.model.recording_warning import RecordingWarning
from tests.unit.test_imports import FILES, ROOT, tree_of

PREFIX = "warning."


def codes_given() -> Iterator[str]:
    """The first argument of every ``RecordingWarning.of`` and every ``_warn``."""
    for path in FILES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = getattr(node.func.value, "id", "")
                name, first = node.func.attr, node.args[:1]
                if name == "_warn" or (owner, name) == ("RecordingWarning", "of"):
                    yield from (str(each.value) for each in first if isinstance(each, ast.Constant))


def test_every_warning_has_a_sentence_and_every_sentence_is_said() -> None:
    keys = (each.id if isinstance(each.id, str) else each.id[0] for each in read_catalog("en"))
    known = {key.removeprefix(PREFIX) for key in keys if key.startswith(PREFIX)}
    assert {*codes_given()} == known


def test_every_warning_is_explained_in_the_documents() -> None:
    table = (ROOT / "docs" / "transcript.md").read_text(encoding="utf-8")
    assert [code for code in codes_given() if f"| `{code}` |" not in table] == []


def test_a_warning_is_said_in_the_language_of_the_reader() -> None:
    lost = RecordingWarning.of("damaged_packets", packets=1)
    assert lost.sentence("zh").startswith("录音里有 1 个")
    assert str(lost) == lost.sentence(FALLBACK_LOCALE)


def test_a_warning_of_a_later_version_is_said_as_it_is() -> None:
    assert "warning.of_tomorrow" in str(RecordingWarning("of_tomorrow"))


def test_what_a_file_has_put_into_a_warning_is_on_one_line_and_not_long() -> None:
    warning = RecordingWarning.of("any", name="a\nb" + "c" * 1_000)
    assert str(warning.fields["name"]).startswith("a b")
    assert len(str(warning.fields["name"])) <= 300
