"""The machine, and its peak speed."""

import importlib.metadata
import os
import platform
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch

from richspeech.bench.measure import timed
from richspeech.engines.common.openvino_import import best_precision

PACKAGES = ("torch", "openvino", "sherpa-onnx", "funasr")
CPU_FACTS = Path("/proc/cpuinfo")
FLAGS = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
"""Instruction sets that matter to matrix products."""
SMALLEST_MATRIX, LARGEST_MATRIX = 256, {"cpu": 2_048, "cuda": 8_192}
LONG_SECONDS = 0.1
"""A product that takes longer is large enough to measure: where a processor has to emulate the
precision, the largest would take half a minute."""
MEASURED_SECONDS = 0.2


def describe(device: str) -> dict[str, Any]:
    """Say what this machine is."""
    facts = _cpu_facts()
    on_gpu = device.startswith("cuda")
    return {
        "cpu": facts.get("model name", platform.processor()),
        "cores": os.cpu_count(),
        "flags": (flags := [flag for flag in FLAGS if flag in facts.get("flags", "").split()]),
        "kind": kind_of(flags),
        "memory_gb": round(psutil.virtual_memory().total / 1024**3, 1),
        "gpu": torch.cuda.get_device_name(device) if on_gpu else None,
        "platform": platform.platform(terse=True),
        "versions": {name: _version(name) for name in PACKAGES},
    }


def kind_of(flags: Sequence[str]) -> str:
    """Say in words what decides how fast products are here."""
    if "amx_int8" in flags:
        return "AMX"
    if "avx512_bf16" in flags:
        return "AVX-512 with bf16"
    if "avx512f" in flags:
        return "AVX-512 with VNNI" if "avx512_vnni" in flags else "AVX-512 without VNNI"
    if "avx2" in flags:
        return "AVX2 with VNNI" if "avx_vnni" in flags else "AVX2 alone"
    return "no known instruction set"


def matrix_gflops(device: str, precision: str) -> float:
    """Return the speed of a large matrix product in a precision, at its best.

    That of int8 is ONNX Runtime's, whose encoder it is for.
    """
    largest = LARGEST_MATRIX.get(device.partition(":")[0], LARGEST_MATRIX["cpu"])
    size = SMALLEST_MATRIX
    while True:
        product = _product(size, device, precision)
        product()  # the first one sets up what the others find
        seconds = timed(product)
        if size >= largest or seconds > LONG_SECONDS:
            break
        size *= 2
    runs = [seconds]
    while sum(runs) < MEASURED_SECONDS:
        runs.append(timed(product))
    return 2e-9 * size**3 / min(runs)


def _product(size: int, device: str, precision: str) -> Callable[[], object]:
    if precision == "int8":
        return _int8_product(size)
    matrix = torch.randn(size, size, device=device).to(getattr(torch, precision))

    def product() -> None:
        (matrix @ matrix)[0, 0].item()  # waits for the device

    return product


def _int8_product(size: int) -> Callable[[], object]:
    onnx, runtime = importlib.import_module("onnx"), importlib.import_module("onnxruntime")
    helper, kind, rng = onnx.helper, onnx.TensorProto, np.random.default_rng(0)
    matrix = rng.integers(-63, 64, (size, size), dtype=np.int8)
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["x", "weight"], ["y"])],
        "product",
        [helper.make_tensor_value_info("x", kind.UINT8, [size, size])],
        [helper.make_tensor_value_info("y", kind.INT32, [size, size])],
        [onnx.numpy_helper.from_array(matrix, "weight")],
    )
    opsets = [helper.make_opsetid("", 21)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    session = runtime.InferenceSession(model.SerializeToString())
    x = rng.integers(0, 256, (size, size), dtype=np.uint8)
    return lambda: session.run(None, {"x": x})


def has_bfloat16(device: str) -> bool:
    """Say whether a device computes in bfloat16 itself; emulating it takes ages."""
    if device.startswith("cuda"):
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    try:
        return best_precision() == "bfloat16"
    except ImportError:  # nobody here knows
        return False


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
