"""Two on one transcript, and one on two devices: who has it open, and what they were writing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from richspeech.access.drafts import Drafts
from richspeech.access.presence import EXPIRY_SECONDS, MOST_OPEN, Presence, Watcher
from richspeech.access.principal import ANYBODY
from richspeech.model.corrections import Correction
from richspeech.settings import PrivacySettings
from richspeech.storage.drafts import DAYS, MOST_LINES, DraftStore

from .test_transcripts import HEARD, House, edit, house

__all__ = ["house"]


def write(house: House, number: int, revision: int = 0, user: str = "ann", **step: Any) -> Any:
    asked = {"revision": revision, "step": {"kind": "correct", "segment": 0, **step}}
    return house.ask(user, f"/{number}/drafts", "PUT", json=asked)


def drafts(house: House, number: int, user: str = "ann") -> list[dict[str, Any]]:
    answer = house.ask(user, f"/{number}/drafts")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


def test_what_one_was_writing_is_there_on_another_device_and_for_nobody_else(house: House) -> None:
    number = house.keep("ann", "a.wav")
    assert write(house, number, text="我要退货").status_code == 200
    write(house, number, segment=1, emotion="sad")
    write(house, number, text="我要退货，", events=["cry"])
    assert drafts(house, number) == [
        {"segment": 1, "emotion": "sad"},
        {"segment": 0, "text": "我要退货，", "events": ["cry"]},
    ]
    assert drafts(house, number, "root") == []
    assert house.ask("bob", f"/{number}/drafts").status_code == 404
    assert write(house, number, user="ann/read").status_code == 403
    assert write(house, number, user="eve").status_code == 403
    assert house.ask("ann", f"/{number}").json()["segments"][0]["text"] == HEARD.segments[0].text


def test_a_draft_that_says_nothing_new_is_none(house: House) -> None:
    number = house.keep("ann", "a.wav")
    write(house, number, text="我要退货。")
    assert write(house, number).json()["data"] == []
    write(house, number, text="我要退货。")
    assert edit(house, number, 0, kind="correct", segment=0, text="我要退货。").status_code == 200
    assert drafts(house, number) == []


def test_a_draft_stays_with_its_line_whatever_becomes_of_others(house: House) -> None:
    number = house.keep("ann", "a.wav")
    write(house, number, segment=1, text="不好")
    cut = edit(house, number, 0, "root", kind="split", segment=0, caret=2, at=0.5)
    assert cut.status_code == 200
    assert drafts(house, number) == [{"segment": 2, "text": "不好"}]
    late = write(house, number, 0, text="我要")
    assert (late.status_code, late.json()["error"]["code"]) == (409, "transcript_changed")
    edit(house, number, 1, "root", kind="remove", segment=2)
    assert drafts(house, number) == []


def test_who_sees_masked_words_has_no_drafts_and_nobody_where_none_logs_in(house: House) -> None:
    number = house.keep("ann", "a.wav")
    write(house, number, text="打13800138000")
    assert house.ask("ann", f"/{number}/drafts", params={"mask": True}).json()["data"] == []
    store = house.store
    entry, draft = store.entry(number), Correction(0, text="打13800138000")
    masked = replace(store.principal, user="ann", masks=True)
    for principal in (masked, ANYBODY):
        seen = Drafts(store.seen_by(principal))
        seen.write(entry, replace(draft, text="打"))
        assert not seen.are_kept
        assert seen.of(number, store.open(number).document) == ()
    assert [each["text"] for each in drafts(house, number)] == ["打13800138000"]


def test_nothing_is_kept_of_drafts_where_no_originals_are(house: House) -> None:
    number = house.keep("ann", "a.wav")
    house.store.privacy = PrivacySettings(keep_originals=False)
    write(house, number, text="打13800138000")
    assert house.store.drafts.of(number, "ann") == ()


def test_drafts_go_with_their_transcript_and_with_their_user(house: House) -> None:
    first, second = house.keep("ann", "a.wav"), house.keep("ann", "b.wav")
    for number in (first, second):
        write(house, number, text="好")
    house.store.delete(first)
    assert house.store.drafts.of(first, "ann") == ()
    assert len(house.store.drafts.of(second, "ann")) == 1
    house.accounts.remove_user("ann")
    assert house.store.drafts.of(second, "ann") == ()


def test_old_drafts_expire_and_new_ones_push_the_oldest_out(house: House) -> None:
    number = house.keep("ann", "a.wav")
    now = datetime(2026, 11, 29, tzinfo=UTC)
    kept = DraftStore(house.store._database, lambda: now)
    for line in range(MOST_LINES + 2):
        now += timedelta(seconds=1)
        kept.keep(number, "ann", Correction(line, text="好"))
    assert [each.index for each in kept.of(number, "ann")] == [*range(2, MOST_LINES + 2)]
    now += timedelta(days=DAYS, seconds=-5)
    assert len(kept.of(number, "ann")) == 5
    kept.keep(number, "bob", Correction(0, text="好"))
    now -= timedelta(days=DAYS)  # they are deleted, not only left out
    assert len(kept.of(number, "ann")) == 5


@pytest.mark.parametrize(
    "step", [{"text": "x" * 2_001}, {"segment": 7}, {"emotion": "furious"}, {"caret": 1}]
)
def test_what_is_no_draft_is_refused(house: House, step: dict[str, Any]) -> None:
    assert write(house, house.keep("ann", "a.wav"), **step).status_code == 400


def test_others_are_told_who_is_at_work_on_a_transcript_until_that_is_over(house: House) -> None:
    number = house.keep("ann", "a.wav")
    assert house.ask("ann", f"/{number}/presence").json()["others"] == []
    write(house, number, text="好")
    edit(house, number, 0, "root", kind="remove", segment=1)
    told = house.ask("ann", f"/{number}/presence")
    assert (told.json()["others"], told.json()["revision"]) == (["root"], 1)
    assert house.ask("root", f"/{number}/presence").json()["others"] == ["ann"]
    assert house.ask("bob", f"/{number}/presence").status_code == 404


def test_a_window_that_asks_has_it_open_and_a_program_that_looks_has_not(house: House) -> None:
    number = house.keep("ann", "a.wav")
    house.ask("root", f"/{number}/presence")
    assert house.ask("ann", f"/{number}/presence").json()["others"] == []
    house.ask("root", f"/{number}/presence", headers={"x-richspeech-window": "a1"})
    assert house.ask("ann", f"/{number}/presence").json()["others"] == ["root"]


@pytest.mark.parametrize("path", ["", "/presence"])
def test_who_has_the_newest_answer_is_told_that_alone(house: House, path: str) -> None:
    number = house.keep("ann", "a.wav")
    first = house.ask("ann", f"/{number}{path}")
    known = {"if-none-match": f'"x", W/{first.headers["etag"]}'}
    again = house.ask("ann", f"/{number}{path}", headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    edit(house, number, 0, "root", kind="remove", segment=1)
    newer = house.ask("ann", f"/{number}{path}", headers=known)
    assert newer.status_code == 200
    assert newer.headers["etag"] != first.headers["etag"]


def test_presence_is_soon_forgotten_and_of_one_transcript_a_window() -> None:
    now = 0.0
    presence = Presence(lambda: now)
    ann, bob, again = Watcher("ann", "1"), Watcher("bob", "2"), Watcher("ann", "3")
    for each in (ann, bob, again):
        presence.see(7, each)
    assert presence.others(7, ann) == ("bob",)
    assert presence.others(7, bob) == ("ann",)
    presence.see(8, bob)
    assert presence.others(7, ann) == ()
    now = EXPIRY_SECONDS - 1
    presence.see(7, ann)
    now = EXPIRY_SECONDS
    assert presence.others(8, ann) == ()
    assert presence.others(7, bob) == ("ann",)
    one, other = Watcher(None, "1"), Watcher(None, "2")
    presence.see(9, one)
    assert presence.others(9, one) == ()
    assert presence.others(9, other) == (None,)
    for number in range(2 * MOST_OPEN):
        presence.see(1, Watcher(None, f"w{number}"))
    assert len(presence._seen) == MOST_OPEN
