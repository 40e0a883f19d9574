"""Refuse strangers the routes of the mounted console that gradio does not guard."""

from fastapi import HTTPException, status
from starlette.requests import HTTPConnection

GUARDED = ("/gradio_api/", "/live")


def require_login(connection: HTTPConnection) -> None:
    """Refuse the whole API to strangers, where there is a password.

    Gradio checks its routes one by one and leaves some open, among them cancel, reset, stream and
    the heartbeat, whose end tells the console that a page was closed.
    """
    app, cookies = connection.app, connection.cookies
    if app.auth is None or not connection.url.path.startswith(GUARDED):
        return
    names = (f"access-token-{app.cookie_id}", f"access-token-unsecure-{app.cookie_id}")
    if not any(app.tokens.get(cookies.get(name)) for name in names):
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "Not authenticated")
