"""Every error has a sentence in every language, and is raised with what its sentence names."""

import ast
import pickle
import string
from collections.abc import Iterator
from functools import cache

import pytest

from richspeech import errors
from richspeech.errors import (
    AudioError,
    Cancelled,
    OptionError,
    RichSpeechError,
    StoppingError,
    WorkError,
)
from richspeech.language.catalog import (
    FALLBACK_LOCALE,
    Notice,
    knows,
    locales,
    read_catalog,
    say,
    sentence,
)
from tests.unit.test_imports import FILES, ROOT, tree_of

FAMILY = {
    name
    for name, each in vars(errors).items()
    if isinstance(each, type)
    and issubclass(each, RichSpeechError)
    and not issubclass(each, Cancelled | StoppingError | WorkError)
}
"""Those that are raised with a key; the others have one sentence each."""


catalog = cache(read_catalog)


def placeholders(key: str, locale: str = "en") -> set[str]:
    found = catalog(locale).get(key) or catalog(FALLBACK_LOCALE).get(key)
    assert found is not None
    texts = found.string if not isinstance(found.string, str) else (found.string,)
    return {
        name for text in texts or () for _, name, _, _ in string.Formatter().parse(text) if name
    }


@cache
def raised() -> list[tuple[str, ast.Call]]:
    return [
        (f"{path.relative_to(ROOT)}:{node.lineno}", node)
        for path in FILES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in FAMILY
    ]


def keys_of(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from keys_of(node.body)
        yield from keys_of(node.orelse)
    elif isinstance(node, ast.Constant):
        yield str(node.value)


RAISED_AGAIN = (
    "richspeech/engines/sensevoice/elsewhere.py",
    "richspeech/cli/usage.py",
    "richspeech/queue/remote.py",
    "richspeech/readers/pool.py",
)
"""Where an error is raised as one of another kind or process, with the key that it came with."""


def test_every_error_is_raised_with_a_key_and_the_fields_of_its_sentence() -> None:
    sites = raised()
    assert len(sites) > 150
    wrong = []
    for where, call in sites:
        keys = [*keys_of(call.args[0])] if len(call.args) == 1 else []
        if not keys and where.startswith(RAISED_AGAIN):
            continue
        given = {each.arg for each in call.keywords}
        if not keys or not all(knows(key) and placeholders(key) <= given for key in keys):
            wrong.append(where)
    assert wrong == []


def error_keys() -> list[str]:
    keys = {key for _, call in raised() for key in keys_of(call.args[0])}
    return sorted({*keys, "work.stopping", "work.cancelled"})


@pytest.mark.parametrize("locale", locales())
def test_every_error_is_a_sentence_that_names_its_values(locale: str) -> None:
    for key in error_keys():
        names = placeholders(key, locale)
        formats = dict.fromkeys(names, 7)
        values: dict[str, object] = {}
        for name in names:
            try:
                say(key, locale, **{**formats, name: f"<{name}>"})
            except ValueError:  # a number is to be spelled
                values[name] = 7
            else:
                values[name] = f"<{name}>."
        said = say(key, locale, **values)
        assert "{" not in said, key
        assert said.endswith(("。", ".", ").", "）。")), f"{key}: {said}"
        shown = [str(value).rstrip(".") for value in values.values() if isinstance(value, str)]
        assert [value for value in shown if value not in said] == [], key


def test_an_error_says_the_same_in_another_process() -> None:
    error = AudioError("audio.empty", name="a.wav")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert (
        str(again)
        == str(error)
        == ("a.wav is empty: copy or upload it again, or choose another file.")
    )
    assert sentence(again, "zh") == "a.wav 是空文件：请重新复制或上传，或换一个文件。"


def test_a_field_is_one_line_of_a_bounded_length() -> None:
    error = AudioError("audio.empty", name="a\nb\x00" + "x" * 10_000)
    name = error.fields["name"]
    assert isinstance(name, str)
    assert name.startswith("a b\N{REPLACEMENT CHARACTER}x")
    assert len(name) == errors.LONGEST_FIELD


def test_a_list_that_is_cut_says_how_many_more_there_are_however_often_it_is_told() -> None:
    known = tuple(f"l{number}" for number in range(100))
    error = OptionError("language.not_of_engine", engine="whisper", language="xx", known=known)
    again = OptionError(error.key, **pickle.loads(pickle.dumps(error.fields)))  # noqa: S301
    for each in (error, again):
        assert "l48, and 51 more, or another engine" in str(each)
        assert "l48、另有 51 个" in sentence(each, "zh")


def test_a_part_of_a_sentence_is_translated_with_it() -> None:
    error = AudioError("audio.silent", name=Notice("audio.unnamed"))
    assert str(error).startswith("The recording contains no sound at all")
    assert Notice.of(error).sentence("zh").startswith("这段录音里没有任何声音") or Notice.of(
        error
    ).sentence("zh").startswith("这段录音 里没有任何声音")


def test_an_error_from_elsewhere_is_told_as_it_is() -> None:
    notice = Notice.of(AudioError("The tensor is wrong."))
    assert (notice.sentence("en"), notice.sentence("zh")) == (
        "The tensor is wrong.",
        "出错了：The tensor is wrong.",
    )
