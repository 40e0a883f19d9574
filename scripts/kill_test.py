"""Kill the console again and again while it works on durable jobs: ``python -m scripts.kill_test``.

Hands in recordings whose words a calm caller got beforehand. Then the console is started and
killed with -9 at random moments, sometimes while it still starts, and started again; in the end it
may finish. Every job has to end once, with its own words. Sound is read at a pace, so that jobs
last longer than a start and kills meet them at work.
"""

import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from cyclopts.validators import Number

from richspeech.bench.setup import make_setup
from richspeech.model.request import TranscriptionRequest
from richspeech.queue.queue import HandedIn, JobQueue
from richspeech.service import open_service
from richspeech.settings import load_settings
from scripts.load.ended import are_over, wait_until_over, what_became
from scripts.load.plan import Clip
from scripts.load.reference import make_clips, with_words
from scripts.load.report import machine
from scripts.server import Server, served

SIZES = (20.0, 45.0, 90.0, 120.0)
"""Lengths of recordings, in seconds."""
CLIPS_A_SIZE = 3
"""Whose words are asked for beforehand; a number makes many recordings of each."""
PACE_SECONDS = 0.3
"""For a block of four seconds: 13 times real time at most."""
IN_PROCESS = {"RICHSPEECH_READING__PROCESSES": "0"}
"""The pace is this process's; others that read would not keep it."""
STARTING_SHARE = 0.2
"""Of the kills that meet the console while it starts."""
LONGEST_START_SECONDS = 10.0
GONE_ON = "goes on behind"
"""What the log says where kept work is used."""
app = App(help=__doc__)


def paced(seconds: float) -> str:
    """Return the program, with sound that is read at a pace: so long for a block."""
    return f"""
import sys, time
from richspeech.cli.app import main
from richspeech.cli.terminal import leave
from richspeech.audio.decode import Recording

blocks = Recording.blocks

def paced(self, *arguments):
    for block in blocks(self, *arguments):
        time.sleep({seconds})
        yield block

Recording.blocks = paced
leave(main(sys.argv[1:]))
"""


@dataclass(frozen=True)
class Plan:
    """How many of what."""

    jobs: int
    kills: int
    up_seconds: float
    """Longest time from being ready to a kill."""
    seed: int = 0


@dataclass(frozen=True)
class Kills:
    """What the killing came to."""

    at_work: int = 0
    """Kills while some job was not over."""
    while_starting: int = 0
    seconds: float = 0.0


@app.default
def kill_test(
    *,
    jobs: Annotated[int, Parameter(validator=Number(gte=1, lte=2000))] = 200,
    kills: Annotated[int, Parameter(validator=Number(gte=0, lte=1000))] = 100,
    up_seconds: Annotated[float, Parameter(validator=Number(gt=0, lte=600))] = 6.0,
    seed: int = 0,
    model: str = "embedded",
    report: Path = Path("kill-test.json"),
) -> int:
    """Kill the console and see what becomes of the jobs.

    Args:
        jobs: recordings that are handed in
        kills: how often it is killed
        up_seconds: longest time from its being ready to a kill; the shortest is none
        seed: of the moments
        model: embedded, random-full, or a folder
        report: where the JSON is written

    """
    weights, before = make_setup(model, device="cpu").model, machine()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        own = {
            "RICHSPEECH_OPERATIONS__AUDIT_FILE": f"{folder}/audit.jsonl",
            "RICHSPEECH_JOBS__RECORDINGS": f"{folder}/kept",
            **IN_PROCESS,
        }
        server = Server(
            folder, weights, program=("-c", paced(PACE_SECONDS), "serve"), environment=own
        )
        without = own | {"RICHSPEECH_HISTORY__ENABLED": "false"}
        with served(Server(folder, weights, environment=without)) as calm:
            known = with_words(make_clips(folder, SIZES, CLIPS_A_SIZE), calm.address)
        found = killed_at_work(server, known, Plan(jobs, kills, up_seconds, seed))
    found |= {"machine": before, "asked": {"jobs": jobs, "kills": kills, "up_seconds": up_seconds}}
    report.write_text(json.dumps(found, ensure_ascii=False, indent=1))
    print(*_lines(found), sep="\n")
    return 0 if found["right"] == jobs == found["transcripts"] and not found["twice"] else 1


def killed_at_work(server: Server, known: Sequence[Clip], plan: Plan) -> dict[str, Any]:
    """Hand in jobs, kill the server while it does them, let it finish; return what became of them.

    It must run what ``paced`` gives, and keep recordings in ``kept`` within its folder.
    """
    kept = {"recordings": f"{server.folder}/kept"}
    settings = load_settings(history={"url": server.history}, jobs=kept)
    with open_service(settings, queues=True) as service:
        queue, history = service.queue, service.history
        assert queue is not None and history is not None  # noqa: S101, PT018 - it queues
        asked = dict(_handed_in(queue, known, plan.jobs, server.folder))
        killed = _kill(server, queue, plan)
        with served(server):
            wait_until_over(queue)
        found = what_became(queue, history.store, asked)
    return found | {"kills": vars(killed), "gone_on": server.log.count(GONE_ON)}


def _handed_in(
    queue: JobQueue, known: Sequence[Clip], jobs: int, folder: Path
) -> Iterator[tuple[str, Clip]]:
    """Hand in recordings that nobody has heard yet; give the id of each and what it is."""
    for number in range(jobs):
        clip = known[number % len(known)].numbered(number)
        path = folder / f"{number}-{clip.name}"
        path.write_bytes(clip.content)
        [job] = queue.submit([HandedIn(path, path.name)], TranscriptionRequest())
        path.unlink()
        yield job.id, clip


def _kill(server: Server, queue: JobQueue, plan: Plan) -> Kills:
    """Start the console and kill it, as often as planned."""
    chance = random.Random(plan.seed)
    at_work = while_starting = 0
    began = time.monotonic()
    for _ in range(plan.kills):
        if chance.random() < STARTING_SHARE:
            server.begin()
            time.sleep(chance.uniform(0, LONGEST_START_SECONDS))
            while_starting += 1
        else:
            server.start()
            time.sleep(chance.uniform(0, plan.up_seconds))
        at_work += not are_over(queue)
        server.kill()
    return Kills(at_work, while_starting, round(time.monotonic() - began, 1))


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    kills = found["kills"]
    yield "| what | |"
    yield "| --- | --- |"
    yield f"| jobs | {found['asked']['jobs']} |"
    met = f"{kills['at_work']}, {kills['while_starting']}"
    yield f"| kills; with jobs left, during a start | {found['asked']['kills']}; {met} |"
    ends = (f"{count} {state}" for state, count in found["states"].items())
    yield f"| how they ended | {', '.join(ends)} |"
    yield f"| ended with the right words | {found['right']} |"
    kept = f"{found['transcripts']}; {len(found['twice'])}"
    yield f"| recordings in the history; those that are there twice | {kept} |"
    yield f"| times that work went on where a killed console had left it | {found['gone_on']} |"
    yield f"| seconds of killing | {kills['seconds']} |"


if __name__ == "__main__":
    sys.exit(app())
