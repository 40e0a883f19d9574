"""Which device the recogniser runs on, and why."""

import torch


def choose_device(requested: str) -> tuple[str, str]:
    """Return the device and one clause that says why it was chosen."""
    if not requested.startswith("cuda"):
        return requested, "the settings ask for it"
    if not torch.cuda.is_available():
        build = (
            "this PyTorch was built without CUDA"
            if torch.version.cuda is None
            else "no GPU answers"
        )
        return "cpu", f"{requested} was asked for, but {build}"
    index = torch.device(requested).index or 0
    if index >= torch.cuda.device_count():
        return "cpu", f"{requested} was asked for, but there are {torch.cuda.device_count()} GPUs"
    return requested, f"a GPU is there: {torch.cuda.get_device_name(index)}"
