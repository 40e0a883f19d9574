"""What tour.js says: what each tab answers, and where each step of the tour points."""

from typing import Any

from richspeech.language.catalog import locales, say

TABS = ("transcribe", "emotion", "live", "batch", "history", "lab", "settings", "access")
PARTS = ("text", "analysis", "highlights", "risk", "export")
"""Of a result."""
PEOPLE = ("manager", "quality", "editor", "teacher")
STEPS = (
    *("example", "verdict", "timeline", "lines", "correct", "analysis"),
    *("highlights", "clips", "risk", "batch", "subtitles", "last"),
)
WORDS = (
    *("tour", "tour_who", "tour_next", "tour_back", "tour_done", "tour_close"),
    *(f"tour_person_{each}" for each in PEOPLE),
    *(f"tour_{each}" for each in STEPS),
    *(f"tab_{each}" for each in TABS),
    *(f"help_{each}" for each in TABS),
    *(f"help_part_{each}" for each in PARTS),
)


def guide_data() -> dict[str, Any]:
    """Return what tour.js takes from its data, the same for everybody."""
    return {"guideWords": {each: {key: say(key, each) for key in WORDS} for each in locales()}}
