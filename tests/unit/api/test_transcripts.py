"""Programs read, search and delete what was kept: each their own, an admin all, a viewer reads."""

import json
import re
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import update
from starlette.testclient import TestClient

from postprocess import Emotion
from richspeech.access.accounts import Accounts, BuiltIn
from richspeech.access.keys import KeyTerms
from richspeech.access.principal import Principal, Role, Scope
from richspeech.api.middleware.build import middleware_of
from richspeech.api.surface import Surface
from richspeech.api.transcripts import PATH, transcripts
from richspeech.errors import OptionError
from richspeech.model.document import Document
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Transcript
from richspeech.service import build
from richspeech.settings import Settings
from richspeech.storage.database import RiskRow
from richspeech.storage.history import History
from richspeech.storage.transcripts import Fingerprint, Store
from richspeech.writers import WRITERS
from tests.history import ruin
from tests.transcripts import segment, transcript

from .test_middleware import FakeWindows

BASE = "http://127.0.0.1:6006"
PASSWORD = "a long password"  # noqa: S105
HEARD = transcript(
    segment(0, 1, "我要退款。", Emotion.ANGRY), segment(1, 2, "<b>好</b>"), duration=2.0
)


def client_of(surface: Surface, accounts: Accounts) -> TestClient:
    app = FastAPI()
    app.include_router(surface.router)
    settings = Settings().server
    return TestClient(middleware_of(settings, accounts).around(app, FakeWindows(), [surface]), BASE)


@dataclass
class House:
    """A history, whose users have keys."""

    store: Store
    accounts: Accounts
    client: TestClient
    keys: dict[str, str] = field(default_factory=dict)

    def keep(self, user: str, name: str, heard: Transcript = HEARD) -> int:
        """Have a transcript kept for a user; return its number."""
        of_user = self.store.seen_by(Principal.at_browser(user, Role.MEMBER))
        request = TranscriptionRequest(engine="sensevoice")
        return of_user.keep(Fingerprint(name, name), name, request, Document(heard)).id

    def ask(self, user: str, path: str = "", method: str = "GET", **more: Any) -> Any:
        """Ask as a user, or with a key that may only read: ``ann/read``."""
        headers = {"authorization": f"Bearer {self._key(user)}", **more.pop("headers", {})}
        return self.client.request(method, f"{PATH}{path}", headers=headers, **more)

    def _key(self, asking: str) -> str:
        user, _, scope = asking.partition("/")
        if asking not in self.keys:
            terms = KeyTerms(scopes=frozenset({Scope(scope)})) if scope else KeyTerms()
            self.keys[asking] = self.accounts.add_key(user, scope or "all", terms)
        return self.keys[asking]

    def names(self, user: str, **asked: Any) -> list[str]:
        answer = self.ask(user, params=asked)
        assert answer.status_code == 200, answer.text
        return [each["name"] for each in answer.json()["data"]]


@pytest.fixture
def house(store: Store) -> House:
    accounts = Accounts(store.accounts, BuiltIn("root", PASSWORD))
    accounts.add_user("ann", PASSWORD, Role.MEMBER)
    accounts.add_user("bob", PASSWORD, Role.MEMBER)
    accounts.add_user("eve", PASSWORD, Role.VIEWER)
    service = build(Settings(), history=History(store, Settings(), "1"), accounts=accounts)
    return House(store, accounts, client_of(transcripts(service), accounts))


def test_each_lists_their_own_and_an_admin_all_with_whose_they_are(house: House) -> None:
    house.keep("ann", "a.wav")
    house.keep("bob", "b.wav")
    assert house.names("ann") == house.names("ann/read") == ["a.wav"]
    assert house.names("eve") == []
    listing = house.ask("root").json()
    assert [(each["name"], each["owner"]) for each in listing["data"]] == [
        ("b.wav", "bob"),
        ("a.wav", "ann"),
    ]
    assert (listing["total"], listing["has_more"]) == (2, False)


def test_a_line_says_what_it_is_and_what_is_heard_in_it(house: House) -> None:
    number = house.keep("ann", "a.wav")
    [line] = house.ask("ann").json()["data"]
    assert (line["id"], line["object"], line["duration"]) == (number, "transcript", 2.0)
    assert line["preview"] == HEARD.text
    assert {"emotion:angry", "lang:zh"} <= {*line["labels"]}
    assert line["created"].endswith("Z")


