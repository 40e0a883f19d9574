"""The training of a tiny CAM++: who speaks in it, and what its head does."""

from typing import Any

import pytest
import torch

from scripts.embedded import campplus
from scripts.embedded.voices import HELD_OUT_VARIANTS


@pytest.fixture(scope="module")
def body() -> Any:
    """One that was trained on nothing; what batches have taught it is made up."""
    torch.manual_seed(7)
    made = campplus.build_body()
    for name, statistics in made.named_buffers():
        if name.endswith("running_mean"):
            statistics.normal_()
        elif name.endswith("running_var"):
            statistics.uniform_(0.5, 2.0)
    return made.eval()


def test_the_whole_network_hears_what_its_body_was_trained_to(body: Any) -> None:
    features = 5 * torch.randn(2, 60, campplus.MELS)
    with torch.inference_mode():
        own = body(features.transpose(1, 2))
        whole = campplus.whole(body.state_dict())(features)
    assert own.std() > 0.1
    torch.testing.assert_close(whole, own, rtol=1e-4, atol=1e-4)


def test_nobody_is_heard_in_training_who_judges_it() -> None:
    assert not {*campplus.HELD_OUT} & {*campplus.VARIANTS}
    assert {*HELD_OUT_VARIANTS, "f2", "m7"} <= {*campplus.HELD_OUT}
