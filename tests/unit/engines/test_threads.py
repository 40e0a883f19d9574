"""Small work stays on one thread, and nothing else changes."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from richspeech.engines.common.threads import one_thread


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    """Asked for as funasr does it, after which MKL no longer listens to OpenMP."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def busy_threads() -> float:
    """Processor time of all threads, as a multiple of this one's."""
    matrix = torch.randn(700, 700)
    everybody, mine = time.process_time(), time.thread_time()
    for _ in range(20):
        matrix @ matrix
    return (time.process_time() - everybody) / (time.thread_time() - mine)


def busy_threads_within() -> float:
    with one_thread():
        return busy_threads()


def test_within_the_block_only_the_calling_thread_works() -> None:
    assert busy_threads_within() < 1.2


def test_it_holds_in_a_new_thread_too() -> None:
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(busy_threads_within).result() < 1.2


def test_afterwards_the_number_is_what_it_was() -> None:
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2


def test_a_fault_within_the_block_leaves_the_number_as_it_was() -> None:
    with pytest.raises(ValueError, match="x"), one_thread():
        raise ValueError("x")
    assert torch.get_num_threads() == 2


def test_other_threads_keep_their_number() -> None:
    def number() -> int:
        return torch.get_num_threads()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(number).result()
        with one_thread():
            assert pool.submit(number).result() == 2
