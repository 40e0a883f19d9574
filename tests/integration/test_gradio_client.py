"""Gradio's own client against a real server: three functions, its own files, and nothing else."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError, AuthenticationError

from richspeech.access.accounts import Accounts
from richspeech.access.keys import KeyTerms
from richspeech.access.principal import Role, Scope
from richspeech.model.transcript import Transcript
from richspeech.places import HOME as ROOT
from richspeech.storage.query import parse_query
from richspeech.storage.transcripts import Store
from tests.documents import API, example_of
from tests.e2e.conftest import served
from tests.integration.conftest import EXAMPLES, references

CALL, SAD = EXAMPLES / "zh-call.wav", EXAMPLES / "ja-sad.wav"
SHOWN = "http://127.0.0.1:6006"
"""Where documents say that the console is."""
NAMES = ["/transcribe", "/emotion", "/batch"]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="module")
def address(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("log") / "log.txt"
    own = {"RICHSPEECH_HISTORY__ENABLED": "false", "TMPDIR": str(workspace)}
    with served(log, **own) as address:
        yield address
    assert "Traceback" not in log.read_text(encoding="utf-8")


def client_of(address: str, **options: Any) -> Client:
    return Client(address, verbose=False, analytics_enabled=False, download_files=False, **options)


@pytest.fixture(scope="module")
def client(address: str) -> Client:
    return client_of(address)


def recordings_in(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.suffix in (".wav", ".json", ".md")]


def test_a_client_finds_three_functions_with_their_types(client: Client) -> None:
    described: Any = client.view_api(return_format="dict", print_info=False)
    functions = described["named_endpoints"]
    assert list(functions) == NAMES
    assert not described["unnamed_endpoints"]
    takes = {
        name: {each["parameter_name"]: each["python_type"]["type"] for each in one["parameters"]}
        for name, one in functions.items()
    }
    assert takes["/transcribe"]["recording"] == "filepath"
    assert takes["/batch"]["recordings"] == "list[filepath]"
    assert takes["/emotion"]["granularity"] == "Literal['utterance', 'frame']"
    assert all(one["description"] for one in functions.values())
    assert "handle_file" in httpx.get(f"{client.src}gradio_api/info", timeout=60).text


def test_the_answer_is_the_transcript_and_no_file_is_left(client: Client, workspace: Path) -> None:
    answer = client.predict(handle_file(str(CALL)), api_name="/transcribe")
    assert Transcript.from_dict(answer).to_dict() == answer
    assert answer["text"] == "".join(line["text"] for line in references()[CALL.name]["lines"])
    assert recordings_in(workspace) == []


def test_the_emotions_of_a_voice_come_with_their_curve(client: Client, workspace: Path) -> None:
    answer = client.predict(
        recording=handle_file(str(SAD)), granularity="frame", api_name="/emotion"
    )
    assert answer["emotion"] in answer["scores"]
    assert answer["frames"]
    assert recordings_in(workspace) == []


def test_in_a_batch_a_bad_file_fails_alone(client: Client, workspace: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"no sound")
    files = [handle_file(str(path)) for path in (SAD, bad)]
    rows = client.predict(files, "ja", api_name="/batch")
    found = {row["name"]: row for row in rows}
    assert found["bad.wav"]["transcript"] is None
    assert "bad.wav" in found["bad.wav"]["error"]
    assert Transcript.from_dict(found[SAD.name]["transcript"]).language == "ja"
    assert found[SAD.name]["error"] is None
    assert recordings_in(workspace) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"recording": "no file"}, "reload"),
        ({"language": "klingon"}, "klingon"),
        ({"engine": "ear"}, "ear"),
        ({"hotwords": "x"}, "x"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_in_english(
    client: Client, arguments: dict[str, Any], sentence: str
) -> None:
    asked = {"recording": handle_file(str(SAD)), **arguments}
    with pytest.raises(AppError, match=sentence):
        client.predict(**asked, api_name="/transcribe")


def test_a_wrong_choice_is_answered_with_those_that_there_are(address: str) -> None:
    sentence = r"The value 'word' cannot be chosen: choose one of utterance, frame\."
    with pytest.raises(AppError, match=sentence):
        client_of(address).predict(handle_file(str(SAD)), "word", api_name="/emotion")


def test_forged_values_are_refused_without_a_traceback(client: Client) -> None:
    """Its server is asked for its log in the end: see ``address``."""
    junk: list[Any] = [None, 1, -1.5, True, "x", "", {}, {"path": 1}, ["x"], [[]], {"x": {}}]
    described: Any = client.view_api(return_format="dict", print_info=False)
    for name, function in described["named_endpoints"].items():
        takes = len(function["parameters"])
        for value in junk:
            with pytest.raises(AppError):
                client.predict(*[value] * takes, api_name=name)


# What the documents show --------------------------------------------------------------------------


def printed(command: list[str]) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("document", API)
def test_the_example_for_gradio_runs_as_it_stands(address: str, document: str) -> None:
    program = example_of(document, "Gradio", "python").replace(SHOWN, address)
    assert "'angry'" in printed([sys.executable, "-c", program])


@pytest.mark.parametrize("document", API)
def test_the_example_for_sensevoice_runs_as_it_stands(address: str, document: str) -> None:
    command = example_of(document, "SenseVoice", "bash").replace(SHOWN, address)
    call, sad = json.loads(printed(["bash", "-c", command]))["result"]
    assert (call["key"], sad["key"]) == ("call", "sad")
    assert "😡" in call["text"]


# With a login -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Guarded:
    """A server with a user, and the keys of that user."""

    address: str
    history: str
    key: str
    reading: str
    """A key that is for reading alone."""

    def client(self, key: str) -> Client:
        return client_of(self.address, headers={"Authorization": f"Bearer {key}"})


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    history = f"sqlite:///{folder}/history.sqlite"
    with closing(Store(history)) as store:
        accounts = Accounts(store.accounts)
        accounts.add_user("ming", "correct horse", Role.ADMIN)
        key = accounts.add_key("ming", "robot")
        reading = accounts.add_key("ming", "reader", KeyTerms(frozenset({Scope.READ})))
    with served(folder / "log.txt") as address:
        yield Guarded(address, history, key, reading)


def test_without_a_key_a_client_learns_nothing_where_one_has_to_log_in(guarded: Guarded) -> None:
    with pytest.raises(AuthenticationError):
        client_of(guarded.address)
    with pytest.raises(AuthenticationError):
        guarded.client(f"{guarded.key}x")


def test_a_client_that_shows_a_key_is_let_in(guarded: Guarded) -> None:
    answer = guarded.client(guarded.key).predict(handle_file(str(SAD)), api_name="/transcribe")
    assert Transcript.from_dict(answer).language == "ja"
    with closing(Store(guarded.history)) as store:
        [entry] = store.search(parse_query("name:ja-sad"))
        assert store.owners([entry.id]) == {entry.id: "ming"}


def test_a_key_that_is_for_reading_alone_has_nothing_transcribed(guarded: Guarded) -> None:
    client = guarded.client(guarded.reading)
    with pytest.raises(httpx.HTTPStatusError, match="403"):
        client.predict(handle_file(str(SAD)), api_name="/transcribe")
    example = {"path": str(SAD), "meta": {"_type": "gradio.FileData"}}
    with httpx.Client(base_url=guarded.address, headers=client.headers, timeout=60) as program:
        number = function_of(program, "transcribe")
        assert joined(program, number, example, "auto", None, "") == 403


# The wall -----------------------------------------------------------------------------------------


@pytest.fixture
def program(address: str) -> Iterator[httpx.Client]:
    """A client that knows gradio's protocol, and tries more than that."""
    with httpx.Client(base_url=address, timeout=60) as program:
        assert program.get("/config").status_code == 200
        yield program


