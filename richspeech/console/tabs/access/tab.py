"""The tab of users and API keys: for admins, where one has to log in."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import gradio as gr
from markupsafe import Markup

from richspeech.access.accounts import Accounts
from richspeech.access.keys import CONCURRENT, RATE, KeyTerms
from richspeech.access.principal import Role, Scope
from richspeech.console import events, render
from richspeech.console.page_load import PageLoad
from richspeech.console.row_list import row_list
from richspeech.console.sessions import Session
from richspeech.console.tab import Context, Shell
from richspeech.console.tabs.access.render import draw_accounts, draw_secret, user_names
from richspeech.console.widgets import BEGINS, DRAWN, QUICK
from richspeech.errors import AccessError, OptionError, RichSpeechError
from richspeech.language.catalog import Notice, say
from richspeech.operations.caller import caller

NAME = "access"
MOST_LETTERS = 64
NOTHING = Markup()


class AccessTab:
    """Two forms, each with what came of it below, and a list of users and keys."""

    name = NAME

    def __init__(self, context: Context, shell: Shell) -> None:
        self._context, self._widgets, self._shell = context, context.widgets, shell
        self._accounts: Accounts = context.service.accounts

    def build(self) -> None:
        """Make the widgets."""
        with gr.Column(elem_classes="card", elem_id="access"):
            self._widgets.heading("access")
            self._widgets.html(partial(render.subheading, "access_new_user"))
            with gr.Row(elem_classes="access-form"):
                self._user = self._line("login_user", elem_id="access-user")
                self._password = self._line(
                    "login_password", type="password", elem_id="access-password"
                )
                self._role = self._widgets.add(
                    gr.Radio, _roles, value=Role.MEMBER.value, elem_id="access-role"
                )
                self._add = self._widgets.button("access_add", elem_id="access-add", scale=0)
            self._user_said = gr.HTML("", elem_id="access-user-said", **DRAWN)
            self._widgets.html(partial(render.subheading, "access_new_key"))
            with gr.Row(elem_classes="access-form"):
                self._owner = self._widgets.labelled(
                    gr.Dropdown, "access_owner", choices=[], value=None, elem_id="access-owner"
                )
                self._key = self._line("access_key_name", elem_id="access-key-name")
                self._scopes = self._widgets.add(
                    gr.CheckboxGroup,
                    _scopes,
                    value=[Scope.TRANSCRIBE.value, Scope.READ.value],
                    elem_id="access-scopes",
                    min_width=380,
                    scale=2,
                )
                self._days = self._widgets.labelled(
                    gr.Number,
                    "access_days",
                    value=90,
                    minimum=1,
                    maximum=36_500,
                    precision=0,
                    elem_id="access-days",
                    min_width=100,
                    scale=0,
                )
                self._make = self._widgets.button("access_make", elem_id="access-make", scale=0)
            self._key_said = gr.HTML("", elem_id="access-key-said", **DRAWN)
            self._list = row_list(("remove_user", "revoke_key"), elem_id="access-list")

    def _line(self, key: str, **properties: Any) -> Any:
        return self._widgets.labelled(
            gr.Textbox, key, value="", max_lines=1, max_length=MOST_LETTERS * 4, **properties
        )

    @property
    def painted(self) -> Sequence[Any]:
        """The list, and what was said of the new user; a new key stays, for it is shown once."""
        return [self._list, self._user_said]

    def wire(self) -> None:
        """Connect the forms and the buttons of the rows."""
        place = self._shell.place(self.name)
        place.visible = False
        listed = [self._list, self._owner]
        place.select(self._refresh, self._owner, listed, **QUICK)
        new_user = [self._user, self._password, self._role, self._owner]
        added = [self._user_said, self._user, self._password, *listed]
        self._add.click(self._press_add, new_user, added, **BEGINS)
        fields = [self._owner, self._key, self._scopes, self._days]
        made = [self._key_said, self._key, *listed]
        self._make.click(self._press_make, fields, made, **BEGINS)
        self._list.remove_user(self._remove, self._owner, listed, **QUICK)
        self._list.revoke_key(self._revoke, self._owner, listed, **QUICK)

    def resume(self, page_load: PageLoad) -> None:
        """Show the tab to those whom it is for."""
        place = self._shell.place(self.name)
        page_load.add(lambda _: self._is_for_caller, lambda: gr.update(visible=True), place)

    def paint(self, session: Session) -> list[Any]:
        """Draw the list, for those whom it is for."""
        return [self._drawn(session) if self._is_for_caller else "", ""]

    @property
    def _is_for_caller(self) -> bool:
        principal = caller().principal
        is_known = self._accounts.store is not None and principal.user is not None
        return is_known and principal.may(Scope.ADMIN)

    def _refresh(self, owner: str | None, request: gr.Request) -> list[Any]:
        self._require_admin()
        return self._listed(request, owner)

    def _press_add(
        self,
        name: str | None,
        password: str | None,
        role: str,
        owner: str | None,
        request: gr.Request,
    ) -> list[Any]:
        def add() -> Markup:
            self._accounts.add_user((name or "").strip(), password or "", Role(role))
            return self._said(request, "access_added", (name or "").strip())

        said, is_done = self._tried(request, add)
        return [said, _after(is_done=is_done), "", *self._listed(request, owner)]

    def _press_make(
        self,
        owner: str | None,
        name: str | None,
        scopes: list[str],
        days: float | None,
        request: gr.Request,
    ) -> list[Any]:
        def make() -> Markup:
            if not owner:
                raise OptionError("access.no_owner")
            terms = KeyTerms(frozenset(map(Scope, scopes)), days, RATE, CONCURRENT)
            secret = self._accounts.add_key(owner, (name or "").strip(), terms)
            return draw_secret(secret, self._context.session(request).locale)

        said, is_done = self._tried(request, make)
        return [said, _after(is_done=is_done), *self._listed(request, owner)]

    def _remove(self, owner: str | None, event: gr.EventData, request: gr.Request) -> list[Any]:
        name = events.read(event, events.Named).id

        def remove() -> Markup:
            self._accounts.remove_user(name)
            return self._said(request, "access_removed", name)

        said, _ = self._tried(request, remove)
        return self._listed(request, owner, said)

    def _revoke(self, owner: str | None, event: gr.EventData, request: gr.Request) -> list[Any]:
        digest = events.read(event, events.Named).id

        def revoke() -> Markup:
            key = self._accounts.directory.keys.get(digest)
            if key is None:
                raise OptionError("page.unreadable")
            self._accounts.revoke_key(key.user, key.name)
            return self._said(request, "access_key_revoked", key.name)

        said, _ = self._tried(request, revoke)
        return self._listed(request, owner, said)

    def _require_admin(self) -> None:
        if not self._is_for_caller:
            raise AccessError("access.role", role=caller().principal.role.notice)

    def _tried(self, request: gr.Request, change: Callable[[], Markup]) -> tuple[Markup, bool]:
        """Make a change, if an admin asks; return what came of it, and whether it was made."""
        session = self._context.session(request)
        self._require_admin()
        try:
            return change(), True
        except RichSpeechError as error:
            return _refused(error, session), False

    def _listed(self, request: gr.Request, owner: str | None, said: Markup = NOTHING) -> list[Any]:
        """Return the list below what is ``said``, and the choice of users."""
        session = self._context.session(request)
        try:
            names = user_names(self._accounts, self._accounts.directory)
        except RichSpeechError as error:
            return [_refused(error, session), gr.skip()]
        chosen = owner if owner in names else None
        return [said + self._drawn(session), gr.update(choices=names, value=chosen)]

    def _said(self, request: gr.Request, key: str, name: str) -> Markup:
        locale = self._context.session(request).locale
        return render.message("done", say(key, locale, name=name))

    def _drawn(self, session: Session) -> Markup:
        try:
            directory = self._accounts.directory
            return draw_accounts(self._accounts, directory, session.locale, session.timezone)
        except RichSpeechError as error:
            return _refused(error, session)


def _refused(error: RichSpeechError, session: Session) -> Markup:
    return render.message("error", Notice.of(error).sentence(session.locale), role="alert")


def _after(*, is_done: bool) -> Any:
    """Empty a line whose words were taken; leave those that have to be put right."""
    return "" if is_done else gr.skip()


def _roles(locale: str) -> dict[str, Any]:
    choices = [(say(f"role_{role}", locale), role.value) for role in Role]
    return {"label": say("access_role", locale), "choices": choices}


def _scopes(locale: str) -> dict[str, Any]:
    choices = [(say(f"scope_{scope}", locale), scope.value) for scope in Scope]
    return {"label": say("access_scopes", locale), "choices": choices}
