"""What is on demand is loaded once, kept while it is used, and let go when it is idle."""

import gc
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from richspeech.engines.lazy import Lazy
from richspeech.errors import ModelError


class Thing:
    pass


def test_nothing_is_loaded_before_it_is_used_and_then_once_for_all() -> None:
    loads: list[Thing] = []
    barrier = threading.Barrier(8)

    def load() -> Thing:
        loads.append(Thing())
        return loads[-1]

    things = Lazy(load, idle_seconds=None)
    assert not things.is_loaded

    def use(_: int) -> Thing:
        barrier.wait(60.0)
        with things.use() as thing:
            return thing

    with ThreadPoolExecutor(8) as pool:
        assert {*pool.map(use, range(8))} == {loads[0]}
    assert len(loads) == 1


def test_an_idle_thing_is_let_go_and_loaded_anew() -> None:
    things = Lazy(Thing, idle_seconds=0.01)
    gone = threading.Event()
    with things.use() as thing:
        weakref.finalize(thing, gone.set)
        assert not gone.wait(0.1)
    del thing
    gc.collect()
    assert gone.wait(60.0)
    assert not things.is_loaded
    with things.use():
        assert things.is_loaded


def test_a_thing_stays_while_another_still_uses_it() -> None:
    things = Lazy(Thing, idle_seconds=0.01)
    with things.use() as thing:
        with things.use() as same:
            assert same is thing
        threading.Event().wait(0.1)
        assert things.is_loaded


def test_who_cannot_load_may_try_again() -> None:
    answers: Iterator[ModelError | Thing] = iter([ModelError("not now"), Thing()])

    def load() -> Thing:
        answer = next(answers)
        if isinstance(answer, ModelError):
            raise answer
        return answer

    things = Lazy(load, idle_seconds=None)
    with pytest.raises(ModelError), things.use():
        pass
    with things.use() as thing:
        assert isinstance(thing, Thing)


def test_what_is_let_go_is_ended_first() -> None:
    ended: list[Thing] = []
    done = threading.Event()

    def end(thing: Thing) -> None:
        ended.append(thing)
        done.set()

    things = Lazy(Thing, 0.01, end)
    with things.use() as thing:
        pass
    assert done.wait(60.0)
    assert ended == [thing]
    assert things.loaded is None


def test_closing_ends_what_is_loaded_and_nothing_twice() -> None:
    ended: list[Thing] = []
    things = Lazy(Thing, 0.01, ended.append)
    things.close()
    assert ended == []
    with things.use() as thing:
        things.close()
    things.close()
    assert ended == [thing]
    with things.use() as another:
        assert another is not thing
        assert things.loaded is another


def test_what_is_being_loaded_is_not_let_go_and_nobody_waits_for_that() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def load() -> Thing:
        begun.set()
        assert go_on.wait(60.0)
        return Thing()

    def use() -> None:
        with things.use():
            pass

    things = Lazy(load, idle_seconds=None)
    with ThreadPoolExecutor(2) as pool:
        using = pool.submit(use)
        assert begun.wait(60.0)
        letting = pool.submit(things.let_go)
        try:
            assert letting.result(30.0) is False
        finally:
            go_on.set()
        using.result(60.0)
    assert things.is_loaded
    assert things.let_go()
    assert not things.is_loaded
