"""Service: settings → engines, jobs, storage; what page, API, command line and tests share."""

import logging
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

from richspeech.access.accounts import Accounts, built_in_of
from richspeech.access.presence import Presence
from richspeech.access.principal import Role
from richspeech.audio.container import AudioLimits
from richspeech.engines.adapters import NO_ADAPTER
from richspeech.engines.denoising.load import require_denoiser
from richspeech.engines.emotion2vec.load import LoadedEmotionRecogniser, lazy_emotion_recogniser
from richspeech.engines.lazy import Lazy
from richspeech.engines.loaded import Models
from richspeech.engines.loader import Loaded, audio_limits, default_options, load_reading
from richspeech.engines.readiness import Readiness
from richspeech.engines.transcribers import Transcribers
from richspeech.errors import JobError, ModelError, OptionError, SettingsError, StoreError
from richspeech.jobs.caching import CachingTranscriber
from richspeech.jobs.compare import Comparisons
from richspeech.jobs.compare_engines import ComparedEngines
from richspeech.jobs.emotion import Emotions
from richspeech.jobs.emotion_recogniser import SharedEmotionRecogniser
from richspeech.jobs.export import Exports
from richspeech.jobs.job import Kind
from richspeech.jobs.live import LiveSessions
from richspeech.jobs.observer import NOBODY, Observer
from richspeech.jobs.playback import Playbacks
from richspeech.jobs.runner import Runner
from richspeech.jobs.second_opinion import SecondOpinions
from richspeech.jobs.talk import Talks
from richspeech.jobs.transcribe import Transcriptions
from richspeech.jobs.waiting import WaitingRoom
from richspeech.model.options import Options
from richspeech.operations.audit import audit_written
from richspeech.places import CONFIG
from richspeech.queue.batches import Batches
from richspeech.queue.celery import Bell, make_app
from richspeech.queue.consumer import LOOK_SECONDS, Consumer, Doer
from richspeech.queue.outbox import GRACE_SECONDS, Outbox
from richspeech.queue.queue import JobQueue
from richspeech.queue.receivers import Receivers
from richspeech.queue.recognition import Recognition
from richspeech.queue.remote import RemoteQueue, recogniser_identity
from richspeech.queue.webhooks import Webhooks
from richspeech.queue.worker import Worker
from richspeech.readers.limits import ReaderLimits, usual_processes
from richspeech.readers.opener import HERE, Opener
from richspeech.readers.pool import ReaderPool
from richspeech.recognition.scheduler import Scheduler
from richspeech.settings import Settings
from richspeech.storage.accounts import open_accounts
from richspeech.storage.bucket import Bucket
from richspeech.storage.database import Database
from richspeech.storage.history import History, open_history
from richspeech.storage.jobs import JobStore
from richspeech.storage.quota import Quota
from richspeech.storage.recordings import Recordings, RecordingStore
from richspeech.storage.rule_file import RuleFile
from richspeech.version import version

GIVING_BACK_SECONDS = 5.0
"""For what has to be stopped to say so."""


log = logging.getLogger(__name__)


def runner_of(settings: Settings, observer: Observer = NOBODY) -> Runner:
    """Make what runs jobs, with the limits of the settings; ``observer`` looks on."""
    room = WaitingRoom(settings.server.waiting_jobs)
    at_once = {Kind.LIVE: settings.live.max_sessions, Kind.QUEUED: settings.jobs.workers}
    return Runner(room, at_once, observer=observer)


