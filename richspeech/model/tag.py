"""Tags: short words that people file transcripts under, whatever case and width they write."""

import unicodedata

from richspeech.errors import OptionError

LONGEST_TAG = 32
"""Characters."""
MOST_TAGS = 20
"""Of one transcript."""


def tag_of(text: str) -> str:
    """Return a tag as it is kept: letters and digits of any script, hyphens and underscores.

    Raises ``OptionError`` for what is none.
    """
    tag = unicodedata.normalize("NFKC", text).casefold().strip().removeprefix("#")
    if not tag or len(tag) > LONGEST_TAG or not all(map(_may_stand, tag)):
        raise OptionError("tag.wrong", tag=text[: 2 * LONGEST_TAG], most=LONGEST_TAG)
    return tag


def _may_stand(character: str) -> bool:
    # Marks (M) are parts of letters in Thai, Hindi and Arabic.
    return character in "-_" or unicodedata.category(character)[0] in "LMN"
