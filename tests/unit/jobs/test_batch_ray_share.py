"""How a Ray cluster is shared by engines, and what each is told of its share."""

import pytest

from richspeech.errors import OptionError
from richspeech.jobs.batch.ray.share import Share, share_of
from richspeech.settings import ModelSettings, Settings

GPUS = {"CPU": 132.0, "GPU": 8.0}


def asked(device: str = "cuda:0", threads: int | None = None) -> Settings:
    return Settings(model=ModelSettings(device=device, threads=threads))


def test_each_gpu_has_an_engine_whose_gpu_is_the_first_that_it_sees() -> None:
    share = share_of(GPUS, asked("cuda:3"), None)
    assert share == Share(engines=8, cpus=1, gpus=1.0)
    assert share.settings(asked("cuda:3")).model.device == "cuda:0"


def test_engines_that_are_more_than_the_gpus_share_them_evenly() -> None:
    assert share_of(GPUS, asked(), 16) == Share(engines=16, cpus=1, gpus=0.5)
    assert share_of(GPUS, asked(), 12).gpus == 0.5
    assert share_of(GPUS, asked(), 4).gpus == 1.0


def test_without_a_gpu_every_two_cores_have_an_engine_that_uses_no_more() -> None:
    share = share_of({"CPU": 17.0}, asked(), None)
    assert share == Share(engines=8, cpus=2)
    told = share.settings(asked()).model
    assert (told.device, told.threads) == ("cpu", 2)


def test_the_settings_say_how_many_cores_an_engine_has() -> None:
    assert share_of({"CPU": 16.0}, asked(threads=8), None) == Share(engines=2, cpus=8)


def test_who_asks_for_the_cpu_leaves_the_gpus_alone() -> None:
    assert share_of(GPUS, asked("cpu"), None) == Share(engines=66, cpus=2)


def test_a_cluster_without_room_is_refused_unless_it_is_said_how_large_it_will_be() -> None:
    with pytest.raises(OptionError, match="no GPU and no 2 CPUs for an engine"):
        share_of({"CPU": 1.0}, asked(), None)
    assert share_of({"CPU": 1.0}, asked(), 3) == Share(engines=3, cpus=2)
