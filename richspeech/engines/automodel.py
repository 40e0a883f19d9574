"""Load a folder through ``funasr.AutoModel``: by path, without network, without foreign code."""

from pathlib import Path
from typing import Any

import torch

from richspeech.engines import funasr_door
from richspeech.errors import ModelError
from richspeech.hub import require_model_files


def load_automodel(folder: Path, expected: str, device: str, threads: int, **more: Any) -> Any:
    """Return the ``AutoModel`` of ``folder``, whose model is of the funasr class ``expected``.

    ``more`` overrides its config.yaml. Torch's random numbers are left as they were. Raises
    ``ModelError`` when the folder cannot be loaded or holds something else.
    """
    # A bare name could be taken for one of the hub's, so the path is made absolute.
    path = require_model_files(folder.resolve())
    try:
        with funasr_door.quiet(), torch.random.fork_rng(devices=[]):
            auto_model = funasr_door.funasr().AutoModel(
                model=str(path),
                device=device,
                ncpu=threads,
                ignore_init_mismatch=False,
                trust_remote_code=False,
                disable_update=True,
                disable_pbar=True,
                log_level="WARNING",
                **more,
            )
    except Exception as error:  # whatever the parts of funasr raise on a damaged folder
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        message = f"The model in {folder.name} cannot be loaded; copy its folder anew ({reason})."
        raise ModelError(message) from error
    kind = type(auto_model.model).__name__
    if kind != expected:
        message = (
            f"The folder {folder.name} holds a {kind}, not a {expected}; choose another model."
        )
        raise ModelError(message)
    _require_weights(folder, auto_model.model)
    return auto_model


def _require_weights(folder: Path, model: torch.nn.Module) -> None:
    """Refuse missing weights: funasr would leave them random and print a line."""
    stored = torch.load(folder / "model.pt", map_location="cpu", weights_only=True, mmap=True)
    for wrapper in ("state_dict", "model_state_dict", "model"):
        stored = stored.get(wrapper, stored)
    missing = [name for name, _ in model.named_parameters() if name not in stored]
    if missing:
        message = (
            f"The model in {folder.name} lacks {len(missing)} of its weights, "
            f"such as {missing[0]}; copy the whole model.pt."
        )
        raise ModelError(message)
