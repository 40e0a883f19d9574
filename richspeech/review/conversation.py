"""Conversation: what happened between those who speak, each with its seconds.

    segments with words → stretches of each speaker ┬ talk-over: two at the same time
                                                    ├ silences and holds: nobody
                                                    └ turns, shares of talk, pace

    speech     a segment with words; what sounds without words is none. Speakers are those of
               ``Transcript.speakers``, however they were told apart.
    stretch    speech of one speaker without a gap: segments that touch or overlap are one
    turn       what one says from their first word to the last before somebody else begins, pauses
               of less than ``hold_seconds`` included. The longest is the longest monologue.
    share      of what is said: seconds of one speaker's speech in those of all speakers together;
               shares add up to one, and while two talk at once both count
    talk-over  two stretches of different speakers at the same time for at least
               ``talk_over_seconds``. Who began later broke in; nobody where both began at once. It
               says who talked into whom, not whether that was rude.
    silence    nobody speaks for at least ``silence_seconds``, the beginning and the end of the
               recording included
    hold       a silence of at least ``hold_seconds``; with music where an event says so
    pace       as in ``pace``, over the seconds of one speaker's segments

All numbers come from the times of segments, which have a little silence at both ends.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, TypeAlias

from postprocess import AudioEvent
from richspeech.model.transcript import Segment, Transcript, plain
from richspeech.review.pace import SpeechRate, speech_rates
from richspeech.settings import ConversationSettings


@dataclass(frozen=True)
class Span:
    """Some time of a recording."""

    start: float
    """Seconds."""
    end: float
    """Seconds."""
    seconds: float
    """From start to end."""


@dataclass(frozen=True)
class Turn(Span):
    """What one speaker says until another begins."""

    speaker: str


@dataclass(frozen=True)
class TalkOver(Span):
    """Two speak at the same time."""

    by: str | None
    """Who broke in: began later; None where both began at once."""
    over: str | None
    """Who was speaking; None then."""
    speakers: tuple[str, str]
    """Both, whoever began."""


@dataclass(frozen=True)
class Silence(Span):
    """Nobody speaks."""

    is_hold: bool
    """Whether it is long enough to be one."""
    music_seconds: float
    """Of its seconds, those of segments with background music."""
    after: str | None
    """Who spoke last; None at the beginning, and for one whom nothing tells apart."""
    before: str | None
    """Who speaks next; None at the end, and likewise."""

    @property
    def has_music(self) -> bool:
        """Whether music is most of it; the end of a tune before the first word is no hold music."""
        return 2 * self.music_seconds >= self.seconds


@dataclass(frozen=True)
class SpeakerTalk:
    """One speaker's part in it."""

    speaker: str
    seconds: float
    """Of speech."""
    share: float
    """Of the speech of all speakers, 0 to 1."""
    turns: int
    longest: Turn
    """The longest monologue of this speaker."""
    broke_in: int
    """How often this speaker broke in on another."""
    broke_in_seconds: float
    """Of these talk-overs."""
    rates: tuple[SpeechRate, ...]
    """Pace by language, the longest spoken first."""


@dataclass(frozen=True)
class Conversation:
    """What happened; everything but silences is empty where nothing tells speakers apart."""

    speakers: tuple[SpeakerTalk, ...]
    """In the order of ``Transcript.speakers``, without those who never say a word."""
    turns: tuple[Turn, ...]
    """All of them, by their starts."""
    longest: Turn | None
    """The longest monologue; the first of equals."""
    talk_overs: tuple[TalkOver, ...]
    """By their starts."""
    talk_over_seconds: float
    """In which there is at least one of these."""
    silences: tuple[Silence, ...]
    """By their starts; holds among them."""
    silence_seconds: float
    """Of all silences."""
    hold_seconds: float
    """Of those that are holds."""

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        form: dict[str, Any] = plain(self)
        return form


def talk_of(transcript: Transcript, limits: ConversationSettings | None = None) -> Conversation:
    """Work out what happened; without ``limits`` those of the default settings hold."""
    limits = limits or ConversationSettings()
    spoken = [each for each in transcript.segments if each.text]
    said = {
        name: _stretches(each for each in spoken if each.strand.label == name)
        for name in ("", *transcript.speakers)
    }
    turns = tuple(_turns(said, limits.hold_seconds))
    overs = tuple(_talk_overs(said, limits.talk_over_seconds))
    silences = tuple(_silences(transcript, spoken, limits))
    return Conversation(
        speakers=tuple(_parts(said, spoken, turns, overs)),
        turns=turns,
        longest=_longest(turns),
        talk_overs=overs,
        talk_over_seconds=_length(_joined((each.start, each.end) for each in overs)),
        silences=silences,
        silence_seconds=sum(each.seconds for each in silences),
        hold_seconds=sum(each.seconds for each in silences if each.is_hold),
    )