def test_what_is_from_before_other_rules_is_rated_before_programs_search_for_risks(
    house: House,
) -> None:
    calm = house.keep("ann", "calm.wav", transcript(segment(0, 1, "好。")))
    angry = house.keep("ann", "angry.wav", transcript(segment(0, 20, "退款！", Emotion.ANGRY)))
    house.keep("ann", "calm too.wav", transcript(segment(0, 1, "谢谢。")))
    with house.store._database.session() as session:
        session.execute(update(RiskRow).values(rules="earlier ones", level="low", score=0))
    found = house.ask("ann", params={"q": "risk:high"}).json()
    assert [each["id"] for each in found["data"]] == [angry]
    assert found["data"][0]["risk"]["level"] == "high"
    assert (found["total"], found["unrated"]) == (1, 0)
    assert house.names("ann", order="risk") == ["angry.wav", "calm too.wav", "calm.wav"]
    assert house.names("ann", order="risk", q="risk:low") == ["calm too.wav", "calm.wav"]
    assert house.ask("ann", params={"order": "worst"}).status_code == 400
    assert house.ask("ann", f"/{calm}/risk").json()["level"] == "low"


def test_a_transcript_is_filed_under_tags_and_found_by_them(house: House) -> None:
    first, second = house.keep("ann", "a.wav"), house.keep("ann", "b.wav")
    for tag in ("待回访", "ＶＩＰ", "vip"):
        answer = house.ask("ann", f"/{first}/tags/{tag}", "PUT")
        assert answer.status_code == 200, answer.text
    assert answer.json()["tags"] == ["vip", "待回访"]
    house.ask("ann", f"/{second}/tags/vip", "PUT")
    assert house.names("ann", q="tag:VIP tag:待回访") == ["a.wav"]
    assert house.names("ann", q="tag:vip") == ["b.wav", "a.wav"]
    left = house.ask("ann", f"/{first}/tags/vip", "DELETE").json()
    assert left == {"id": first, "object": "transcript.tags", "tags": ["待回访"]}
    assert house.ask("ann").json()["data"][1]["tags"] == ["待回访"]


def test_nobody_tags_what_is_not_theirs_or_may_only_be_read(house: House) -> None:
    number = house.keep("ann", "a.wav")
    path = f"/{number}/tags/mine"
    assert house.ask("bob", path, "PUT").status_code == 404
    assert house.ask("ann/read", path, "PUT").status_code == 403
    house.ask("ann", path, "PUT")
    assert house.ask("bob", path, "DELETE").status_code == 404
    assert house.ask("root").json()["data"][0]["tags"] == ["mine"]
    assert house.store.seen_by(Principal.at_browser("bob", Role.MEMBER)).tags.counts() == {}


@pytest.mark.parametrize(
    "tag", ["two words", "a:b", "<b>", "x" * 33, "..", "%0a", "%00", "%E2%80%AEx"]
)
def test_what_is_no_tag_is_refused_and_named(house: House, tag: str) -> None:
    number = house.keep("ann", "a.wav")
    answer = house.ask("ann", f"/{number}/tags/{tag}", "PUT")
    assert answer.status_code in (400, 404, 405), answer.text
    assert house.ask("ann").json()["data"][0]["tags"] == []


def test_a_transcript_has_twenty_tags_at_most(house: House) -> None:
    number = house.keep("ann", "a.wav")
    tags = house.store.tags
    tags.add(number, *(f"tag-{each}" for each in range(20)))
    refused = house.ask("ann", f"/{number}/tags/one-more", "PUT")
    assert (refused.status_code, len(tags.of([number])[number])) == (400, 20)
    assert "20" in refused.json()["error"]["message"]
    with pytest.raises(OptionError):
        tags.change(number, add=["no tag"], remove=["tag-1"])
    assert "tag-1" in tags.of([number])[number], "all or nothing"
    changed = tags.change(number, add=["one-more"], remove=["tag-1", "none"])
    assert ("one-more" in changed, "tag-1" in changed, len(changed)) == (True, False, 20)


