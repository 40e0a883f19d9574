"""Subtitles keep the habits of broadcasters, and no time in them is made up."""

from itertools import chain, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postprocess import AudioEvent, Emotion
from richspeech.errors import OptionError
from richspeech.model.corrections import Correction
from richspeech.model.lines import correct
from richspeech.model.transcript import Segment, Token, Transcript
from richspeech.writers import WriterOptions
from richspeech.writers.cues import LINGER, Cue, build_cues
from richspeech.writers.line_room import LATIN_RANGE, USUAL_ROOM, WIDE_RANGE, LineRoom
from tests.transcripts import SHOWN_EVENTS, segment, transcript

PLAIN = WriterOptions("plain")
ROOMS = st.builds(LineRoom, st.integers(*LATIN_RANGE), st.integers(*WIDE_RANGE))


def spoken(start: float, words: list[str], *, every: float = 0.3, tail: float = 0.3) -> Segment:
    """A segment whose tokens begin at equal distances."""
    tokens = [
        Token(word, round(start + at * every, 2), round(start + at * every + 0.06, 2), 0.9)
        for at, word in enumerate(words)
    ]
    end = round(start + len(words) * every + tail, 2)
    return with_tokens(segment(start, end, "".join(words)), *tokens)


def with_tokens(whole: Segment, *tokens: Token) -> Segment:
    return Segment(**{**vars(whole), "tokens": tokens})


def fits(text: str, room: LineRoom = USUAL_ROOM) -> bool:
    return room.taken_by(text) <= room.whole


def texts(cues: list[Cue]) -> list[list[str]]:
    return [[line.text for line in cue.lines] for cue in cues]


def cues_of(*segments: Segment, options: WriterOptions = PLAIN) -> list[Cue]:
    return build_cues(transcript(*segments), options)


# Where cuts are -----------------------------------------------------------------------------------


def test_a_short_sentence_is_one_cue_for_as_long_as_its_segment() -> None:
    said = spoken(2.0, list("今天天气很好。"))
    assert [(cue.start, cue.end) for cue in cues_of(said)] == [(2.0, said.end)]
    assert texts(cues_of(said)) == [["今天天气很好。"]]


def test_a_long_segment_is_cut_after_a_sentence_before_a_clause() -> None:
    words = list("他说，我们昨天去了北京。然后呢，我们又去了上海，最后才回到了家里，真累啊。")
    assert texts(cues_of(spoken(0.0, words, every=0.25))) == [
        ["他说，我们昨天去了北京。"],
        ["然后呢，我们又去了上海，", "最后才回到了家里，真累啊。"],
    ]


def test_without_punctuation_the_cut_is_at_a_pause() -> None:
    words = list("我们昨天去了北京然后又去了上海最后才回到了家里真的累坏了啊")
    tokens = [
        Token(word, at * 0.3 + (1.0 if at >= 15 else 0.0), at * 0.3 + 0.06, 0.9)
        for at, word in enumerate(words)
    ]
    heard = with_tokens(segment(0.0, 12.0, "".join(words)), *tokens)
    assert "".join(texts(cues_of(heard))[0]) == "我们昨天去了北京然后又去了上海"


def test_english_is_cut_between_words_and_evenly() -> None:
    words = ["We", *[" went"] * 9, *[" back"] * 8, " home", "."]
    assert texts(cues_of(spoken(0.0, words, every=0.25))) == [
        ["We went went went went", "went went went went went"],
        ["back back back back back", "back back back home."],
    ]


def test_a_cue_begins_when_its_first_word_was_measured() -> None:
    said = spoken(10.0, list("我们昨天去了北京。我们又去了上海。最后才回到了家里。"), every=0.4)
    starts = {token.start for token in said.tokens}
    assert len(cues_of(said)) > 1
    assert {cue.start for cue in cues_of(said)} <= starts


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("我" * 16 + "。" + "我" * 20, ["我" * 15, "我。" + "我" * 14, "我" * 6]),
        ("我" * 15 + "「" + "我" * 20, ["我" * 15, "「" + "我" * 15, "我" * 5]),
        ("我" * 15 + "あっ" + "我" * 18, ["我" * 15, "あっ" + "我" * 14, "我" * 4]),
        ("我" * 13 + "감사합니다" + "我" * 18, ["我" * 13, "감사합니다" + "我" * 11, "我" * 7]),
    ],
)
def test_no_line_begins_with_a_closing_mark_or_ends_with_an_opening_one_or_divides_a_word(
    text: str, lines: list[str]
) -> None:
    assert texts(cues_of(segment(0.0, 9.0, text))) == [lines]


