"""Adapted engines: loaded once, few at once, let go by name, never while they are used."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from richspeech.engines.adapted import AdaptedEngines, Version
from richspeech.engines.loader import Loaded
from richspeech.errors import Cancelled
from tests.fakes import FakeTranscriber, loaded_with

CALLS, MEETINGS, BASE = (Version("sensevoice", name, name) for name in ("calls", "meetings", None))


class House:
    """Loads engines that are names only, and keeps which were loaded."""

    def __init__(self, most: int) -> None:
        self.loads: list[str | None] = []
        self.engines = AdaptedEngines(self.load, None, most)

    def load(self, version: Version) -> Loaded:
        self.loads.append(version.adapter)
        return loaded_with(FakeTranscriber(), version.engine)

    def use(self, version: Version) -> None:
        with self.engines.use(version, lambda: False):
            pass

    @property
    def names(self) -> set[str | None]:
        return {version.adapter for version in self.engines.loaded}


def test_one_is_loaded_once_for_all_and_stays() -> None:
    house = House(most=2)
    with ThreadPoolExecutor(4) as pool:
        [*pool.map(house.use, [CALLS] * 8)]
    assert house.loads == ["calls"]
    assert house.names == {"calls"}


def test_the_longest_unused_makes_room() -> None:
    house = House(most=2)
    for version in (CALLS, MEETINGS, CALLS, BASE):
        house.use(version)
    assert house.names == {"calls", None}


def test_who_comes_while_all_are_used_waits_and_may_give_up() -> None:
    house, asked, got = House(most=1), threading.Event(), threading.Event()
    with ExitStack() as stack, ThreadPoolExecutor(1) as pool:
        stack.enter_context(house.engines.use(CALLS, lambda: False))
        with pytest.raises(Cancelled), house.engines.use(MEETINGS, lambda: True):
            pass

        def wait() -> None:
            def asking() -> bool:
                asked.set()
                return False

            with house.engines.use(MEETINGS, asking):
                got.set()

        waiting = pool.submit(wait)
        assert asked.wait(60)
        assert not got.is_set()
        stack.close()
        waiting.result(60)
    assert house.names == {"meetings"}


def test_one_goes_when_it_is_told_to_but_not_while_it_is_used() -> None:
    house = House(most=2)
    with house.engines.use(CALLS, lambda: False):
        assert not house.engines.unload("calls")
        assert house.names == {"calls"}
    assert house.engines.unload("calls")
    assert house.names == set()
    assert house.engines.unload("meetings")


def test_one_that_was_trained_again_is_loaded_beside_the_old_one() -> None:
    house = House(most=2)
    house.use(CALLS)
    house.use(CALLS._replace(digest="new"))
    assert house.loads == ["calls", "calls"]
    assert house.engines.unload("calls")


def test_all_end_with_the_process() -> None:
    house = House(most=2)
    house.use(CALLS)
    house.engines.close()
    assert house.names == set()