def test_what_happened_between_speakers_is_told_as_json_and_as_a_table(house: House) -> None:
    call = (replace(segment(0, 4), speaker="Ann"), replace(segment(3, 9), speaker="Bob"))
    number = house.keep("ann", "call.wav", transcript(*call, duration=9.0))
    path = f"/{number}/conversation"
    found = house.ask("ann", path).json()
    assert [(each["speaker"], each["share"]) for each in found["speakers"]] == [
        ("Ann", 0.4),
        ("Bob", 0.6),
    ]
    assert [(each["by"], each["seconds"]) for each in found["talk_overs"]] == [("Bob", 1)]
    table = house.ask("ann", path, params={"format": "csv"})
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert "talk_over,Bob,Ann,3.0,4.0,1.0" in table.text
    assert house.ask("ann", path, params={"format": "docx"}).status_code == 400
    assert house.ask("bob", path).status_code == 404


def test_the_risk_of_a_call_follows_the_rules_that_are_asked_for(house: House) -> None:
    call = transcript(segment(0, 4, "我保证收益，稳赚不赔"), duration=4.0)
    number = house.keep("ann", "call.wav", call)
    path = f"/{number}/risk"
    assert house.ask("ann", path).json() == {"score": 0, "level": "low", "points": []}
    sold = house.ask("ann", path, params={"preset": "sales"}).json()
    assert (sold["score"], sold["level"]) == (60, "high")
    assert [(each["rule"], each["start"], each["end"]) for each in sold["points"]] == [
        ("promises", 0, 4)
    ]
    assert house.ask("ann", path, params={"preset": "banking"}).status_code == 400
    assert house.ask("bob", path).status_code == 404


def test_pages_follow_each_other_and_the_last_one_says_so(house: House) -> None:
    for name in "abcde":
        house.keep("ann", name)
    assert house.names("ann", limit=2) == ["e", "d"]
    assert house.names("ann", limit=2, offset=4) == ["a"]
    assert house.names("ann", offset=2**31 - 1) == []
    more = [house.ask("ann", params={"limit": 2, "offset": n}).json() for n in (0, 2, 4)]
    assert [(each["has_more"], each["total"]) for each in more] == [
        (True, 5),
        (True, 5),
        (False, 5),
    ]


def test_what_is_searched_for_is_found_as_on_the_page(house: House) -> None:
    house.keep("ann", "angry.wav")
    house.keep("ann", "calm.wav", transcript(segment(0, 1, "hello")))
    assert house.names("ann", q="退款 emotion:angry") == ["angry.wav"]
    assert house.names("ann", q="HELLO") == ["calm.wav"]
    assert house.names("ann", q="退款 hello") == []
    assert house.ask("ann", params={"q": "hello"}).json()["total"] == 1


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"q": "mood:angry"}, "q"),
        ({"q": "x" * 501}, "q"),
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"offset": -1}, "offset"),
        ({"offset": 2**31}, "offset"),
    ],
)
def test_what_cannot_be_searched_for_is_refused_by_name(
    house: House, asked: dict[str, Any], param: str
) -> None:
    answer = house.ask("ann", params=asked)
    error = answer.json()["error"]
    assert (answer.status_code, error["param"], error["code"]) == (400, param, "option")
    assert error["message"].endswith(".")
    assert not error["message"].endswith("..")


def test_one_is_read_whole_by_its_owner_and_the_admin_and_is_not_there_for_others(
    house: House,
) -> None:
    number = house.keep("ann", "a.wav")
    for user in ("ann", "ann/read", "root"):
        document = house.ask(user, f"/{number}").json()
        assert (document["id"], document["name"]) == (number, "a.wav")
        assert Transcript.from_dict(document) == HEARD
    for user, asked in (("bob", number), ("eve", number), ("ann", number + 1)):
        for method in ("GET", "DELETE") if user != "eve" else ("GET",):
            answer = house.ask(user, f"/{asked}", method)
            error = answer.json()["error"]
            assert (answer.status_code, error["code"]) == (404, "transcript_not_found"), user
    assert house.names("ann") == ["a.wav"]


