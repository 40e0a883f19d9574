"""``python -m richspeech voices ACTION``: the voices that are remembered under a name.

Names are given on the page or over the API, where ``voices.remember`` is true; this lists what is
kept, writes all of it out as JSON, and forgets.
"""

import json
import sys
from contextlib import closing
from typing import Annotated, Literal

from cyclopts import Parameter

from richspeech.access.principal import ANYBODY, Principal, Role
from richspeech.cli.accounts import given, write_rows
from richspeech.cli.options import Config
from richspeech.errors import OptionError
from richspeech.operations.audit import audit_written
from richspeech.places import CONFIG
from richspeech.settings import load_settings
from richspeech.storage.transcripts import open_store
from richspeech.storage.voices import RememberedVoice, VoiceStore

EXAMPLES = (
    "voices list",
    "voices list --user ming",
    "voices export > voices.json",
    "voices forget Anna",
    "voices forget --all",
)
HEAD = ("name", "prints", "since", "until", "encoders")


def voices(
    action: Annotated[Literal["list", "export", "forget"], Parameter(metavar="list|export|forget")],
    name: str | None = None,
    /,
    *,
    user: str | None = None,
    all_: Annotated[bool, Parameter(name="--all", negative=())] = False,
    config: Config = CONFIG,
) -> int:
    """List, export and forget the voices that are remembered.

    Args:
        action: what to do; export writes every print as JSON
        name: whom to forget
        user: whose voices; those from before anybody logged in, unless said
        all_: forget everybody, those without a name as well
        config: settings file

    """
    settings = load_settings(config)
    store = open_store(settings.history, settings.privacy, settings.risk, voices=settings.voices)
    if store is None:
        raise OptionError("cli.history_off")
    principal = ANYBODY if user is None else Principal.at_browser(user, Role.MEMBER)
    with audit_written(settings.operations), closing(store):
        own = store.seen_by(settings.privacy.seen_by(principal)).voices
        if action == "list":
            _list(own)
        elif action == "export":
            prints = [each.to_dict() for each in own.prints()]
            json.dump({"object": "list", "data": prints}, sys.stdout, ensure_ascii=False, indent=1)
            sys.stdout.write("\n")
        else:
            count = own.forget_all() if all_ else own.forget(given(name, "NAME", "voices forget"))
            sys.stdout.write(f"{count} prints were deleted.\n")
    return 0


def _list(own: VoiceStore) -> None:
    found = own.remembered()
    write_rows([HEAD, *map(_row, found.voices)])
    if found.unnamed:
        sys.stdout.write(f"{found.unnamed} prints have no name and go with their transcripts.\n")


def _row(voice: RememberedVoice) -> tuple[str, ...]:
    days = (f"{each:%Y-%m-%d}" for each in (voice.since, voice.until))
    return (voice.name, str(voice.prints), *days, ", ".join(voice.encoders))