def test_words_long_after_a_sound_are_not_shown_before_they_come() -> None:
    applause = segment(0.0, 30.0, "谢谢。", Emotion.NEUTRAL, AudioEvent.APPLAUSE)
    tokens = [Token(c, 20.0 + at, 20.1 + at, 0.9) for at, c in enumerate("谢谢。")]
    cues = cues_of(with_tokens(applause, *tokens), options=WriterOptions())
    assert texts(cues) == [["[掌声]"], ["谢谢。"]]
    assert [(cue.start, cue.end) for cue in cues] == [(0.0, 7.0), (20.0, 22.1 + LINGER)]


def test_words_long_after_a_silence_are_not_shown_before_they_come() -> None:
    tokens = [Token(c, 20.0 + at, 20.1 + at, 0.9) for at, c in enumerate("谢谢。")]
    [cue] = cues_of(with_tokens(segment(0.0, 30.0, "谢谢。"), *tokens))
    assert (cue.start, cue.end) == (20.0 - LINGER, 22.1 + LINGER)


# Times that nobody measured -----------------------------------------------------------------------


def test_a_segment_without_measured_words_is_not_cut_at_all() -> None:
    text = "我们昨天去了北京，" * 10
    [cue] = cues_of(segment(5.0, 45.0, text))
    assert (cue.start, cue.end) == (5.0, 45.0)
    assert "".join(line.text for line in cue.lines) == text
    assert all(fits(line.text) for line in cue.lines)


def test_only_measured_words_begin_a_cue() -> None:
    text = "我们昨天去了北京，又去了上海，最后才回到了家里，真的累坏了啊，明天再说。"
    known = with_tokens(
        segment(0.0, 14.0, text),
        Token(text[:15], 0.0, None, None),
        Token(text[15:], 6.0, None, None),
    )
    assert [cue.start for cue in cues_of(known)] == [0.0, 6.0]
    assert ["".join(lines) for lines in texts(cues_of(known))] == [text[:15], text[15:]]


def test_times_outside_the_segment_or_out_of_order_are_not_believed() -> None:
    words = list("我们昨天去了北京然后又去了上海最后才回到了家里真的累坏了啊明天再说吧")
    wrong = [Token(word, (-at if at % 2 else 900.0), None, None) for at, word in enumerate(words)]
    [cue] = cues_of(with_tokens(segment(3.0, 9.0, "".join(words)), *wrong))
    assert (cue.start, cue.end) == (3.0, 9.0)


def test_a_corrected_text_is_cut_where_it_was_cut_before() -> None:
    said = transcript(spoken(0.0, list("我们昨天去了背景。我们又去了上海。最后回到了家里，真累。")))
    corrected = correct(said, [Correction(0, said.text.replace("背景", "北京"))])
    before, after = (build_cues(each, PLAIN) for each in (said, corrected))
    assert [(cue.start, cue.end) for cue in before] == [(cue.start, cue.end) for cue in after]
    assert "".join(texts(after)[0]) == "我们昨天去了北京。我们又去了上海。"


def test_tokens_of_another_text_are_of_no_use() -> None:
    said = spoken(0.0, list("我们昨天去了北京。我们又去了上海。最后才回到了家里，真的累。"))
    other = Segment(**{**vars(said), "text": "完全不同的一句话，" * 4})
    [cue] = cues_of(other)
    assert (cue.start, cue.end) == (other.start, other.end)


# Labels -------------------------------------------------------------------------------------------

LAUGHING = segment(0.0, 3.0, "真的！", Emotion.HAPPY, AudioEvent.LAUGHTER)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (WriterOptions(), "[笑声] 真的！(开心)"),
        (WriterOptions(locale="en"), "[laughter] 真的！(happy)"),
        (WriterOptions(emotions=False), "[笑声] 真的！"),
        (WriterOptions(sounds=False), "真的！(开心)"),
        (WriterOptions("emoji", sounds=False), "真的！😊"),
        (WriterOptions("emoji"), "😀真的！😊"),
        (WriterOptions("tags"), "[笑声] 真的！(开心)"),
        (WriterOptions("plain"), "真的！"),
    ],
)
def test_sounds_stand_in_brackets_before_the_words_and_the_emotion_after(
    options: WriterOptions, line: str
) -> None:
    assert texts(cues_of(LAUGHING, options=options)) == [[line]]


def test_a_format_with_colours_gets_the_emotion_as_colour() -> None:
    [cue] = build_cues(transcript(LAUGHING), WriterOptions(), name_emotions=False)
    assert [(line.text, line.emotion) for line in cue.lines] == [("[笑声] 真的！", Emotion.HAPPY)]
    [cue] = build_cues(transcript(LAUGHING), WriterOptions(emotions=False), name_emotions=False)
    assert cue.lines[0].emotion is None