def function_of(program: httpx.Client, name: str) -> int:
    found = program.get("/config").json()["dependencies"]
    return int(next(each["id"] for each in found if each["api_name"] == name))


def sent(program: httpx.Client) -> str:
    answer = program.post("/gradio_api/upload", files={"files": ("a.wav", SAD.read_bytes())})
    [path] = answer.json()
    return str(path)


def joined(program: httpx.Client, function: object, *data: object, page: str = "page") -> int:
    event = {"fn_index": function, "data": data, "session_hash": page}
    return program.post("/gradio_api/queue/join", json=event).status_code


def recording(path: str) -> dict[str, Any]:
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


def test_a_client_calls_the_functions_for_clients_and_no_other(program: httpx.Client) -> None:
    own = {function_of(program, name.strip("/")) for name in NAMES}
    assert len(own) == len(program.get("/config").json()["dependencies"]) == 3
    answers = {number: joined(program, number, page="own") for number in range(200)}
    assert {number for number, code in answers.items() if code != 404} == own
    assert joined(program, "1", page="own") == joined(program, None, page="own") == 404


def test_a_page_calls_no_function_for_clients(address: str, program: httpx.Client) -> None:
    function = function_of(program, "transcribe")
    with httpx.Client(base_url=address, timeout=60) as page:
        page.get("/")
        assert joined(page, function, recording(str(SAD)), "auto", None, "") == 404


def test_a_client_names_its_own_files_alone(
    address: str, program: httpx.Client, tmp_path: Path
) -> None:
    function, private = function_of(program, "transcribe"), tmp_path / "private.wav"
    private.write_bytes(SAD.read_bytes())
    with httpx.Client(base_url=address, timeout=60) as other:
        other.get("/config")
        theirs = sent(other)
        for path in (theirs, str(private), "/etc/passwd", "http://127.0.0.1:1/a.wav"):
            asked = (recording(path), "auto", None, "")
            assert joined(program, function, *asked, page="reaching") == 400
        assert program.get(f"/gradio_api/file={theirs}").status_code == 404


def test_a_client_follows_its_own_calls_alone(address: str, program: httpx.Client) -> None:
    function = function_of(program, "transcribe")
    assert joined(program, function, recording(sent(program)), "auto", None, "", page="mine") == 200
    with httpx.Client(base_url=address, timeout=60) as other:
        other.get("/config")
        assert other.get("/gradio_api/queue/data?session_hash=mine").status_code == 403
        assert joined(other, function, recording(sent(other)), "auto", None, "", page="mine") == 403


def test_who_has_not_begun_at_the_configuration_sends_nothing(address: str) -> None:
    answer = httpx.post(
        f"{address}/gradio_api/upload",
        files={"files": ("a.wav", SAD.read_bytes())},
        timeout=60,
    )
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["call/transcribe", "run/transcribe", "api/transcribe"])
def test_there_is_no_other_way_to_a_function(program: httpx.Client, path: str) -> None:
    assert program.post(f"/gradio_api/{path}", json={"data": []}).status_code == 404
