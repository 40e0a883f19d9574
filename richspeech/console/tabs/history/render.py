"""A page of the history → HTML. Pure functions; whatever came from outside is escaped here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from html import escape

from postprocess import AudioEvent, Emotion
from richspeech.console.listing import button, page_within, pager
from richspeech.language.catalog import say
from richspeech.language.figures import clock, moment
from richspeech.language.languages import language_name
from richspeech.model.transcript import LANGUAGES
from richspeech.storage.query import Key, Query, Term
from richspeech.storage.transcripts import Entry, Store

PAGE_ROWS = 20

PLAIN_EMOTIONS = (Emotion.NEUTRAL, Emotion.UNKNOWN)
"""Worth a word only where nothing else was heard."""


@dataclass(frozen=True)
class Findings:
    """One page of what was found."""

    entries: Sequence[Entry]
    labels: Mapping[int, Sequence[Term]]
    """What was heard in each entry, by its number."""
    page: int
    """From 0."""
    found: int
    total: int
    query: Query


def find(store: Store, query: Query, page: int, timezone: tzinfo) -> Findings:
    """Look up one page, or the last that there is; raises ``StoreError``."""
    found = store.count(query, timezone=timezone)
    page = page_within(page, PAGE_ROWS, found)
    entries = store.search(query, limit=PAGE_ROWS, offset=page * PAGE_ROWS, timezone=timezone)
    labels = store.labels([entry.id for entry in entries])
    return Findings(entries, labels, page, found, store.count(Query()), query)


def draw(findings: Findings, locale: str, timezone: str) -> str:
    """Draw counts, rows and the way to other pages."""
    if not findings.total:
        return (
            f'<div class="empty"><p class="empty-head">{_say("history_empty", locale)}</p>'
            f"<p>{_say('history_empty_hint', locale)}</p></div>"
        )
    rows = "".join(_row(entry, findings, locale, timezone) for entry in findings.entries)
    body = f'<ol class="rows">{rows}</ol>' if rows else f"<p>{_say('history_none', locale)}</p>"
    pages = pager(findings.page, PAGE_ROWS, findings.found, locale)
    head = f'<div class="list-head">{_count(findings, locale)}</div>'
    return f"{head}{body}{pages}{_wipe(findings, locale)}"


def _count(findings: Findings, locale: str) -> str:
    key = "history_found" if findings.query.terms else "history_count"
    return f"<span>{_say(key, locale, found=findings.found, total=findings.total)}</span>"


def _wipe(findings: Findings, locale: str) -> str:
    sure = say("history_wipe_sure", locale, total=findings.total)
    wipe = button("wipe_all", "all", say("history_wipe", locale), sure=sure, kind="quiet danger")
    return f'<div class="list-foot">{wipe}</div>'


def name_of(entry: Entry, locale: str) -> str:
    """Name a recording, whether or not its file had a name."""
    return entry.name or say("history_untitled", locale, number=entry.id)


def _row(entry: Entry, findings: Findings, locale: str, timezone: str) -> str:
    name = name_of(entry, locale)
    opening = button(
        "open_row", entry.id, name, label=say("open_named", locale, name=name), kind="row-name"
    )
    deleting = button(
        "delete_row",
        entry.id,
        say("delete", locale),
        label=say("delete_named", locale, name=name),
        sure=say("delete_sure", locale),
        kind="quiet danger",
    )
    chips = _chips(findings.labels.get(entry.id, ()), locale)
    facts = f'<p class="row-facts">{_facts(entry, locale, timezone)}</p>'
    words = _marked(entry.preview, findings.query.words) or f"<em>{_say('no_words', locale)}</em>"
    return (
        f'<li data-key="{entry.id}"><div class="row-main">{opening}<p class="row-words">{words}</p>'
        f'<div class="row-more"><div class="chips">{chips}</div>{_settings(entry, locale)}</div>'
        "</div>"
        f'<div class="row-side">{facts}{deleting}</div></li>'
    )


def _facts(entry: Entry, locale: str, timezone: str) -> str:
    when = entry.created
    parts = [
        f'<time datetime="{when.isoformat()}">{moment(when, timezone)}</time>',
        f"<span>{clock(entry.duration)}</span>",
    ]
    if entry.language:
        parts.append(f"<span>{escape(language_name(entry.language, locale))}</span>")
    if entry.revision:
        parts.append(f"<span>{_say('history_corrected', locale)}</span>")
    return "".join(parts)


def _chips(labels: Sequence[Term], locale: str) -> str:
    """Show the emotions that say something, and the sounds."""
    emotions = [Emotion(label.value) for label in labels if label.key is Key.EMOTION]
    telling = [each for each in emotions if each not in PLAIN_EMOTIONS] or emotions[:1]
    events = [AudioEvent(label.value) for label in labels if label.key is Key.EVENT]
    chips = [("emotion " + each.value, each.word(locale)) for each in telling]
    chips += [("event", each.word(locale)) for each in events]
    return "".join(f'<span class="chip {kind}">{escape(word)}</span>' for kind, word in chips)


def _settings(entry: Entry, locale: str) -> str:
    asked = entry.options
    language = asked.get("language")
    pairs = [
        ("model", entry.model),
        ("history_engine", entry.engine),
        ("segment_language", language_name(language, locale) if language else say("auto", locale)),
        *((key, _yes(asked.get(field), locale)) for key, field in _SWITCHES),
    ]
    if asked.get("hotwords"):
        pairs.append(("history_hotwords", " · ".join(map(str, asked["hotwords"]))))
    listed = "".join(
        f"<div><dt>{_say(key, locale)}</dt><dd>{escape(value)}</dd></div>" for key, value in pairs
    )
    return (
        f'<details class="row-settings" data-key="settings-{entry.id}">'
        f"<summary>{_say('history_settings', locale)}</summary><dl>{listed}</dl></details>"
    )


_SWITCHES = (
    ("itn", "inverse_text_normalization"),
    ("merge", "merge"),
    ("ban_unknown", "ban_unknown_emotion"),
)
"""Word on the page, field of ``Options``."""


def _yes(value: object, locale: str) -> str:
    return say("yes" if value else "no", locale)


def _marked(text: str, words: Sequence[str]) -> str:
    """Mark the words of the search, where the text has them as they were written."""
    if not words:
        return escape(text)
    pattern = re.compile("|".join(map(re.escape, words)), re.IGNORECASE)
    pieces, at = [], 0
    for found in pattern.finditer(text):
        pieces += [escape(text[at : found.start()]), f"<mark>{escape(found.group())}</mark>"]
        at = found.end()
    return "".join([*pieces, escape(text[at:])])


def search_help(locale: str) -> str:
    """Explain the search line."""
    emotions = " ".join(each.word(locale) for each in Emotion)
    events = " ".join(each.word(locale) for each in AudioEvent if each is not AudioEvent.SPEECH)
    languages = " ".join(f"{each} {language_name(each, locale)}" for each in LANGUAGES)
    rows = (
        (f"emotion:{Emotion.ANGRY.word(locale)}", "history_help_emotion", emotions),
        (f"event:{AudioEvent.LAUGHTER.word(locale)}", "history_help_event", events),
        ("lang:yue", "history_help_lang", languages),
        ("name:call", "history_help_name", ""),
        ("after:2026-11-01", "history_help_after", ""),
        ("before:2026-12-01", "history_help_before", ""),
    )
    listed = "".join(
        f"<div><dt><code>{escape(example)}</code></dt>"
        f"<dd>{_say(key, locale)}<small>{escape(known)}</small></dd></div>"
        for example, key, known in rows
    )
    return (
        f'<details class="search-help"><summary>{_say("history_help", locale)}</summary>'
        f"<p>{_say('history_help_words', locale)}</p><dl>{listed}</dl></details>"
    )


def _say(key: str, locale: str, **values: object) -> str:
    return escape(say(key, locale, **values))
