"""The tag grammar of SenseVoice: read tagged text, show it in four styles, mend labels by rules.

SenseVoice answers with text such as ``<|zh|><|HAPPY|><|Laughter|><|withitn|>真的很大啊!``: for
every utterance one tag each for language, emotion, audio event and inverse text normalisation
(ITN), then the words. This module needs the standard library alone.

What is covered
    * ``parse_rich_text`` turns tagged text into pieces, one for each language tag. It never counts
      on four tags: any may be missing, repeated or stand among the words, and still counts.
    * Text without any language tag, where a tag has a place: one piece for each stretch of words
      and for each tag between them. ``很好<|HAPPY|>，再见<|Applause|>`` is 很好(开心)，再见(掌声).
    * Tags as tools spell them: ``<|happy|>``, ``< | S pe ech | >`` (ct-punc), ``＜｜HAPPY｜＞``.
    * Remains of tags that were cut: ``很好<|HAP`` and ``PPY|>很好`` are 很好.
    * ``clean`` and ``render`` show pieces in a style: ``emoji`` (funasr's way), ``label``
      (``真的很大啊!(开心)(笑声)``), ``tags`` (the normal form, which parses back to equal pieces)
      and ``plain`` (words only).
    * ``extract_emotions`` and ``extract_events`` for scripts.
    * ``Rule`` and ``apply_rules`` for domains where the model misleads.

What is not covered
    * Times and probabilities: tags have none; the engine measures them.
    * Remains that could be words: what no mark (``<|`` or ``|>``) touches, part of a name among
      the words, and names that SenseVoice's tags do not have. They stay, only the marks go.
    * A piece that has lost its language tag among others: its words and tags join the piece before.
    * Sentences that end without a mark, or with one that ends none (``Mr.``).
    * Meaning: the rules look for words, they do not understand them.

Decisions
    * A tag is ``<|name|>`` with none of ``<``, ``|``, ``>`` in the name, where these three may be
      wide and blanks may stand anywhere. The case of a known name does not matter. A name that is
      no language, emotion, event or ITN tag goes to ``unknown_tags``, also if it is in SenseVoice's
      vocabulary (``Speech_Noise``, ``GBG``, ``Event_UNK``), and only the style ``tags`` shows it.
    * What removed tags leave behind forms no tag: ``<|<|HAPPY|>HAPPY|>`` is one HAPPY and no words.
      The bare marks ``<|`` and ``|>``, in any spelling, never stay in the words.
    * Blanks in words are evened out to one space. Those around a tag that has a place are shown
      behind it, and only between words.
    * Without language tags an emotion belongs to the words before it; if there are none, to the
      sentence behind it, which the next emotion ends at the latest. An event stands where it
      happened. All tags are shown in every style that shows labels, also if they are equal.
    * With language tags, several emotions in one piece: the most frequent wins; of equally frequent
      ones NEUTRAL, then the first in the order of ``Emotion`` (funasr's rule). EMO_UNKNOWN wins
      only if it is alone. ``extract_emotions`` lists all of them.
    * ``<|Speech|>`` is kept as ``AudioEvent.SPEECH`` in a piece, so that nothing is lost; no style
      but ``tags`` shows it, and ``extract_events`` leaves it out, as the Transcript does.
    * Breath and Sing have no emoji, as in funasr; the style ``label`` names them.
    * Pieces in English or Korean stand one space from their neighbours; Chinese, Cantonese and
      Japanese pieces touch, unless a letter or digit would then meet another (``3`` and ``5个``).

Where this differs from funasr's ``rich_transcription_postprocess`` (numbered as in the unit test)
    * 2, 3, 17: sentences in English and Korean are separated by a space, not glued.
    * 9, 10: the word "The." is kept.
    * 12: a cough is 😷 and a sneeze 🤧; funasr prints 🤧 for both.
    * 15, 16: without language tags no emotion is dropped, and each has its place.
    * 15: a tag among words leaves one space, not two.
    * 19, 20: unknown tags are removed; funasr shows them to the reader.
    * 21: an emoji among the speaker's own words is a word: it keeps its spaces and ends no run.
    * No case: an event that lasts over three pieces is announced once (funasr forgets it after the
      second and prints it again), and every event of a piece is compared with those of the piece
      before, not only the outermost.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from itertools import pairwise
from typing import Any, NamedTuple, Self, TypeVar

LANGUAGES = ("zh", "yue", "en", "ja", "ko")
"""Languages that SenseVoiceSmall writes, as BCP-47 tags."""

NO_SPEECH = "nospeech"
"""Stands in the place of a language where nobody speaks."""

LOCALES = ("zh", "en")
"""Languages in which labels have words."""

STYLES = ("emoji", "label", "tags", "plain")
"""The ways in which ``render`` shows pieces."""


class RefusedError(ValueError):
    """A value is refused: a message for people, and its parts for whoever says it otherwise."""

    def __init__(self, problem: str, message: str, **parts: object) -> None:
        super().__init__(message)
        self.problem = problem
        """A name for the reason, such as ``not_known``."""
        self.parts = parts
        """What the message names."""


def _require_known(kind: str, value: str, known: Sequence[str]) -> None:
    """Refuse a value that is not one of the known ones, and name them."""
    if value not in known:
        message = f"{kind} {value!r} is not one of {', '.join(known)}"
        problem = "key_not_known" if kind == "key" else "not_known"
        raise RefusedError(
            problem, message, key=kind, value=str(value), known=tuple(map(str, known))
        )


class _Look(NamedTuple):
    """How one label is written."""

    tag_name: str
    emoji: str
    words: tuple[str, str]
    """In the order of LOCALES."""

    def word(self, locale: str) -> str:
        _require_known("locale", locale, LOCALES)
        return self.words[LOCALES.index(locale)]


class Emotion(StrEnum):
    """What the voice sounds like; UNKNOWN is an answer of the model, not a missing one."""

    HAPPY = "happy"
    SAD = "sad"
    ANGRY = "angry"
    NEUTRAL = "neutral"
    FEARFUL = "fearful"
    DISGUSTED = "disgusted"
    SURPRISED = "surprised"
    UNKNOWN = "unknown"

    @property
    def tag(self) -> str:
        """The tag in SenseVoice's text, such as ``<|HAPPY|>``."""
        return f"<|{_EMOTION_LOOKS[self].tag_name}|>"

    @property
    def emoji(self) -> str:
        """The emoji of funasr; empty for NEUTRAL and UNKNOWN."""
        return _EMOTION_LOOKS[self].emoji

    def word(self, locale: str) -> str:
        """Name the emotion for people, in one of LOCALES."""
        return _EMOTION_LOOKS[self].word(locale)