@dataclass(frozen=True)
class Service:
    """Engines, jobs and storage of one process; for all threads."""

    settings: Settings
    readiness: Readiness
    """The main engine, which somebody loads."""
    transcribers: Transcribers
    runner: Runner
    history: History | None = None
    """None when nothing is to be kept."""
    quota: Quota | None = None
    """None where nobody sends anything."""
    accounts: Accounts = field(default_factory=Accounts)
    """Who may come in."""
    config_file: Path = CONFIG
    """Where the settings came from; rules may be saved there."""
    queue: JobQueue | None = None
    """The durable jobs; None where nobody hands any in."""
    work: threading.Event = field(default_factory=threading.Event, repr=False)
    """Set when there may be a job to begin."""
    opener: Opener = HERE
    """Opens the recordings of transcriptions."""
    emotion_model: Lazy[LoadedEmotionRecogniser] | None = field(default=None, repr=False)
    """The emotion recogniser; that of the settings unless given."""
    presence: Presence = field(default_factory=Presence)
    """Who has which transcript open."""

    @cached_property
    def limits(self) -> AudioLimits:
        """The limits on recordings."""
        return audio_limits(self.settings)

    @cached_property
    def defaults(self) -> Options:
        """What is asked for when nobody says otherwise."""
        return default_options(self.settings)

    @cached_property
    def rule_file(self) -> RuleFile:
        """Where rules are read and saved."""
        return RuleFile(self.config_file)

    @cached_property
    def emotion_recogniser(self) -> SharedEmotionRecogniser:
        """The emotion recogniser, for all jobs that need it."""
        return SharedEmotionRecogniser(self.emotion_model or lazy_emotion_recogniser(self.settings))

    @contextmanager
    def main_engine(self) -> Iterator[Loaded]:
        """Load the main engine here and now, and give it as any job gets it.

        Raises ``ModelError``.
        """
        self.readiness.load(self.transcribers.load_main)
        with self.transcribers.use() as loaded:
            yield loaded

    def caching(self, loaded: Loaded) -> CachingTranscriber:
        """Return an engine that asks the history first, and has it keep what it hears, if any."""
        history = self.history.of(loaded) if self.history else None
        privacy = self.settings.privacy
        masking = privacy if privacy.masks(Role.ADMIN) else None
        return CachingTranscriber(loaded.transcriber, history, masking=masking)

    @property
    def memory_bytes(self) -> Mapping[str, int | None]:
        """By how much the process grew for each engine that is loaded now, the main one first.

        Of the emotion recogniser, if it is loaded, its weights alone.
        """
        emotion = self.emotion_recogniser.loaded
        others = {"emotion2vec+": emotion.recogniser.memory_bytes} if emotion else {}
        return {**self.transcribers.memory_bytes, **others}

    # What can be done -------------------------------------------------------------------------

    @cached_property
    def transcriptions(self) -> Transcriptions:
        """Recordings → transcripts."""
        return Transcriptions(
            self.runner,
            self.transcribers,
            self.limits,
            self.history,
            self.opener,
            self.settings.privacy,
        )

    @cached_property
    def emotions(self) -> Emotions:
        """Recordings → what their voices say."""
        asked, opener = self.settings.emotion, self.opener
        return Emotions(self.runner, self.emotion_recogniser, self.limits, asked, opener)

    @cached_property
    def second_opinions(self) -> SecondOpinions:
        """Transcripts → the same with a second opinion."""
        recogniser, history = self.emotion_recogniser, self.history
        return SecondOpinions(self.runner, recogniser, self.limits, history, self.opener)

    @cached_property
    def playbacks(self) -> Playbacks:
        """Transcripts that were opened → what a browser plays and draws of them."""
        return Playbacks(self.runner, self.limits, self.settings.privacy, self.opener)

    @cached_property
    def batches(self) -> Batches:
        """Many recordings → durable jobs, and one zip of what came of them."""
        return Batches(self.runner, self.durable, self.settings, self.quota, self.opener)

    @property
    def durable(self) -> JobQueue:
        """The durable jobs; raises ``JobError`` where there are none."""
        if self.queue is None:
            raise JobError("job.no_queue")
        return self.queue

    @cached_property
    def worker(self) -> Worker | None:
        """What does durable jobs here, if there are any."""
        if self.queue is None:
            return None
        return Worker(
            self.queue.store,
            self.queue.recordings,
            self.transcriptions,
            self.runner,
            self.settings,
            version(),
            has_history=self.history is not None,
            wake=self.work.set,
        )

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Have durable jobs done for the length of a ``with`` block, if there are any.

        By this process, once the main engine is loaded, or by others, which are told of them.
        Raises ``SettingsError`` when what tells them is not installed.
        """
        broker = self.settings.jobs.broker if self.settings.jobs.queue == "celery" else None
        with ExitStack() as stack:
            if broker is not None:
                stack.enter_context(Bell(make_app(broker), self.work).running())
            elif self.worker is not None:
                stack.enter_context(self.consumer(self.worker).running())
            yield

    @contextmanager
    def working(self) -> Iterator[Worker]:
        """Give what does durable jobs here; what it has not done in the end is left to others."""
        if self.worker is None:
            raise OptionError("history.off")
        try:
            yield self.worker
        finally:
            self.runner.close(self.settings.server.stop_seconds, GIVING_BACK_SECONDS)

    @contextmanager
    def recognising(self) -> Iterator[Recognition]:
        """Give what recognises utterances of other processes' jobs, with the main engine.

        Somebody has loaded it. Raises ``ModelError`` for one that takes recordings whole.
        """
        if self.queue is None:
            raise OptionError("history.off")
        with self.transcribers.use() as loaded:
            if not isinstance(loaded.model_thread, Scheduler):
                raise ModelError("worker.whole_recordings", engine=loaded.engine)
            models = Models(
                loaded.weights, loaded.vad_weights, loaded.punctuation_weights, loaded.adapter
            )
            recognition = Recognition(
                self.queue.store.utterance_batches,
                self.queue.recordings,
                loaded.model_thread,
                recogniser_identity(self.settings, loaded.engine, models, version()),
                self.settings.jobs.workers,
                self.work.set,
            )
            with closing(recognition):
                yield recognition

    def consumer(self, worker: Doer, sweep_seconds: float = LOOK_SECONDS) -> Consumer:
        """Return what gives a worker of durable jobs its work."""
        return Consumer(
            worker,
            self.readiness.is_ready,
            self._tidy,
            sweep_seconds,
            min(LOOK_SECONDS, self.settings.jobs.lease_seconds / 4),
            self.work,
        )

    def _tidy(self) -> None:
        if self.queue is not None:
            self.queue.tidy(self.settings.jobs.keep_hours)

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Tell receivers of jobs that are over, for the length of a ``with`` block."""
        webhooks = Webhooks.of(self.settings.webhooks)
        if self.queue is None or webhooks is None:
            yield
            return
        asked = self.settings.webhooks
        deliveries = self.queue.store.deliveries(asked.timeout_seconds + GRACE_SECONDS)
        with Outbox(deliveries, webhooks, asked.retry_seconds).running():
            yield

    @cached_property
    def comparisons(self) -> Comparisons:
        """One recording → how two settings differ on it."""
        engines = ComparedEngines(self.transcribers, self.settings)
        return Comparisons(self.runner, engines, self.limits, self.opener)

    @cached_property
    def exports(self) -> Exports:
        """Transcripts → files."""
        return Exports(self.runner, self.limits, self.opener, self.settings.privacy)

    @cached_property
    def live_sessions(self) -> LiveSessions:
        """What is said just now → a recording and its words."""
        return LiveSessions(self.runner, self.settings.limits.max_seconds, self.settings.privacy)

    @cached_property
    def talks(self) -> Talks:
        """What is said just now, by programs → its words; nothing is kept."""
        return Talks(
            self.runner,
            self.transcribers,
            interim_seconds=self.settings.live.interim_seconds,
            max_seconds=self.settings.limits.max_seconds,
            privacy=self.settings.privacy,
        )


