"""What of a text can be shown, and what stands for the rest.

Words of Persian and Hindi, and some emoji, have joiners in them (U+200C, U+200D). Beside a blank, a
Latin letter or another joiner they join nothing, and only hide in a text.
"""

import re

_BESIDE = r"[^\s\x00-\x7f\u200c\u200d]"
_JOINER = re.compile(rf"(?<={_BESIDE})[\u200c\u200d](?={_BESIDE})")


def is_printable(text: str) -> bool:
    """Say whether all of a text can be shown on one line."""
    return _JOINER.sub("", text).isprintable()


def shown(text: str, *, blank: str = " ", other: str = "\N{REPLACEMENT CHARACTER}") -> str:
    """Return a text of the same length on one line; ``blank`` and ``other`` stand for the rest."""
    joiners = {found.start() for found in _JOINER.finditer(text)}
    return "".join(
        sign if sign.isprintable() or at in joiners else blank if sign.isspace() else other
        for at, sign in enumerate(text)
    )
