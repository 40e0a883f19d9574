"""Kill workers, console, broker and database at random: ``python -m scripts.kill_workers``.

What many machines have runs on this one: a console, workers, Redis that keeps nothing, and
PostgreSQL. Recordings whose words a calm caller got beforehand are handed in over HTTP, one after
the other. Meanwhile one of these is killed with -9, and started again some seconds later, again and
again; in the end all may finish. Every job has to end once, with its own words.

Sound is read at a pace, so that kills meet jobs at work. Whoever hands a recording in and gets no
answer looks whether there is a job of its name, and sends it again if not.
"""

import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Annotated, Any, Protocol

import httpx
from cyclopts import App, Parameter
from cyclopts.validators import Number

from richspeech.bench.setup import make_setup
from richspeech.errors import StoreError
from richspeech.places import CONFIG
from richspeech.queue.queue import JobQueue
from richspeech.service import open_service
from richspeech.settings import load_settings
from scripts.kill_test import CLIPS_A_SIZE, GONE_ON, IN_PROCESS, SIZES, paced
from scripts.load.clients import JOBS
from scripts.load.ended import are_over, wait_until_over, what_became
from scripts.load.plan import Clip
from scripts.load.reference import make_clips, with_words
from scripts.load.report import machine
from scripts.server import Server, served
from tests.e2e.program import Program, forked
from tests.integration import database
from tests.integration.brokers import Redis
from tests.integration.brokers import running as broker_running

JOBS_AT_ONCE = 2
"""Of each worker."""
PACE_SECONDS = 0.8
"""For a block of four seconds: five times real time at most, so that workers are never idle."""
ANSWER_SECONDS, SECONDS_TO_RETRY = 30.0, 1.0
SECONDS_TO_DIE = 30.0
app = App(help=__doc__)


class Part(Protocol):
    """What is killed, and comes back."""

    def start(self) -> None:
        """Have it run, or begin to."""

    def kill(self) -> None:
        """End it with -9."""


@dataclass
class Console(Server):
    """One that nobody waits for; forked, for a start then takes a quarter of the time."""

    def start(self) -> None:
        """Begin it."""
        self.begin()

    def process_of(self, program: Sequence[str], environment: Mapping[str, str]) -> Program:
        """Have Python run a program."""
        return forked(program, self.folder / "log.txt", environment)


@dataclass
class Worker:
    """A worker, whose every life writes a log of its own."""

    name: str
    folder: Path
    model: str
    environment: Mapping[str, str]
    lives: int = 0
    _process: Program | None = field(default=None, repr=False)

    def start(self) -> None:
        """Begin it."""
        program = ("-c", paced(PACE_SECONDS), "worker", "--model", self.model)
        log = self.folder / f"{self.name}-{self.lives}.log"
        self._process = forked(program, log, {**os.environ, **self.environment})
        self.lives += 1

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.send_signal(9)
            self._process.wait(SECONDS_TO_DIE)


@dataclass(frozen=True)
class Plan:
    """How many of what."""

    jobs: int
    kills: int
    up_seconds: float
    """Longest time from a start to the next kill."""
    down_seconds: float
    """Longest time from a kill to the start."""
    seed: int

    @property
    def seconds(self) -> float:
        """About how long the killing takes."""
        return self.kills * (self.up_seconds + self.down_seconds) / 2


@dataclass
class Hands:
    """Hands recordings in while parts come and go."""

    console: Console
    queue: JobQueue
    clips: Sequence[Clip]
    plan: Plan
    asked: dict[str, Clip] = field(default_factory=dict)
    again: int = 0
    """Times that something was sent again."""

    def work(self) -> None:
        """Hand in one after the other until all are there."""
        for number in range(self.plan.jobs):
            began = time.monotonic()
            clip = self.clips[number % len(self.clips)].numbered(number)
            self.asked[self._handed_in(f"{number}-{clip.name}", clip)] = clip
            left = self.plan.seconds / self.plan.jobs - (time.monotonic() - began)
            time.sleep(max(0.0, left))

    def _handed_in(self, name: str, clip: Clip) -> str:
        """Send it until it is taken; return the id of its job."""
        while True:
            try:
                url, sent = f"{self.console.address}{JOBS}", {"file": (name, clip.content)}
                answer = httpx.post(url, files=sent, timeout=ANSWER_SECONDS).raise_for_status()
                return str(answer.json()["data"][0]["id"])
            except httpx.HTTPError:
                self.again += 1
                time.sleep(SECONDS_TO_RETRY)
                if (found := self._found(name)) is not None:
                    return found

    def _found(self, name: str) -> str | None:
        while True:
            try:
                return next((job.id for job in self.queue.list() if job.name == name), None)
            except StoreError:
                time.sleep(SECONDS_TO_RETRY)