class AudioEvent(StrEnum):
    """What is to be heard beside words; SPEECH says that words are all there is."""

    SPEECH = "speech"
    BGM = "bgm"
    APPLAUSE = "applause"
    LAUGHTER = "laughter"
    CRY = "cry"
    SNEEZE = "sneeze"
    BREATH = "breath"
    COUGH = "cough"
    SING = "sing"

    @property
    def tag(self) -> str:
        """The tag in SenseVoice's text, such as ``<|Laughter|>``."""
        return f"<|{_EVENT_LOOKS[self].tag_name}|>"

    @property
    def emoji(self) -> str:
        """The emoji of funasr, a cough apart from a sneeze; empty for SPEECH, BREATH and SING."""
        return _EVENT_LOOKS[self].emoji

    def word(self, locale: str) -> str:
        """Name the event for people, in one of LOCALES."""
        return _EVENT_LOOKS[self].word(locale)


_EMOTION_LOOKS = {
    Emotion.HAPPY: _Look("HAPPY", "😊", ("开心", "happy")),
    Emotion.SAD: _Look("SAD", "😔", ("悲伤", "sad")),
    Emotion.ANGRY: _Look("ANGRY", "😡", ("愤怒", "angry")),
    Emotion.NEUTRAL: _Look("NEUTRAL", "", ("中性", "neutral")),
    Emotion.FEARFUL: _Look("FEARFUL", "😰", ("恐惧", "fearful")),
    Emotion.DISGUSTED: _Look("DISGUSTED", "🤢", ("厌恶", "disgusted")),
    Emotion.SURPRISED: _Look("SURPRISED", "😮", ("惊讶", "surprised")),
    Emotion.UNKNOWN: _Look("EMO_UNKNOWN", "", ("未知", "unknown")),
}

_EVENT_LOOKS = {
    AudioEvent.SPEECH: _Look("Speech", "", ("语音", "speech")),
    AudioEvent.BGM: _Look("BGM", "🎼", ("背景音乐", "background music")),
    AudioEvent.APPLAUSE: _Look("Applause", "👏", ("掌声", "applause")),
    AudioEvent.LAUGHTER: _Look("Laughter", "😀", ("笑声", "laughter")),
    AudioEvent.CRY: _Look("Cry", "😭", ("哭声", "crying")),
    AudioEvent.SNEEZE: _Look("Sneeze", "🤧", ("喷嚏", "sneeze")),
    AudioEvent.BREATH: _Look("Breath", "", ("呼吸", "breath")),
    AudioEvent.COUGH: _Look("Cough", "😷", ("咳嗽", "cough")),
    AudioEvent.SING: _Look("Sing", "", ("歌声", "singing")),
}

