"""What a program has to know of the page to use it without a browser."""

import json
from typing import Any


def config_in(html: str) -> dict[str, Any]:
    """Read what the page is made of, as gradio's front end gets it."""
    written = html.partition("window.gradio_config = ")[2]
    config: dict[str, Any] = json.JSONDecoder().raw_decode(written)[0]
    return config


def entry_of(config: dict[str, Any], window: str, locale: str) -> tuple[int, list[str]]:
    """Return the event that begins the page in a window, and the values that it is sent."""
    names = {each["id"]: each["props"].get("elem_id") for each in config["components"]}
    told = {"window": window, "timezone": "UTC", "look": "", "switch": locale}
    [entry] = [d for d in config["dependencies"] if "load" in [kind for _, kind in d["targets"]]]
    return entry["id"], [told[names[each]] for each in entry["inputs"]]
