"""A page of the history → HTML: what the templates need is made here."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from markupsafe import Markup

from postprocess import AudioEvent, Emotion
from richspeech.access.principal import Scope
from richspeech.console.row_list import LEVEL_SIGNS, page_within
from richspeech.console.templates import draw
from richspeech.engines.registry import usual_languages
from richspeech.language.catalog import say
from richspeech.language.figures import moment
from richspeech.language.languages import language_name
from richspeech.model.labels import word_of
from richspeech.model.options import USUAL_WEIGHT, Options, Voices
from richspeech.model.tag import LONGEST_TAG
from richspeech.review.risk import LEVELS
from richspeech.storage.listing import Listing, list_found
from richspeech.storage.query import Key, Query
from richspeech.storage.transcripts import Entry, Store, StoredRisk

PAGE_ROWS = 20
SHOWN_TAGS = 12
"""Over the list, the most frequent first; whoever wants another one writes it."""
PLAIN_EMOTIONS = (Emotion.NEUTRAL, Emotion.UNKNOWN)
"""Worth a word only where nothing else was heard."""


@dataclass(frozen=True)
class Findings:
    """One page of what was found."""

    listing: Listing
    owners: Mapping[int, str]
    """Whose each entry is, where that is not said by who looks at it."""
    may_change: bool
    """Whether who looks at it may delete."""
    may_wipe: bool
    page: int
    """From 0."""
    total: int
    query: Query
    tags: Mapping[str, int]
    """How many of all entries have each tag."""

    @property
    def found(self) -> int:
        """How many there are on all pages."""
        return self.listing.found


def find(
    store: Store, query: Query, page: int, timezone: tzinfo, *, by_risk: bool = False
) -> Findings:
    """Look up one page, or the last that there is; raises ``StoreError``."""

    def listed(page: int) -> Listing:
        start = page * PAGE_ROWS
        return list_found(
            store, query, limit=PAGE_ROWS, offset=start, timezone=timezone, by_risk=by_risk
        )

    listing = listed(max(page, 0))
    if (nearest := page_within(page, PAGE_ROWS, listing.found)) != page:
        page, listing = nearest, listed(nearest)
    principal = store.principal
    is_admin = principal.may(Scope.ADMIN)
    return Findings(
        listing,
        listing.owners if is_admin and principal.user else {},
        principal.may(Scope.TRANSCRIBE),
        is_admin,
        page,
        store.count(Query()),
        query,
        store.tags.counts(),
    )


@dataclass(frozen=True)
class Piece:
    """Some of the first words of an entry."""

    text: str
    is_found: bool = False
    """Whether they are words of the search."""


@dataclass(frozen=True)
class EntryRow:
    """What a row shows of an entry."""

    entry: Entry
    name: str
    moment: str
    language: str
    emotions: Sequence[Emotion]
    """Those that say something."""
    events: Sequence[AudioEvent]
    pieces: Sequence[Piece]
    risk: StoredRisk | None
    """None where nobody has worked it out yet."""
    settings: Sequence[tuple[str, str]]
    """Key of a text, value."""
    tags: Sequence[str]


def draw_findings(findings: Findings, locale: str, timezone: str) -> Markup:
    """Draw counts, rows and the way to other pages."""
    rows = [_row(entry, findings, locale, timezone) for entry in findings.listing.entries]
    return draw(
        "tabs/history/history.html",
        locale,
        findings=findings,
        rows=rows,
        page_rows=PAGE_ROWS,
        signs=LEVEL_SIGNS,
        wanted=[term.value for term in findings.query.terms if term.key is Key.TAG],
        shown_tags=SHOWN_TAGS,
        longest_tag=LONGEST_TAG,
    )


def name_of(entry: Entry, locale: str) -> str:
    """Name a recording, whether or not its file had a name."""
    return entry.name or say("history_untitled", locale, number=entry.id)


def _row(entry: Entry, findings: Findings, locale: str, timezone: str) -> EntryRow:
    labels = findings.listing.labels.get(entry.id, ())
    emotions = [Emotion(label.value) for label in labels if label.key is Key.EMOTION]
    return EntryRow(
        entry,
        name_of(entry, locale),
        moment(entry.created, timezone),
        language_name(entry.language, locale),
        [each for each in emotions if each not in PLAIN_EMOTIONS] or emotions[:1],
        [AudioEvent(label.value) for label in labels if label.key is Key.EVENT],
        [*_pieces(entry.preview, findings.query.words)],
        findings.listing.risks.get(entry.id),
        _settings(entry, locale),
        findings.listing.tags.get(entry.id, ()),
    )


def _settings(entry: Entry, locale: str) -> list[tuple[str, str]]:
    asked = entry.options
    language = asked.language
    pairs = [
        ("model", entry.model),
        ("history_engine", entry.engine),
        ("segment_language", language_name(language, locale) if language else say("auto", locale)),
        *((key, _yes(getattr(asked, field), locale)) for key, field in _SWITCHES),
    ]
    if asked.tracks != Options.tracks:
        pairs.append(("tracks", _track(asked.tracks, locale)))
    if asked.channels != Options.channels:
        pairs.append(("channels", say(f"channels_{asked.channels}", locale)))
    if asked.denoise != Options.denoise:
        pairs.append(("denoise", say(f"denoise_{asked.denoise}", locale)))
    if asked.voices != Options.voices:
        pairs.append(("voices", _voices(asked.voices, locale)))
    if asked.hotwords:
        pairs.append(("history_hotwords", " · ".join(_weighed(asked))))
    if asked.hotwords and asked.protected_words:
        pairs.append(("history_protected", " · ".join(asked.protected_words)))
    return pairs


def _voices(asked: Voices | int, locale: str) -> str:
    if isinstance(asked, int):
        return say("voices_count", locale, count=asked)
    return say(f"voices_{asked}", locale)


def _weighed(asked: Options) -> Iterator[str]:
    """Yield hotwords as a list of them has them, with a weight where that is not the usual one."""
    for word, weight in asked.weighed_hotwords.items():
        yield word if weight == USUAL_WEIGHT else f"{word} {weight}"


def _track(wanted: str | int, locale: str) -> str:
    if isinstance(wanted, int):
        return say("tracks_number", locale, number=wanted)
    return say(f"tracks_{wanted}", locale)


_SWITCHES = (
    ("itn", "inverse_text_normalization"),
    ("merge", "merge"),
    ("ban_unknown", "ban_unknown_emotion"),
)
"""Word on the page, field of ``Options``."""


def _yes(value: object, locale: str) -> str:
    return say("yes" if value else "no", locale)


def _pieces(text: str, words: Sequence[str]) -> Iterator[Piece]:
    """Find the words of the search, where the text has them as they were written."""
    if not words:
        yield from [Piece(text)] if text else []
        return
    at = 0
    for found in re.finditer("|".join(map(re.escape, words)), text, re.IGNORECASE):
        yield Piece(text[at : found.start()])
        yield Piece(found.group(), is_found=True)
        at = found.end()
    if at < len(text):
        yield Piece(text[at:])


def search_help(locale: str) -> Markup:
    """Explain the search line."""
    comma = say("list_comma", locale)
    sounds = [each for each in AudioEvent if each is not AudioEvent.SPEECH]
    emotions = comma.join(word_of(each, locale) for each in Emotion)
    events = comma.join(word_of(each, locale) for each in sounds)
    levels = comma.join(f"{each} {say(f'risk_{each}', locale)}" for each in LEVELS)
    languages = comma.join(f"{each} {language_name(each, locale)}" for each in usual_languages())
    rows = (
        (f"emotion:{word_of(Emotion.ANGRY, locale)}", "history_help_emotion", emotions),
        (f"event:{word_of(AudioEvent.LAUGHTER, locale)}", "history_help_event", events),
        ("lang:yue", "history_help_lang", languages),
        ("risk:high", "history_help_risk", levels),
        (f"tag:{say('history_tag_example', locale)}", "history_help_tag", ""),
        ("name:call", "history_help_name", ""),
        ("after:2026-11-01", "history_help_after", ""),
        ("before:2026-12-01", "history_help_before", ""),
    )
    return draw("tabs/history/help.html", locale, rows=rows)