_EMOTION_OF_TAG = {look.tag_name: emotion for emotion, look in _EMOTION_LOOKS.items()}
_EVENT_OF_TAG = {look.tag_name: event for event, look in _EVENT_LOOKS.items()}
_NORMALISED_OF_TAG = {"withitn": True, "woitn": False}
_LANGUAGE_TAGS = (*LANGUAGES, NO_SPEECH)
_KNOWN_TAGS = {*_LANGUAGE_TAGS, *_EMOTION_OF_TAG, *_EVENT_OF_TAG, *_NORMALISED_OF_TAG}
_UNHEARD_TAG = "Event_UNK"
_VOCABULARY = sorted((*_KNOWN_TAGS, _UNHEARD_TAG, "Speech_Noise", "GBG"), key=len, reverse=True)
"""Names of SenseVoice's tags, a longer one before its own beginning."""
_NAME_OF_SPELLING = {name.casefold(): name for name in _VOCABULARY}


# Reading ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RichPiece:
    """One utterance as SenseVoice describes it. ``None`` and ``()`` say that there was no tag.

    In text without language tags: a stretch of words with the emotion behind it, or a tag alone.
    """

    language: str | None = None
    """One of LANGUAGES, or NO_SPEECH."""

    emotion: Emotion | None = None
    events: tuple[AudioEvent, ...] = ()
    """Without repetition, in the order in which they appear; SPEECH is among them."""

    inverse_text_normalization: bool | None = None
    """Whether digits and punctuation were asked for; the first such tag counts."""

    text: str = ""
    """The words, free of tags and of the marks that make them."""

    unknown_tags: tuple[str, ...] = ()
    """Names of tags that are none of the above, such as ``fr``, without repetition."""

    spaced: bool = False
    """A blank parts the words from those before; only noted where there are no language tags."""


LETTER = (
    r"[^\W_\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u9fff\uac00-\ud7ff"
    r"\uf900-\ufaff\uff66-\uffdc\U00020000-\U0003ffff]"
)
"""A letter or digit of a script whose words stand apart: no kana, Han character or Hangul, and
nothing Thai, Lao, Burmese or Khmer."""
POINT = r"[\u0300-\u036f\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff]"
"""A mark that belongs to the letter before it, such as a vowel of Hindi, in a script of those."""
_OPENING, _BAR, _CLOSING = "<＜", "|｜", ">＞"
_MARKS = _OPENING + _BAR + _CLOSING
_OPEN = rf"[{_OPENING}]\s*[{_BAR}]"
_CLOSE = rf"[{_BAR}]\s*[{_CLOSING}]"
_TAG = re.compile(rf"{_OPEN}([^{_MARKS}]+){_CLOSE}")


def parse_rich_text(raw: str) -> tuple[RichPiece, ...]:
    """Read tagged text; a new piece starts at each language tag. Text of blanks has no pieces.

    Text without any language tag has a piece for each stretch of words, with the emotion that
    belongs to them, and one for each other tag, in their order.
    """
    starts = [tag.start() for tag in _TAG.finditer(raw) if _name(tag[1]) in _LANGUAGE_TAGS]
    if not starts:
        return tuple(_with_emotions(_with_first_emotions_moved(_in_order(raw))))
    pieces = (_parse_piece(raw[at:end]) for at, end in pairwise([0, *starts, len(raw)]))
    return tuple(piece for piece in pieces if piece != RichPiece())


def _name(spelling: str) -> str:
    """Return the name of a tag as SenseVoice spells it; empty if it is all blanks."""
    squeezed = "".join(spelling.split())
    return _NAME_OF_SPELLING.get(squeezed.casefold(), squeezed)


def _names(text: str) -> list[str]:
    return [name for name in map(_name, _TAG.findall(text)) if name]


def _parse_piece(chunk: str) -> RichPiece:
    return _piece(_names(chunk), " ".join(_without_tags(chunk).split()))


def _piece(names: Sequence[str], text: str = "") -> RichPiece:
    return RichPiece(
        language=next((name for name in names if name in _LANGUAGE_TAGS), None),
        emotion=_prevailing([_EMOTION_OF_TAG[name] for name in names if name in _EMOTION_OF_TAG]),
        events=tuple(dict.fromkeys(_EVENT_OF_TAG[name] for name in names if name in _EVENT_OF_TAG)),
        inverse_text_normalization=next(
            (_NORMALISED_OF_TAG[name] for name in names if name in _NORMALISED_OF_TAG), None
        ),
        text=text,
        unknown_tags=tuple(dict.fromkeys(name for name in names if name not in _KNOWN_TAGS)),
    )


