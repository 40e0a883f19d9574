"""What a batch passes over, counted by ending: nobody should take it for transcribed."""

from collections import Counter
from pathlib import PurePosixPath

from richspeech.language.catalog import Notice

MOST_ENDINGS = 6
"""That are named; the others are counted together."""
LONGEST_ENDING = 12


class PassedOver:
    """Files of folders and zips that hold no sound, or are hidden."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.endings: Counter[str] = Counter()
        """Files by their ending, in small letters and with its dot; empty where there is none."""
        self.hidden = 0
        """Files whose names begin with a dot, and what macOS and Windows leave behind."""

    def add(self, name: str) -> None:
        """Count a file that holds no sound."""
        ending = PurePosixPath(name).suffix.lower()
        is_plain = len(ending) <= LONGEST_ENDING and ending.isprintable()
        self.endings[ending if is_plain else ""] += 1

    @property
    def notice(self) -> Notice | None:
        """Say how many of which kind; None for none."""
        count = self.endings.total() + self.hidden
        if not count:
            return None
        return Notice("batch.passed_over", {"count": count, "kinds": (*self._kinds(),)})

    def _kinds(self) -> list[Notice]:
        named = sorted(self.endings.items(), key=lambda each: (-each[1], each[0]))[:MOST_ENDINGS]
        kinds = [_kind(ending, count) for ending, count in named]
        others = self.endings.total() - sum(count for _, count in named)
        if others:
            kinds.append(Notice("batch.passed_others", {"count": others}))
        if self.hidden:
            kinds.append(Notice("batch.passed_hidden", {"count": self.hidden}))
        return kinds


def _kind(ending: str, count: int) -> Notice:
    if not ending:
        return Notice("batch.passed_no_ending", {"count": count})
    return Notice("batch.passed_ending", {"count": count, "ending": ending})
