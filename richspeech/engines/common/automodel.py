"""Load a folder through ``funasr.AutoModel``: by path, without network, without foreign code."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import torch

from richspeech.engines.common import funasr_import
from richspeech.engines.hub import require_model_files
from richspeech.errors import ModelError
from richspeech.memory import give_back


def load_automodel(
    folder: Path,
    expected: str | tuple[str, ...],
    device: str,
    threads: int,
    *,
    optional: tuple[str, ...] = (),
    **more: Any,
) -> Any:
    """Return the ``AutoModel`` of ``folder``, whose model is of the funasr class ``expected``.

    Several names mean any of these classes.

    ``more`` overrides its config.yaml; weights whose names begin with one of ``optional`` may be
    missing. Torch's random numbers are left as they were. Raises ``ModelError`` when the folder
    cannot be loaded or holds something else.
    """
    # A bare name could be taken for one of the hub's, so the path is made absolute.
    path = require_model_files(folder.resolve())
    try:
        with funasr_import.quiet(), torch.random.fork_rng(devices=[]):
            auto_model = funasr_import.funasr().AutoModel(
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
        reason = in_one_line(error)
        raise ModelError("model.unloadable", name=folder.name, why=reason) from error
    kind = type(auto_model.model).__name__
    known = (expected,) if isinstance(expected, str) else expected
    if kind not in known:
        raise ModelError("model.kind", name=folder.name, kind=kind, known=known)
    scope_map = list(auto_model.kwargs.get("scope_map") or ())
    _require_weights(folder, auto_model.model, scope_map, optional)
    give_back()  # what loading took beside the weights: twice as much again
    return auto_model


def in_one_line(error: BaseException) -> str:
    """Return what an error says, short enough for a message or the log."""
    return " ".join(str(error).split())[:200] or type(error).__name__


def _require_weights(
    folder: Path, model: torch.nn.Module, scope_map: Sequence[str], optional: tuple[str, ...]
) -> None:
    """Refuse missing weights: funasr would leave them random and print a line."""
    stored = torch.load(folder / "model.pt", map_location="cpu", weights_only=True, mmap=True)
    for wrapper in ("state_dict", "model_state_dict", "model"):
        stored = stored.get(wrapper, stored)
    missing = [
        name
        for name, _ in model.named_parameters()
        if not name.startswith(optional) and not _is_stored(name, stored, scope_map)
    ]
    if missing:
        raise ModelError("model.weights", name=folder.name, count=len(missing), such=missing[0])


def _is_stored(name: str, stored: Collection[str], scope_map: Sequence[str]) -> bool:
    """Say whether funasr finds the weight, perhaps under another prefix.

    ``scope_map`` of config.yaml holds pairs: the prefix in the file, the prefix in the model.
    """
    prefixes = ["" if prefix.lower() == "none" else prefix for prefix in scope_map]
    pairs = zip(prefixes[::2], prefixes[1::2], strict=False)
    others = [theirs + name[len(ours) :] for theirs, ours in pairs if name.startswith(ours)]
    return any(other in stored for other in (name, *others))