_ORDER_IN_TIES: tuple[Emotion, ...] = (Emotion.NEUTRAL, *Emotion)


def _prevailing(emotions: Sequence[Emotion]) -> Emotion | None:
    """Find the most frequent emotion; for ties see the module's decisions."""
    counts: Counter[Emotion] = Counter(
        emotion for emotion in emotions if emotion is not Emotion.UNKNOWN
    )
    if counts:
        return max(_ORDER_IN_TIES, key=counts.__getitem__)
    return Emotion.UNKNOWN if emotions else None


def _in_order(raw: str) -> list[RichPiece]:
    """Read text without language tags: a piece for each stretch of words and for each tag."""
    characters = _characters_of_words(raw)
    pieces: list[RichPiece] = []
    at, began, spaced = 0, False, False
    for tag in (*_TAG.finditer(raw), None):
        words = "".join(characters[at : tag.start() if tag else len(raw)])
        spaced = began and (spaced or words[:1].isspace())
        if text := " ".join(words.split()):
            pieces.append(RichPiece(text=text, spaced=spaced))
            began, spaced = True, words[-1].isspace()
        if tag:
            pieces.append(_piece(_names(tag[0])))
            at = tag.end()
    return [piece for piece in pieces if piece != RichPiece()]


def _with_first_emotions_moved(pieces: list[RichPiece]) -> list[RichPiece]:
    """Put the emotions that stand before all words behind the first sentence."""
    first = next((at for at, piece in enumerate(pieces) if piece.text), 0)
    early = [piece for piece in pieces[:first] if piece.emotion]
    if not early:
        return pieces
    others = [piece for piece in pieces[:first] if not piece.emotion]
    sentence, rest = _split_behind_sentence(pieces[first:])
    return [*others, *sentence, *early, *rest]


_SENTENCE_END = re.compile(
    rf"(?:[!?。！？｡]|[.．](?![.．]|{LETTER}))[.!?。．！？｡]*"
    r"(?:[”’」』）)\]】》]|[\"'](?!\w))*"
)


def _split_behind_sentence(
    pieces: Sequence[RichPiece],
) -> tuple[Sequence[RichPiece], Sequence[RichPiece]]:
    """Divide pieces behind their first sentence, which an emotion ends at the latest."""
    end = 0
    for at, piece in enumerate(pieces):
        if piece.emotion:
            break
        if mark := _SENTENCE_END.search(piece.text):
            text, more = piece.text[: mark.end()], piece.text[mark.end() :]
            rest = [RichPiece(text=more.lstrip(), spaced=more[0].isspace())] if more else []
            return [*pieces[:at], replace(piece, text=text)], [*rest, *pieces[at + 1 :]]
        if piece.text:
            end = at + 1
    return pieces[:end], pieces[end:]


def _with_emotions(pieces: Iterable[RichPiece]) -> list[RichPiece]:
    """Give words the emotion that comes right behind them; a second one stays a piece."""
    joined: list[RichPiece] = []
    for piece in pieces:
        if piece.emotion and joined and joined[-1].text and not joined[-1].emotion:
            joined[-1] = replace(joined[-1], emotion=piece.emotion)
        else:
            joined.append(piece)
    return joined


def _spelled(names: Iterable[str]) -> str:
    """Match one of the names in any case, with blanks between its letters or none."""
    blanks = r"\s*"
    return f"(?i:{'|'.join(blanks.join(name) for name in names)})"


_WHOLE = _spelled(_VOCABULARY)
_BEGINNING = _spelled({name[:end] for name in _VOCABULARY for end in range(1, len(name))})
_END = _spelled({name[start:] for name in _VOCABULARY for start in range(1, len(name))})
_BEGUN_TAG = re.compile(rf"{_OPEN}\s*({_WHOLE}(?!{LETTER}|_)|{_BEGINNING}(?=[\s{_MARKS}]*\Z))")
_ENDED_TAG = re.compile(rf"((?<!{LETTER})(?<!_){_WHOLE}|\A\s*{_END})\s*{_CLOSE}")
_RUN_OF_MARKS = re.compile(rf"([{_MARKS}](?:\s*[{_MARKS}])+)")
"""Dropped as a whole if a bare mark is in it, so that none can re-form."""
_BARE_MARK = re.compile(f"{_OPEN}|{_CLOSE}")


