"""A transcript as it was measured, and what was done to it since.

    measured → rules, sentiment, cascade, second opinion, in their order → corrections, in theirs

* Rules see what was measured, never what a person wrote. So no rule or sentiment that comes later
  undoes a correction, and a correction that is taken back leaves no trace.
* A correction of the words removes their sentiment, and one of the emotion what voice and words
  say together: both were of something else.
* A sentiment that comes after such a correction has read the corrected words, and stays.
* Corrections, cuts and joints act on lines, which know the segment that they come from; all else
  counts the segments as they were measured. So what a model finds later fits whatever was edited.
* Names are kept by what somebody was called when they were heard. So a person's name holds
  whatever the settings say later, and two speakers that were given one name can be parted again.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, reduce
from itertools import takewhile
from typing import Any

from richspeech.errors import OptionError
from richspeech.model.agreement import with_sentiment
from richspeech.model.corrections import Replacement, replacing
from richspeech.model.edits import (
    PERSON,
    Amendment,
    CorrectionEdit,
    Edit,
    SentimentEdit,
    SpeakersEdit,
    StageEdit,
    edits_from_list,
    edits_to_list,
)
from richspeech.model.line import Line
from richspeech.model.lines import Change, changes, edited, merging, moves, splitting
from richspeech.model.personal import Masked
from richspeech.model.place import Place
from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.speaker import LONGEST_NAME, Naming, speaker_name
from richspeech.model.steps import Merge, Split
from richspeech.model.transcript import Segment, Transcript
from richspeech.model.trim import Trim, in_force


@dataclass(frozen=True)
class Document:
    """A transcript with its history; raises ``OptionError`` for an edit that does not fit it."""

    measured: Transcript
    """Never changed."""
    edits: tuple[Edit, ...] = ()
    """Oldest first."""

    def __post_init__(self) -> None:
        for edit in self.edits:
            edit.require_fit(len(self.measured.segments))
        self._require_end()
        if any(map(moves, self.corrections)):
            self._lines_of(self.measured)

    @classmethod
    def known(cls, measured: Transcript, edits: Sequence[Edit], result: Transcript) -> "Document":
        """Return a document of which somebody has the ``uncorrected`` transcript already."""
        return _knowing(cls(measured, tuple(edits)), result)

    @cached_property
    def transcript(self) -> Transcript:
        """The transcript with everything that was done to it."""
        if not self.corrections:
            return self.uncorrected
        segments = self._named(self._read_again())
        masked = (*self.uncorrected.masked, *_removed(self.uncorrected.segments, segments))
        return replace(self.uncorrected, segments=segments, masked=masked, trims=self._trims)

    @property
    def _trims(self) -> tuple[Trim, ...]:
        made = (each for each in self.corrections if isinstance(each, Trim))
        return in_force((*self.measured.trims, *made))

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The lines of the transcript, by time, before speakers have names."""
        return self._lines_of(self.uncorrected)

    @property
    def line_changes(self) -> Iterator[Change]:
        """What each correction does to which lines."""
        voices = [each.strand.label for each in self.measured.segments]
        return changes(self.uncorrected.segments, voices, self.corrections)

    @property
    def places(self) -> tuple[Place, ...]:
        """Where each segment of the transcript comes from."""
        if not self.corrections:
            return tuple(map(Place, range(len(self.measured.segments))))
        return tuple(line.place for line in self.lines)

    @cached_property
    def uncorrected(self) -> Transcript:
        """The transcript with everything but the corrections."""
        others = [each for each in self.edits if not isinstance(each, CorrectionEdit)]
        if not others:
            return self.measured
        segments = reduce(lambda now, edit: edit.apply(now), others, self.measured.segments)
        return replace(self.measured, segments=segments)

    @property
    def correction_edits(self) -> tuple[CorrectionEdit, ...]:
        """What people have put right, oldest first, and when."""
        return tuple(each for each in self.edits if isinstance(each, CorrectionEdit))

    @property
    def corrections(self) -> tuple[Amendment, ...]:
        """What people have put right, oldest first."""
        return tuple(each.correction for each in self.correction_edits)

    @property
    def voices(self) -> tuple[str, ...]:
        """What whoever speaks in each segment was called when it was heard; empty for nobody.

        Where a person has said that it is another, what that one was called.
        """
        return tuple(line.speaker for line in self.lines)

    @property
    def names(self) -> dict[str, str]:
        """What everybody is called in the end, by what each was called when they were heard."""
        shown = zip(self.voices, self.transcript.segments, strict=True)
        return {voice: each.strand.label for voice, each in shown if voice}

    def of_file(self, warnings: Sequence[RecordingWarning]) -> "Document":
        """Return it for another file with the same samples, of which these are the warnings."""
        measured = self.measured
        of_sound = (each for each in measured.warnings if each.is_of_sound)
        of_file = (each for each in warnings if not each.is_of_sound)
        return replace(self, measured=replace(measured, warnings=(*of_file, *of_sound)))

    @property
    def original(self) -> "Document":
        """The document as it was before any person had a part in it, or a name."""
        made = takewhile(lambda edit: isinstance(edit, StageEdit), self.edits)
        stages = (edit for edit in made if not isinstance(edit, SpeakersEdit))
        return Document(self.measured, tuple(stages))

    def called(self, names: Sequence[str | None]) -> "Document":
        """Return it with what a request calls those on its channels, from the first.

        Whoever the request does not name keeps the name of a request before; what a person calls
        them stays. Itself where that is nothing new.
        """
        asked = SpeakersEdit.by_channel(self.measured.segments, names)
        known = [each for each in self.edits if isinstance(each, SpeakersEdit)]
        before = {voice: name for edit in known for voice, name in edit.naming.names.items()}
        naming = Naming({**before, **asked.naming.names})
        if naming.names == before:
            return self
        wanted = replace(asked, naming=naming)
        return replace(self, edits=(wanted, *(each for each in self.edits if each not in known)))

    def naming(self, speaker: str, name: str) -> Naming:
        """Return a new name for whoever the transcript calls ``speaker``.

        Raises ``OptionError`` where nobody is called so, and for a name that nobody can show.
        """
        shown = zip(self.voices, self.transcript.segments, strict=True)
        voices = {voice for voice, each in shown if voice and each.strand.label == speaker}
        if not voices:
            raise OptionError("speaker.nobody", value=speaker[:LONGEST_NAME])
        return Naming(dict.fromkeys(sorted(voices), speaker_name(name)))

    def voice_of(self, speaker: str) -> str:
        """Return what somebody in the transcript was called when heard; whoever is new, as is."""
        shown = zip(self.voices, self.transcript.segments, strict=True)
        return next((voice for voice, each in shown if each.strand.label == speaker), speaker)

    def replacing(self, found: str, by: str) -> Replacement:
        """Return what puts ``by`` in the place of ``found`` in the words as they are now.

        Raises ``OptionError`` where they do not stand there, and for a text that becomes too long.
        """
        lines = zip(self.places, self.transcript.segments, strict=True)
        return replacing(lines, found, by)

    def splitting(
        self, place: Place, *, caret: int | None = None, at: float | None = None
    ) -> Split:
        """Return what cuts a line before a character of its text, at a time in seconds, or both.

        Raises ``OptionError`` where the times of words do not tell what is not said.
        """
        cuts = (each for each in self.corrections if isinstance(each, Split))
        parts = (each.part for each in cuts if each.cut.index == place.index)
        return splitting(self.lines, place, 1 + max(parts, default=0), caret, at)

    def merging(self, place: Place) -> Merge:
        """Return what joins a line with the next one of its channel.

        Raises ``OptionError`` where there is none.
        """
        return merging(self.lines, place)

    def with_edit(self, edit: Edit) -> "Document":
        """Return it with one edit more; raises ``OptionError`` if that does not fit."""
        grown, now = replace(self, edits=(*self.edits, edit)), self.uncorrected
        if not isinstance(edit, CorrectionEdit):
            now = replace(now, segments=edit.apply(now.segments))
        return _knowing(grown, now)

    def amended(self, amendment: Amendment, by: str, made: datetime) -> "Document":
        """Return it with what somebody has to say of it; itself where that changes nothing.

        Raises ``OptionError`` if it does not fit.
        """
        changed = self.with_edit(CorrectionEdit(correction=amendment, made=made, by=by))
        return self if changed.transcript == self.transcript else changed

    def with_corrections(
        self, corrections: Sequence[Amendment], made: datetime, by: str = PERSON
    ) -> "Document":
        """Return it with these corrections alone; those that it has already stay as they are.

        Raises ``OptionError`` where a step does not fit what is there before it.
        """
        document = self
        while document.corrections != tuple(corrections[: len(document.corrections)]):
            document = document.without_last_correction()
        new = corrections[len(document.corrections) :]
        return document.with_steps(
            [CorrectionEdit(correction=each, made=made, by=by) for each in new]
        )

    def with_steps(self, steps: Sequence[CorrectionEdit]) -> "Document":
        """Return it with more that people did; raises ``OptionError`` if that does not fit."""
        return _knowing(replace(self, edits=(*self.edits, *steps)), self.uncorrected)

    def without_last_correction(self) -> "Document":
        """Return it as if the last correction had not been made; itself if there is none."""
        for at in reversed(range(len(self.edits))):
            edit = self.edits[at]
            if isinstance(edit, CorrectionEdit):
                later = (_without_scores(each, edit.correction) for each in self.edits[at + 1 :])
                return replace(self, edits=(*self.edits[:at], *later))
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        return {"measured": self.measured.to_dict(), "edits": edits_to_list(self.edits)}

    @classmethod
    def from_dict(cls, document: object) -> "Document":
        """Read what ``to_dict`` gave; unknown keys are ignored, since keys are only ever added.

        Raises ``OptionError`` naming the first field that does not fit.
        """
        if not isinstance(document, Mapping) or "measured" not in document:
            raise OptionError("document.no_transcript")
        measured = Transcript.from_dict(document["measured"])
        return cls(measured, edits_from_list(document.get("edits", [])))

    def _named(self, segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
        """Call everybody what people call them."""
        asked: dict[str, str] = {}
        for edit in self.edits:
            asked |= edit.naming.names if isinstance(edit, SpeakersEdit) else {}
        names: dict[str, str] = {}
        for each in self.corrections:
            names |= each.names if isinstance(each, Naming) else {}
        return tuple(
            (
                each
                if line.voice == line.speaker
                else _given(each, asked.get(line.speaker, line.speaker))
            ).called(names.get(line.speaker))
            for line, each in zip(self.lines, segments, strict=True)
        )

    def _read_again(self) -> tuple[Segment, ...]:
        """Give back the last sentiment to the lines that were read as they are corrected."""
        newer: set[Place] = set()
        for edit in reversed(self.edits):
            if isinstance(edit, SentimentEdit):
                return tuple(_read(edit, newer, line) for line in self.lines)
            if isinstance(edit, CorrectionEdit):
                newer |= _meant_anew(edit.correction)
        return tuple(line.segment for line in self.lines)

    def _require_end(self) -> None:
        """Raise ``OptionError`` for what a person lets go on behind the recording."""
        duration = self.measured.duration
        for trim in (each for each in self.corrections if isinstance(each, Trim)):
            if trim.end > duration and not trim.takes_back:
                raise OptionError("trim.outside", duration=duration)
        for change in (each for correction in self.corrections for each in correction.changes):
            if change.end is not None and change.end > duration:
                raise OptionError("shift.duration", duration=duration)

    def _lines_of(self, transcript: Transcript) -> tuple[Line, ...]:
        voices = [each.strand.label for each in self.measured.segments]
        return edited(transcript.segments, voices, self.corrections)


def _knowing(document: Document, uncorrected: Transcript) -> Document:
    vars(document)["uncorrected"] = uncorrected  # where the cached property keeps what it returns
    return document


def _given(segment: Segment, speaker: str) -> Segment:
    """Return what another has said than whom it was heard from."""
    return replace(segment, speaker=speaker, corrected=(*segment.corrected, "speaker"))


def _removed(heard: Sequence[Segment], shown: Sequence[Segment]) -> Iterator[Masked]:
    """Yield what was masked in lines that are not shown any more, with times.

    Those are of its words, or of its line, as far as no line that is shown covers them.
    """
    covered = _united(each for segment in shown for each in segment.masked_spans)
    begins = [start for start, _ in covered]
    for segment in heard:
        for each, (start, end) in zip(segment.masked, segment.masked_spans, strict=True):
            at = bisect_right(begins, start) - 1
            if at < 0 or covered[at][1] < end:
                yield replace(each, start=start, end=end)


def _united(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return spans in order, those that touch as one."""
    united: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if united and start <= united[-1][1]:
            start, before = united.pop()  # noqa: PLW2901
            end = max(end, before)  # noqa: PLW2901
        united.append((start, end))
    return united


def _meant_anew(correction: Amendment) -> set[Place]:
    """Return the lines whose words or emotion are other ones now."""
    return {
        each.place
        for each in correction.changes
        if each.text is not None or each.emotion is not None
    }


def _read(edit: SentimentEdit, newer: set[Place], line: Line) -> Segment:
    segment = line.segment
    is_older = {"text", "emotion"} & {*segment.corrected} and line.place not in newer
    if not (is_older and line.is_whole):
        return segment
    return with_sentiment(segment, edit.scores[line.place.index], edit.limits)


def _without_scores(edit: Edit, taken: Amendment) -> Edit:
    """Take from a sentiment what it has read in words that are no longer there."""
    other_words = {each.index for each in taken.changes if each.text is not None}
    if not isinstance(edit, SentimentEdit) or not other_words:
        return edit
    scores = enumerate(edit.scores)
    return replace(edit, scores=tuple({} if at in other_words else each for at, each in scores))
