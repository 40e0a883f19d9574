"""The examples with the embedded model: a call that ends angry, and a meeting that does not."""

from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import open_recording
from richspeech.engines.loader import Loaded
from richspeech.model.options import Options
from richspeech.review.review import Review, review_transcript
from richspeech.settings import Settings
from tests.integration.conftest import EXAMPLES

LIMITS = AudioLimits(max_bytes=100_000_000, max_seconds=600.0)


def review(loaded: Loaded, name: str) -> Review:
    with open_recording(EXAMPLES / name, LIMITS) as recording:
        *_, last = loaded.transcriber.transcribe(recording, Options(), lambda: False)
    return review_transcript(last.transcript, Settings())


def test_the_call_is_risky_and_mostly_at_its_end(ours: Loaded) -> None:
    call = review(ours, "zh-call.wav")
    assert call.risk.level == "high"
    rules = {point.rule for point in call.risk.points}
    assert {"angry-run", "anger-after-wait", "negative-words", "angry-end"} <= rules
    late = [point for point in call.risk.points if point.end > 0.8 * call.insight.duration]
    assert sum(point.points for point in late) > 0.8 * sum(p.points for p in call.risk.points)
    wait = next(point for point in call.risk.points if point.rule == "anger-after-wait")
    assert wait.evidence[0].label == "bgm"


def test_the_longest_anger_of_the_call_is_a_highlight_at_its_end(ours: Loaded) -> None:
    last = review(ours, "zh-call.wav").highlights[-1]
    assert "longest-anger" in last.rules
    assert [each.label for each in last.evidence].count("angry") >= 3


def test_the_meeting_is_less_risky_than_the_call(ours: Loaded) -> None:
    meeting, call = (review(ours, name).risk for name in ("en-meeting.wav", "zh-call.wav"))
    assert meeting.level == "low"
    assert meeting.score < call.score


def test_laughter_and_applause_are_highlights(ours: Loaded) -> None:
    for name, rule in (("zh-laughter.wav", "laughter"), ("zh-live-show.wav", "applause")):
        assert rule in review(ours, name).highlights[0].rules
