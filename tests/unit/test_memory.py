"""What stays is not looked through again and again."""

import gc

from richspeech.memory import freeze


def test_what_is_there_is_looked_through_no_more() -> None:
    there: list[list[int]] = [[] for _ in range(1000)]
    before = gc.get_freeze_count()
    freeze()
    assert gc.get_freeze_count() >= before + len(there)
