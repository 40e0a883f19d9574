"""A model is loading, then there or failed; who waits gets it, and who gives up stops nothing."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest

from richspeech.engines.loader import Loaded
from richspeech.engines.readiness import Readiness, State
from richspeech.errors import Cancelled, ModelError

MODEL = cast("Loaded", object())


def never() -> bool:
    return False


def fail() -> Loaded:
    message = "The weights are gone."
    raise ModelError(message)


@pytest.fixture
def readiness() -> Readiness:
    return Readiness()


def test_it_is_loading_until_the_model_is_there(readiness: Readiness) -> None:
    assert (readiness.state, readiness.loaded, readiness.error) == (State.LOADING, None, None)
    readiness.load(lambda: MODEL)
    assert (readiness.state, readiness.loaded, readiness.error) == (State.OK, MODEL, None)


def test_what_went_wrong_is_kept(readiness: Readiness) -> None:
    readiness.load(fail)
    assert (readiness.state, readiness.loaded) == (State.FAILED, None)
    assert str(readiness.error) == "The weights are gone."
    with pytest.raises(ModelError, match="The weights are gone"):
        readiness.wait(never)


def test_everybody_who_waits_gets_the_model(readiness: Readiness) -> None:
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(readiness.wait, never) for _ in range(4)]
        readiness.load(lambda: MODEL)
        assert [each.result() for each in waiting] == [MODEL] * 4


def test_who_gives_up_stops_nothing(readiness: Readiness) -> None:
    given_up = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(readiness.wait, given_up.is_set)
        given_up.set()
        with pytest.raises(Cancelled):
            waiting.result()
    readiness.load(lambda: MODEL)
    assert readiness.wait(never) is MODEL


@pytest.mark.parametrize("load", [lambda: MODEL, fail])
def test_waiting_asynchronously_ends_either_way(
    readiness: Readiness, load: Callable[[], Loaded]
) -> None:
    async def wait() -> None:
        leaver, stayer = (asyncio.create_task(readiness.settled()) for _ in range(2))
        await asyncio.sleep(0)
        leaver.cancel()
        await asyncio.to_thread(readiness.load, load)
        await stayer

    asyncio.run(wait())
    assert readiness.state is not State.LOADING
