"""The only module that imports OpenVINO.

Importing it sends a message to its makers through a package of its own. A ``None`` in
``sys.modules`` makes that package one that is not installed, and nothing is sent.
"""

import sys
from functools import cache
from importlib import import_module
from typing import Any


@cache
def openvino() -> Any:
    """Import OpenVINO; raises ``ImportError`` where it is not to be had."""
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    return import_module("openvino")


def best_precision() -> str:
    """Return the fastest precision of this processor that costs next to no accuracy."""
    abilities = openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return "bfloat16" if "BF16" in abilities else "float32"
