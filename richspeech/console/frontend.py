"""Gradio's front end: which of its files a page needs, so that a browser can ask for all at once.

By itself it finds them one after the other: the first script names the second, that one those of
the widgets, and each of these its looks, thirty files of half a kilobyte. Through a tunnel each
step is a round trip, and each file one on one of six connections.

What it loads later a script has in a list of files and, for each ``import()``, of places in that
list: so the bundler of the front end (Vite) writes it. Where nothing of the kind is found nothing
is asked for beforehand, and the browser finds it by itself.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import gradio as gr

FOLDER = Path(gr.__file__).parent / "templates" / "frontend"
ASSETS = FOLDER / "assets"
"""Files, each with a hash of what it holds in its name."""
ALIASES = {"api": "state"}
"""Kinds of widgets that are drawn as others."""
_FIRST = re.compile(r'"\./assets/(index-[^"]+)"')
_LISTED = re.compile(r"m\.f=\[(.*?)\]")
_BLOCKS = "import\\(`\\./Blocks-"
"""Loads the script that draws pages."""
_PLACES = re.compile(r"__vite__mapDeps\(\[([\d,]*)\]\)")


@dataclass(frozen=True)
class Frontend:
    """What a page of some kinds of widgets needs, by names in ``ASSETS``."""

    kinds: Collection[str]

    @property
    def scripts(self) -> tuple[str, ...]:
        """The scripts, each after one that loads it."""
        return tuple(name for name in self._files if name.endswith(".js"))

    @property
    def styles(self) -> tuple[str, ...]:
        """The style sheets, in the order in which a page of all its widgets would ask for them."""
        return tuple(name for name in self._files if name.endswith(".css"))

    @cached_property
    def _files(self) -> tuple[str, ...]:
        first = _FIRST.findall((FOLDER / "index.html").read_text(encoding="utf-8"))
        found = dict.fromkeys([*first, *(each for name in first for each in _listed(name))])
        for name in [*found]:
            if name.startswith("Index-"):
                found |= dict.fromkeys(_loaded(name, _BLOCKS))
            elif name.startswith("core-"):
                for kind in sorted({ALIASES.get(each, each) for each in self.kinds}):
                    component = rf"[,{{]{kind}:\{{(?:[^{{}}]*,)?component:"
                    found |= dict.fromkeys(_loaded(name, component))
        return tuple(found)


def _listed(name: str) -> list[str]:
    """Return the files that a script of the front end may load."""
    listed = _LISTED.search(_text(name)) if name.endswith(".js") else None
    return re.findall(r'"\./([^"]+)"', listed[1]) if listed else []


def _loaded(name: str, where: str) -> Iterator[str]:
    """Give those that it loads at the place in it that a pattern describes."""
    at = re.search(where, _text(name)) if name.endswith(".js") else None
    places = _PLACES.search(_text(name), at.end()) if at else None
    listed = _listed(name)
    for place in filter(None, places[1].split(",") if places else ()):
        yield listed[int(place)]


def _text(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")