@pytest.mark.parametrize("emotion", [Emotion.NEUTRAL, Emotion.UNKNOWN])
def test_neither_calm_nor_doubt_is_shown(emotion: Emotion) -> None:
    [cue] = cues_of(segment(0.0, 3.0, "好。", emotion), options=WriterOptions())
    assert [(line.text, line.emotion) for line in cue.lines] == [("好。", None)]


def test_a_long_sound_is_named_when_it_begins() -> None:
    [cue] = cues_of(
        segment(4.0, 64.0, "", Emotion.UNKNOWN, AudioEvent.BGM), options=WriterOptions()
    )
    assert (cue.start, cue.end, cue.lines[0].text) == (4.0, 11.0, "[背景音乐]")


# Short ones ---------------------------------------------------------------------------------------


def test_a_short_word_stays_for_a_second_where_there_is_room() -> None:
    cues = cues_of(segment(0.0, 0.3, "好"), segment(0.9, 1.1, "嗯"), segment(9.0, 9.2, "啊"))
    assert [(cue.start, cue.end) for cue in cues] == [(0.0, 1.9), (9.0, 10.0)]
    assert texts(cues) == [["好", "嗯"], ["啊"]]


def test_two_that_share_a_cue_keep_their_own_emotions() -> None:
    said = segment(0.0, 0.4, "不行", Emotion.ANGRY), segment(0.5, 3.0, "好吧", Emotion.SAD)
    [cue] = build_cues(transcript(*said), WriterOptions(), name_emotions=False)
    assert [line.emotion for line in cue.lines] == [Emotion.ANGRY, Emotion.SAD]


# Any transcript -----------------------------------------------------------------------------------

WORDS: tuple[list[str], ...] = (
    list("我们昨天去了北京然后又去上海「小っー」"),
    [" we", " went", " extraordinarily", " far", "'s", " (so)", " said", " it"],
    [" 안녕하세요", " 네", " 감사합니다"],
    [],
)
PHRASES = st.tuples(
    st.sampled_from(WORDS),
    st.integers(0, 20),
    st.sampled_from(["。", "，", ".", ",", "?", "！"]),
    st.integers(6, 60),
    st.sampled_from([0, 0, 0, 60, 900]),
)
"""Words, how many of them, the mark behind them, hundredths from word to word, and before them."""


@st.composite
def measured_transcripts(draw: st.DrawFn) -> Transcript:
    """As the engine gives them: every token has its time, in order, within its segment."""
    now, segments = 0, []
    for phrases in draw(st.lists(st.lists(PHRASES, max_size=6), max_size=4)):
        start = now + draw(st.integers(0, 300))
        now, tokens = start + 10, []
        for words, count, mark, step, pause in phrases:
            now += pause
            for text in [*words[:count], mark]:
                now += step
                tokens.append(Token(text, now / 100, (now + 6) / 100, 0.9))
        now += draw(st.integers(6, 400))
        emotion = draw(st.sampled_from(list(Emotion)))
        events = draw(st.lists(st.sampled_from(SHOWN_EVENTS), max_size=3, unique=True))
        text = "".join(token.text for token in tokens)
        heard = segment(start / 100, now / 100, text, emotion, *events)
        segments.append(with_tokens(heard, *tokens))
    return transcript(*segments)


MOMENTS = st.none() | st.floats(-10, 90_000)
ANY_TOKENS = st.lists(
    st.builds(Token, st.text(max_size=5), MOMENTS, MOMENTS, st.none()), max_size=9
)


@st.composite
def wild_transcripts(draw: st.DrawFn) -> Transcript:
    """Any text, tokens that say something else, times that overlap or run backwards."""
    segments = [
        with_tokens(
            segment(start, start + length, text, emotion, *events),
            *tokens,
        )
        for start, length, text, emotion, events, tokens in draw(
            st.lists(
                st.tuples(
                    st.floats(0, 90_000),
                    st.floats(0, 100),
                    st.text(max_size=150) | st.text("aé好 ，。", max_size=150),
                    st.sampled_from(list(Emotion)),
                    st.lists(st.sampled_from(SHOWN_EVENTS), max_size=8, unique=True),
                    ANY_TOKENS,
                ),
                max_size=6,
            )
        )
    ]
    return transcript(*segments)


ANY_TRANSCRIPT = measured_transcripts() | wild_transcripts()
UNHURRIED = settings(deadline=None)
NO_EMOTIONS = WriterOptions(emotions=False)