def _without_tags(text: str) -> str:
    return "".join(_characters_of_words(text))


def _characters_of_words(text: str) -> list[str]:
    """List the characters of a text, empty in the place of tags, remains of tags and bare marks.

    Tags that appear when others are removed go, too: one pass with a stack of kept places, so that
    nested tags cost no more than others.
    """
    characters = list(text)
    kept: list[int] = []
    marks: list[int] = []
    for place, character in enumerate(text):
        kept.append(place)
        if character in _MARKS:
            marks.append(len(kept) - 1)
        if character in _CLOSING and len(marks) > 3:
            last = kept[marks[-4] :]
            if _TAG.fullmatch("".join(text[each] for each in last)):
                _erase(characters, last)
                del kept[marks[-4] :], marks[-4:]
    if _BARE_MARK.search("".join(characters)):
        for remains in (_BEGUN_TAG, _ENDED_TAG, _RUN_OF_MARKS):
            _erase_remains(characters, remains)
    return characters


def _erase_remains(characters: list[str], remains: re.Pattern[str]) -> None:
    """Erase the first group of each match that has a bare mark in it."""
    places = [place for place, character in enumerate(characters) if character]
    for match in remains.finditer("".join(characters)):
        if _BARE_MARK.search(match[0]):
            _erase(characters, places[slice(*match.span(1))])


def _erase(characters: list[str], places: Iterable[int]) -> None:
    for place in places:
        characters[place] = ""


# Showing ------------------------------------------------------------------------------------------


def clean(raw: str, style: str = "emoji", locale: str = "zh") -> str:
    """Read tagged text and show it in a style; ``locale`` is the language of the labels."""
    return render(parse_rich_text(raw), style, locale)


def render(
    pieces: Iterable[RichPiece],
    style: str = "emoji",
    locale: str = "zh",
    word: Callable[[Emotion | AudioEvent], str] | None = None,
) -> str:
    """Show pieces in one of STYLES; ``word`` names labels in languages beyond LOCALES.

    Raises:
        ValueError: the style is not one of STYLES or the locale not one of LOCALES.

    """
    _require_known("style", style, STYLES)
    _require_known("locale", locale, LOCALES)
    name = word or (lambda label: label.word(locale))
    pieces = tuple(pieces)
    if style == "tags":
        return "".join(map(_show_tags, pieces)).removeprefix(" ")
    if style == "emoji":
        shown = _show_emoji(pieces)
    elif style == "label":
        shown = [(piece.language, _show_labels(piece, name)) for piece in pieces]
    else:
        shown = [(piece.language, _words(piece)) for piece in pieces]
    return _without_tags(join_texts(shown)).strip()


def extract_emotions(text: str) -> list[Emotion]:
    """List the emotions of all tags, in their order."""
    return [_EMOTION_OF_TAG[name] for name in _names(text) if name in _EMOTION_OF_TAG]


def extract_events(text: str) -> list[AudioEvent]:
    """List the events of each piece but SPEECH; one that lasts over two pieces is listed twice."""
    events = (event for piece in parse_rich_text(text) for event in piece.events)
    return [event for event in events if event is not AudioEvent.SPEECH]


def _show_tags(piece: RichPiece) -> str:
    """Write a piece in normal form: language, emotion, events, ITN, unknown tags, words.

    Without a language the emotion comes behind the words, where it is read as theirs.
    """
    language = [f" <|{piece.language}|>"] if piece.language else []
    emotion = [piece.emotion.tag] if piece.emotion else []
    events = [event.tag for event in piece.events]
    normalised = [
        f"<|{name}|>"
        for name, value in _NORMALISED_OF_TAG.items()
        if value is piece.inverse_text_normalization
    ]
    unknown = [f"<|{name}|>" for name in piece.unknown_tags]
    tags = (*events, *normalised, *unknown, _words(piece))
    return "".join((*language, *emotion, *tags) if language else (*tags, *emotion))


def _words(piece: RichPiece) -> str:
    return f" {piece.text}" if piece.spaced else piece.text


_UNSHOWN_LABELS = (Emotion.NEUTRAL, Emotion.UNKNOWN, AudioEvent.SPEECH)


def _show_labels(piece: RichPiece, name: Callable[[Emotion | AudioEvent], str]) -> str:
    labels = (piece.emotion, *piece.events)
    words = [name(label) for label in labels if label and label not in _UNSHOWN_LABELS]
    return _words(piece) + "".join(f"({word})" for word in words)


