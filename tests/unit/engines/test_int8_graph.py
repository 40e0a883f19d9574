"""Weights of eight bits: close to what they were, and safe where a sum has sixteen bits."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from richspeech.engines.sensevoice.calibration import Ranges
from richspeech.engines.sensevoice.int8_graph import HIGHEST, _Builder, _Linear

MOST_IN_A_BYTE, MOST_IN_A_SUM = 255, 2**15 - 1


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 30.0))
def test_narrow_weights_never_fill_a_sum_of_two_products(seed: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    weight = rng.standard_normal((8, 32)).astype(np.float32)
    weight[:, :4] *= spread
    step = _Builder(Ranges({}), narrow=True).step(weight)
    eights = np.abs(np.round(weight / step[:, None])).reshape(8, -1, 2)
    assert MOST_IN_A_BYTE * eights.sum(2).max() <= MOST_IN_A_SUM


def test_other_weights_use_all_of_eight_bits() -> None:
    weight = np.random.default_rng(0).standard_normal((8, 32)).astype(np.float32)
    step = _Builder(Ranges({}), narrow=False).step(weight)
    assert np.abs(np.round(weight / step[:, None])).max(1) == pytest.approx(HIGHEST)


def test_what_is_taken_from_the_inputs_is_given_to_the_weights() -> None:
    torch.manual_seed(0)
    first, second = nn.Linear(6, 4), nn.Linear(4, 3)
    x = torch.randn(50, 6) * torch.tensor([1.0, 9.0, 0.1, 1.0, 3.0, 1.0])
    hidden = first(x)
    ranges = Ranges({first: x.abs().amax(0), second: hidden.detach().abs().amax(0)})
    one, two = _Linear(first, ranges), _Linear(second, ranges)
    one.give(two.taken)
    found = (x.numpy() / one.taken) @ one.weight.T + one.bias
    assert np.abs(x.numpy() / one.taken).max() <= one.range
    expected = second(hidden).detach().numpy()
    np.testing.assert_allclose(found @ two.weight.T + two.bias, expected, atol=1e-4)
