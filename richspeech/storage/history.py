"""The history of a process: its store, and the part of it that each engine is answered from.

``seen_by`` gives what somebody may see of it; the history of the process itself is an admin's.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from richspeech.access.principal import Principal
from richspeech.engines.loader import Loaded
from richspeech.errors import ChangedElsewhereError, OptionError
from richspeech.model.document import Document
from richspeech.model.edits import PERSON, Amendment, Edit, SecondOpinionEdit
from richspeech.model.request import TranscriptionRequest
from richspeech.settings import Settings
from richspeech.storage.cached_result import EngineHistory
from richspeech.storage.identity import identity_of
from richspeech.storage.transcripts import Entry, Store, open_store


class History:
    """A store and the settings that its transcripts are made with; thread-safe."""

    def __init__(self, store: Store, settings: Settings, version: str) -> None:
        """``version`` of the program: what another one has heard is not answered from."""
        self.store = store
        self._settings, self._version = settings, version

    def seen_by(self, principal: Principal) -> "History":
        """Return the same, as far as somebody may see and change it."""
        if principal == self.store.principal:
            return self
        return History(self.store.seen_by(principal), self._settings, self._version)

    def of(self, loaded: Loaded) -> EngineHistory:
        """Return the history for what an engine hears, as it is loaded."""
        request = TranscriptionRequest(
            engine=loaded.engine,
            sentiment=loaded.sentiment_weights is not None,
            rules=loaded.rules,
            adapter=loaded.adapter.name if loaded.adapter else None,
            cascade=loaded.cascade.name if loaded.cascade else None,
        )
        identity = engine_identity(self._settings, loaded, self._version)
        return EngineHistory(self.store, identity, request)

    def correct(
        self, entry: Entry, corrected: Document, before: Sequence[Amendment] | None = None
    ) -> Entry:
        """Keep the corrections of a document, in the place of those that it had ``before``, or all.

        What the entry has besides stays: who sees an example as it was recognised does not take
        back what others have put right. A second opinion that could not be kept is kept now.

        Raises ``ChangedElsewhereError`` if the entry has changed meanwhile, or the steps do not fit
        those of others, and ``StoreError``.
        """
        kept = self.store.document(entry)
        for edit in corrected.edits:
            if isinstance(edit, SecondOpinionEdit) and edit not in kept.edits:
                kept = kept.with_edit(edit)
        others = () if before is None else kept.corrections
        if before and others[-len(before) :] == tuple(before):
            others = others[: -len(before)]
        by, made = self.store.principal.user or PERSON, datetime.now(UTC)
        corrections = (*others, *corrected.corrections)
        try:
            document = kept.with_corrections(corrections, made, by)
        except OptionError as error:
            raise ChangedElsewhereError("history.changed_meanwhile") from error
        return self.store.edit(entry, document)

    def edit(self, entry: Entry, edit: Edit) -> Entry:
        """Keep one edit more; raises ``StoreError`` if the entry has changed meanwhile."""
        return self.store.edit(entry, self.store.document(entry).with_edit(edit))


def engine_identity(settings: Settings, loaded: Loaded, version: str = "") -> str:
    """Digest all that decides what an engine hears, apart from sound and options."""
    if loaded.rules is not None:
        settings = settings.model_copy(update={"rules": loaded.rules})
    return identity_of(
        settings,
        loaded.weights,
        loaded.vad_weights,
        version,
        engine=loaded.engine,
        punctuation_weights=loaded.punctuation_weights,
        sentiment_weights=loaded.sentiment_weights,
        adapter=loaded.adapter,
        cascade=loaded.cascade.kept if loaded.cascade else None,
    )


@contextmanager
def open_history(
    settings: Settings, version: str, *, aside: bool = False
) -> Iterator[History | None]:
    """Open the history; None when the settings switch it off. Raises ``StoreError``.

    With ``aside`` one that cannot be read is put aside, and a new one begun.
    """
    store = open_store(
        settings.history, settings.privacy, settings.risk, voices=settings.voices, aside=aside
    )
    if store is None:
        yield None
        return
    try:
        yield History(store, settings, version)
    finally:
        store.close()