def build(
    settings: Settings,
    readiness: Readiness | None = None,
    transcribers: Transcribers | None = None,
    history: History | None = None,
    runner: Runner | None = None,
    quota: Quota | None = None,
    config_file: Path = CONFIG,
    accounts: Accounts | None = None,
    *,
    queue: JobQueue | None = None,
    work: threading.Event | None = None,
    opener: Opener = HERE,
) -> Service:
    """Put a service together; what is not given is as the settings have it, without a history."""
    readiness = readiness or Readiness()
    transcribers = transcribers or Transcribers(readiness, settings)
    runner = runner or runner_of(settings)
    accounts = accounts or Accounts(built_in=built_in_of(settings.server))
    return Service(
        settings,
        readiness,
        transcribers,
        runner,
        history,
        quota,
        accounts,
        config_file,
        queue,
        work or threading.Event(),
        opener,
    )


@contextmanager
def open_service(
    settings: Settings,
    config_file: Path = CONFIG,
    quota: Quota | None = None,
    *,
    history_aside: bool = False,
    keeps: bool | None = None,
    queues: bool = False,
    others: threading.Event | None = None,
    observer: Observer = NOBODY,
    reads_aside: bool = False,
) -> Iterator[Service]:
    """Open all that the settings name; the engines are closed in the end, and the history.

    Somebody has to load the main engine, by ``main_engine`` or ``readiness``. Whether it ``keeps``
    what it hears is a matter of the settings unless said. Durable jobs are there if it ``queues``;
    somebody has to do them, by ``at_work``. If there are ``others``, it is they who recognise what
    is read here, and the event is set to tell them. An ``observer`` looks on at jobs. Who
    ``reads_aside`` does so in processes of their own, if the settings have any. Raises
    ``StoreError``, ``SettingsError`` for a denoiser that is not installed, and ``OptionError`` when
    it is to keep and they switch the history off.
    """
    require_denoiser(settings.recognition.denoise)
    readiness = Readiness()
    with ExitStack() as stack:
        stack.enter_context(audit_written(settings.operations))
        history = None
        if keeps is not False:
            history = stack.enter_context(open_history(settings, version(), aside=history_aside))
            if keeps and history is None:
                raise OptionError("history.off")
        store = history.store.accounts if history else None
        if keeps is None and history is None:
            store = stack.enter_context(open_accounts(settings.history))
        accounts = Accounts(store, built_in_of(settings.server))
        work = threading.Event()
        queue = stack.enter_context(open_queue(settings, history, work)) if queues else None
        load = None
        if queue is not None and others is not None:
            load = partial(load_reading, partial(remote_queue, settings, queue, others))
        opener = stack.enter_context(_opener(settings)) if reads_aside else HERE
        transcribers = stack.enter_context(closing(Transcribers(readiness, settings, load)))
        yield build(
            settings,
            readiness,
            transcribers,
            history,
            runner=runner_of(settings, observer),
            quota=quota,
            config_file=config_file,
            accounts=accounts,
            queue=queue,
            work=work,
            opener=opener,
        )


