"""Events that no page of ours sends: each is answered with a sentence, and the log stays quiet."""

import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from scripts.page_without_browser import config_in, entry_of

from .conftest import served
from .visitor import EXAMPLES

JUNK: tuple[Any, ...] = (
    *(None, "nonsense", "", 3, -1, 10**30, 1.5, True, [], {}, ["sensevoice"], [["x"]]),
    *("\ud800", "a\0b", float("nan")),
)
FORGED: tuple[Any, ...] = (
    *(None, "id", 3, [], {}, {"id": None}, {"id": "x"}, {"id": -1}, {"id": 10**30}, {"id": []}),
    *({"form": {}}, {"form": "x"}, {"form": "clips", "chosen": 3}, {"form": [], "chosen": [[]]}),
    *({"correction": []}, {"correction": {"index": 10**30}}, {"correction": {"text": 3}}),
    *({"draft": []}, {"draft": {"index": 10**30}}, {"draft": {"index": 0, "part": -1}}),
    *({"found": "a"}, {"found": [], "by": 3}, {"found": "\ud800", "by": "\ud800"}),
    *({"rules": {}}, {"prologue": 3, "rules": []}, {"prologue": "", "rules": [{"name": "\ud800"}]}),
    *({"key": []}, {"key": "\ud800", "start": 10**400, "end": -1}, {"key": "1.000-2.000"}),
    *({"speaker": "A"}, {"speaker": [], "name": 3}, {"speaker": "\ud800", "name": "\ud800"}),
    {"id": "\ud800", "form": "\ud800", "chosen": ["\ud800"], "correction": {"text": "\ud800"}},
)
OWN_EVENTS = (
    "choose",
    "correct",
    "draft",
    "replace",
    "rename",
    "trim",
    "make",
    "save",
    "stop",
    "open_row",
    "delete_row",
    "turn_page",
    "cancel_row",
    "edit",
)
"""Those that our own scripts send, with data of their own."""


class Forger:
    """A page without a browser, which says what it likes."""

    def __init__(self, address: str, name: str) -> None:
        self._http = httpx.Client(base_url=address, timeout=60)
        self._name = name
        config = config_in(self._http.get("/").text)  # which gives the cookie as well
        self.widgets = {each["id"]: each for each in config["components"]}
        self.events: list[dict[str, Any]] = [
            each for each in config["dependencies"] if each["api_visibility"] == "private"
        ]  # no page calls the others
        self._config = config

    def enter(self, locale: str) -> None:
        number, values = entry_of(self._config, f"window-of-{self._name}", locale)
        [entry] = [each for each in self.events if each["id"] == number]
        [answer] = self.send(entry, [(values, None)])
        assert answer["success"]

    def event(self, widget: str, kind: str) -> dict[str, Any]:
        [found] = [
            each
            for each in self.events
            for target, name in each["targets"]
            if name == kind and self.widgets[target]["props"].get("elem_id") == widget
        ]
        return found

    def values(self, event: dict[str, Any]) -> list[Any]:
        """What the page would send before anybody has touched it."""
        return [self.widgets[widget]["props"].get("value") for widget in event["inputs"]]

    def with_value(self, event: dict[str, Any], widget: str, value: Any) -> list[Any]:
        """Those values, but for one of a widget."""
        names = [self.widgets[each]["props"].get("elem_id") for each in event["inputs"]]
        known = zip(names, self.values(event), strict=True)
        return [value if name == widget else each for name, each in known]

    def send(self, event: dict[str, Any], sent: list[tuple[list[Any], Any]]) -> list[Any]:
        """Send values, each with the data of its event, at once; return what came of each."""
        joined = [self._join(event["id"], values, data) for values, data in sent]
        answers: dict[str, Any] = {}
        listening = {"session_hash": self._name}
        with self._http.stream("GET", "/gradio_api/queue/data", params=listening) as stream:
            for line in stream.iter_lines():
                message = json.loads(line.removeprefix("data:")) if line else {}
                if message.get("msg") == "process_completed":
                    answers[message["event_id"]] = message
                if answers.keys() >= {*joined}:
                    break
        return [answers[each] for each in joined]

    def _join(self, number: int, values: list[Any], data: Any) -> str:
        body = {"data": values, "event_data": data, "fn_index": number, "session_hash": self._name}
        headers = {"content-type": "application/json"}
        url = "/gradio_api/queue/join"
        answer = self._http.post(url, content=json.dumps(body), headers=headers)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["event_id"])

    def post(self, path: str, body: str) -> httpx.Response:
        return self._http.post(path, content=body, headers={"content-type": "application/json"})

    def get(self, path: str) -> None:
        """Ask, and let the server end the answer as it likes."""
        try:
            self._http.get(path)
        except httpx.RemoteProtocolError:
            return


