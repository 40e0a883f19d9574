"""Which device the recogniser runs on, and why."""

import torch

from richspeech.language.catalog import Notice


def gpu_memory_bytes() -> dict[str, int]:
    """Return what torch has taken of each GPU, by names such as ``cuda:0``."""
    if not torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        return {}
    devices = range(torch.cuda.device_count())
    return {f"cuda:{each}": int(torch.cuda.memory_reserved(each)) for each in devices}


def choose_device(requested: str) -> tuple[str, Notice]:
    """Return the device and one clause that says why it was chosen."""
    if not requested.startswith("cuda"):
        return requested, Notice("device.asked")
    if not torch.cuda.is_available():
        key = "device.no_cuda" if torch.version.cuda is None else "device.no_gpu"
        return "cpu", Notice(key, {"device": requested})
    index, count = torch.device(requested).index or 0, torch.cuda.device_count()
    if index >= count:
        return "cpu", Notice("device.few_gpus", {"device": requested, "count": count})
    return requested, Notice("device.gpu", {"name": torch.cuda.get_device_name(index)})
