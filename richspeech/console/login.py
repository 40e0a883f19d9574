"""What the console adds to gradio's login: its looks, and the routes that gradio leaves open."""

import html
import json
from pathlib import Path

from fastapi import HTTPException, status
from starlette.requests import HTTPConnection

from richspeech.console.words import LOCALES, say

API = "/gradio_api/"
CSS = Path(__file__).parent / "login.css"


def require_login(connection: HTTPConnection) -> None:
    """Refuse the whole API to strangers.

    Gradio checks its routes one by one and leaves some open, among them cancel, reset, stream and
    the heartbeat, whose end tells the console that a page was closed.
    """
    app, cookies = connection.app, connection.cookies
    if not connection.url.path.startswith(API):
        return
    names = (f"access-token-{app.cookie_id}", f"access-token-unsecure-{app.cookie_id}")
    if not any(app.tokens.get(cookies.get(name)) for name in names):
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "Not authenticated")


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
