"""Voices that are remembered: what is kept, whose it is, whom it suggests, and how it goes."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from richspeech.access.accounts import Accounts
from richspeech.access.principal import ANYBODY, Principal, Role
from richspeech.api.voices import voices as api_voices
from richspeech.cli.app import main
from richspeech.errors import AccessError
from richspeech.model.document import Document
from richspeech.model.edits import CorrectionEdit
from richspeech.model.request import TranscriptionRequest
from richspeech.model.voiceprint import Voiceprint
from richspeech.service import build
from richspeech.settings import HistorySettings, PrivacySettings, Settings, VoicesSettings
from richspeech.storage.history import History
from richspeech.storage.transcripts import Entry, Fingerprint, Store, open_store
from tests.transcripts import segment, transcript

MING = Principal.at_browser("ming", Role.MEMBER)
HONG = Principal.at_browser("hong", Role.MEMBER)
LOOKS = Principal.at_browser("ming", Role.VIEWER)
ROOT = Principal.at_browser("root", Role.ADMIN)
NOW = datetime(2026, 11, 29, tzinfo=UTC)
TALK = Document(
    transcript(
        replace(segment(0, 1, "hello"), speaker="A"), replace(segment(2, 3, "bye"), speaker="B")
    )
)


def sounding(degrees: float, encoder: str = "ears 1") -> Voiceprint:
    """A direction in a plane, so that cosines are those of differences of angles."""
    angle = np.radians(degrees)
    return Voiceprint(encoder, (float(np.cos(angle)), float(np.sin(angle))))


def least(_: str) -> float:
    return float(np.cos(np.radians(20)))


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Store]]:
    """Opens the history anew, with other settings."""
    stores: list[Store] = []

    def open_(*, remember: bool = True, privacy: PrivacySettings | None = None) -> Store:
        settings = HistorySettings(url=f"sqlite:///{tmp_path}/history.sqlite")
        store = open_store(settings, privacy, voices=VoicesSettings(remember=remember))
        assert store is not None
        stores.append(store)
        return store

    yield open_
    for store in stores:
        store.close()


@pytest.fixture
def store(opened: Callable[..., Store]) -> Store:
    return opened()


def heard(store: Store, name: str, **voices: Voiceprint) -> Entry:
    """Keep a recording of that name in which A and B speak."""
    return store.keep(Fingerprint(name, name), name, TranscriptionRequest(), TALK, voices)


def called(store: Store, entry: Entry, speaker: str, name: str) -> Entry:
    document = store.document(entry)
    edit = CorrectionEdit(correction=document.naming(speaker, name), made=NOW)
    return store.edit(entry, document.with_edit(edit))


def names(store: Store) -> dict[str, int]:
    return {each.name: each.prints for each in store.voices.remembered().voices}


def suggested(store: Store, entry: Entry) -> dict[str, str]:
    return {each.voice: each.name for each in store.voices.recognised(entry.id, least)}


def test_whoever_was_named_once_is_suggested_in_a_later_recording_and_nobody_else(
    store: Store,
) -> None:
    called(store, heard(store, "first", A=sounding(0), B=sounding(90)), "A", "Anna")
    later = heard(store, "later", A=sounding(88), B=sounding(10))
    [found] = store.voices.recognised(later.id, least)
    assert (found.voice, found.name) == ("B", "Anna")
    assert found.similarity == pytest.approx(np.cos(np.radians(10)), abs=1e-4)
    assert store.open(later.id).document.transcript.speakers == ("A", "B")  # nobody was renamed


def test_each_name_that_is_given_makes_the_voice_better_known(store: Store) -> None:
    called(store, heard(store, "first", A=sounding(0)), "A", "Anna")
    called(store, heard(store, "second", A=sounding(20)), "A", "Anna")
    assert names(store) == {"Anna": 2}
    later = heard(store, "later", A=sounding(25))
    [found] = store.voices.recognised(later.id, least)
    assert found.similarity == pytest.approx(np.cos(np.radians(15)), abs=1e-4)


def test_a_name_that_is_taken_back_or_changed_is_not_remembered(store: Store) -> None:
    entry = called(store, heard(store, "first", A=sounding(0)), "A", "Anna")
    entry = called(store, entry, "Anna", "Berta")
    assert names(store) == {"Berta": 1}
    entry = store.edit(entry, store.document(entry).without_last_correction())
    assert names(store) == {"Anna": 1}
    store.edit(entry, store.document(entry).without_last_correction())
    assert names(store) == {}


def test_prints_of_another_encoder_say_nothing(store: Store) -> None:
    called(store, heard(store, "first", A=sounding(0)), "A", "Anna")
    assert suggested(store, heard(store, "later", A=sounding(0, "ears 2"))) == {}


def test_nothing_of_a_voice_is_kept_unless_the_settings_say_so(
    opened: Callable[..., Store],
) -> None:
    for forgetful in (
        opened(remember=False),
        opened(privacy=PrivacySettings(keep_originals=False)),
        opened().seen_by(replace(ANYBODY, masks=True)),
    ):
        entry = heard(forgetful, f"{id(forgetful)}", A=sounding(0))
        if not forgetful.principal.masks:
            called(forgetful, entry, "A", "Anna")
    assert opened().voices.prints() == ()


def test_voices_are_their_owner_s_alone(store: Store) -> None:
    mine = store.seen_by(MING)
    called(mine, heard(mine, "first", A=sounding(0)), "A", "Anna")
    for other in (HONG, ROOT, ANYBODY, replace(MING, masks=True)):
        seen = store.seen_by(other)
        assert seen.voices.prints() == ()
        if not other.masks:
            assert suggested(seen, heard(seen, f"of {other}", A=sounding(0))) == {}
            assert seen.voices.forget_all() <= 1  # its own, which has no name
    assert names(mine) == {"Anna": 1}


def test_a_voice_is_forgotten_by_name_and_a_later_change_does_not_bring_it_back(
    store: Store,
) -> None:
    first = called(store, heard(store, "first", A=sounding(0), B=sounding(90)), "A", "Anna")
    first = called(store, first, "B", "Berta")
    assert store.voices.forget("Anna") == 1
    assert names(store) == {"Berta": 1}
    called(store, first, "Anna", "Anna Maria")
    assert names(store) == {"Berta": 1}
    assert store.voices.forget("nobody") == 0


def test_all_voices_are_forgotten_at_once_those_without_a_name_as_well(store: Store) -> None:
    called(store, heard(store, "first", A=sounding(0), B=sounding(90)), "A", "Anna")
    assert len(store.voices.prints()) == 2
    assert store.voices.forget_all() == 2
    assert store.voices.prints() == ()


def test_who_may_only_read_forgets_nobody(store: Store) -> None:
    mine = store.seen_by(MING)
    called(mine, heard(mine, "first", A=sounding(0)), "A", "Anna")
    with pytest.raises(AccessError):
        store.seen_by(LOOKS).voices.forget_all()
    assert names(mine) == {"Anna": 1}


def test_a_voice_goes_with_its_transcript_and_with_its_user(store: Store) -> None:
    accounts = Accounts(store.accounts)
    accounts.add_user("ming", "a long password", Role.MEMBER)
    mine = store.seen_by(MING)
    first = called(mine, heard(mine, "first", A=sounding(0)), "A", "Anna")
    called(mine, heard(mine, "second", A=sounding(90)), "A", "Berta")
    mine.delete(first.id)
    assert names(mine) == {"Berta": 1}
    accounts.remove_user("ming", may_be_last=True)
    assert [store.seen_by(each).voices.prints() for each in (MING, ROOT, ANYBODY)] == [()] * 3


def test_what_is_exported_is_all_that_is_kept(store: Store) -> None:
    entry = called(store, heard(store, "first", A=sounding(0), B=sounding(90)), "A", "Anna")
    anna, unnamed = (each.to_dict() for each in store.voices.prints())
    assert (anna["name"], anna["transcript"], anna["voice"]) == ("Anna", entry.id, "A")
    assert (anna["encoder"], anna["direction"]) == ("ears 1", [1.0, 0.0])
    assert (unnamed["name"], unnamed["voice"]) == (None, "B")


def test_a_history_on_disk_has_nothing_left_of_a_voice_that_was_forgotten(
    store: Store, tmp_path: Path
) -> None:
    prints = Voiceprint("ears 1", tuple([0.123] * 64))
    called(store, heard(store, "first", A=prints), "A", "Anna")
    store.voices.forget("Anna")
    left = b"".join(each.read_bytes() for each in tmp_path.iterdir())
    assert np.full(64, 0.123, "<f4").tobytes() not in left


def test_a_program_lists_exports_and_forgets_its_own_voices_and_reads_whom_speakers_sound_like(
    store: Store,
) -> None:
    settings = Settings()
    app = FastAPI()
    service = build(settings, history=History(store, settings, "1"))
    app.include_router(api_voices(service).router)
    client = TestClient(app)
    called(store, heard(store, "first", A=sounding(0), B=sounding(90)), "A", "Anna")
    later = heard(store, "later", A=sounding(3))
    answer = client.get(f"/v1/transcripts/{later.id}/voices").json()
    assert answer["data"] == [
        {"voice": "A", "name": "Anna", "similarity": pytest.approx(0.9986, abs=1e-4)}
    ]
    listing = client.get("/v1/voices").json()
    assert [(each["name"], each["prints"]) for each in listing["data"]] == [("Anna", 1)]
    assert listing["unnamed"] == 2
    exported = client.get("/v1/voiceprints")
    assert "attachment" in exported.headers["content-disposition"]
    assert len(exported.json()["data"]) == 3
    assert client.delete("/v1/voices/Anna").json()["deleted"] == 1
    assert client.delete("/v1/voices").json()["deleted"] == 2
    assert client.get("/v1/voiceprints").json()["data"] == []


def test_the_command_line_lists_exports_and_forgets(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(f"history:\n  url: sqlite:///{tmp_path}/history.sqlite\n")
    mine = store.seen_by(MING)
    called(mine, heard(mine, "first", A=sounding(0), B=sounding(90)), "A", "Anna")

    def said(*words: str) -> str:
        assert main(["voices", *words, "--user", "ming", "--config", str(config)]) == 0
        return capsys.readouterr().out

    assert "Anna" in said("list")
    assert len(json.loads(said("export"))["data"]) == 2
    assert said("forget", "Anna") == "1 prints were deleted.\n"
    assert said("forget", "--all") == "1 prints were deleted.\n"
    assert json.loads(said("export"))["data"] == []
