"""The console killed with -9 over durable jobs: each ends once, with its own words.

A small version of scripts/kill_test.py, whose figures are in docs/reliability.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts.kill_test import CLIPS_A_SIZE, PACE_SECONDS, Plan, killed_at_work, paced
from scripts.load.reference import make_clips, with_words
from scripts.server import Server, served
from tests.e2e.program import Program, forked

JOBS, KILLS, UP_SECONDS = 12, 4, 2.0
SIZES = (20.0, 45.0)


@dataclass
class Forked(Server):
    """The same in a fork, which starts in a quarter of the processor time."""

    def process_of(self, program: Sequence[str], environment: Mapping[str, str]) -> Program:
        return forked(program, self.folder / "log.txt", environment)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        "RICHSPEECH_OPERATIONS__AUDIT_FILE": f"{tmp_path}/audit.jsonl",
        "RICHSPEECH_JOBS__RECORDINGS": f"{tmp_path}/kept",
        "RICHSPEECH_JOBS__LEASE_SECONDS": "2",
    }


def test_every_job_ends_once_with_its_own_words(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    without = environment | {"RICHSPEECH_HISTORY__ENABLED": "false"}
    with served(Forked(tmp_path, environment=without)) as calm:
        known = with_words(make_clips(tmp_path, SIZES, CLIPS_A_SIZE), calm.address)
    server = Forked(tmp_path, program=("-c", paced(PACE_SECONDS), "serve"), environment=environment)
    found = killed_at_work(server, known, Plan(JOBS, KILLS, UP_SECONDS))
    assert found["wrong"] == []
    assert found["states"] == {"finished": JOBS}
    assert found["right"] == found["transcripts"] == JOBS
    assert found["twice"] == []
    assert found["kills"]["at_work"] == KILLS
