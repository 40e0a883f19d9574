"""One table of labels: words alike everywhere, signs of one character, colours that can be read."""

import math
from itertools import combinations, pairwise

import pytest

from postprocess import LOCALES, AudioEvent, Emotion
from richspeech.language.catalog import locales
from richspeech.model.emotion_scores import NineEmotion
from richspeech.model.labels import (
    DARK,
    EMOTIONS,
    EVENTS,
    LIGHT,
    SENTIMENTS,
    VOICES,
    Hue,
    Label,
    Theme,
    label_styles,
    labels_data,
    look_of,
    sentiment_named,
    sign_of,
    voice_of,
    word_of,
)
from richspeech.model.sentiment import Sentiment

LOOKS = (*EMOTIONS.items(), *SENTIMENTS.items(), *EVENTS.items())
HUES = {name: look.hue for name, look in LOOKS} | {
    voice_of(number): hue for number, hue in enumerate(VOICES)
}
LEAST_CONTRAST = 4.5
"""WCAG 2.1, level AA, for text."""
LEAST_DISTANCE = 0.07
"""In OKLab; 0.02 is just to be seen."""
LABELS: tuple[Label, ...] = (*Emotion, *NineEmotion, *AudioEvent, *Sentiment)

every_theme = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])


def channels(colour: str) -> list[float]:
    values = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in values]


def luminance(colour: str) -> float:
    red, green, blue = channels(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """As WCAG 2.1 computes it."""
    darker, lighter = sorted(map(luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def oklab(colour: str) -> list[float]:
    """Björn Ottosson's space, in which distance is difference to the eye."""
    red, green, blue = channels(colour)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return [
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    ]


def distance(one: str, other: str) -> float:
    pairs = zip(oklab(one), oklab(other), strict=True)
    return math.sqrt(sum((first - second) ** 2 for first, second in pairs))


# Words and signs ----------------------------------------------------------------------------------


def test_the_chinese_words_are_those_of_the_field() -> None:
    named = {str(label): word_of(label, "zh") for label in (*NineEmotion, *AudioEvent)}
    assert [named[each] for each in ("happy", "angry", "sad", "neutral", "fearful")] == [
        *("开心", "愤怒", "悲伤", "中性", "恐惧")
    ]
    assert [named[each] for each in ("disgusted", "surprised", "other", "unknown")] == [
        *("厌恶", "惊讶", "其他", "未知")
    ]
    assert [named[each] for each in ("laughter", "applause", "bgm", "cry")] == [
        *("笑声", "掌声", "背景音乐", "哭声")
    ]
    assert [named[each] for each in ("cough", "sneeze", "breath", "sing")] == [
        *("咳嗽", "喷嚏", "呼吸", "歌声")
    ]
    assert [word_of(each, "zh") for each in Sentiment] == ["正向", "负向", "中性", "激动"]


@pytest.mark.parametrize("locale", LOCALES)
def test_the_tag_grammar_has_the_same_words_and_symbols(locale: str) -> None:
    for label in (*Emotion, *AudioEvent):
        assert label.word(locale) == word_of(label, locale)
        assert label.emoji in ("", look_of(label).symbol)


@pytest.mark.parametrize("locale", locales())
@pytest.mark.parametrize("kind", [NineEmotion, AudioEvent, Sentiment])
def test_no_two_labels_of_a_kind_share_a_word_or_a_symbol(
    kind: type[NineEmotion | AudioEvent | Sentiment], locale: str
) -> None:
    assert len({word_of(each, locale) for each in kind}) == len(kind)
    assert len({look_of(each).symbol for each in kind}) == len(kind)


@pytest.mark.parametrize("locale", locales())
def test_every_label_has_a_sign_of_one_character(locale: str) -> None:
    assert {len(sign_of(label, locale)) for label in LABELS} == {1}
    assert len({sign_of(each, locale) for each in Emotion}) == len(Emotion)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("sentiment", Sentiment)
def test_a_sentiment_is_read_by_each_of_its_words(sentiment: Sentiment, locale: str) -> None:
    assert sentiment_named(f" {word_of(sentiment, locale).upper()} ") is sentiment


@pytest.mark.parametrize("label", ["LABEL_0", "", "stars", "😀", "positive!"])
def test_any_other_label_has_no_meaning(label: str) -> None:
    assert sentiment_named(label) is None


def test_the_scripts_get_every_label_but_speech() -> None:
    data = labels_data()
    assert data["nine"]["fearful"].items() >= {("zh", "恐惧"), ("en", "fearful")}
    assert data["signs"]["bgm"].items() >= {("zh", "♪"), ("en", "♪")}
    assert data["signs"]["laughter"].items() >= {("zh", "笑"), ("en", "L")}
    assert "speech" not in data["events"]


# Colours ------------------------------------------------------------------------------------------


@every_theme
@pytest.mark.parametrize("name", HUES)
def test_a_colour_can_be_read_on_the_card_and_on_its_own_ground(name: str, theme: Theme) -> None:
    hue: Hue = HUES[name]
    assert contrast(hue.on(theme), theme.card) >= LEAST_CONTRAST
    assert contrast(hue.on(theme), hue.ground(theme)) >= LEAST_CONTRAST


def test_contrast_is_computed_as_it_is_defined() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@every_theme
def test_the_emotions_are_told_apart_by_their_colours(theme: Theme) -> None:
    shown = {name: look.hue.on(theme) for name, look in EMOTIONS.items() if name != "unknown"}
    for one, other in combinations(shown, 2):
        assert distance(shown[one], shown[other]) >= LEAST_DISTANCE, (one, other)


@every_theme
def test_no_speaker_looks_like_an_emotion_or_like_another_speaker(theme: Theme) -> None:
    voices, moods = (
        [hue.on(theme) for hue in VOICES],
        [e.hue.on(theme) for e in EMOTIONS.values()],
    )
    assert min(distance(voice, mood) for voice in voices for mood in moods) >= 0.1
    assert min(distance(*pair) for pair in combinations(voices, 2)) >= LEAST_DISTANCE


def test_there_is_a_colour_for_however_many_speak() -> None:
    assert len({voice_of(number) for number in range(100)}) == len(VOICES)


@pytest.mark.parametrize("name", [name for name in EMOTIONS if name not in ("neutral", "unknown")])
def test_a_subtitle_stands_out_from_its_black_outline(name: str) -> None:
    assert contrast(EMOTIONS[name].hue.dark, "#000000") >= 7


def test_the_styles_name_every_colour_in_both_themes() -> None:
    light, dark, *rules = label_styles().splitlines()
    for name, hue in HUES.items():
        if name in EMOTIONS:
            assert f"--{name}: {hue.light};" in light
            assert f"--{name}: {hue.dark};" in dark
    assert dark.startswith(".dark {")
    assert ".chip.angry, .tone-angry { --label: var(--angry); " in rules[2]
    assert rules == [*dict.fromkeys(rules)]


def test_the_styles_follow_the_system_where_no_class_says_what_is_dark() -> None:
    query = "@media (prefers-color-scheme: dark)"
    assert f"{query} {{ :root {{ --happy:" in label_styles(query)
    depth = [label_styles(query)[:at].count("{") for at in (0, len(label_styles(query)))]
    assert [*pairwise(depth)] == [(0, label_styles(query).count("}"))]
