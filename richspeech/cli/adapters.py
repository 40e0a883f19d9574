"""``python -m richspeech adapters``: which there are, whom they fit, and what they were worth."""

import sys

from richspeech.cli.options import WEIGHTS, Weights
from richspeech.engines.adapters import Adapter, list_adapters

EXAMPLES = ("adapters",)


def adapters(*, weights: Weights = WEIGHTS) -> int:
    """List the adapters in adapters.folder, with their error rates before and after in percent."""
    from richspeech.engines.loader import find_models  # noqa: PLC0415 - all engines

    settings = weights.settings("model")
    found = list_adapters(settings.adapters.folder)
    if not found:
        print(
            f"There are no adapters in {settings.adapters.folder}: "
            "python -m richspeech adapt makes one.",
            file=sys.stderr,
        )
        return 0
    folder = find_models(settings.with_adapter(None), "sensevoice").recogniser.folder
    for adapter in found:
        fits = "" if adapter.fits(folder) else f", for other weights ({adapter.base_name})"
        print(f"{adapter.name:<24}{_worth(adapter)}{fits}")
    return 0


def _worth(adapter: Adapter) -> str:
    results = adapter.facts.get("results", {})
    said = [
        f"{name} {rates[0]['before']:.2f} to {rates[0]['after']:.2f} %"
        for name, judged in results.items()
        if (rates := judged.get("rates"))
    ]
    return ", ".join(said) or "not measured"
