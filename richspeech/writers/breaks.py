"""Where a line may break in Chinese, Cantonese and Japanese: between words, for breaking alone.

Japanese breaks between the phrases of budoux. In Chinese both budoux and jieba have to agree: the
phrases of the one run through words now and then (3 to 10 in a hundred breaks), the words of the
other are too short to end a line with (the 的 of a noun).
"""

import warnings
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from functools import cache
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from budoux import Parser

_KANA = range(0x3041, 0x3100)
_IDEOGRAPHS = (range(0x3400, 0xA000), range(0xF900, 0xFB00), range(0x20000, 0x323B0))


def breaks_in(text: str, language: str | None, longest: int) -> frozenset[int] | None:
    """Return the places between characters of ``text`` where a word ends; None in other scripts.

    Where that leaves more than ``longest`` characters in one, Chinese breaks at any of its words,
    and what is longer still, anywhere.
    """
    if language == "ko":
        return None
    if any(ord(character) in _KANA for character in text):
        return _shortened(_ends(_phrases("ja").parse(text)), {*range(len(text))}, longest)
    if not any(ord(character) in each for character in text for each in _IDEOGRAPHS):
        return None
    words = _ends(_words().lcut(text))
    agreed = words.intersection(_ends(_phrases("zh-hans").parse(text)))
    if language == "yue":
        agreed &= _ends(_phrases("zh-hant").parse(text))
    return _shortened(_shortened(agreed, words, longest), {*range(len(text))}, longest)


def _shortened(ends: AbstractSet[int], more: AbstractSet[int], longest: int) -> frozenset[int]:
    """Take ``more`` ends within what is longer than ``longest``."""
    edges = sorted({0, *ends})
    long = [range(*edge) for edge in pairwise(edges) if edge[1] - edge[0] > longest]
    return frozenset({*ends, *(at for at in more if any(at in each for each in long))})


def _ends(parts: Iterable[str]) -> set[int]:
    return set(accumulate(map(len, parts)))


@cache
def _phrases(model: str) -> "Parser":
    import budoux  # noqa: PLC0415 - who breaks no such line needs none

    loaders = {
        "ja": budoux.load_default_japanese_parser,
        "zh-hans": budoux.load_default_simplified_chinese_parser,
        "zh-hant": budoux.load_default_traditional_chinese_parser,
    }
    return loaders[model]()


@cache
def _words() -> Any:
    """Load jieba's dictionary: 0.6 s, 70 MB."""
    with warnings.catch_warnings(action="ignore"):  # its escapes, and pkg_resources
        import jieba  # noqa: PLC0415 - who breaks no such line needs none

    words = jieba.Tokenizer()
    # Its own start would unmarshal what lies under a known name in the machine's temporary folder.
    words.FREQ, words.total = words.gen_pfdict(words.get_dict_file())
    words.initialized = True
    return words
