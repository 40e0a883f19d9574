"""What came of a load, as data and as Markdown."""

import os
import platform
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import psutil

from scripts.load.plan import BAD, Outcome, Record
from scripts.load.watch import Seen
from scripts.server import BYTES_PER_MB

MOST_GROWTH_MB, SLOWEST_LIVEZ_SECONDS = 100.0, 1.0
MOST_NOTES = 20


def machine() -> dict[str, Any]:
    """Say where this was measured, and how busy the machine is now."""
    return {
        "cores": os.cpu_count(),
        "memory_mb": round(psutil.virtual_memory().total / BYTES_PER_MB),
        "python": platform.python_version(),
        "load": [round(each, 2) for each in os.getloadavg()],
    }


def summary(records: Sequence[Record], seen: Seen, seconds: float) -> dict[str, Any]:
    """Count and measure what came."""
    right = [each for each in records if each.outcome is Outcome.RIGHT]
    ways = sorted({each.way for each in records})
    return {
        "seconds": round(seconds, 1),
        "answers": {
            way: dict(Counter(each.outcome.value for each in records if each.way == way))
            for way in ways
        },
        "times": [*_times(right, ways)],
        "audio_seconds": sum(each.clip_seconds for each in right),
        "rtfx": round(sum(each.clip_seconds for each in right) / seconds, 2),
        "processor_seconds": round(seen.processor_seconds, 1),
        "livez": _answered(seen.livez_seconds),
        "pulse": _answered(seen.pulse_seconds),
        "idle": _answered(seen.idle_seconds),
        "memory": {
            "most_mb": round(max(seen.megabytes)),
            "growth_mb": round(seen.growth_megabytes, 1),
        },
        "bad": [vars(each) for each in records if each.outcome in BAD][:MOST_NOTES],
    }


def _answered(seconds: Sequence[float]) -> dict[str, float]:
    return percentiles(seconds) | {"asked": len(seconds)}


def _times(right: Sequence[Record], ways: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Measure the right answers by way and length; with waiting counts from the first try."""
    for way in ways:
        own = [each for each in right if each.way == way]
        for size in (*sorted({each.clip_seconds for each in own}), None):
            these = [each for each in own if size in (None, each.clip_seconds)]
            if these:
                yield {
                    "way": way,
                    "clip_seconds": size,
                    "count": len(these),
                    "answer": percentiles([each.seconds for each in these]),
                    "with_waiting": percentiles([each.waited for each in these]),
                }


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Return p50, p95, p99 and the most, in seconds."""
    if len(seconds) < 2:
        return dict.fromkeys(("p50", "p95", "p99", "most"), round(max(seconds, default=0), 3))
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    found = {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98], "most": max(seconds)}
    return {name: round(value, 3) for name, value in found.items()}


def verdicts(found: Mapping[str, Any]) -> dict[str, bool]:
    """Say what has held."""
    counts: Counter[str] = Counter()
    for each in found["answers"].values():
        counts.update(each)
    return {
        "no answer but right ones and deliberate refusals": not any(counts[each] for each in BAD),
        "right answers came": counts[Outcome.RIGHT] > 0,
        "no result was mixed up": not counts[Outcome.MIXED_UP],
        f"memory grew by less than {MOST_GROWTH_MB:.0f} MB after the first minute": (
            found["memory"]["growth_mb"] < MOST_GROWTH_MB
        ),
        f"/livez was never slower than {SLOWEST_LIVEZ_SECONDS:g} s": (
            found["livez"]["most"] <= SLOWEST_LIVEZ_SECONDS
        ),
        f"nor at the port for probes than {SLOWEST_LIVEZ_SECONDS:g} s": (
            found["pulse"]["most"] <= SLOWEST_LIVEZ_SECONDS
        ),
        **found.get("also", {}),
    }


def markdown(found: Mapping[str, Any]) -> str:
    """Write tables."""
    return "\n".join(_lines(found))


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    columns = [each for each in Outcome if each not in BAD or _is_in(found, each)]
    yield "| came by | " + " | ".join(columns) + " |"
    yield "| --- |" + " --- |" * len(columns)
    for way, counts in found["answers"].items():
        yield f"| {way} | " + " | ".join(str(counts.get(each, 0)) for each in columns) + " |"
    yield ""
    yield "| right answers | count | p50 | p95 | p99 | most | with waiting p50 | p95 | p99 |"
    yield "| --- |" + " --- |" * 8
    for each in found["times"]:
        size = "all" if each["clip_seconds"] is None else f"{each['clip_seconds']:g} s"
        cut = (*each["answer"].values(), *[*each["with_waiting"].values()][:3])
        cells = " | ".join(f"{time:.2f}" for time in cut)
        yield f"| {each['way']}, {size} | {each['count']} | {cells} |"
    yield ""
    yield "| what | |"
    yield "| --- | --- |"
    memory = found["memory"]
    yield f"| audio heard, a second | {found['rtfx']} s |"
    yield f"| processor time of the server | {found['processor_seconds']} s of {found['seconds']} |"
    yield f"| /livez, ms: p50, p95, p99, most | {_milliseconds(found['livez'])} |"
    yield f"| /livez at the port for probes, the same | {_milliseconds(found['pulse'])} |"
    yield f"| a server that does nothing, the same | {_milliseconds(found['idle'])} |"
    sizes = f"{memory['most_mb']} and {memory['growth_mb']} MB"
    yield f"| memory: most, and growth after the first minute | {sizes} |"
    for what, held in verdicts(found).items():
        yield f"| {what} | {'yes' if held else '**no**'} |"


def _milliseconds(times: Mapping[str, float]) -> str:
    most = ", ".join(f"{times[each] * 1000:.0f}" for each in ("p50", "p95", "p99", "most"))
    return f"{most} ({times['asked']} asked)"


def _is_in(found: Mapping[str, Any], outcome: Outcome) -> bool:
    return any(each.get(outcome) for each in found["answers"].values())
