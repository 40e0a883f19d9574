"""A map of recordings as SVG: similar voices lie close together, groups share a colour."""

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

SIZE, MARGIN = 720, 60
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#7a5cc9", "#a88600", "#56b4e9", "#566473")
"""Okabe and Ito's palette and two more; further groups begin anew, so their number is written."""


def draw_map(points: NDArray[np.float32], labels: NDArray[np.int64], names: Sequence[str]) -> str:
    """Return the picture of ``points`` [N, 2] with a name each; ``labels`` [N] are their groups."""
    places = _placed(points)
    dots = "".join(
        f'<g><title>{escape(name)}</title><circle cx="{x:.1f}" cy="{y:.1f}" r="7" '
        f'fill="{COLOURS[label % len(COLOURS)]}"/><text x="{x + 11:.1f}" y="{y + 4:.1f}">'
        f"{label + 1} · {escape(name)}</text></g>"
        for (x, y), label, name in zip(places.tolist(), labels.tolist(), names, strict=True)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" '
        f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>'
        f"{dots}</svg>\n"
    )


def _placed(points: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return pixels [N, 2]: the map fills the picture, with one scale for both directions."""
    lowest, highest = points.min(axis=0), points.max(axis=0)
    scale = (SIZE - 2 * MARGIN) / max(float((highest - lowest).max()), 1e-9)
    middle = (lowest + highest) / 2
    pixels: NDArray[np.float64] = (points - middle) * np.array([scale, -scale]) + SIZE / 2
    return pixels
