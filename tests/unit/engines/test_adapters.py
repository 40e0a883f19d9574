"""Adapters are found by their names, fit the weights they were made for, and hold numbers alone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from richspeech.engines.adapters import (
    Adapter,
    find_adapter,
    is_name,
    list_adapters,
    read_adapter,
    write_manifest,
)
from richspeech.engines.sensevoice.lora import merge
from richspeech.errors import ModelError, OptionError

CONFIG = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "bias": "none", "target_modules": ["w"]}
A, B = torch.tensor([[1.0, 0, 0], [0, 1, 0]]), torch.tensor([[1.0, 2], [3, 4]])


class Model(nn.Module):
    """One linear, of three inputs and two outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Module()
        self.inner.w = nn.Linear(3, 2)

    def weight(self) -> torch.Tensor:
        """What an adapter changes, as it is now."""
        return self.inner.get_parameter("w.weight").detach().clone()


def write_base(folder: Path, value: float = 0.0) -> Path:
    folder.mkdir()
    (folder / "config.yaml").write_text("model: x\n")
    torch.save({"w": torch.full((3,), value)}, folder / "model.pt")
    return folder


def write_adapter(folder: Path, base: Path, **config: Any) -> Path:
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text(json.dumps({**CONFIG, **config}))
    name = "base_model.model.inner.w.lora_{}.weight"
    save_file({name.format("A"): A, name.format("B"): B}, folder / "adapter_model.safetensors")
    write_manifest(folder, base, "some/weights", {"clips": 12})
    return folder


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return write_base(tmp_path / "base")


@pytest.fixture
def calls(tmp_path: Path, base: Path) -> Adapter:
    return read_adapter(write_adapter(tmp_path / "adapters" / "calls", base))


def test_adapters_are_listed_by_name_with_what_they_say_of_themselves(calls: Adapter) -> None:
    (found,) = list_adapters(calls.folder.parent)
    assert (found.name, found.base_name, dict(found.facts)) == (
        "calls",
        "some/weights",
        {"clips": 12},
    )
    assert find_adapter(calls.folder.parent, "calls") == calls


def test_what_is_no_adapter_is_not_listed(calls: Adapter) -> None:
    folder = calls.folder.parent
    (folder / "empty").mkdir()
    (folder / "none").symlink_to(calls.folder)
    (folder / "a b").symlink_to(calls.folder)
    (folder / "damaged").mkdir()
    (folder / "damaged" / "adapter.json").write_text("[]")
    assert [each.name for each in list_adapters(folder)] == ["calls"]
    assert list_adapters(folder / "nowhere") == ()


@pytest.mark.parametrize(
    "name", ["other", "../adapters/calls", "/", "none", "", "calls/", "a" * 65]
)
def test_a_name_that_is_not_in_the_list_is_refused_with_those_that_are(
    calls: Adapter, name: str
) -> None:
    with pytest.raises(OptionError, match="choose one of none, calls") as caught:
        find_adapter(calls.folder.parent, name)
    assert caught.value.key == "adapter.unknown"


def test_where_there_is_none_nobody_is_asked_to_choose_one(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="no adapter calls, nor any other") as caught:
        find_adapter(tmp_path, "calls")
    assert caught.value.key == "adapter.none_there"


@pytest.mark.parametrize(
    ("name", "allowed"),
    [("calls-2026.1", True), ("none", False), (".hidden", False), ("a/b", False), ("通话", False)],
)
def test_names_are_plain(name: str, *, allowed: bool) -> None:
    assert is_name(name) is allowed


def test_the_same_weights_elsewhere_fit_and_others_do_not(
    calls: Adapter, base: Path, tmp_path: Path
) -> None:
    calls.require_base(base)
    moved = base.rename(tmp_path / "moved")
    (moved / "config.yaml").write_text("model: x  # with a remark\n")
    assert calls.fits(moved)
    other = write_base(tmp_path / "other", 1.0)
    with pytest.raises(ModelError, match="made for other weights"):
        calls.require_base(other)


def test_merged_it_adds_the_product_times_alpha_over_rank(calls: Adapter) -> None:
    model = Model()
    before = model.weight()
    merge(model, calls)
    assert torch.allclose(model.weight(), before + 2 * (B @ A))


def replaced(**numbers: torch.Tensor) -> Callable[[Path], None]:
    def replace(folder: Path) -> None:
        save_file(dict(numbers), folder / "adapter_model.safetensors")

    return replace


PREFIX = "base_model.model.inner.w.lora_"


@pytest.mark.parametrize(
    "damage",
    [
        replaced(),
        replaced(**{f"{PREFIX}A.weight": A}),
        replaced(
            **{f"{PREFIX}A.weight": A, f"{PREFIX}B.weight": B.T.contiguous(), "more": A.clone()}
        ),
        replaced(**{f"{PREFIX}A.weight": A[:, :2].contiguous(), f"{PREFIX}B.weight": B}),
        replaced(**{f"{PREFIX}A.weight": A * float("nan"), f"{PREFIX}B.weight": B}),
        replaced(**{"base_model.model.x.lora_A.weight": A, "base_model.model.x.lora_B.weight": B}),
        lambda folder: (folder / "adapter_model.safetensors").write_bytes(b"\x80\x04."),
        lambda folder: (folder / "adapter_config.json").write_text("{"),
        lambda folder: (folder / "adapter_config.json").write_text('{"r": 0, "lora_alpha": 1}'),
    ],
)
def test_what_is_damaged_or_does_not_fit_changes_nothing(
    calls: Adapter, damage: Callable[[Path], object]
) -> None:
    damage(calls.folder)
    model = Model()
    before = model.weight()
    with pytest.raises(ModelError, match="calls cannot be used"):
        merge(model, calls)
    assert torch.equal(model.weight(), before)


@pytest.mark.parametrize(
    "config",
    [{"use_dora": True}, {"peft_type": "IA3"}, {"modules_to_save": ["w"]}, {"bias": "all"}],
)
def test_what_is_no_plain_lora_is_refused(
    tmp_path: Path, base: Path, config: dict[str, Any]
) -> None:
    adapter = read_adapter(write_adapter(tmp_path / "odd", base, **config))
    with pytest.raises(ModelError, match="odd cannot be used"):
        merge(Model(), adapter)


def test_numbers_that_are_a_program_are_no_adapter(calls: Adapter) -> None:
    numbers = calls.folder / "adapter_model.safetensors"
    numbers.rename(numbers.with_suffix(".bin"))
    with pytest.raises(ModelError, match=r"adapter_model\.safetensors"):
        read_adapter(calls.folder)


def test_one_that_was_trained_again_is_another(tmp_path: Path, base: Path, calls: Adapter) -> None:
    again = read_adapter(write_adapter(tmp_path / "new" / "calls", base, lora_alpha=8))
    assert again.name == calls.name
    assert again.digest != calls.digest


def test_weights_of_another_engine_are_other_weights(calls: Adapter, tmp_path: Path) -> None:
    whisper = tmp_path / "whisper"
    whisper.mkdir()
    (whisper / "model.bin").touch()
    assert not calls.fits(whisper)
