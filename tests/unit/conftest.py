"""A test of this folder starts no process, unless its marker ``process`` says so."""

import sys
from collections.abc import Iterator

import pytest
import soundfile  # noqa: F401 - transformers import it in a test; it starts the linker, once
from argon2 import PasswordHasher

from richspeech import passwords

STARTS = {"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.system"}
LOOKS = {"uname", "lscpu"}
"""What Python and joblib ask about the machine, once."""
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
_forbidden = False


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if _forbidden and event in STARTS and arguments[:1] not in {(name,) for name in LOOKS}:
        message = f"{event}: mark the test with ``process``, or move it to tests/integration"
        raise RuntimeError(message)


sys.addaudithook(_watch)


@pytest.fixture(autouse=True, scope="session")
def _quick_passwords() -> Iterator[None]:
    """Hash passwords at the least cost: checking one is meant to be slow."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "hasher", lambda: QUICK)
        yield


@pytest.fixture(autouse=True)
def _no_process(request: pytest.FixtureRequest) -> Iterator[None]:
    global _forbidden  # noqa: PLW0603 - Python keeps a hook for as long as it runs
    _forbidden = request.node.get_closest_marker("process") is None
    yield
    _forbidden = False
