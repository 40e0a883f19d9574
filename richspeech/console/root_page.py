"""The page as it is sent: laid out, worded and painted in one language, before anybody came.

    widgets (Chinese) + what a change of language writes for a new session → configuration → HTML

It is made once a language, and again when what stands around the tabs has changed, which tells of
the engines that are loaded. There is one script within it, of data alone; the others and the
looks are files, which never change under the names that they have here. It asks for all of them at
once, since through a tunnel what asks for what would take a second (``frontend``).
"""

import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any, NamedTuple

import gradio as gr
from gradio.blocks import postprocess_update_dict

from richspeech.console.frontend import ASSETS, Frontend
from richspeech.console.guide import guide_data
from richspeech.console.templates import draw, looks
from richspeech.console.view import VIEWER_WORDS, labels, viewer_words
from richspeech.language.catalog import locales, say
from richspeech.web.files import ENTRY, page_files
from richspeech.web.packed import AT_TIMES, Packed

THEME = "theme.css"
"""Colours and type, which gradio asks for at the root, with a hash of it in the address."""
FOR_PROGRAMS = ("api_info", "api_info_as_input", "api_info_as_output", "example_inputs")
"""What gradio says of a widget to programs alone; they are told by ``Programs``."""
ASIDE = {"captions": ("captions",), "screen": ("captions",), "phone": ("login", "phone")}
"""Pages beside this one, each with the style sheets that stand in it."""
SCRIPT_WORDS = (
    *("page_title", "drop", "batch_drop", "batch_more", "record", "stop", "pause", "resume"),
    *("microphone_choice", "live_level", "lost", "lost_hint", "refused", "file_language_tag"),
)
"""What page.js writes into widgets whose words gradio does not let us change, and the language."""


class Paint(NamedTuple):
    """What a change of language writes."""

    outputs: Sequence[Any]
    """The widgets."""
    values: Callable[[str], list[Any]]
    """Locale → the values for a session that has done nothing yet."""
    around: Callable[[str], list[str]]
    """Locale → those of them that change while nobody does anything."""


@dataclass(frozen=True)
class PageText:
    """The page in one language."""

    html: str
    scripts: tuple[str, ...]
    """What stands between the tags of the scripts within it, for whoever allows them by hash."""
    around: tuple[str, ...]
    """What stood around the tabs when it was made."""

    @cached_property
    def packed(self) -> Packed:
        """As it is sent."""
        return Packed(self.html.encode(), AT_TIMES)

    @cached_property
    def etag(self) -> str:
        """Another one for another page; weak, since it is the same however the page is packed."""
        return f'W/"{_digest(self.packed.plain)}"'


