"""What an engine can do, as far as others have to know it."""

from enum import StrEnum


class Capability(StrEnum):
    """One thing that some engines can do and others cannot."""

    EMOTION = "emotion"
    """Hears how somebody feels."""
    EVENTS = "events"
    """Hears laughter, applause, music and the like."""
    BAN_UNKNOWN_EMOTION = "ban_unknown_emotion"
    """Names an emotion even where it would say that it does not know."""
    LANGUAGE_HINT = "language_hint"
    """Hears better when it is told which of its languages is spoken."""
    ALLOWED_LANGUAGES = "allowed_languages"
    """Detects the language, among those that somebody allows."""
    ITN = "itn"
    """Leaves out punctuation and digits if nobody wants them."""
    PUNCTUATION = "punctuation"
    """Punctuates by itself; the text of others is punctuated, then cut into sentences."""
    HOTWORDS = "hotwords"
    """Heeds words that are likely to be said."""
    ADAPTERS = "adapters"
    """Has weights that adapters can be merged into."""
    CASCADE = "cascade"
    """Gives probabilities of labels, which a cascade can judge."""
    LIVE = "live"
    """Hears while somebody still talks."""