def kinds(event: dict[str, Any]) -> list[str]:
    return [kind for _, kind in event["targets"]]


def one_of_each(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Events without those that take and change the same as one before: of most examples."""
    alike = {
        json.dumps([each["inputs"], each["outputs"], kinds(each)]): each
        for each in reversed([*events])
    }
    return [*reversed(alike.values())]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("forged") / "log.txt"


@pytest.fixture(scope="module")
def forged(log: Path) -> Iterator[str]:
    """The address of a server that has a history and a folder to choose."""
    calls = log.parent / "calls"
    calls.mkdir()
    shutil.copy(EXAMPLES / "zh-laughter.wav", calls)
    own = {
        "RICHSPEECH_BATCH__FOLDERS": json.dumps([str(calls)]),
        "RICHSPEECH_PAGE__MAY_SAVE_RULES": "false",  # else junk would be put into config.yaml
    }
    with served(log, **own) as address:
        yield address


def refusals(answers: list[Any]) -> list[str]:
    return [each["output"]["error"] for each in answers if not each["success"]]


def test_forged_values_are_answered_with_sentences(forged: str, log: Path) -> None:
    forger = Forger(forged, "values")
    forger.enter("en")
    refused = set()
    for event in one_of_each(each for each in forger.events if each["inputs"]):
        usual = forger.values(event)
        sent = [[junk] * len(usual) for junk in JUNK]
        sent += [[*usual[:place], ["x"], *usual[place + 1 :]] for place in range(len(usual))]
        sent += [usual[:-1]]
        refused.update(refusals(forger.send(event, [(values, None) for values in sent])))
    assert refused
    assert None not in refused
    assert "Traceback" not in log.read_text(errors="replace")


def test_forged_data_of_events_are_answered_with_sentences(forged: str, log: Path) -> None:
    forger = Forger(forged, "data")
    forger.enter("en")
    for name in OWN_EVENTS:
        for event in [each for each in forger.events if name in kinds(each)]:
            answers = forger.send(event, [([], data) for data in FORGED])
            assert None not in refusals(answers), name
            assert any("cannot be read" in each for each in refusals(answers)), name
    assert "Traceback" not in log.read_text(errors="replace")


def test_what_is_not_there_is_answered(forged: str, log: Path) -> None:
    forger = Forger(forged, "nowhere")
    join = "/gradio_api/queue/join"
    assert forger.post(join, '{"data":[],"fn_index":-1,"session_hash":"x"}').status_code == 404
    assert forger.post("/gradio_api/call/nowhere", '{"data":[]}').status_code == 404
    unknown = '{"session_hash":"x","component_id":9999,"fn_name":"x","data":1}'
    assert forger.post("/gradio_api/component_server", unknown).status_code == 404
    assert forger.post(join, '{"data":NaN}').status_code == 400
    assert forger.post(join, '{"data":NaN,"session_hash":"x"}').status_code == 422
    unreadable = '{"data":[],"fn_index":"\\ud800","session_hash":"x"}'
    assert forger.post(join, unreadable).status_code == 422
    batched = '{"data":[],"fn_index":0,"session_hash":"x","batched":true}'
    assert forger.post("/gradio_api/run/predict", batched).status_code == 404
    forger.get("/gradio_api/queue/data?session_hash=nobody")
    assert "Traceback" not in log.read_text(errors="replace")


@pytest.mark.parametrize(
    ("locale", "title", "sentence"),
    [
        ("zh", "没有完成", "这里不能选 'nonsense'：请刷新页面后重新选择。"),
        (
            "en",
            "Not done",
            "The value 'nonsense' cannot be chosen here: reload the page and choose again.",
        ),
    ],
)
def test_a_wrong_choice_is_answered_in_the_language_of_the_page(
    forged: str, locale: str, title: str, sentence: str
) -> None:
    forger = Forger(forged, f"choice-{locale}")
    forger.enter(locale)
    for widget, kind in (("engine", "input"), ("style", "input"), ("switch", "input")):
        event = forger.event(widget, kind)
        [answer] = forger.send(event, [(forger.with_value(event, widget, "nonsense"), None)])
        assert (answer["output"]["title"], answer["output"]["error"]) == (title, sentence)


def test_a_message_that_is_ours_leaves_no_traceback_either(forged: str, log: Path) -> None:
    forger = Forger(forged, "ours")
    forger.enter("en")
    start = forger.event("batch-start", "click")
    [answer] = forger.send(start, [(forger.values(start), None)])
    assert answer["output"]["error"].startswith("Please upload audio files")
    assert "Traceback" not in log.read_text(errors="replace")