class RootPage:
    """The page in every language, and the files beside it."""

    folder = ASSETS
    """Files of the page framework."""

    def __init__(self, blocks: gr.Blocks, paint: Paint, unsure_below: float | None) -> None:
        self._blocks, self._paint = blocks, paint
        self._web = page_files(page_data(unsure_below), guide_data())
        self._script = self._address(ENTRY)
        self._pages: dict[str, PageText] = {}
        self._lock = threading.Lock()

    def _address(self, script: str) -> str:
        return next(name for name in self._web if name.endswith(f"/{script}"))

    def aside(self, name: str, locale: str) -> str:
        """Draw a page of its own beside this one, with the script and the looks of its name."""
        script = self._address(f"{name}.js")
        return draw(f"{name}.html", locale, looks=looks(*ASIDE[name]), script=script)

    @property
    def files(self) -> Mapping[str, bytes]:
        """More such files, by their names; there once the page is mounted."""
        looks = {self._sheet: self._looks, THEME: str(self._blocks.theme_css).encode()}
        return {**self._web, **looks}

    @cached_property
    def _frontend(self) -> Frontend:
        """What of the framework's files the page needs: widgets that are not shown need none."""
        shown = (
            each for each in self._blocks.config["components"] if each["props"].get("visible", True)
        )
        return Frontend(frozenset(each["type"] for each in shown))

    @cached_property
    def _looks(self) -> bytes:
        """The style sheets of the framework in one file."""
        return b"\n".join((ASSETS / name).read_bytes() for name in self._frontend.styles)

    @property
    def _sheet(self) -> str:
        return f"web/{_digest(self._looks)}/frontend.css"

    def ready(self, locale: str) -> PageText | None:
        """Return the page if it is made and still right, at once; else None."""
        page = self._pages.get(locale)
        return page if page and page.around == tuple(self._paint.around(locale)) else None

    def page(self, locale: str) -> PageText:
        """Return the page, and make it if need be, which takes a while; not for an event loop."""
        with self._lock:
            page = self.ready(locale)
            if page is None:
                page = self._pages[locale] = self._made(locale)
                page.packed.by("br")  # so that nobody waits for it later
            return page

    def _made(self, locale: str) -> PageText:
        around = tuple(self._paint.around(locale))
        config = self.config(locale)
        data = {
            "gradio_config": config,
            "gradio_api_info": {"named_endpoints": {}, "unnamed_endpoints": {}},
            "__gradio_mode__": "app",
        }
        script = "".join(f"window.{name} = {_json(value)};" for name, value in data.items())
        facts = {"locale": locale, "look": look_of(around)}
        return PageText(_html(script, self._links(config), config, facts), (script,), around)

    def _links(self, config: Mapping[str, Any]) -> Iterator[str]:
        """Ask for all files at once.

        A link to a style sheet that is disabled asks for nothing, but the framework takes the sheet
        for one that is there: it is within the one sheet of them all.
        """
        yield f'<link rel="stylesheet" href="{self._sheet}">'
        yield f'<link rel="preload" as="style" href="{THEME}?v={config["theme_hash"]}">'
        for name in self._frontend.scripts:
            yield f'<link rel="modulepreload" href="./assets/{name}">'
        for name in self._frontend.styles:
            yield f'<link rel="stylesheet" href="./assets/{name}" disabled>'
        yield f'<script type="module" src="{self._script}"></script>'
        first = self._frontend.scripts[0]
        yield f'<script type="module" crossorigin src="./assets/{first}"></script>'

    def config(self, locale: str) -> dict[str, Any]:
        """Return gradio's configuration of the page, with the words and the paint of a language."""
        config: dict[str, Any] = json.loads(_json(self._blocks.config))
        for component in config["components"]:
            for key in FOR_PROGRAMS:
                component.pop(key, None)
        props = {component["id"]: component["props"] for component in config["components"]}
        for widget, value in zip(self._paint.outputs, self._paint.values(locale), strict=True):
            props[widget._id].update(_written(widget, value))  # noqa: SLF001 - gradio's own name
        page = config["page"][""]
        config.update(
            title=say("page_title", locale),
            layout=page["layout"],
            current_page="",
            username=None,
            deep_link_state="none",
            root="./",  # where the page itself is, whatever stands before the server
        )
        return config


def _written(widget: Any, value: Any) -> dict[str, Any]:
    """Return the properties that gradio would send to write a value, or an update, to a widget."""
    if not (isinstance(value, dict) and value.get("__type__") == "update"):
        value = {"value": value}
    update = {key: each for key, each in value.items() if key != "__type__"}
    new = {key: each for key, each in update.items() if key != "value"}
    anew = type(widget)(**{**widget.constructor_args, **new, "render": False})
    written: dict[str, Any] = postprocess_update_dict(anew, update)
    del written["__type__"]
    return written


def look_of(around: Sequence[str]) -> str:
    """Name what stands around the tabs, so that a page can say which it has."""
    return _digest("\0".join(around).encode())


def page_data(unsure_below: float | None) -> dict[str, Any]:
    """Return what the scripts need to know, the same for everybody."""
    keys = (*SCRIPT_WORDS, *VIEWER_WORDS)
    words = {locale: viewer_words(keys, locale) for locale in locales()}
    return {"words": words, "labels": labels(), "unsureBelow": unsure_below}


def _html(
    script: str, links: Iterable[str], config: Mapping[str, Any], facts: Mapping[str, str]
) -> str:
    """Write the page around its data; gradio draws the rest."""
    locale = facts["locale"]
    data = " ".join(f'data-{name}="{escape(value)}"' for name, value in facts.items())
    colours, asked = config["body_css"], "\n".join(links)
    return f"""<!doctype html>
<html lang="{say("file_language_tag", locale)}" {data}>
<head>
<meta charset="utf-8">
<base href="./">
<meta name="viewport" content="width=device-width, initial-scale=1, shrink-to-fit=no">
<title>{escape(config["title"])}</title>
<style>
html, body {{ margin: 0; padding: 0; min-height: 100%; display: flex; flex-direction: column; }}
body {{ width: 100%; flex-grow: 1; background: {colours["body_background_fill"]};
  color: {colours["body_text_color"]}; }}
gradio-app {{ display: flex; flex-direction: column; flex-grow: 1; }}
@media (prefers-color-scheme: dark) {{
  body {{ background: {colours["body_background_fill_dark"]};
    color: {colours["body_text_color_dark"]}; }}
}}
</style>
{asked}
<script>{script}</script>
</head>
<body><gradio-app control_page_title="true" embed="false" eager="true"></gradio-app></body>
</html>
"""


def _json(value: object) -> str:
    """Write a value so that it cannot end the script that it stands in."""
    return json.dumps(value, ensure_ascii=False, default=str).replace("<", "\\u003c")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
