"""Who sees originals, and what is kept: by settings, role and request."""

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from richspeech.access.principal import ANYBODY, Principal, Role
from richspeech.access.shares import Shares
from richspeech.errors import StoreError
from richspeech.model.corrections import Correction
from richspeech.model.document import Document
from richspeech.model.edits import CorrectionEdit
from richspeech.model.place import Place
from richspeech.model.request import TranscriptionRequest
from richspeech.model.speaker import Naming
from richspeech.privacy.sound import cover_of
from richspeech.settings import PrivacySettings
from richspeech.storage.query import parse_query
from richspeech.storage.transcripts import PREVIEW_LETTERS, Entry, Fingerprint, Store
from tests.transcripts import segment, transcript
from tests.unit.privacy.test_find import spoken

NUMBER = "13800138000"
NOW = datetime(2026, 11, 29, tzinfo=UTC)
HEARD = Document(transcript(spoken(0, f"电话{NUMBER}。")))
FILE = f"{NUMBER}.wav"
ROOT = Principal.at_browser("root", Role.ADMIN)
MING = Principal.at_browser("ming", Role.MEMBER)
ADMINS_ALONE = PrivacySettings(originals_for=frozenset({Role.ADMIN}))


def kept(store: Store, owner: Principal = ANYBODY) -> Entry:
    request, of_owner = TranscriptionRequest(engine="sensevoice"), store.seen_by(owner)
    return of_owner.keep(Fingerprint("a", "b"), FILE, request, HEARD)


def seen(store: Store, entry: Entry, principal: Principal) -> tuple[str, str | None, str]:
    """The words, the name and the line of a transcript, as somebody sees them."""
    of_principal = store.seen_by(store.privacy.seen_by(principal))
    [line] = of_principal.search(parse_query(""))
    return of_principal.open(entry.id).document.transcript.text, line.name, line.preview


def test_a_role_sees_originals_only_where_the_settings_say_so(tmp_path: Path) -> None:
    with closing(Store(f"sqlite:///{tmp_path}/history.sqlite", ADMINS_ALONE)) as store:
        entry = kept(store, MING)
        assert seen(store, entry, ROOT)[:2] == (f"电话{NUMBER}。", FILE)
        assert seen(store, entry, MING) == ("电话[电话]。", "[phone].wav", "电话[电话]。")


def test_nobody_finds_a_number_by_searching_for_it(tmp_path: Path) -> None:
    with closing(Store(f"sqlite:///{tmp_path}/history.sqlite", ADMINS_ALONE)) as store:
        kept(store, MING)
        assert store.seen_by(MING).search(parse_query("8000")) == ()
        assert len(store.seen_by(MING).search(parse_query("电话"))) == 1


def test_what_was_kept_before_the_setting_is_masked_when_it_is_shown(tmp_path: Path) -> None:
    place = f"sqlite:///{tmp_path}/history.sqlite"
    with closing(Store(place, PrivacySettings())) as store:
        entry = kept(store, MING)
        change = CorrectionEdit(correction=Naming({"A": NUMBER}), made=NOW)
        owned = store.seen_by(MING)
        owned.edit(entry, owned.document(entry).with_edit(change))
    for privacy in (ADMINS_ALONE, PrivacySettings(keep_originals=False)):
        with closing(Store(place, privacy)) as store:
            assert seen(store, entry, MING) == ("电话[电话]。", "[phone].wav", "电话[电话]。")
            shown = store.seen_by(privacy.seen_by(MING)).open(entry.id).document
            assert NUMBER not in json.dumps(shown.to_dict())


def test_nobody_writes_a_mask_over_an_original(tmp_path: Path) -> None:
    with closing(Store(f"sqlite:///{tmp_path}/history.sqlite", ADMINS_ALONE)) as store:
        entry = kept(store, MING)
        masked = store.seen_by(ADMINS_ALONE.seen_by(MING))
        change = CorrectionEdit(correction=Correction(0, text="好。"), made=NOW)
        corrected = masked.document(entry).with_edit(change)
        for write in (masked.edit, masked.call):
            with pytest.raises(StoreError, match="the mask would stand over the original"):
                write(entry, corrected)
        assert seen(store, entry, ROOT)[0] == f"电话{NUMBER}。"


def test_whoever_sees_masked_words_is_told_masked_names(tmp_path: Path) -> None:
    with closing(Store(f"sqlite:///{tmp_path}/history.sqlite", ADMINS_ALONE)) as store:
        entry = kept(store, MING)
        assert store.seen_by(ADMINS_ALONE.seen_by(MING)).entry(entry.id).name == "[phone].wav"
        assert store.seen_by(ROOT).entry(entry.id).name == FILE


def test_a_step_in_a_part_of_a_line_is_kept_without_originals(tmp_path: Path) -> None:
    privacy = PrivacySettings(keep_originals=False)
    heard = Document(transcript(spoken(0, "您好，打一三八零零一三。")))
    with closing(Store(f"sqlite:///{tmp_path}/history.sqlite", privacy)) as store:
        asked = TranscriptionRequest(engine="sensevoice")
        entry = store.keep(Fingerprint("a", "b"), None, asked, heard)
        document = store.document(entry)
        cut = document.splitting(Place(0), caret=3)
        for step in (cut, Correction(0, part=cut.part, text=f"打{NUMBER}。")):
            entry = store.edit(entry, document.amended(step, "ming", NOW))
            document = store.document(entry)
        assert [each.text for each in document.transcript.segments] == ["您好，", "打[电话]。"]
        assert "一三八" not in json.dumps(document.to_dict(), ensure_ascii=False)
        assert document.without_last_correction().transcript.text == "您好，[电话]"


