"""What the console adds to gradio's login page: its looks and its words."""

import html
import json

from richspeech.console.theme import ASSETS
from richspeech.console.words import LOCALES, say

CSS = ASSETS / "login.css"


def login_message() -> str:
    """Return what stands above the fields of the login page, with the looks of that page.

    It holds both languages, and login.css shows the one that gradio chose for its own words.
    """
    looks = CSS.read_text(encoding="utf-8")
    title = " / ".join(say("name", locale) for locale in LOCALES)
    heads = "".join(
        f'<span class="{locale}"><b>{html.escape(say("name", locale))}</b>'
        f"{html.escape(say('subtitle', locale))}</span>"
        for locale in LOCALES
    )
    sentences = (json.dumps(say("login_wrong", locale), ensure_ascii=False) for locale in LOCALES)
    wrong = "".join(
        f":root:{which} .creds::after {{ content: {sentence}; }}"
        for which, sentence in zip(("not(:lang(en))", "lang(en)"), sentences, strict=True)
    )
    return f"<style>{looks}{wrong}</style><title>{html.escape(title)}</title>{heads}"