@contextmanager
def _opener(settings: Settings) -> Iterator[Opener]:
    """Give what opens recordings in processes of their own; those end with the block."""
    asked = settings.reading
    processes = usual_processes() if asked.processes is None else asked.processes
    if not processes:
        yield HERE
        return
    limits = ReaderLimits(
        asked.memory_bytes, asked.cpu_seconds, asked.cpu_seconds_per_second, asked.stall_seconds
    )
    with closing(ReaderPool(limits, processes)) as pool:
        pool.start()
        yield pool


def remote_queue(
    settings: Settings, queue: JobQueue, others: threading.Event, engine: str, models: Models
) -> RemoteQueue:
    """Make what stands for the recogniser of an engine that works elsewhere.

    Raises ``ModelError`` for another adapter than that of the settings, or for none in its place:
    nobody there has that, and its jobs would wait for ever.
    """
    asked = models.adapter.name if models.adapter else None
    if asked != (settings.model.adapter if engine == settings.model.engine else None):
        raise ModelError("adapter.elsewhere", name=asked or NO_ADAPTER)
    identity = recogniser_identity(settings, engine, models, version())
    return RemoteQueue(
        engine, queue.store.utterance_batches, queue.recordings, identity, others.set
    )


def _forget(recordings: RecordingStore, identifiers: Sequence[str]) -> None:
    """Delete the recordings of jobs that are gone; what fails is swept within hours."""
    for identifier in identifiers:
        try:
            recordings.delete(identifier)
        except StoreError as error:
            log.warning("%s", error)


@contextmanager
def open_queue(
    settings: Settings, history: History | None, work: threading.Event
) -> Iterator[JobQueue]:
    """Open the durable jobs, which are in the database of the history.

    Where there is none they are in a file that goes at the end. ``work`` is set when there is some.
    Raises ``StoreError``.
    """
    asked = settings.jobs
    if asked.queue == "celery" and history is None:
        raise SettingsError("jobs.no_history")
    with ExitStack() as stack:
        folder = asked.recordings
        if history is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jobs-")))
            database = Database(f"sqlite:///{folder}/jobs.sqlite")
            store = JobStore(stack.enter_context(closing(database)))
        else:
            store = history.store.jobs
        recordings: RecordingStore = Recordings(folder / store.name)
        if asked.bucket is not None and history is not None:
            recordings = Bucket(f"{asked.bucket}/{store.name}")
        if history is not None:
            history.store.forget = partial(_forget, recordings)
        yield JobQueue(
            store.with_limits(asked.lease_seconds, asked.max_attempts),
            recordings,
            history,
            asked.max_bytes,
            Receivers(settings.webhooks),
            work.set,
            settings.privacy,
        )