def test_steps_at_once_that_cannot_be_kept_without_originals_are_refused(
    tmp_path: Path,
) -> None:
    privacy = PrivacySettings(keep_originals=False)
    heard = Document(transcript(spoken(0, "好的吧。"), spoken(3, "打一三八。")))
    with closing(Store(f"sqlite:///{tmp_path}/history.sqlite", privacy)) as store:
        asked = TranscriptionRequest(engine="sensevoice")
        entry = store.keep(Fingerprint("a", "b"), None, asked, heard)
        document = before = store.document(entry)
        for step in (Correction(1, text=f"打{NUMBER}。"), document.merging(Place(0))):
            document = document.amended(step, "ming", NOW)
        document = document.amended(Correction(0, start=0.1, end=0.3), "ming", NOW)
        with pytest.raises(StoreError, match="cut, joined or moved"):
            store.edit(entry, document)
        assert store.open(entry.id).document == before


def test_a_step_over_a_personal_line_is_kept_masked_though_others_were_cut_or_moved(
    tmp_path: Path,
) -> None:
    privacy = PrivacySettings(keep_originals=False)
    heard = Document(transcript(spoken(0, "您好，再见。"), spoken(9, "打一三八零零一三。")))
    with closing(Store(f"sqlite:///{tmp_path}/history.sqlite", privacy)) as store:
        asked = TranscriptionRequest(engine="sensevoice")
        entry = store.keep(Fingerprint("a", "b"), None, asked, heard)
        document = store.document(entry)
        steps = (
            document.splitting(Place(0), caret=3),
            Correction(1, start=8.5),
            Correction(1, text=f"打{NUMBER}。"),
        )
        for step in steps:
            document = document.amended(step, "ming", NOW)
            entry = store.edit(entry, document)
            document = store.document(entry)
        assert document.transcript.text == "您好，再见。打[电话]。"
        assert "一三八" not in json.dumps(document.to_dict(), ensure_ascii=False)
        assert len(document.corrections) == 3
        [cover] = cover_of(document.transcript, privacy).spans
        assert cover[0] <= 8.5
        before = document.without_last_correction().without_last_correction()
        assert before.transcript.text == "您好，再见。打[电话]。"


def test_nobody_is_told_what_another_has_edited(tmp_path: Path) -> None:
    with closing(Store(f"sqlite:///{tmp_path}/history.sqlite", ADMINS_ALONE)) as store:
        entry = kept(store, ROOT)
        owned = store.seen_by(ROOT)
        said = CorrectionEdit(correction=Correction(0, text=f"老板电话{NUMBER}"), made=NOW)
        owned.edit(entry, owned.document(entry).with_edit(said))
        measured = store.seen_by(ADMINS_ALONE.seen_by(MING)).find_measured("b")
        assert measured is not None
        assert measured.text == "电话[电话]。"


def test_half_a_number_at_the_end_of_a_line_is_not_shown(tmp_path: Path) -> None:
    with closing(Store(f"sqlite:///{tmp_path}/history.sqlite")) as store:
        said = f"{'好' * (PREVIEW_LETTERS - 10)}。{NUMBER}。"
        heard = Document(transcript(segment(0, 9, said)))
        request = TranscriptionRequest(engine="sensevoice")
        entry = store.keep(Fingerprint("a", "b"), FILE, request, heard)
        shown = store.seen_by(store.privacy.seen_by(ROOT, asked=True))
        [line] = shown.search(parse_query(""))
        assert line.id == entry.id
        assert not any(each.isdigit() for each in line.preview)


def test_who_may_not_see_originals_cannot_ask_for_them() -> None:
    assert ADMINS_ALONE.seen_by(MING, asked=False).masks
    assert not ADMINS_ALONE.seen_by(ROOT, asked=False).masks
    assert ADMINS_ALONE.seen_by(ROOT, asked=True).masks


def test_the_settings_hold_where_nobody_asks() -> None:
    masking = PrivacySettings(mask=True)
    assert masking.seen_by(ROOT).masks
    assert not masking.seen_by(ROOT, asked=False).masks
    assert not PrivacySettings().seen_by(ROOT).masks


def test_originals_are_not_kept_where_the_settings_say_so(tmp_path: Path) -> None:
    privacy = PrivacySettings(keep_originals=False)
    with closing(Store(f"sqlite:///{tmp_path}/history.sqlite", privacy)) as store:
        entry = kept(store)
        assert seen(store, entry, ROOT)[0] == "电话[电话]。"
    with closing(Store(f"sqlite:///{tmp_path}/history.sqlite")) as store:
        stored = store.open(entry.id)
        assert NUMBER not in str(stored.document.to_dict())
        assert stored.entry.name == "[phone].wav"
    assert NUMBER.encode() not in (tmp_path / "history.sqlite").read_bytes()


@pytest.mark.parametrize(("privacy", "text"), [(ADMINS_ALONE, "[电话]"), (None, NUMBER)])
def test_a_link_shows_no_stranger_what_some_may_not_see(
    privacy: PrivacySettings | None, text: str, tmp_path: Path
) -> None:
    with closing(Store(f"sqlite:///{tmp_path}/history.sqlite", privacy)) as store:
        entry, shares = kept(store), Shares(store)
        token = shares.make(entry.id, 7, ROOT)
        assert shares.open(token).document.transcript.text == f"电话{text}。"
