"""Recognition: takes utterance batches of all jobs and recognises them; it never sees a recording.

    claim → features from the file → the scheduler, which fills the GPU's batches → finish

One for each GPU. It may be killed at any moment: what it had goes to another one.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from richspeech.errors import JobLostError, RichSpeechError, StoreError
from richspeech.model.transcript import Hypothesis
from richspeech.queue.consumer import new_name
from richspeech.queue.feature_file import HYPOTHESES, read_features
from richspeech.recognition.scheduler import Scheduler
from richspeech.storage.recordings import RecordingStore
from richspeech.storage.utterance_batches import BatchClaim, UtteranceBatches

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Recognition:
    """Recognises batches in threads of its own; for all threads."""

    batches: UtteranceBatches
    files: RecordingStore
    scheduler: Scheduler
    identity: str
    """Digest of its engine: it takes no batch that asks for another."""
    at_once: int
    """Batches that wait for the model together, so that it never waits for a file."""
    wake: Callable[[], None] = lambda: None
    """Called when it could begin another one."""
    name: str = field(default_factory=new_name)
    _held: dict[str, Future[None]] = field(default_factory=dict)
    """Batches at work, by their leases."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._threads = ThreadPoolExecutor(self.at_once, thread_name_prefix="batch")

    def begin(self) -> bool:
        """Begin one batch, if there is a place and a batch; tell whether. Raises ``StoreError``."""
        with self._lock:
            if len(self._held) >= self.at_once:
                return False
        claim = self.batches.claim(self.name, self.identity)
        if claim is None:
            return False
        with self._lock:
            self._held[claim.lease] = future = self._threads.submit(self.do, claim)
        future.add_done_callback(partial(self._release, claim))
        return True

    def do(self, claim: BatchClaim) -> None:
        """Recognise a batch here and now, and say what became of it."""
        try:
            self._say(claim)
        except JobLostError:
            log.info("a batch is somebody else's by now, or its job is over")
        except RichSpeechError as error:
            log.warning("the end of a batch is not kept, it is recognised again: %s", error)

    def _say(self, claim: BatchClaim) -> None:
        try:
            found = self.recognised(claim.content)
        except StoreError:
            self.batches.give_back(claim)
            raise
        except RichSpeechError as error:
            self.batches.fail(claim, error)
        else:
            self.batches.finish(claim, HYPOTHESES.dump_python(tuple(found), mode="json"))

    def recognised(self, content: str) -> list[Hypothesis]:
        """Return what is said in the utterances of a file, in order."""
        with self.files.open(content) as file:
            requests = read_features(file)
        with self.scheduler.job() as job:
            return [future.result() for future in [job.submit(each) for each in requests]]

    def renew(self) -> None:
        """Renew the leases. Raises ``StoreError``."""
        with self._lock:
            held = [*self._held]
        if held:
            self.batches.renew(held, self.name)

    def close(self) -> None:
        """Finish what is at work, and take no more."""
        self._threads.shutdown()

    def _release(self, claim: BatchClaim, _: Future[None]) -> None:
        with self._lock:
            self._held.pop(claim.lease, None)
        self.wake()