@pytest.mark.parametrize("form", [*WRITERS])
def test_every_format_of_the_page_is_to_be_had(house: House, form: str) -> None:
    number = house.keep("ann", "../a b.wav")
    answer = house.ask("ann", f"/{number}", params={"format": form})
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == WRITERS[form].media_type
    if form == "json":
        assert Transcript.from_dict(json.loads(answer.content)) == HEARD
        return
    saved = answer.headers["content-disposition"]
    assert saved == f"attachment; filename*=utf-8''a_b.{form}"
    assert answer.content.startswith(b"PK") if form == "docx" else "退款" in answer.text
    assert "sandbox" in answer.headers["content-security-policy"]


def test_labels_are_written_as_one_wishes(house: House) -> None:
    number = house.keep("ann", "a.wav")

    def text(headers: dict[str, str] | None = None, **asked: Any) -> str:
        answer = house.ask("ann", f"/{number}", params=asked, headers=headers or {})
        assert answer.status_code == 200, answer.text
        return str(answer.text)

    assert "angry" in text(format="txt")
    assert "愤怒" in text({"accept-language": "en;q=0.5, zh-CN"}, format="txt")
    assert "angry" not in text(format="txt", style="plain")
    assert "angry" in text(format="srt")
    assert "angry" not in text(format="srt", emotions=False)


def test_lines_of_subtitles_are_as_long_as_one_wishes(house: House) -> None:
    number = house.keep("ann", "a.wav", transcript(segment(0, 9, "我们昨天去了北京")))
    asked = {"format": "srt", "style": "plain"}
    usual, short = (
        house.ask("ann", f"/{number}", params=asked | more).text
        for more in ({}, {"wide_per_line": 6})
    )
    assert "\n我们昨天去了北京\n" in usual
    assert "\n我们昨天去\n了北京\n" in short


@pytest.mark.parametrize(
    ("path", "param"),
    [
        ("/1?format=pdf", "format"),
        ("/1?format=txt&style=loud", "style"),
        ("/1?format=srt&wide_per_line=5", "wide_per_line"),
        ("/1?format=srt&latin_per_line=85", "latin_per_line"),
        ("/0", "transcript"),
        ("/x", "transcript"),
        (f"/{2**31}", "transcript"),
        (f"/{10**30}", "transcript"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(house: House, path: str, param: str) -> None:
    answer = house.ask("ann", path)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


def test_who_owns_one_deletes_it_and_who_may_only_read_does_not(house: House) -> None:
    first, second = house.keep("ann", "a.wav"), house.keep("ann", "b.wav")
    for user in ("ann/read", "eve"):
        assert house.ask(user, f"/{first}", "DELETE").status_code == 403
    answer = house.ask("ann", f"/{first}", "DELETE")
    assert answer.json() == {"id": first, "object": "transcript.deleted", "deleted": True}
    assert house.ask("ann", f"/{first}", "DELETE").status_code == 404
    assert house.names("ann") == ["b.wav"]
    assert house.ask("root", f"/{second}", "DELETE").status_code == 200
    assert house.names("root") == []


def edit(house: House, number: int, revision: int, user: str = "ann", **step: Any) -> Any:
    asked = {"revision": revision, "step": step}
    return house.ask(user, f"/{number}/edits", "POST", json=asked)


def test_steps_change_what_every_format_says_until_they_are_taken_back(house: House) -> None:
    number = house.keep("ann", "a.wav")
    steps: list[dict[str, Any]] = [
        {"kind": "split", "segment": 0, "caret": 2, "at": 0.5},
        {"kind": "correct", "segment": 1, "text": "换货。", "emotion": "sad", "start": 0.6},
        {"kind": "merge", "segment": 1},
        {"kind": "replace", "found": "换货", "by": "退款"},
        {"kind": "remove", "segment": 0},
    ]
    texts = []
    for revision, step in enumerate(steps):
        answer = edit(house, number, revision, **step)
        assert answer.status_code == 200, answer.text
        assert answer.json()["revision"] == revision + 1
        texts.append([each["text"] for each in answer.json()["segments"]])
    assert texts == [
        ["我要", "退款。", "<b>好</b>"],
        ["我要", "换货。", "<b>好</b>"],
        ["我要", "换货。<b>好</b>"],
        ["我要", "退款。<b>好</b>"],
        ["退款。<b>好</b>"],
    ]
    subtitles = house.ask("ann", f"/{number}", params={"format": "srt"}).text
    assert "00:00:00,600 --> 00:00:02,000" in subtitles
    assert "我要" not in subtitles
    for revision in range(len(steps), 2 * len(steps)):
        answer = edit(house, number, revision, kind="undo")
    assert Transcript.from_dict(answer.json()) == HEARD
    assert edit(house, number, 10, kind="undo").json()["revision"] == 10
    for same in ({}, {"text": "我要退款。"}):
        answer = edit(house, number, 10, kind="correct", segment=0, **same)
        assert answer.json()["revision"] == 10


def test_a_step_on_what_somebody_has_changed_is_refused_and_says_who_it_was(house: House) -> None:
    number = house.keep("ann", "a.wav")
    assert edit(house, number, 0, "root", kind="remove", segment=0).status_code == 200
    answer = edit(house, number, 0, kind="correct", segment=0, text="好")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "transcript_changed")
    assert answer.json()["error"]["message"].startswith("root has changed")
    assert edit(house, number, 1, kind="correct", segment=0, text="好").json()["text"] == "好"


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"kind": "split", "segment": 0, "at": 0.5}, "caret"),
        ({"kind": "split", "segment": 2, "caret": 1}, "no segment 2"),
        ({"kind": "merge", "segment": 1}, "No line follows"),
        ({"kind": "correct", "segment": 0, "end": 1.5}, "over the one"),
        ({"kind": "correct", "segment": 0, "mood": "sad"}, "mood"),
        ({"kind": "replace", "found": "x", "by": "y"}, "stands nowhere"),
        ({"kind": "remove", "segment": False}, "segment.*integer"),
        ({"kind": "split", "segment": 0, "caret": 2, "at": True}, "at.*number"),
        ({"kind": "fly"}, "kind|tag"),
    ],
)
def test_a_step_that_does_not_fit_is_refused_in_a_sentence(
    house: House, step: dict[str, Any], said: str
) -> None:
    answer = edit(house, house.keep("ann", "a.wav"), 0, **step)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert re.search(said, f"{error['param']} {error['message']}")


