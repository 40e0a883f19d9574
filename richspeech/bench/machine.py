"""The machine, and the speed that it allows at best."""

import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

import psutil
import torch

from richspeech.bench.measure import timed

PACKAGES = ("torch", "openvino", "sherpa-onnx", "funasr")
CPU_FACTS = Path("/proc/cpuinfo")
FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
"""Instruction sets that matter to matrix products."""
MATRIX_SIZES = {"cpu": 2_048, "cuda": 8_192}


def describe(device: str) -> dict[str, Any]:
    """Say what this machine is."""
    facts = _cpu_facts()
    on_gpu = device.startswith("cuda")
    return {
        "cpu": facts.get("model name", platform.processor()),
        "cores": os.cpu_count(),
        "flags": [flag for flag in FLAGS if flag in facts.get("flags", "").split()],
        "memory_gb": round(psutil.virtual_memory().total / 1024**3, 1),
        "gpu": torch.cuda.get_device_name(device) if on_gpu else None,
        "platform": platform.platform(terse=True),
        "versions": {name: _version(name) for name in PACKAGES},
    }


def bf16_gflops(device: str) -> float:
    """Return the speed of one large bf16 matrix product, the best of twenty, for it is a limit."""
    kind = device.partition(":")[0]
    size = MATRIX_SIZES.get(kind, MATRIX_SIZES["cpu"])
    matrix = torch.randn(size, size, device=device).bfloat16()

    def product() -> None:
        (matrix @ matrix)[0, 0].item()  # waits for the device

    return 2e-9 * size**3 / min(timed(product) for _ in range(20))


def _cpu_facts() -> dict[str, str]:
    """Return what Linux says of the first core; nothing elsewhere."""
    if not CPU_FACTS.is_file():
        return {}
    first = CPU_FACTS.read_text(encoding="utf-8").split("\n\n")[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
