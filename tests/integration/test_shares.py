"""Links to transcripts: who makes them, what they show, and when they no longer do."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from richspeech.access.accounts import Accounts, BuiltIn
from richspeech.access.principal import ANYBODY, Principal, Role
from richspeech.access.shares import Shares
from richspeech.api.share import share
from richspeech.console.lost_link import lost_link_page
from richspeech.errors import AccessError, OptionError, StoreError
from richspeech.model.document import Document
from richspeech.model.request import TranscriptionRequest
from richspeech.service import build
from richspeech.settings import Settings
from richspeech.storage.history import History
from richspeech.storage.transcripts import Entry, Fingerprint, Store
from tests.transcripts import segment, transcript

MING = Principal.at_browser("ming", Role.MEMBER)
HONG = Principal.at_browser("hong", Role.MEMBER)
LOOKS = Principal.at_browser("ming", Role.VIEWER)
ROOT = Principal.at_browser("root", Role.ADMIN)
JSON = {"accept": "application/json"}


class Clock:
    now = datetime(2026, 11, 28, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    with closing(Store(f"sqlite:///{tmp_path}/history.sqlite", now=clock)) as store:
        yield store


@pytest.fixture
def entry(store: Store) -> Entry:
    """A transcript of Ming's."""
    document = Document(transcript(segment(0, 1, "退款 <b>refund</b>")))
    key = Fingerprint("beginning", "whole")
    return store.seen_by(MING).keep(key, "客服 call.wav", TranscriptionRequest(), document)


@pytest.fixture
def shares(store: Store) -> Shares:
    return Shares(store)


@pytest.fixture
def client(store: Store) -> TestClient:
    settings = Settings()
    app = FastAPI()
    service = build(settings, history=History(store, settings, "1"))
    app.include_router(share(service, lost_link_page).router)
    return TestClient(app)


def test_who_has_the_link_reads_the_transcript_and_needs_no_login(
    shares: Shares, entry: Entry, client: TestClient
) -> None:
    token = shares.make(entry.id, 7, MING)
    page = client.get(f"/share/{token}", headers={"accept-language": "en"})
    assert page.status_code == 200
    assert "退款 &lt;b&gt;refund" in page.text
    assert "noindex" in page.headers["x-robots-tag"]
    assert "sandbox" in page.headers["content-security-policy"]
    told = client.get(f"/share/{token}", headers=JSON).json()
    assert told["name"] == "客服 call.wav"
    assert told["segments"][0]["text"] == "退款 <b>refund</b>"


def test_a_link_that_expired_says_so_and_shows_nothing(
    shares: Shares, entry: Entry, client: TestClient, clock: Clock
) -> None:
    token = shares.make(entry.id, 1, MING)
    clock.now += timedelta(days=1)
    answer = client.get(f"/share/{token}", headers={"accept-language": "en"})
    assert answer.status_code == 410
    assert "expired on 2026-11-29" in answer.text
    assert shares.of(entry.id) == ()


@pytest.mark.parametrize("token", ["x", "x" * 43, "%00", "..%2f..%2fetc"])
def test_a_link_that_nobody_made_leads_nowhere(
    client: TestClient, entry: Entry, token: str
) -> None:
    assert entry.id
    answer = client.get(f"/share/{token}", headers=JSON)
    assert answer.status_code == 404


def test_a_link_that_was_taken_back_leads_nowhere(
    shares: Shares, entry: Entry, client: TestClient
) -> None:
    tokens = [shares.make(entry.id, 7, MING) for _ in range(2)]
    assert shares.revoke(entry.id, MING) == 2
    assert {client.get(f"/share/{token}").status_code for token in tokens} == {404}


@pytest.mark.parametrize(
    ("locale", "title", "sentence"),
    [("en", "Nothing to read here", "leads nowhere"), ("zh", "没有可看的转写", "没有指向")],
)
def test_a_lost_link_shows_a_page_in_the_reader_s_language_that_runs_nothing(
    client: TestClient, locale: str, title: str, sentence: str
) -> None:
    answer = client.get("/share/nobody-made-it", headers={"accept-language": locale})
    assert answer.status_code == 404
    assert title in answer.text
    assert sentence in answer.text
    assert "<title>" in answer.text
    assert "prefers-color-scheme: dark" in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "noindex" in answer.headers["x-robots-tag"]


def test_a_link_goes_with_its_transcript(
    shares: Shares, entry: Entry, client: TestClient, store: Store
) -> None:
    token = shares.make(entry.id, 7, MING)
    store.delete(entry.id)
    assert client.get(f"/share/{token}").status_code == 404


def test_a_link_goes_with_the_user_who_made_it_and_no_other(
    shares: Shares, entry: Entry, client: TestClient, store: Store
) -> None:
    accounts = Accounts(store.accounts, BuiltIn("root", "a long password"))
    accounts.add_user("ming", "a long password", Role.MEMBER)
    gone, stays = (shares.make(entry.id, 7, each) for each in (MING, ROOT))
    accounts.remove_user("ming")
    assert client.get(f"/share/{gone}").status_code == 404
    assert client.get(f"/share/{stays}").status_code == 200


def test_a_program_is_refused_in_english_and_a_person_as_their_browser_prefers(
    client: TestClient,
) -> None:
    def said(**headers: str) -> str:
        client.headers.pop("accept-language", None)
        return client.get("/share/nobody-made-it", headers=headers).text

    assert "This link leads nowhere" in said(accept="application/json")
    assert "链接" in said(accept="application/json", **{"accept-language": "zh-CN"})
    assert "链接" in said(accept="text/html")


def test_only_those_share_whose_it_is(shares: Shares, entry: Entry) -> None:
    with pytest.raises(StoreError):
        shares.make(entry.id, 7, HONG)
    with pytest.raises(StoreError):
        shares.revoke(entry.id, HONG)
    with pytest.raises(AccessError):
        shares.make(entry.id, 7, LOOKS)
    with pytest.raises(OptionError):
        shares.make(entry.id, 9_999, MING)
    assert shares.of(entry.id) == ()
    for principal in (ROOT, ANYBODY):
        shares.make(entry.id, 7, principal)
    assert {each.made_by for each in shares.of(entry.id)} == {"root", None}


def test_the_database_has_no_link(shares: Shares, entry: Entry, tmp_path: Path) -> None:
    token = shares.make(entry.id, 7, MING)
    files = [path.read_bytes() for path in tmp_path.glob("history.sqlite*")]
    assert files
    assert not any(token.encode() in content for content in files)
