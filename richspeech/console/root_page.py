"""The page as it is sent: laid out, worded and painted in one language, before anybody came.

    widgets (Chinese) + what a change of language writes for a new session → configuration → HTML

It is made once a language, and again when what stands around the tabs has changed, which tells of
the engines that are loaded. There is one script within it, of data alone; the others and the
looks are files, which never change under the names that they have here.
"""

import gzip
import hashlib
import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
from gradio.blocks import postprocess_update_dict

from richspeech.console.view import VIEWER_WORDS, labels, viewer_words
from richspeech.language.catalog import locales, say
from richspeech.web.files import ENTRY, imported_by, page_files

FRONTEND = Path(gr.__file__).parent / "templates" / "frontend"
THEME = "theme.css"
"""Colours and type, which gradio asks for at the root, with a hash of it in the address."""
SCRIPT_WORDS = (
    *("page_title", "drop", "batch_drop", "record", "stop", "pause", "resume", "microphone_choice"),
    *("lost", "lost_hint", "refused", "file_language_tag"),
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
    def body(self) -> bytes:
        """As it is sent to who cannot unpack."""
        return self.html.encode()

    @cached_property
    def packed(self) -> bytes:
        """As it is sent to everybody else, by gzip."""
        return gzip.compress(self.body, mtime=0)

    @cached_property
    def etag(self) -> str:
        """Another one for another page."""
        return f'"{_digest(self.body)}"'


class RootPage:
    """The page in every language, and the files beside it."""

    folder = FRONTEND / "assets"
    """Files of the page framework, each with a hash of what it holds in its name."""

    def __init__(self, blocks: gr.Blocks, paint: Paint, unsure_below: float | None) -> None:
        self._blocks, self._paint = blocks, paint
        self._web = page_files(page_data(unsure_below))
        self._folder = next(iter(self._web)).rpartition("/")[0]
        self._pages: dict[str, PageText] = {}
        self._lock = threading.Lock()

    @property
    def files(self) -> Mapping[str, bytes]:
        """More such files, by their names; there once the page is mounted."""
        return {**self._web, THEME: str(self._blocks.theme_css).encode()}

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
                page.packed, page.etag  # noqa: B018 - so that nobody waits for them later
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
        html = _html(script, self._folder, config, {"locale": locale, "look": look_of(around)})
        return PageText(html, (script,), around)

    def config(self, locale: str) -> dict[str, Any]:
        """Return gradio's configuration of the page, with the words and the paint of a language."""
        config: dict[str, Any] = json.loads(_json(self._blocks.config))
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


def _html(script: str, folder: str, config: Mapping[str, Any], facts: Mapping[str, str]) -> str:
    """Write the page around its data; gradio draws the rest. The modules lie in ``folder``."""
    locale = facts["locale"]
    data = " ".join(f'data-{name}="{escape(value)}"' for name, value in facts.items())
    modules = "\n".join(
        f'<link rel="modulepreload" href="{folder}/{name}">' for name in imported_by(ENTRY)
    )
    colours = config["body_css"]
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
<script>{script}</script>
{modules}
<script type="module" src="{folder}/{ENTRY}"></script>
{_entry()}
</head>
<body><gradio-app control_page_title="true" embed="false" eager="true"></gradio-app></body>
</html>
"""


def _entry() -> str:
    """Return the tags by which gradio's own page begins: its first script and its first looks."""
    template = (FRONTEND / "index.html").read_text(encoding="utf-8")
    tags = r"<(?:script|link)[^>]*\./assets/index-[^>]*>(?:</script>)?"
    return "\n".join(re.findall(tags, template))


def _json(value: object) -> str:
    """Write a value so that it cannot end the script that it stands in."""
    return json.dumps(value, ensure_ascii=False, default=str).replace("<", "\\u003c")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