def _show_emoji(pieces: Sequence[RichPiece]) -> list[tuple[str | None, str]]:
    """Put an event's emoji where its run of pieces begins, an emotion's where its run ends.

    A piece with nothing to show interrupts no run; one without a language goes on with none.
    """
    visible = [piece for piece in pieces if _has_something_to_show(piece)]
    shown = []
    for before, piece, after in zip([None, *visible], visible, [*visible[1:], None], strict=False):
        front = _event_emoji(piece, before)
        goes_on = after and after.language and after.emotion is piece.emotion
        emotion = "" if goes_on else _emotion_emoji(piece)
        shown.append((piece.language, front + _words(piece) + emotion))
    return shown


def _has_something_to_show(piece: RichPiece) -> bool:
    return bool(piece.text or _event_emoji(piece, None) or _emotion_emoji(piece))


def _emotion_emoji(piece: RichPiece) -> str:
    return piece.emotion.emoji if piece.emotion else ""


def _event_emoji(piece: RichPiece, before: RichPiece | None) -> str:
    """Write the events that begin here, the last in the order of AudioEvent first, as funasr."""
    if _is_unrecognised(piece):
        return "❓"
    running = before.events if before and piece.language else ()
    return "".join(
        event.emoji
        for event in reversed(AudioEvent)
        if event in piece.events and event not in running
    )


def _is_unrecognised(piece: RichPiece) -> bool:
    """Tell whether the model heard no speech, no event it knows, and gave no emotion (case 7)."""
    nothing = piece.emotion is None and not piece.events
    return nothing and piece.language == NO_SPEECH and _UNHEARD_TAG in piece.unknown_tags


_LANGUAGES_WITHOUT_SPACES = ("zh", "yue", "ja", "th", "lo", "km", "my", NO_SPEECH)
_LETTERS_MEET = re.compile(rf"{LETTER}{{2}}")


def join_texts(shown: Iterable[tuple[str | None, str]]) -> str:
    """Join (language, text) pairs as the languages want it, skipping empty texts."""
    filled = [(language, text) for language, text in shown if text]
    texts = [text for _, text in filled[:1]]
    for (left_language, left), (right_language, right) in pairwise(filled):
        spaced = (
            _has_spaces(left_language)
            or _has_spaces(right_language)
            or _LETTERS_MEET.match(left[-1] + right[0])
        )
        texts.append(f" {right}" if spaced else right)
    return "".join(texts)


def _has_spaces(language: str | None) -> bool:
    """Say whether words are parted in a language; its tag may name a script or a region, too."""
    return language is not None and language.partition("-")[0] not in _LANGUAGES_WITHOUT_SPACES


# Rules --------------------------------------------------------------------------------------------

_Label = TypeVar("_Label", Emotion, AudioEvent)


def _to_label(kind: type[_Label], name: str, value: object) -> _Label | None:
    """Cast a setting to a label; None stays None."""
    if value is None:
        return None
    _require_known(name, str(value), list(kind))
    return kind(str(value))


def _to_event(name: str, value: object) -> AudioEvent | None:
    event = _to_label(AudioEvent, name, value)
    if event is AudioEvent.SPEECH:
        message = f"{name} 'speech' is no event that labels hold; an absent event says it"
        raise RefusedError("speech", message, key=name)
    return event


def _to_words(name: str, value: object) -> tuple[str, ...]:
    """Cast a setting to words with at least one letter, digit or character each."""
    words = tuple(value) if isinstance(value, list | tuple) else (None,)
    if not all(isinstance(word, str) and _without_end_marks(word) for word in words):
        message = f"{name} {value!r} is not a list of words"
        raise RefusedError("not_words", message, key=name, value=str(value))
    return words


def _to_probability(name: str, value: object) -> float | None:
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and 0 < float(str(value)) <= 1:
        return float(str(value))
    message = f"{name} {value!r} is not a number above 0 and up to 1"
    raise RefusedError("not_share", message, key=name, value=str(value))


def _require_bool(name: str, value: object) -> None:
    if not isinstance(value, bool):
        message = f"{name} {value!r} is neither true nor false"
        raise RefusedError("not_bool", message, key=name, value=str(value))


