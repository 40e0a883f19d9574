"""Drafts: what somebody was writing in a line, for them alone, on whatever device."""

from richspeech.access.principal import Principal, Scope
from richspeech.model.corrections import Correction
from richspeech.model.document import Document
from richspeech.storage.transcripts import Entry, Store


class Drafts:
    """Keeps the drafts of whoever a history answers; everything raises ``StoreError``.

    Of somebody without a name nobody knows who comes back, and who sees masked words, or whose
    originals nobody is to keep, may have written some: of those nothing is kept, nor told.
    """

    def __init__(self, store: Store) -> None:
        """``store`` is the history as somebody may see it."""
        self._store = store

    @property
    def are_kept(self) -> bool:
        """Whether it keeps any of whoever asks."""
        principal: Principal = self._store.privacy.seen_by(self._store.principal)
        masks = principal.masks or self._store.principal.masks
        return principal.user is not None and principal.may(Scope.TRANSCRIBE) and not masks

    def of(self, transcript: int, document: Document) -> tuple[Correction, ...]:
        """Return what they were writing in a transcript, as far as it says anything new."""
        user = self._store.principal.user
        if user is None or not self.are_kept:
            return ()
        return _pending(document, self._store.drafts.of(transcript, user))

    def write(self, entry: Entry, draft: Correction) -> None:
        """Keep a draft, which their history has checked to be theirs; an empty one is dropped."""
        user, drafts = self._store.principal.user, self._store.drafts
        if user is None or not self.are_kept:
            return
        if draft.is_empty:
            drafts.drop(entry.id, user, draft.place)
        else:
            drafts.keep(entry.id, user, draft)


def _pending(document: Document, drafts: tuple[Correction, ...]) -> tuple[Correction, ...]:
    """Return the drafts of lines that are still there, and do not say what those say already."""
    shown = dict(zip(document.places, document.transcript.segments, strict=True))
    return tuple(
        each
        for each in drafts
        if (line := shown.get(each.place)) is not None
        and (
            any(value != getattr(line, name) for name, value in each.values.items())
            or each.speaker not in (None, line.strand.label)
        )
    )