def test_who_may_only_read_changes_nothing(house: House) -> None:
    number = house.keep("ann", "a.wav")
    for user, status in (("ann/read", 403), ("eve", 403), ("bob", 404)):
        assert edit(house, number, 0, user, kind="undo").status_code == status
        assert edit(house, number, 0, user, kind="remove", segment=0).status_code == status
    assert house.ask("ann", f"/{number}").json()["revision"] == 0


def test_without_a_key_nothing_is_told(house: House) -> None:
    number = house.keep("ann", "a.wav")
    for path in ("", f"/{number}"):
        assert house.client.get(f"{PATH}{path}").status_code == 401


def test_another_method_is_none_of_it(house: House) -> None:
    answer = house.ask("ann", "/1", "PUT")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, DELETE")


def test_a_history_that_is_gone_is_no_fault_of_whoever_asks(house: House) -> None:
    number = house.keep("ann", "a.wav")
    house.names("ann")
    ruin(house.store)
    for path, method in (("", "GET"), (f"/{number}", "GET"), (f"/{number}", "DELETE")):
        answer = house.ask("ann", path, method)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (503, "store"), error
        assert "retry-after" in answer.headers


def test_where_no_history_is_kept_there_is_nothing_and_one_is_told_why() -> None:
    client = client_of(transcripts(build(Settings())), Accounts())
    for answer in (client.get(PATH), client.get(f"{PATH}/1"), client.delete(f"{PATH}/1")):
        assert answer.status_code == 404
        assert "history.enabled" in answer.json()["error"]["message"]


def test_personal_data_is_masked_for_who_asks_for_that(house: House) -> None:
    said = transcript(segment(0, 1, "电话13800138000。", Emotion.ANGRY), duration=1.0)
    number = house.keep("ann", "13800138000.wav", said)
    plain, masked = (
        house.ask("ann", f"/{number}", params={"mask": asked}).json() for asked in ("false", "true")
    )
    assert (plain["text"], plain["name"]) == ("电话13800138000。", "13800138000.wav")
    assert (masked["text"], masked["name"]) == ("电话[电话]。", "[phone].wav")
    assert masked["segments"][0]["masked"] == [{"kind": "phone", "start": None, "end": None}]
    assert "13800138000" not in house.ask("ann", f"/{number}/risk?mask=true").text
    assert house.ask("ann", f"/{number}", params={"mask": "perhaps"}).status_code == 400
