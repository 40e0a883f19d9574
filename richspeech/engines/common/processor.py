"""What the processor can do that decides how weights are best kept."""

import platform
from functools import cache
from pathlib import Path

CPU_FACTS = Path("/proc/cpuinfo")
VNNI = frozenset({"avx512_vnni", "avx_vnni"})
"""Sums of products of 8 bits in 32 bits; without it two products share 16 bits."""

FAST_PRODUCTS = ("avx2", "avx512f", "avx512_bf16", *sorted(VNNI), "amx_bf16", "amx_int8")
"""What decides which kind of product is the fastest."""


@cache
def flags() -> frozenset[str]:
    """Return what Linux calls the instruction sets of the first core; nothing elsewhere."""
    if not CPU_FACTS.is_file():
        return frozenset()
    first = CPU_FACTS.read_text(encoding="utf-8").split("\n\n")[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return frozenset({key.strip(): value for key, _, value in pairs}.get("flags", "").split())


def has_vnni() -> bool:
    """Say whether 8-bit products need no care; unknown processors of Intel's kind get it."""
    return bool(VNNI & flags()) or platform.machine() in {"arm64", "aarch64"}


def abilities() -> str:
    """Return what tells processors apart for which other weights may be the best."""
    return " ".join((platform.machine(), *(each for each in FAST_PRODUCTS if each in flags())))
