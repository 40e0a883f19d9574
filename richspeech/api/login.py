"""Login and logout: a form without scripts, and a button.

GET  /login     the form, in the reader's language
POST /login     user and password, urlencoded → the page, or the form with what is wrong
POST /logout    ends this login and no other → the form
"""

import logging
from collections.abc import Callable
from typing import Literal
from urllib.parse import parse_qs

from fastapi import APIRouter, FastAPI, Request, status
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from richspeech.access.accounts import Accounts
from richspeech.api.middleware.attempts import Attempts
from richspeech.api.middleware.visitors import Cookies, Logins
from richspeech.api.root_page import locale_of
from richspeech.errors import StoreError
from richspeech.operations import audit

log = logging.getLogger(__name__)

FORM = "application/x-www-form-urlencoded"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; form-action 'self'"
"""Of the form, which holds its looks and runs nothing."""

MOST_FIELDS = 10
MOST_LETTERS = 64
"""Of a name."""

Problem = Literal["wrong", "wait", "broken"]
DrawLogin = Callable[[str, Problem | None, int, str], str]
"""Locale, what was wrong, seconds to wait, the name that was given → HTML."""


def add_login(
    app: FastAPI, accounts: Accounts, logins: Logins, cookies: Cookies, draw: DrawLogin
) -> None:
    """Give the application its three routes."""
    attempts, router = Attempts(), APIRouter()

    @router.head("/login", include_in_schema=False)
    @router.get("/login")
    def show(request: Request) -> Response:
        return _form(draw, request, None)

    @router.post("/login")
    async def log_in(request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
            sentence = f"A login is sent as {FORM}: use the form."
            return JSONResponse({"detail": sentence}, status.HTTP_415_UNSUPPORTED_MEDIA_TYPE)
        user, password = _fields(await request.body())
        address = _address(request)
        if seconds := attempts.seconds_to_wait(address, user):
            return _form(draw, request, "wait", seconds, user=user)
        attempts.fail(address, user)  # before the slow part, so that none slip by meanwhile
        # Before the password: where that changes meanwhile, the login does not hold.
        proof = await run_in_threadpool(_proof, accounts, user)
        problem = await run_in_threadpool(_problem, accounts, user, password, address)
        if problem is not None:
            return _form(draw, request, problem, user=user)
        attempts.succeed(address, user)
        audit.record(audit.Action.LOGGED_IN, name=user)
        logins.end(request.cookies.get(cookies.login))
        answer = RedirectResponse(".", status.HTTP_303_SEE_OTHER)
        secure = request.url.scheme == "https"
        cookies.set(answer, cookies.login, logins.begin(user, proof), secure=secure)
        return answer

    @router.post("/logout")
    def log_out(request: Request) -> Response:
        audit.record(audit.Action.LOGGED_OUT)
        logins.end(request.cookies.get(cookies.login))
        answer = RedirectResponse("login", status.HTTP_303_SEE_OTHER)
        for name in (cookies.login, cookies.browser):
            answer.delete_cookie(name, httponly=True, samesite="lax")
        return answer

    app.include_router(router)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _problem(accounts: Accounts, user: str, password: str, address: str) -> Problem | None:
    """Return why somebody may not come in, and tell the log; None for those who may."""
    try:
        if accounts.admits(user, password):
            return None
        name = user if accounts.knows(user) else None  # people type their password there
    except StoreError as error:
        log.warning("nobody can log in: %s", error)
        return "broken"
    log.warning("a login as %s from %s failed", repr(name) if name else "an unknown name", address)
    audit.record(audit.Action.LOGIN_FAILED, name=name)
    return "wrong"


def _proof(accounts: Accounts, user: str) -> str | None:
    try:
        return accounts.proof_of(user)
    except StoreError:  # ``_problem`` tells of it
        return None


def _fields(body: bytes) -> tuple[str, str]:
    """Read name and password; what is missing, or more than a form has, is nobody's."""
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=MOST_FIELDS)
    except ValueError:
        return "", ""
    user, password = (fields.get(name, [""])[0] for name in ("username", "password"))
    return user.strip(), password


def _form(
    draw: DrawLogin,
    request: Request,
    problem: Problem | None,
    seconds: int = 0,
    user: str = "",
) -> Response:
    page = draw(locale_of(request), problem, seconds, user[:MOST_LETTERS])
    headers = {"content-security-policy": POLICY, "vary": "accept-language, cookie"}
    if problem == "wait":
        headers["retry-after"] = str(seconds)
    codes = {None: 200, "wrong": 400, "wait": 429, "broken": 503}
    return HTMLResponse(page, codes[problem], headers)