Stretch: TypeAlias = tuple[float, float]
"""Start and end, in seconds."""
Said: TypeAlias = Mapping[str, Sequence[Stretch]]
"""What each speaker says; behind the empty name what nothing tells apart."""


def _joined(spans: Iterable[Stretch]) -> list[Stretch]:
    """Return spans in order of time, with those that touch or overlap as one."""
    found: list[Stretch] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def _length(spans: Iterable[Stretch]) -> float:
    return sum(end - start for start, end in spans)


def _stretches(segments: Iterable[Segment]) -> list[Stretch]:
    return _joined((each.start, each.end) for each in segments)


# Those who speak ----------------------------------------------------------------------------------


def _parts(
    said: Said, spoken: Sequence[Segment], turns: Sequence[Turn], overs: Sequence[TalkOver]
) -> Iterator[SpeakerTalk]:
    seconds = {name: _length(stretches) for name, stretches in said.items() if name}
    whole = sum(seconds.values())
    for name, own in seconds.items():
        taken = [turn for turn in turns if turn.speaker == name]
        longest = _longest(taken)
        broken = [over.seconds for over in overs if over.by == name]
        if longest is not None and own > 0:
            yield SpeakerTalk(
                speaker=name,
                seconds=own,
                share=own / whole,
                turns=len(taken),
                longest=longest,
                broke_in=len(broken),
                broke_in_seconds=sum(broken),
                rates=speech_rates(each for each in spoken if each.strand.label == name),
            )


def _turns(said: Said, hold_seconds: float) -> Iterator[Turn]:
    """Give turns by their starts; one goes on until another speaker begins, or a hold does."""
    everything = sorted((*stretch, name) for name, spans in said.items() for stretch in spans)
    turn: list[tuple[float, float, str]] = []
    for each in everything:
        if turn and (each[2] != turn[-1][2] or each[0] - turn[-1][1] >= hold_seconds):
            yield from _turn(turn)
            turn = []
        turn.append(each)
    yield from _turn(turn)


def _turn(parts: Sequence[tuple[float, float, str]]) -> Iterator[Turn]:
    """Give stretches of one speaker as a turn, if somebody is told apart there."""
    if parts and parts[0][2]:
        start, end = parts[0][0], parts[-1][1]
        yield Turn(start, end, end - start, parts[0][2])


def _longest(turns: Iterable[Turn]) -> Turn | None:
    return max(turns, key=lambda turn: turn.seconds, default=None)


# Two at once --------------------------------------------------------------------------------------


def _talk_overs(said: Said, least_seconds: float) -> Iterator[TalkOver]:
    """Give talk-overs by their starts."""
    found = (
        _talk_over((one, first), (other, second))
        for one, other in combinations(filter(None, said), 2)
        for first, second in _meeting(said[one], said[other], least_seconds)
    )
    yield from sorted(found, key=lambda over: (over.start, over.end))


def _meeting(
    ones: Sequence[Stretch], others: Sequence[Stretch], least_seconds: float
) -> Iterator[tuple[Stretch, Stretch]]:
    """Give pairs that are there at the same time for so long; both sorted, and without overlaps."""
    at = 0
    for one in ones:
        while at < len(others) and others[at][1] <= one[0]:
            at += 1
        for other in others[at:]:
            if other[0] >= one[1]:
                break
            if min(one[1], other[1]) - max(one[0], other[0]) >= least_seconds:
                yield one, other


def _talk_over(one: tuple[str, Stretch], other: tuple[str, Stretch]) -> TalkOver:
    (first, (began, ended)), (second, (started, stopped)) = one, other
    start, end = max(began, started), min(ended, stopped)
    by, over = (first, second) if began > started else (second, first)
    if began == started:
        return TalkOver(start, end, end - start, None, None, (first, second))
    return TalkOver(start, end, end - start, by, over, (first, second))


# Nobody -------------------------------------------------------------------------------------------


def _silences(
    transcript: Transcript, spoken: Sequence[Segment], limits: ConversationSettings
) -> Iterator[Silence]:
    music = _stretches(each for each in transcript.segments if AudioEvent.BGM in each.events)
    ending = {each.end: each.strand.label for each in reversed(spoken)}  # the first of several
    beginning = {each.start: each.strand.label for each in reversed(spoken)}
    for start, end in _between(_stretches(spoken), transcript.duration):
        if end - start < limits.silence_seconds:
            continue
        within = ((max(start, since), min(end, until)) for since, until in music)
        yield Silence(
            start,
            end,
            end - start,
            end - start >= limits.hold_seconds,
            _length((since, until) for since, until in within if until > since),
            ending.get(start) or None,
            beginning.get(end) or None,
        )


def _between(stretches: Iterable[Stretch], duration: float) -> Iterator[Stretch]:
    """Give what lies before, between and behind stretches of speech."""
    silent_since = 0.0
    for start, end in stretches:
        if start > silent_since:
            yield silent_since, start
        silent_since = max(silent_since, end)
    if duration > silent_since:
        yield silent_since, duration