@app.default
def kill_workers(
    *,
    jobs: Annotated[int, Parameter(validator=Number(gte=1, lte=2000))] = 200,
    kills: Annotated[int, Parameter(validator=Number(gte=0, lte=1000))] = 100,
    workers: Annotated[int, Parameter(validator=Number(gte=1, lte=20))] = 3,
    up_seconds: Annotated[float, Parameter(validator=Number(gt=0, lte=600))] = 6.0,
    down_seconds: Annotated[float, Parameter(validator=Number(gte=0, lte=600))] = 4.0,
    seed: int = 0,
    model: str = "embedded",
    report: Path = Path("kill-workers.json"),
) -> int:
    """Kill one of them after the other and see what becomes of the jobs.

    Args:
        jobs: recordings that are handed in
        kills: how often one of them is killed
        workers: how many there are
        up_seconds: longest time from a start to the next kill
        down_seconds: longest time for which what was killed stays away
        seed: of victims and moments
        model: embedded, random-full, or a folder
        report: where the JSON is written

    """
    weights, before = make_setup(model, device="cpu").model, machine()
    plan = Plan(jobs, kills, up_seconds, down_seconds, seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        own = {"RICHSPEECH_OPERATIONS__AUDIT_FILE": f"{folder}/audit.jsonl", **IN_PROCESS}
        without = own | {"RICHSPEECH_HISTORY__ENABLED": "false"}
        with served(Server(folder, weights, environment=without)) as calm:
            known = with_words(make_clips(folder, SIZES, CLIPS_A_SIZE), calm.address)
        found = killed_at_random(folder, weights, own, known, plan, workers)
    found |= {"machine": before, "asked": vars(plan) | {"workers": workers}}
    report.write_text(json.dumps(found, ensure_ascii=False, indent=1))
    print(*_lines(found), sep="\n")
    return 0 if found["right"] == jobs == found["transcripts"] and not found["twice"] else 1


def killed_at_random(
    folder: Path,
    weights: str,
    own: Mapping[str, str],
    known: Sequence[Clip],
    plan: Plan,
    workers: int,
) -> dict[str, Any]:
    """Hand in jobs while parts are killed, let them finish; return what became of them."""
    with ExitStack() as stack:
        programs = database.postgresql()
        if programs is None:
            sys.exit("PostgreSQL is not installed")
        sql = stack.enter_context(database.running(programs))
        broker = stack.enter_context(broker_running(Redis, folder))
        groups: dict[str, dict[str, Any]] = {
            "history": {"url": sql.url},
            "jobs": {
                "queue": "celery",
                "broker": broker.url,
                "workers": JOBS_AT_ONCE,
                "recordings": f"{folder}/kept",
            },
        }
        environment = {**own, **dict(_variables(groups))}
        service = stack.enter_context(open_service(load_settings(CONFIG, **groups), queues=True))
        queue, history = service.queue, service.history
        assert queue is not None and history is not None  # noqa: S101, PT018 - it queues
        console = Console(folder, weights, environment=environment)
        pool = [Worker(f"worker {n}", folder, weights, environment) for n in range(workers)]
        parts: dict[str, Part] = {"console": console, "broker": broker, "database": sql}
        parts |= {each.name: each for each in pool}
        with _running(console, *pool):
            hands = Hands(console, queue, known, plan)
            handing_in = Thread(target=hands.work, daemon=True)
            handing_in.start()
            killed = _kill(parts, plan, lambda: not are_over(queue))
            handing_in.join()
            wait_until_over(queue)
        found = what_became(queue, history.store, hands.asked)
    logs = [path.read_text(errors="replace") for path in folder.glob("worker *.log")]
    return found | killed | {"again": hands.again, "gone_on": sum(map(_gone_on, logs))}


def _variables(groups: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for group, keys in groups.items():
        for key, value in keys.items():
            yield f"RICHSPEECH_{group}__{key}".upper(), str(value)


@contextmanager
def _running(*parts: Part) -> Iterator[None]:
    """Have parts run, and end with the block."""
    with ExitStack() as stack:
        for part in parts:
            stack.callback(part.kill)
            part.start()
        yield


def _kill(parts: Mapping[str, Part], plan: Plan, is_at_work: Callable[[], bool]) -> dict[str, Any]:
    """Kill one part after the other, as often as planned, and start it again."""
    chance, victims, at_work = random.Random(plan.seed), Counter[str](), 0
    began = time.monotonic()
    for _ in range(plan.kills):
        time.sleep(chance.uniform(0, plan.up_seconds))
        name = chance.choice([*parts])
        victims[name] += 1
        at_work += is_at_work()
        parts[name].kill()
        time.sleep(chance.uniform(0, plan.down_seconds))
        parts[name].start()
    seconds = round(time.monotonic() - began, 1)
    return {"kills": dict(victims), "at_work": at_work, "seconds": seconds}


def _gone_on(log: str) -> int:
    return log.count(GONE_ON)


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    asked, kills = found["asked"], Counter(found["kills"])
    of_workers = sum(count for name, count in kills.items() if name.startswith("worker"))
    others = (f"{name} {kills[name]}" for name in ("console", "broker", "database"))
    ends = (f"{count} {state}" for state, count in found["states"].items())
    yield "| what | |"
    yield "| --- | --- |"
    yield f"| jobs; workers | {asked['jobs']}; {asked['workers']} |"
    yield f"| kills | workers {of_workers}, {', '.join(others)} |"
    yield f"| of these with jobs left | {found['at_work']} |"
    yield f"| sent again for want of an answer | {found['again']} |"
    yield f"| how they ended | {', '.join(ends)} |"
    yield f"| ended with the right words | {found['right']} |"
    kept = f"{found['transcripts']}; {len(found['twice'])}"
    yield f"| recordings in the history; those that are there twice | {kept} |"
    yield f"| times that work went on where a killed worker had left it | {found['gone_on']} |"
    yield f"| seconds of killing | {found['seconds']} |"


if __name__ == "__main__":
    sys.exit(app())
