"""Durable jobs over HTTP: handed in, looked at, followed, changed; by real clients on a port."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from richspeech.access.accounts import Accounts, BuiltIn
from richspeech.access.keys import KeyTerms
from richspeech.access.principal import Role, Scope
from richspeech.api.jobs.answers import PATH
from richspeech.api.jobs.results import FORMATS
from richspeech.queue.queue import HandedIn
from richspeech.service import Service, build
from tests.fakes import wait_until
from tests.integration.api_server import served
from tests.integration.queue_place import Ear, Place
from tests.receiver import Receiver, receiving

UNKNOWN = "0123456789abcdef"


@dataclass
class Programs:
    """Programs that ask one server."""

    service: Service
    place: Place
    http: httpx.Client
    workspace: Path

    def ask(self, method: str, path: str = "", status: int = 200, **more: Any) -> Any:
        answer = self.http.request(method, f"{PATH}{path}", **more)
        assert answer.status_code == status, answer.text
        return answer.json()

    def ask_batch(self, batch: str, what: str = "cancel", status: int = 200) -> Any:
        answer = self.http.post(f"/v1/batches/{batch}/{what}")
        assert answer.status_code == status, answer.text
        return answer.json()

    def hand_in(self, *recordings: HandedIn, status: int = 202, **fields: str) -> Any:
        files = [("file", (each.name, each.path.read_bytes())) for each in recordings]
        return self.ask("POST", status=status, files=files, data=fields)

    def ended(self, identifier: str) -> Any:
        def is_over() -> bool:
            return self.ask("GET", f"/{identifier}")["ended"] is not None

        wait_until(is_over)
        return self.ask("GET", f"/{identifier}")

    def followed(self, identifier: str, **headers: str) -> list[Any]:
        """Every event of a job, up to the end of the stream."""
        with self.http.stream("GET", f"{PATH}/{identifier}/events", headers=headers) as answer:
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            lines = [*answer.iter_lines()]
        return [json.loads(line.removeprefix("data: ")) for line in lines if line]


@contextmanager
def programs(place: Place, pace_seconds: float = 0.0, *, works: bool = True) -> Iterator[Programs]:
    workspace = place.folder / "workspace"
    workspace.mkdir(exist_ok=True)
    with (
        place.process(Ear(place.notes, pace_seconds)) as service,
        served(service, workspace) as address,
        httpx.Client(base_url=address, timeout=60) as http,
    ):
        if not works:
            yield Programs(service, place, http, workspace)
            return
        with service.at_work():
            yield Programs(service, place, http, workspace)


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    """The one that may be told of the ends of jobs; it fails once."""
    with receiving(500, 200) as receiver:
        yield receiver


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[Programs]:
    """Programs of a server that does what is handed in."""
    place = Place(tmp_path_factory.mktemp("jobs"))
    place.settings = place.settings.model_copy(update={"webhooks": receiver.settings()})
    with programs(place) as asking, asking.service.telling():
        yield asking


def test_one_file_becomes_a_job_and_its_result(asking: Programs) -> None:
    accepted = asking.hand_in(asking.place.recording(0.1, 0.2), priority="3", language="en")
    [job] = accepted["data"]
    assert (job["object"], job["batch"], job["state"]) == ("job", accepted["batch"], "waiting")
    assert (job["name"], job["priority"], job["result"]) == ("客服 0.1-0.2.wav", 3, None)
    job = asking.ended(job["id"])
    assert (job["state"], job["code"], job["sentence"]) == (
        "finished",
        "finished",
        "It has finished.",
    )
    assert (job["seconds_done"], job["seconds_total"], job["error"]) == (8.0, 8.0, None)
    assert job["created"] <= job["started"] <= job["ended"]
    heard = asking.http.get(job["result"]).json()
    assert (heard["text"], heard["history"]["id"]) == ("0.10 0.20", job["transcript"])


def test_a_receiver_is_told_of_a_job_what_the_api_says_of_it(
    asking: Programs, receiver: Receiver
) -> None:
    [job] = asking.hand_in(asking.place.recording(0.15), webhook=receiver.url)["data"]
    untold = {"url": receiver.url, "state": None, "attempts": 0, "answer": None}
    assert job["webhook"] == untold
    wait_until(lambda: asking.ask("GET", f"/{job['id']}")["webhook"]["state"] == "delivered")
    job = asking.ask("GET", f"/{job['id']}")
    assert job["webhook"] == {**untold, "state": "delivered", "attempts": 2, "answer": "200"}
    said = json.loads(receiver.calls[-1].body)
    assert (said["type"], said["data"].pop("url")) == ("job.finished", f"{PATH}/{job['id']}")
    assert {key: job[key] for key in said["data"]} == said["data"]


def test_many_files_are_one_batch_and_a_broken_one_spoils_no_other(asking: Programs) -> None:
    broken = asking.place.folder / "letter.wav"
    broken.write_text("Dear Sir or Madam")
    levels = [number / 100 for number in range(11, 31)]
    recordings = [asking.place.recording(level) for level in levels]
    recordings.insert(7, HandedIn(broken, "letter.wav"))
    accepted = asking.hand_in(*recordings)
    assert [job["name"] for job in accepted["data"]] == [each.name for each in recordings]
    jobs = [asking.ended(job["id"]) for job in accepted["data"]]
    bad = jobs.pop(7)
    assert (bad["state"], bad["code"], bad["error"]["code"]) == ("failed", "audio", "audio")
    assert bad["sentence"] == bad["error"]["message"]
    assert "letter.wav" in bad["sentence"]
    assert [asking.http.get(job["result"]).json()["text"] for job in jobs] == [
        f"{level:.2f}" for level in levels
    ]
    in_batch = {"batch": accepted["batch"], "limit": 100}
    assert len(asking.ask("GET", params=in_batch)["data"]) == len(recordings)
    failed = asking.ask("GET", params={**in_batch, "state": "failed"})["data"]
    assert [job["id"] for job in failed] == [bad["id"]]
    again = asking.ask_batch(accepted["batch"], "retry")["data"]
    assert [job["id"] for job in again] == [job["id"] for job in accepted["data"]]
    assert asking.ended(bad["id"])["state"] == "failed"


def test_a_list_is_read_page_by_page(asking: Programs) -> None:
    recordings = [asking.place.recording(0.4 + number / 100) for number in range(5)]
    accepted = asking.hand_in(*recordings)
    expected = [job["id"] for job in accepted["data"]][::-1]
    asked, seen = {"batch": accepted["batch"], "limit": 2}, []
    while True:
        page = asking.ask("GET", params=asked)
        seen += [job["id"] for job in page["data"]]
        assert (page["first_id"], page["last_id"]) == (page["data"][0]["id"], seen[-1])
        if not page["has_more"]:
            break
        asked["after"] = page["next"]
        asking.ask("DELETE", f"/{page['last_id']}")  # and paging goes on
    assert page["next"] is None
    assert seen == expected
    asking.ask("GET", params={"after": UNKNOWN}, status=404)
    older = asking.ask("GET", params={"after": f"{UNKNOWN}-9999999999"})
    assert older["first_id"] == seen[0]


def test_a_result_is_there_in_every_format(asking: Programs) -> None:
    [job] = asking.hand_in(asking.place.recording(0.5, 0.6))["data"]
    result = asking.ended(job["id"])["result"]
    found = {each: asking.http.get(result, params={"format": each}) for each in FORMATS}
    assert {answer.status_code for answer in found.values()} == {200}
    assert found["text"].text == "0.50 0.60\n"
    assert found["srt"].text.splitlines()[1] == "00:00:00,000 --> 00:00:04,000"
    assert found["diarized_json"].json()["segments"][0]["speaker"] == "unknown"
    assert found["transcript_json"].json()["segments"][1]["emotion"] == "neutral"
    assert found["docx"].content.startswith(b"PK")
    words = {"format": "verbose_json", "timestamp_granularities[]": "word"}
    assert asking.http.get(result, params=words).json()["segments"] is None
    unknown = asking.http.get("/v1/jobs", params={"state": "done"}).json()["error"]
    assert unknown["param"] == "state"
    assert "'waiting'" in unknown["message"]
    assert "<" not in unknown["message"]
    refused = asking.http.get(result, params={"format": "pdf"})
    assert refused.json()["error"]["param"] == "format"


def test_what_cannot_be_done_is_said_in_one_sentence_and_leaves_nothing(asking: Programs) -> None:
    recording = asking.place.recording(0.7)
    before = asking.ask("GET")["first_id"]
    for param, fields in {
        "priority": {"priority": "11"},
        "webhook": {"webhook": "https://hooks.example.org/heard"},
        "language": {"language": "tlh"},
        "model": {"model": "whisper-9"},
        "response_format": {"response_format": "srt"},
    }.items():
        error = asking.hand_in(recording, status=400, **fields)["error"]
        assert (error["param"], error["type"]) == (param, "invalid_request_error")
    assert asking.ask("POST", status=400, files={"file": ("", b"")})["error"]
    assert asking.ask("GET")["first_id"] == before
    assert [*asking.workspace.glob("request-*")] == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/events"),
        ("GET", "/result"),
        ("POST", "/cancel"),
        ("POST", "/retry"),
        ("DELETE", ""),
    ],
)
def test_a_job_that_there_is_not_is_404(asking: Programs, method: str, path: str) -> None:
    assert asking.ask(method, f"/{UNKNOWN}{path}", 404)["error"]["code"] == "job"
    assert asking.ask(method, f"/X{path}", 400)["error"]["param"] == "job"


def test_who_hangs_up_midway_leaves_nothing(asking: Programs) -> None:
    before = asking.ask("GET")["first_id"]
    address = urlsplit(str(asking.http.base_url))
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: 1000000\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n"
        'Content-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    )
    with socket.create_connection((str(address.hostname), address.port or 0)) as line:
        line.sendall(head.encode() + bytes(100_000))
        wait_until(lambda: [*asking.workspace.glob("request-*/*")] != [])
    wait_until(lambda: [*asking.workspace.glob("request-*")] == [])
    assert asking.ask("GET")["first_id"] == before


def test_who_follows_sees_a_job_get_further_and_end(tmp_path: Path) -> None:
    with programs(Place(tmp_path), 0.2) as asking:
        [job] = asking.hand_in(asking.place.recording(*[0.1] * 8))["data"]
        events = asking.followed(job["id"], **{"accept-language": "zh"})
        assert events[-1]["state"] == "finished"
        assert events[-1]["sentence"] == "已完成。"
        done = [event["seconds_done"] for event in events]
        assert done == sorted(done)
        assert len(set(done)) > 3
        left = [event["seconds_left"] for event in events if event["seconds_left"] is not None]
        assert left
        assert left[-1] < left[0] < 10
        assert len(asking.followed(job["id"])) == 1


def test_what_waits_or_runs_is_cancelled_and_may_be_tried_again(tmp_path: Path) -> None:
    with programs(Place(tmp_path), 0.2) as asking:  # none may be done before it is cancelled
        recordings = [asking.place.recording(*[level / 10] * 30) for level in range(1, 8)]
        accepted = asking.hand_in(*recordings)
        first = accepted["data"][0]["id"]
        wait_until(lambda: asking.ask("GET", f"/{first}")["state"] == "running")
        unfinished = asking.ask("GET", f"/{first}/result", 409)["error"]
        assert (unfinished["code"], first in unfinished["message"]) == ("job", True)
        assert asking.ask("POST", f"/{first}/cancel")["state"] == "stopping"
        assert asking.ended(first)["state"] == "cancelled"
        cancelled = asking.ask_batch(accepted["batch"])
        assert len(cancelled["data"]) == len(recordings)
        ends = {asking.ended(job["id"])["state"] for job in accepted["data"]}
        assert ends == {"cancelled"}
        assert asking.ask("POST", f"/{first}/retry")["state"] in ("waiting", "running")
        assert asking.ended(first)["state"] == "finished"
        assert asking.ask("DELETE", f"/{first}") == {
            "id": first,
            "object": "job.deleted",
            "deleted": True,
        }
        asking.ask("GET", f"/{first}", 404)
        asking.ask_batch(UNKNOWN, status=404)


def test_who_follows_is_told_when_the_server_ends(tmp_path: Path) -> None:
    with programs(Place(tmp_path), works=False) as asking:
        [job] = asking.hand_in(asking.place.recording(0.1))["data"]
        with asking.http.stream("GET", f"{PATH}/{job['id']}/events") as answer:
            lines = (line for line in answer.iter_lines() if line)
            assert '"state":"waiting"' in next(lines)
            asking.service.runner.wind_up()
            assert '"code": "stopping"' in next(lines)
            assert [*lines] == []
        assert asking.hand_in(asking.place.recording(0.1), status=503)["error"]


def test_no_more_follow_or_are_kept_than_the_settings_allow(tmp_path: Path) -> None:
    place = Place(tmp_path)
    few = place.settings.jobs.model_copy(update={"followers": 1, "max_bytes": 200_000})
    place.settings = place.settings.model_copy(update={"jobs": few})
    with programs(place, works=False) as asking:
        [job] = asking.hand_in(place.recording(0.1))["data"]
        full = asking.hand_in(place.recording(0.2), status=507)["error"]
        assert "200,000" in full["message"]
        followed = f"{PATH}/{job['id']}/events"
        with asking.http.stream("GET", followed) as answer:
            lines = (line for line in answer.iter_lines() if line)
            assert '"state":"waiting"' in next(lines)
            with asking.http.stream("GET", followed) as refused:
                assert refused.status_code == 429
                assert int(refused.headers["retry-after"]) > 0
                assert json.loads(refused.read())["error"]["code"] == "busy"

        def may_follow() -> bool:
            with asking.http.stream("GET", followed) as answer:
                return answer.status_code == 200

        wait_until(may_follow)


def test_everybody_has_their_own_jobs_and_a_viewer_hands_none_in(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with place.process() as service:
        assert service.history is not None
        accounts = Accounts(service.history.store.accounts, BuiltIn("root", "a long password"))
        for name, role in (("ann", Role.MEMBER), ("bob", Role.MEMBER), ("eve", Role.VIEWER)):
            accounts.add_user(name, "a long password", role)
        terms = KeyTerms(scopes=frozenset({Scope.READ}))
        keys = {name: accounts.add_key(name, "all") for name in ("ann", "bob", "eve", "root")}
        keys["ann who may only read"] = accounts.add_key("ann", "read", terms)
        (tmp_path / "workspace").mkdir()
        with served(replace(service, accounts=accounts), tmp_path / "workspace") as address:

            def of(who: str) -> Programs:
                headers = {"authorization": f"Bearer {keys[who]}"}
                http = httpx.Client(base_url=address, headers=headers, timeout=60)
                return Programs(service, place, http, tmp_path / "workspace")

            [job] = of("ann").hand_in(place.recording(0.1))["data"]
            assert job["owner"] == "ann"
            for who in ("bob", "eve"):
                of(who).ask("GET", f"/{job['id']}", 404)
                assert of(who).ask("GET")["data"] == []
            for who in ("root", "ann who may only read"):
                assert [each["id"] for each in of(who).ask("GET")["data"]] == [job["id"]]
            of("bob").ask("POST", f"/{job['id']}/cancel", 404)
            of("bob").ask_batch(job["batch"], status=404)
            for who in ("eve", "ann who may only read"):
                of(who).hand_in(place.recording(0.2), status=403)
                of(who).ask("POST", f"/{job['id']}/cancel", 403)
                of(who).ask("DELETE", f"/{job['id']}", 403)
            assert of("ann").ask("POST", f"/{job['id']}/cancel")["state"] == "cancelled"


def test_where_nobody_does_jobs_that_is_said(tmp_path: Path) -> None:
    with served(build(Place(tmp_path).settings), tmp_path) as address:
        answer = httpx.post(f"{address}{PATH}", files={"file": ("a.wav", b"a")}, timeout=60)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "job")
