"""What the page says of a transcript as a whole, without a browser."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postprocess import AudioEvent, Emotion
from richspeech.console.panels.review import render as review_render
from richspeech.console.panels.review.reviews import WINDOWS, Reviews, window_seconds
from richspeech.jobs.transcribe import Transcription
from richspeech.model.corrections import Correction
from richspeech.model.job_state import State
from richspeech.model.sentiment import Sentiment
from richspeech.model.transcript import Transcript
from richspeech.model.trim import Trim
from richspeech.recognition.pipeline import Progress
from richspeech.review.highlights import pick_highlights
from richspeech.review.insight import make_insight
from richspeech.review.review import Review, review_transcript
from richspeech.review.risk import assess_risk
from richspeech.settings import Settings
from tests.transcripts import put_right, segment, transcript, transcripts

SETTINGS = Settings()
CALL = transcript(
    segment(0.0, 4.0, "您好，请讲。", Emotion.HAPPY),
    segment(6.0, 16.0, "我要退款，你们太差了！", Emotion.ANGRY),
    segment(18.0, 20.0, "", Emotion.UNKNOWN, AudioEvent.LAUGHTER, language="nospeech"),
    segment(24.0, 30.0, "Nobody listens.", Emotion.ANGRY, language="en"),
    duration=40.0,
)


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


def insight(heard: Transcript, locale: str = "zh", window: float = 10) -> str:
    found = make_insight(heard, window)
    return review_render.insight(found, locale, speakers=heard.speakers)


def highlights(heard: Transcript, locale: str = "zh", *, can_cut: bool = True) -> str:
    found = pick_highlights(heard, SETTINGS.highlights)
    return review_render.highlights(found, heard, locale, can_cut=can_cut)


def risk(heard: Transcript, locale: str = "zh") -> str:
    return review_render.risk(assess_risk(heard, SETTINGS.risk), SETTINGS.risk, locale)


def seeks(html: str) -> list[float]:
    return [float(seconds) for seconds in re.findall(r'data-seek="([\d.]+)"', html)]


# Verdict


def test_the_map_is_told_when_what_stands_out_is_heard() -> None:
    found = review_transcript(CALL, SETTINGS)
    marks = review_render.marks(found)
    assert marks["highlights"] == [(each.start, each.end) for each in found.highlights]
    assert (6.0, 16.0) in marks["risks"]
    assert marks["risks"] == sorted(marks["risks"])
    eased = replace(found, risk=replace(found.risk, points=()))
    assert review_render.marks(eased)["risks"] == []


def test_one_line_says_risk_mood_sounds_length_and_speed() -> None:
    def told(locale: str) -> str:
        found = review_transcript(CALL, SETTINGS, 10)
        return text_of(review_render.verdict(found, replace(CALL, processing_seconds=2), locale))

    risk = assess_risk(CALL, SETTINGS.risk)
    for locale, words in (
        ("zh", ("愤怒 80%", "开心 20%", "笑声 1 段", "40 秒", "比实时快 20 倍")),
        ("en", ("angry 80%", "laughter 1×", "40 sec", "20 times faster than real time")),
    ):
        assert [word for word in (*words, str(risk.score)) if word not in told(locale)] == []
    assert "speaker" not in told("en")


# Conversation


def test_the_conversation_tells_who_spoke_how_much_and_over_whom() -> None:
    ann = [replace(segment(*span), channel=1, speaker="<Ann>") for span in ((0, 6), (8, 9))]
    bob = replace(segment(4, 7), channel=2, speaker="Bob")
    html = insight(transcript(ann[0], bob, ann[1], duration=20), "en")
    told = text_of(html)
    assert "&lt;Ann&gt; 70% 7 sec 2 turns longest 6 sec 34 characters a minute" in told
    assert "Bob 30% 3 sec 1 turn longest 3 sec broke in 1 time, 2 sec" in told
    assert "0:04 Bob broke in on &lt;Ann&gt;, 2 sec" in told
    assert "0:09 hold, 11 sec" in told
    assert "<Ann>" not in html
    assert 'class="voice tone-voice-1">Bob' in html
    assert {4.0, 9.0} <= {*seeks(html)}


def test_without_speakers_there_is_a_list_of_silences_alone() -> None:
    told = text_of(insight(CALL, "en"))
    assert "0:16 hold, 8 sec" in told
    assert "Talk-over" not in told


def test_of_too_many_silences_the_shortest_are_left_out_and_counted() -> None:
    said = [segment(n * 4, n * 4 + 1) for n in range(review_render.MOST_HAPPENED + 3)]
    html = insight(transcript(*said, duration=said[-1].end), "en", 60)
    assert "2 shorter ones are not listed" in text_of(html)


# Insight


def test_shares_are_bars_with_their_numbers_in_words() -> None:
    html = insight(CALL)
    words = text_of(html)
    assert "愤怒 80% 16 秒" in words
    assert "开心 20% 4 秒" in words
    assert "说话 50% 20 秒" in words
    assert "其他声音 5% 2 秒" in words
    assert "安静 45% 18 秒" in words
    assert "普通话 70% 14 秒" in words
    assert 'class="tone-angry" style="width:80.00%"' in html
    assert "angry 80% 16 s" in text_of(insight(CALL, "en"))


def test_speech_rate_and_counts_of_events_are_told() -> None:
    words = text_of(insight(CALL))
    assert "普通话 每分钟 56 字" in words
    assert "英语 每分钟 20 词" in words
    assert "笑声 1 段 2 秒" in words
    assert "Mandarin 56 characters a minute" in text_of(insight(CALL, "en"))


def test_what_was_not_heard_is_said_to_be_nothing() -> None:
    words = text_of(insight(transcript(segment(0, 2, "", Emotion.UNKNOWN, AudioEvent.COUGH))))
    assert "语速 没有" in words
    assert "咳嗽 1 段" in words


def test_a_column_for_each_window_plays_from_its_start_and_tells_its_values() -> None:
    html = insight(CALL)
    figure = html[html.index("<figure") :]
    assert seeks(figure) == [0, 10, 20, 30]
    assert 'aria-label="0:10–0:20  愤怒 90%  未知 10%"' in figure
    assert 'aria-label="0:30–0:40  没有人说话"' in figure
    assert "一格 10 秒" in figure
    assert figure.count('tabindex="0"') == 1


def test_the_last_column_is_as_narrow_as_its_window_and_ends_after_it_begins() -> None:
    html = insight(transcript(segment(0, 12.4, "你好。", Emotion.HAPPY), duration=12.4))
    assert re.findall(r"flex-grow:([0-9.]+)", html) == ["1.000", "0.240"]
    assert 'aria-label="0:10–0:13  开心 ' in html


def test_emotions_have_a_sign_beside_their_colour() -> None:
    assert '<i class="tone-angry">怒</i>愤怒' in insight(CALL)
    assert '<i class="tone-angry">A</i>angry' in insight(CALL, "en")


# Highlights


def test_a_highlight_shows_title_span_evidence_words_and_rule() -> None:
    html = highlights(CALL)
    words = text_of(html)
    assert "最长的愤怒" in words
    assert "0:05–0:17" in words
    assert "0:06–0:16 愤怒 90%" in words
    assert "我要退款，你们太差了！" in words
    assert "longest-anger" not in words  # of the settings, for whoever looks closely
    assert 'title="规则：longest-anger' in html
    assert 6.0 in seeks(html)
    assert "Longest anger" in text_of(highlights(CALL, "en"))


def test_every_highlight_has_a_box_of_its_own() -> None:
    found = pick_highlights(CALL, SETTINGS.highlights)
    keys = re.findall(r'data-key="([^"]+)"', highlights(CALL))
    assert keys == [each.key for each in found]
    assert len(set(keys)) == len(found) >= 3


def test_a_highlight_may_be_moved_as_far_as_the_next_ones_and_says_where_it_was() -> None:
    first, second, *_ = pick_highlights(CALL, SETTINGS.highlights)
    html = highlights(CALL)
    assert f'data-low="0.000" data-high="{second.start:.3f}"' in html
    assert f'data-low="{first.end:.3f}"' in html
    assert "data-reset" not in html
    moved = replace(CALL, trims=(Trim(first.found_span, first.start + 1, first.end),))
    html = highlights(moved)
    assert f'data-trim="{first.key}" data-start="{first.start + 1:.3f}"' in html
    assert "规则给出的是 {:.1f}–{:.1f} 秒".format(*first.found_span) in html
    assert html.count("data-reset") == 1


def test_without_the_recording_nothing_can_be_cut_and_the_lists_remain() -> None:
    html = highlights(CALL, can_cut=False)
    assert "没有录音就不能剪" in html
    gone = re.findall(r'data-make="(\w+)" disabled data-gone', html)
    assert gone == ["clips", "reel"]
    assert "disabled" not in highlights(CALL)


def test_a_recording_without_highlights_says_so() -> None:
    calm = transcript(segment(0, 3))
    assert "没有找到" in highlights(calm)
    assert "None found" in highlights(calm, "en")


# Risk


def test_the_risk_tells_score_level_rules_and_seconds() -> None:
    html = risk(CALL)
    words = text_of(html)
    assert re.search(r"risk (low|medium|high)", html)
    assert "不是结论" in words
    assert "0:06 起愤怒，前后共说了 10 秒" in words
    assert "0:06–0:16 愤怒 90%" in words
    assert {6.0, 24.0} <= set(seeks(html))
    assert "30 分起为中，60 分起为高" in words
    assert "not a verdict" in text_of(risk(CALL, "en"))


def test_points_that_speak_against_a_risk_are_taken_off() -> None:
    calm = segment(10, 19, "好的。"), segment(20, 29, "谢谢。")
    html = risk(transcript(segment(0, 6, "喂", Emotion.ANGRY), *calm))
    assert "−10 分 最后 15 秒语气中性或开心" in text_of(html)
    assert 'class="amount takes"' in html
    assert '<div class="risk medium">' in html


def test_what_takes_nothing_off_is_said_all_the_same() -> None:
    html = risk(transcript(segment(0, 9, "好的。"), segment(10, 19, "谢谢。")))
    assert "最后 15 秒语气中性或开心" in text_of(html)
    assert '<div class="risk low">' in html


def test_what_a_rule_finds_again_and_again_is_one_reason_that_unfolds() -> None:
    turns = [segment(200 * n, 200 * n + 4, "我要退款") for n in range(34)]
    html = risk(transcript(*turns, duration=7_200))
    shown, _, folded = html.partition("</details>")[0].partition("<details>")
    assert "还有 31 处" in text_of(folded)
    found = [200.0 * n for n in range(34)]
    demands = shown[shown.index("提出要求") :]
    assert [each for each in seeks(demands + folded) if each in found] == found
    assert "+30 分" in text_of(html)


def test_the_risk_says_what_the_points_add_up_to_and_why_the_level_follows() -> None:
    html = risk(transcript(segment(0, 6, "找律师"), segment(7, 11, "退款")), "en")
    assert "+30 +10 = 40. From 30 and below 60: medium." in text_of(html)


def test_the_sentiment_of_words_is_named_in_the_language_of_the_page() -> None:
    bitter = replace(segment(0, 13, "不行"), sentiment=Sentiment.NEGATIVE)
    assert "0:00–0:13 负向" in text_of(risk(transcript(bitter)))


def test_a_call_in_which_no_rule_finds_anything_says_so() -> None:
    assert "没有触发任何规则" in risk(transcript(segment(0, 1)))


# All of them


def test_what_was_said_is_escaped() -> None:
    evil = "退款<script>alert(1)</script>"
    heard = transcript(segment(0, 10, evil, Emotion.ANGRY))
    for html in (insight(heard), highlights(heard), risk(heard)):
        assert "<script" not in html
    assert "&lt;script&gt;" in highlights(heard)


@given(transcripts(), st.sampled_from(["zh", "en"]))
def test_any_transcript_is_drawn_with_every_label_in_words(heard: Transcript, locale: str) -> None:
    drawn = insight(heard, locale) + highlights(heard, locale) + risk(heard, locale)
    assert drawn.count("<li") == drawn.count("</li>")
    if locale == "en" and not re.search(r"[\u3400-\u9fff]", heard.text):
        assert not re.search(r"[\u3400-\u9fff]", drawn)


@given(st.floats(0.1, 10**6))
def test_windows_are_few_enough_to_be_told_apart(duration: float) -> None:
    assert duration / window_seconds(duration) <= WINDOWS + 1e-6


@pytest.mark.parametrize(("duration", "window"), [(87, 5), (600, 30), (10_800, 300)])
def test_windows_have_lengths_that_people_count_in(duration: float, window: float) -> None:
    assert window_seconds(duration) == window


# Reviews


def job_of(heard: Transcript, status: State = State.FINISHED) -> Transcription:
    progress = Progress(heard, heard.segments, heard.duration, finished=True)
    return Transcription(Path("/gone/call.wav"), progress=progress, state=status)


def review(reviews: Reviews, job: Transcription) -> Review:
    found = reviews.of(job)
    assert found is not None
    return found


def test_a_review_follows_corrections() -> None:
    reviews, job = Reviews(SETTINGS), job_of(CALL)
    before = review(reviews, job)
    put_right(job, Correction(1, emotion=Emotion.NEUTRAL), Correction(3, text="退款"))
    after = review(reviews, job)
    assert after.risk.score < before.risk.score
    assert {share.label for share in after.insight.emotions} == {"happy", "neutral", "angry"}
    put_right(job)
    assert review(reviews, job).risk == before.risk


def test_a_review_follows_the_preset_that_is_asked_for() -> None:
    reviews, job = Reviews(SETTINGS), job_of(transcript(segment(0, 4, "稳赚不赔")))
    assert review(reviews, job).risk.level == "low"
    sold = reviews.of(job, "sales")
    assert sold is not None
    assert sold.risk.level == "high"
    assert reviews.of(job, "sales") is sold


def test_a_review_is_worked_out_once_for_one_state() -> None:
    reviews, job = Reviews(SETTINGS), job_of(CALL)
    assert reviews.of(job) is reviews.of(job)
    again = job_of(replace(CALL, processing_seconds=2.0))
    assert reviews.of(again) is not reviews.of(job)


def test_there_is_no_review_before_the_end_and_of_nothing() -> None:
    reviews = Reviews(SETTINGS)
    assert reviews.of(None) is None
    assert reviews.of(job_of(CALL, State.RUNNING)) is None
    assert reviews.of(job_of(transcript())) is None
    assert reviews.of(job_of(CALL, State.CANCELLED)) is not None