@dataclass(frozen=True)
class RuleCondition:
    """When a rule applies: everything that is given must hold.

    Plain values are cast (``"sad"`` to ``Emotion.SAD``, lists to tuples) and refused with a
    ValueError that names the field and the value.
    """

    emotion: Emotion | None = None
    event: AudioEvent | None = None
    """One of the events; SPEECH is refused, for labels do not hold it."""

    language: str | None = None
    any_words: tuple[str, ...] = ()
    """At least one stands in the text. Case does not matter; alphabetic words match as a whole."""

    no_words: tuple[str, ...] = ()
    """None stands in the text."""

    endings: tuple[str, ...] = ()
    """The text ends with one of them, punctuation and blanks at its end aside."""

    probability_below: float | None = None
    """For both the emotion and the event, if given; what nobody measured is not below."""

    def __post_init__(self) -> None:
        _assign(self, "emotion", _to_label(Emotion, "emotion", self.emotion))
        _assign(self, "event", _to_event("event", self.event))
        if self.language is not None:
            _require_known("language", self.language, _LANGUAGE_TAGS)
        for name in ("any_words", "no_words", "endings"):
            _assign(self, name, _to_words(name, getattr(self, name)))
        probability = _to_probability("probability_below", self.probability_below)
        _assign(self, "probability_below", probability)
        if probability is not None and self.emotion is None and self.event is None:
            message = f"probability_below {probability} needs an emotion or an event"
            raise RefusedError("needs_label", message, key="probability_below")


