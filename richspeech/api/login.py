"""Refuse strangers the routes of the mounted console that gradio leaves open."""

from fastapi import HTTPException, status
from starlette.requests import HTTPConnection

API = "/gradio_api/"


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