def letters(text: str) -> str:
    return "".join(text.split())


def starts_that_were_measured(heard: Transcript) -> set[float]:
    moments = {each.start for each in heard.segments}
    moments |= {token.start for each in heard.segments for token in each.tokens if token.start}
    firsts = {each.tokens[0].start for each in heard.segments if each.tokens}
    moments |= {first - LINGER for first in firsts if first is not None}
    return {round(moment, 2) for moment in moments}


@UNHURRIED
@given(ANY_TRANSCRIPT, st.sampled_from([1, 2]))
def test_cues_come_one_after_the_other(heard: Transcript, most_lines: int) -> None:
    cues = build_cues(heard, WriterOptions(), most_lines=most_lines)
    assert all(0 <= cue.start < cue.end for cue in cues)
    assert all(before.end <= after.start for before, after in pairwise(cues))


@UNHURRIED
@given(ANY_TRANSCRIPT, st.sampled_from([1, 2]))
def test_no_letter_is_lost_or_moved(heard: Transcript, most_lines: int) -> None:
    cues = build_cues(heard, NO_EMOTIONS, most_lines=most_lines)
    shown = "".join(letters(line.text) for cue in cues for line in cue.lines)
    in_order = sorted(heard.segments, key=lambda each: each.start)
    sounds = ("".join(f"[{event.word('zh')}]" for event in each.events) for each in in_order)
    expected = "".join(s + e.text for s, e in zip(sounds, in_order, strict=True))
    replaced = "".join(
        "\ufffd" if not c.isprintable() and s == "\ufffd" else c
        for c, s in zip(letters(expected), shown, strict=True)
    )
    assert shown == replaced


@UNHURRIED
@given(measured_transcripts(), st.sampled_from([1, 2]))
def test_a_cue_has_two_lines_at_most_and_none_is_too_long(
    heard: Transcript, most_lines: int
) -> None:
    for cue in build_cues(heard, WriterOptions(locale="en"), most_lines=most_lines):
        assert 1 <= len(cue.lines) <= most_lines
        assert all(line.text and fits(line.text) for line in cue.lines)


@UNHURRIED
@given(measured_transcripts())
def test_a_cue_lasts_a_second_at_least_and_seven_at_most(heard: Transcript) -> None:
    cues = build_cues(heard, WriterOptions())
    assert all(cue.duration <= 7.0 for cue in cues)
    for cue, following in pairwise(cues):
        together = round(following.end - cue.start, 2)
        no_room = cue.end == following.start and (
            len(cue.lines) + len(following.lines) > 2 or together > 7.0
        )
        assert cue.duration >= 1.0 or no_room
    assert all(cue.duration >= 1.0 for cue in cues[-1:])


@UNHURRIED
@given(measured_transcripts())
def test_every_cue_begins_at_a_time_that_was_measured(heard: Transcript) -> None:
    cues = build_cues(heard, WriterOptions())
    assert {cue.start for cue in cues} <= starts_that_were_measured(heard)


@pytest.mark.parametrize(
    ("text", "is_fitting"),
    [
        ("a" * 42, True),
        ("a" * 43, False),
        ("好" * 16, True),
        ("好" * 17, False),
        ("好" * 8 + "a" * 21, True),
    ],
)
def test_a_line_has_room_for_42_latin_or_16_wide_characters(text: str, *, is_fitting: bool) -> None:
    assert fits(text) == is_fitting


@UNHURRIED
@given(ANY_TRANSCRIPT, ROOMS)
def test_no_line_is_longer_than_was_chosen(heard: Transcript, room: LineRoom) -> None:
    cues = build_cues(heard, WriterOptions(room=room))
    assert all(fits(line.text, room) for cue in cues for line in cue.lines)


def test_shorter_lines_say_the_same_in_more_cues() -> None:
    said = spoken(0.0, list("今天天气很好，我们昨天去了北京，最后才回到了家里。"), every=0.25)
    usual, short = (
        cues_of(said, options=WriterOptions("plain", room=LineRoom(wide=each))) for each in (16, 8)
    )
    assert len(short) > len(usual)
    assert "".join(chain(*texts(short))) == "".join(chain(*texts(usual))) == said.text


@pytest.mark.parametrize(
    ("latin", "wide", "told"),
    [(15, 16, "15 Latin"), (85, 16, "85 Latin"), (42, 5, "5 Chinese"), (42, 33, "33 Chinese")],
)
def test_a_line_of_too_few_or_too_many_characters_is_refused(
    latin: int, wide: int, told: str
) -> None:
    with pytest.raises(OptionError, match=told):
        LineRoom(latin, wide)