@dataclass(frozen=True)
class Rule:
    """A correction of labels: when it applies, and which tag is then set or dropped.

    Values are cast and refused as in RuleCondition; messages name the rule.
    """

    name: str
    when: RuleCondition
    set_emotion: Emotion | None = None
    """The emotion to state instead; ``unknown`` and ``neutral`` are statements, too."""

    drop_emotion: bool = False
    """No emotion is stated any more: it becomes None."""

    set_event: AudioEvent | None = None
    """Takes the place of the event in ``when``, or is added if ``when`` has none."""

    drop_event: bool = False
    """Removes the event in ``when``, which must be given."""

    def __post_init__(self) -> None:
        try:
            self._check()
        except ValueError as error:
            message = f"rule {self.name!r}: {error}"
            raise ValueError(message) from error

    def _check(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            message = f"name {self.name!r} is no name"
            raise RefusedError("no_name", message)
        _assign(self, "set_emotion", _to_label(Emotion, "set_emotion", self.set_emotion))
        _assign(self, "set_event", _to_event("set_event", self.set_event))
        _require_bool("drop_emotion", self.drop_emotion)
        _require_bool("drop_event", self.drop_event)
        self._check_together()

    def _check_together(self) -> None:
        """Refuse parts that make no rule together."""
        if self.when == RuleCondition():
            raise RefusedError("no_condition", "when is empty: it would apply to everything")
        if self.set_emotion and self.drop_emotion:
            message = f"set_emotion {self.set_emotion.value!r} contradicts drop_emotion"
            raise RefusedError("contradiction", message, key="set_emotion", other="drop_emotion")
        if self.set_event and self.drop_event:
            message = f"set_event {self.set_event.value!r} contradicts drop_event"
            raise RefusedError("contradiction", message, key="set_event", other="drop_event")
        if self.drop_event and not self.when.event:
            raise RefusedError("needs_event", "drop_event needs an event in when")
        if not (self.set_emotion or self.drop_emotion or self.set_event or self.drop_event):
            raise RefusedError("no_effect", "nothing to set or drop")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build a rule from plain values, ``when`` being a mapping, as config.yaml gives them.

        Raises:
            ValueError: a key or a value is refused; the message names the rule and the value.

        """
        name = values.get("name")
        when = values.get("when") or {}
        try:
            _require_keys(cls, values)
            if not isinstance(when, Mapping):
                message = f"when {when!r} is not a mapping"
                raise RefusedError("not_mapping", message)
            _require_keys(RuleCondition, when)
            condition = RuleCondition(**when)
        except ValueError as error:
            message = f"rule {name!r}: {error}"
            raise ValueError(message) from error
        effects = {key: value for key, value in values.items() if key not in ("name", "when")}
        return cls(name="" if name is None else name, when=condition, **effects)


def _require_keys(kind: type[Rule | RuleCondition], values: Mapping[str, Any]) -> None:
    known = [each.name for each in fields(kind)]
    for key in values:
        _require_known("key", key, known)


def _assign(instance: Rule | RuleCondition, name: str, value: object) -> None:
    """Store a cast value in a frozen instance; for ``__post_init__`` alone."""
    object.__setattr__(instance, name, value)


@dataclass(frozen=True)
class Labels:
    """What is known about one utterance when the rules look at it."""

    text: str
    language: str | None = None
    emotion: Emotion | None = None
    emotion_probability: float | None = None
    """Of ``emotion``, 0 to 1; None where it was not measured."""

    events: tuple[AudioEvent, ...] = ()
    """Without SPEECH."""

    event_probabilities: Mapping[str, float] = field(default_factory=dict)
    """The model's own numbers by event; no rule changes them."""


def apply_rules(labels: Labels, rules: Iterable[Rule]) -> tuple[Labels, tuple[str, ...]]:
    """Apply rules in their order, each to what the ones before have left.

    Returns the labels and the names of the rules that changed them. An emotion that a rule has set
    or dropped has no probability: the model's number was about another one.
    """
    fired = []
    for rule in rules:
        changed = _change(labels, rule) if _holds(rule.when, labels) else labels
        if changed != labels:
            fired.append(rule.name)
            labels = changed
    return labels, tuple(fired)


def _holds(when: RuleCondition, labels: Labels) -> bool:
    return (
        _labels_hold(when, labels)
        and _words_hold(when, labels)
        and _probabilities_hold(when, labels)
    )


def _labels_hold(when: RuleCondition, labels: Labels) -> bool:
    return (
        when.emotion in (None, labels.emotion)
        and when.event in (None, *labels.events)
        and when.language in (None, labels.language)
    )


def _words_hold(when: RuleCondition, labels: Labels) -> bool:
    text = folded(labels.text)
    endings = tuple(_without_end_marks(folded(ending)) for ending in when.endings)
    return (
        (not when.any_words or any(stands_in(text, word) for word in when.any_words))
        and not any(stands_in(text, word) for word in when.no_words)
        and (not endings or _without_end_marks(text).endswith(endings))
    )


def _probabilities_hold(when: RuleCondition, labels: Labels) -> bool:
    limit = when.probability_below
    if limit is None:
        return True
    named = [labels.emotion_probability] if when.emotion else []
    if when.event:
        named.append(labels.event_probabilities.get(when.event))
    return all(probability is not None and probability < limit for probability in named)


_APOSTROPHES = str.maketrans("’‘ʼ", "'''")


def folded(text: str) -> str:
    """Return text as words are looked for: any case, width, composition and apostrophe is one."""
    return unicodedata.normalize("NFKC", text).casefold().translate(_APOSTROPHES)


def stands_in(text: str, word: str) -> bool:
    """Look for a word in folded text: 呢 stands in 好呢, "sad" not in "ambassador"."""
    bare = folded(word)
    return bare in text and re.search(word_pattern(bare), text) is not None


def word_pattern(word: str) -> str:
    """Return the expression that finds a folded word as ``stands_in`` does."""
    part = f"(?:{LETTER}|{POINT})"
    before = f"(?<!{LETTER})(?<!{POINT})" if re.match(part, word) else ""
    after = f"(?!{part})" if re.match(part, word[-1]) else ""
    return before + re.escape(word) + after


def _without_end_marks(text: str) -> str:
    end = len(text)
    while end and not text[end - 1].isalnum():
        end -= 1
    return text[:end]


def _change(labels: Labels, rule: Rule) -> Labels:
    emotion = None if rule.drop_emotion else rule.set_emotion or labels.emotion
    if emotion is not labels.emotion:
        labels = replace(labels, emotion=emotion, emotion_probability=None)
    if rule.set_event or rule.drop_event:
        labels = replace(labels, events=_change_events(labels.events, rule))
    return labels


def _change_events(events: tuple[AudioEvent, ...], rule: Rule) -> tuple[AudioEvent, ...]:
    kept = [rule.set_event if event is rule.when.event else event for event in events]
    if rule.set_event:
        kept.append(rule.set_event)
    return tuple(dict.fromkeys(event for event in kept if event))


_SAD_WORDS = (
    *("难过", "伤心", "难受", "痛苦", "失望", "绝望", "委屈", "后悔", "遗憾", "可惜"),
    *("糟糕", "倒霉", "完蛋", "崩溃", "受不了", "无奈", "不幸", "孤独", "孤单", "寂寞"),
    *("哭", "泪", "唉", "累", "惨", "疼", "痛", "死", "可怜", "去世", "失去", "失败", "分手"),
    *("对不起", "抱歉", "難過", "傷心", "難受", "絕望", "後悔", "遺憾", "淚"),
)

HESITANT_SAD = Rule(
    name="hesitant-sad",
    when=RuleCondition(
        emotion=Emotion.SAD,
        endings=("呢", "吧"),
        no_words=_SAD_WORDS,
    ),
    set_emotion=Emotion.NEUTRAL,
)
"""A sentence that trails off in 呢 or 吧 is heard as sad; without a sad word it is hesitant."""

DEFAULT_RULES = (HESITANT_SAD,)
"""The rules that apply where config.yaml names no others."""
