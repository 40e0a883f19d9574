"""Whose a transcript is: each sees and changes their own, admins all, viewers change nothing.

The cache knows what was measured, whoever had it made, and tells nobody of edits or names.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import pytest

from postprocess import Emotion, Rule, RuleCondition
from richspeech.access.accounts import Accounts
from richspeech.access.principal import ANYBODY, NOBODY, Principal, Role
from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.errors import AccessError, StoreError
from richspeech.jobs.caching import CachingTranscriber, Step
from richspeech.jobs.transcribe import Transcription
from richspeech.model.corrections import Correction
from richspeech.model.document import Document
from richspeech.model.options import Options
from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.request import TranscriptionRequest
from richspeech.model.sentiment import Sentiment
from richspeech.model.transcript import Transcript
from richspeech.recognition.pipeline import Cancel, Progress
from richspeech.recognition.reading import WaveformSource
from richspeech.recognition.staged import StagedTranscriber
from richspeech.settings import Settings
from richspeech.stages.chain import Recipe
from richspeech.storage.cached_result import EngineHistory
from richspeech.storage.history import History
from richspeech.storage.query import parse_query
from richspeech.storage.transcripts import Entry, Store
from tests.fakes import FakeCascade, FakeClassifier
from tests.transcripts import segment, transcript

MING = Principal.at_browser("ming", Role.MEMBER)
HONG = Principal.at_browser("hong", Role.MEMBER)
LOOKS = Principal.at_browser("ming", Role.VIEWER)
ROOT = Principal.at_browser("root", Role.ADMIN)
ALL = parse_query("")
ALL_STAGES = Recipe(
    rules=(Rule("angry", RuleCondition(any_words=("退款",)), set_emotion=Emotion.ANGRY),),
    reader=FakeClassifier(lambda _: {Sentiment.NEGATIVE: 1.0}),
    cascade=FakeCascade({"emotion": {"sad": 0.9, "neutral": 0.1}}),
)


def heard(*texts: str) -> Transcript:
    """A transcript of a second for each text."""
    segments = (
        segment(start, start + 1, text, event_probabilities={"speech": 1.0})
        for start, text in enumerate(texts)
    )
    return transcript(*segments, duration=len(texts))


@dataclass
class Ear:
    """Hears the same in everything, and counts how often."""

    heard: int = 0
    channel: int | None = None
    """Where somebody speaks, if that is known."""

    def transcribe(
        self, recording: WaveformSource, _options: Options, _cancelled: Cancel
    ) -> Iterator[Progress]:
        for _ in recording.blocks(4.0):
            pass
        self.heard += 1
        found = heard("退款", "hello")
        speaker = None if self.channel is None else "A"
        segments = (replace(s, channel=self.channel, speaker=speaker) for s in found.segments)
        yield Progress.of(Document(replace(found, segments=tuple(segments))))


@dataclass
class Sound:
    """A recording under some name."""

    name: str | None = "call.wav"
    duration: float | None = 1.0
    seed: int = 1
    warnings: tuple[RecordingWarning, ...] = ()

    def blocks(self, _block_seconds: float) -> Iterator[Waveform]:
        yield np.random.default_rng(self.seed).random(SAMPLE_RATE).astype(np.float32)


@pytest.fixture
def store(empty: str) -> Iterator[Store]:
    store = Store(empty)
    yield store
    store.close()


@pytest.fixture
def ear() -> Ear:
    return Ear()


def had(store: Store, principal: Principal, ear: Ear, sound: Sound | None = None) -> Step:
    """Have a recording transcribed for somebody; return the last step."""
    history = EngineHistory(store.seen_by(principal), "one engine")
    *_, last = CachingTranscriber(ear, history).steps(sound or Sound(), Options())
    return last


def entry_of(step: Step) -> Entry:
    assert step.kept is not None
    return step.kept.entry


def edited(store: Store, principal: Principal, entry: Entry, text: str) -> Entry:
    """Put the first words of a transcript right."""
    seen = store.seen_by(principal)
    corrections = (Correction(index=0, text=text),)
    document = seen.document(entry).with_corrections(corrections, datetime.now(UTC))
    return seen.edit(entry, document)


def names(store: Store, principal: Principal) -> list[str | None]:
    return [entry.name for entry in store.seen_by(principal).search(ALL)]


def test_each_sees_what_is_their_own_and_an_admin_all(store: Store, ear: Ear) -> None:
    for number, principal in enumerate((ANYBODY, MING, HONG)):
        had(store, principal, ear, Sound(f"{principal.user}.wav", seed=number))
    assert names(store, MING) == ["ming.wav"]
    assert names(store, HONG) == ["hong.wav"]
    assert names(store, NOBODY) == []
    for admin in (ROOT, ANYBODY):
        assert names(store, admin) == ["hong.wav", "ming.wav", "None.wav"]
    counts = [store.seen_by(each).count(ALL) for each in (MING, ROOT, NOBODY)]
    assert counts == [1, 3, 0]


def test_the_same_sound_in_another_s_file_has_its_own_warnings_alone(
    store: Store, ear: Ear
) -> None:
    cut = RecordingWarning.of("wav_length_unknown", seconds=1.0)
    entries = [
        entry_of(had(store, MING, ear)),
        entry_of(had(store, HONG, ear, Sound(warnings=(cut,)))),
    ]
    kept = [store.open(entry.id).document.measured.warnings for entry in entries]
    assert (kept, ear.heard) == ([(), (cut,)], 1)


def test_a_key_of_an_admin_for_reading_alone_sees_what_is_the_admin_s(
    store: Store, ear: Ear
) -> None:
    had(store, MING, ear)
    key = Principal.of("root", Role.ADMIN, frozenset({*LOOKS.scopes}), "dashboard")
    assert names(store, key) == []


def test_nobody_opens_edits_or_deletes_what_is_another_s(store: Store, ear: Ear) -> None:
    entry = entry_of(had(store, MING, ear))
    hongs = store.seen_by(HONG)
    with pytest.raises(StoreError):
        hongs.open(entry.id)
    with pytest.raises(StoreError):
        hongs.entry(entry.id)
    with pytest.raises(StoreError):
        hongs.document(entry)
    with pytest.raises(StoreError):
        hongs.edit(entry, Document(heard("forged")))
    hongs.delete(entry.id)
    assert hongs.labels([entry.id])[entry.id] == ()
    assert hongs.owners([entry.id]) == {}
    assert store.open(entry.id).entry == entry
    store.seen_by(MING).delete(entry.id)
    assert store.count(ALL) == 0


def test_an_admin_edits_and_deletes_what_is_another_s(store: Store, ear: Ear) -> None:
    entry = entry_of(had(store, MING, ear))
    assert store.seen_by(ROOT).owners([entry.id]) == {entry.id: "ming"}
    edited(store, ROOT, entry, "退钱")
    assert store.seen_by(MING).open(entry.id).document.transcript.segments[0].text == "退钱"
    store.seen_by(ROOT).delete(entry.id)
    assert names(store, MING) == []


def test_a_viewer_reads_and_changes_nothing(store: Store, ear: Ear) -> None:
    entry = entry_of(had(store, MING, ear))
    seen = store.seen_by(LOOKS)
    assert seen.open(entry.id).entry == entry
    for change in (
        lambda: edited(store, LOOKS, entry, "退钱"),
        lambda: seen.delete(entry.id),
        seen.wipe,
        lambda: had(store, LOOKS, ear, Sound(seed=2)),
    ):
        with pytest.raises(AccessError):
            change()
    assert seen.open(entry.id).entry == entry


def test_everything_is_deleted_by_admins_alone(store: Store, ear: Ear) -> None:
    had(store, MING, ear)
    with pytest.raises(AccessError):
        store.seen_by(MING).wipe()
    assert store.seen_by(ROOT).wipe() == 1


def test_the_same_sound_is_recognised_once_and_is_everybody_s_own(store: Store, ear: Ear) -> None:
    first = had(store, MING, ear, Sound("private name.wav"))
    edited(store, MING, entry_of(first), "秘密")
    second = had(store, HONG, ear, Sound("other.wav"))
    assert ear.heard == 1
    assert second.kept is not None
    assert second.kept.is_cached
    assert second.kept.document.edits == ()
    assert entry_of(second).id != entry_of(first).id
    assert names(store, HONG) == ["other.wav"]
    assert "秘密" not in repr(store.seen_by(HONG).open(entry_of(second).id))


def test_the_second_to_hear_a_sound_gets_what_the_first_one_got(store: Store, ear: Ear) -> None:
    def hears(principal: Principal) -> tuple[Step, Document]:
        history = EngineHistory(store.seen_by(principal), "one engine")
        staged = StagedTranscriber(ear, ALL_STAGES)
        *_, step = CachingTranscriber(staged, history).steps(Sound(), Options(speakers=("agent",)))
        return step, store.open(entry_of(step).id).document

    (first, kept_first), (second, kept_second) = hears(MING), hears(HONG)
    assert ear.heard == 1
    kinds = [each.kind for each in kept_second.edits]
    assert kinds == ["speakers", "rules", "sentiment", "cascade"]
    assert [each.kind for each in kept_first.edits] == kinds
    assert kept_second.transcript == kept_first.transcript
    segments = second.progress.transcript.segments
    assert segments == first.progress.transcript.segments
    assert {each.emotion for each in segments} == {Emotion.SAD}
    assert segments[0].sentiment is Sentiment.NEGATIVE


def test_what_a_person_put_right_is_kept_while_others_hear_it_under_other_names(
    store: Store,
) -> None:
    ear, history = Ear(channel=1), History(store, Settings(), "")
    staged = StagedTranscriber(ear, Recipe())

    def hears(name: str) -> Step:
        seen = EngineHistory(store.seen_by(MING), "one engine")
        asked = Options(speakers=(name,))
        *_, step = CachingTranscriber(staged, seen).steps(Sound(), asked)
        return step

    opened = hears("agent").kept
    assert opened is not None
    again = hears("clerk")
    person = [Correction(index=0, text="退钱")]
    corrected = opened.document.with_corrections(person, datetime.now(UTC))
    entry = history.seen_by(MING).correct(opened.entry, corrected, ())
    kept = store.open(entry.id).document.transcript
    assert (kept.segments[0].text, kept.speakers) == ("退钱", ("clerk",))
    assert (ear.heard, again.unkept, hears("clerk").unkept) == (1, None, None)


def test_an_example_says_nothing_of_what_others_call_those_who_speak(store: Store) -> None:
    def hears(*names: str) -> Step:
        staged = StagedTranscriber(Ear(channel=1), Recipe())
        asked = Options(speakers=names)
        *_, step = CachingTranscriber(staged, EngineHistory(store, "")).steps(Sound(), asked)
        return step

    def shown(step: Step, *names: str) -> Transcript | None:
        asked = TranscriptionRequest(Options(speakers=names))
        job = Transcription(None, asked, is_pristine=True)
        job.take(step)
        return job.transcript

    hears("Ann Lee")
    plain, named = shown(hears()), shown(hears("clerk"), "clerk")
    assert plain is not None
    assert named is not None
    assert (plain.speakers, named.speakers) == (("A",), ("clerk",))


def test_one_s_own_comes_back_with_its_corrections(store: Store, ear: Ear) -> None:
    edited(store, MING, entry_of(had(store, MING, ear)), "退钱")
    had(store, HONG, ear)
    again = had(store, MING, ear)
    assert ear.heard == 1
    assert again.kept is not None
    assert again.kept.document.transcript.segments[0].text == "退钱"
    assert store.count(ALL) == 2


@pytest.mark.parametrize(("before", "after"), [(ANYBODY, MING), (MING, ANYBODY)])
def test_a_login_that_comes_or_goes_leaves_what_was_measured(
    store: Store, ear: Ear, before: Principal, after: Principal
) -> None:
    had(store, before, ear)
    had(store, after, ear)
    had(store, after, ear)
    assert ear.heard == 1
    assert store.count(ALL) == 2


def test_what_is_compared_with_another_s_says_nothing_of_it(store: Store, ear: Ear) -> None:
    had(store, MING, ear, Sound("private name.wav"))
    with EngineHistory(store.seen_by(HONG), "one engine").look_up(Sound(), Options()) as lookup:
        [*_] = lookup.compare(lambda: False)
        assert lookup.alike is not None
        assert (lookup.alike.name, lookup.alike.preview) == (None, "")


def test_a_removed_user_leaves_transcripts_to_admins_and_not_to_the_next_of_the_name(
    store: Store, ear: Ear
) -> None:
    accounts = Accounts(store.accounts)
    accounts.add_user("ming", "a long password", Role.MEMBER)
    had(store, MING, ear)
    accounts.remove_user("ming", may_be_last=True)
    assert names(store, MING) == []
    assert names(store, NOBODY) == []
    assert names(store, ROOT) == ["call.wav"]
    had(store, MING, ear, Sound("again.wav"))
    assert names(store, MING) == ["again.wav"]
    assert ear.heard == 1


def test_two_of_one_user_who_hear_the_same_at_once_share_it(store: Store, ear: Ear) -> None:
    def twice(principal: Principal) -> set[int]:
        mine = EngineHistory(store.seen_by(principal), "one engine")
        found = set()
        with mine.look_up(Sound(), Options()) as one, mine.look_up(Sound(), Options()) as two:
            for lookup in (one, two):
                [*lookup.blocks(4.0)]
                found.add(lookup.keep(Document(heard("退款"))).id)
        return found

    assert [len(twice(each)) for each in (MING, HONG, ANYBODY)] == [1, 1, 1]
    assert store.count(ALL) == 3
