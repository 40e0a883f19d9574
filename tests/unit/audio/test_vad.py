"""Decisions on made-up score tracks; no model, no torch, no audio."""

import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from richspeech.audio.vad import SpanDetector, SpanMerger, SpeechSpan, VadOptions
from richspeech.errors import ModelError

Track = NDArray[np.float32]

SPEECH, SILENCE = 0.05, 0.95
DEFAULTS = VadOptions()
QUIET_DB, NORMAL_DB, LOUD_DB = -50.0, -10.0, 15.0


def merge_spans(
    spans: list[SpeechSpan], max_length_s: float, max_gap_s: float | None = None
) -> list[SpeechSpan]:
    merger = SpanMerger(max_length_s, max_gap_s)
    return merger.feed(spans) + merger.finish()


runs = st.lists(
    st.tuples(st.integers(1, 250), st.sampled_from([SPEECH, 0.19, 0.21, 0.5, SILENCE])), max_size=12
)
option_sets = st.builds(
    VadOptions,
    max_end_silence_ms=st.sampled_from([0, 100, 155, 300, 800]),
    max_single_segment_ms=st.sampled_from([500, 1000, 3000, 60_000]),
    lookback_start_ms=st.sampled_from([0, 200, 1000]),
    lookahead_end_ms=st.sampled_from([0, 100, 500]),
    extend=st.booleans(),
    cut_search_ms=st.sampled_from([0, 200, 1_000]),
)


def track(*pieces: tuple[int, float]) -> Track:
    """Silence probabilities: so many frames of this, so many frames of that."""
    lengths, levels = [n for n, _ in pieces], [level for _, level in pieces]
    return np.repeat(np.array(levels, np.float32), lengths)


def detect(
    silence: Track,
    options: VadOptions = DEFAULTS,
    decibel: Track | None = None,
) -> list[SpeechSpan]:
    loudness = np.full_like(silence, NORMAL_DB) if decibel is None else decibel
    detector = SpanDetector(options)
    return detector.feed(silence, loudness) + detector.finish()


def spans(*bounds: tuple[float, float]) -> list[SpeechSpan]:
    return [SpeechSpan(start, end) for start, end in bounds]


# ---------------------------------------------------------------------------------- detecting


def test_a_span_starts_400_ms_before_and_ends_120_ms_after_the_window_turns() -> None:
    # the window turns to speech at frame 114 and to silence at frame 304
    found = detect(track((100, SILENCE), (200, SPEECH), (100, SILENCE)))
    assert found == spans((0.74, 3.16))


@pytest.mark.parametrize("frames", [0, 1, 39, 40, 41, 1000])
def test_silence_has_no_spans(frames: int) -> None:
    assert detect(track((frames, SILENCE))) == []


@pytest.mark.parametrize(("frames", "found"), [(1, []), (14, []), (15, [(0.0, 0.15)])])
def test_a_recording_needs_150_ms_of_speech(frames: int, found: list[tuple[float, float]]) -> None:
    assert detect(track((frames, SPEECH))) == spans(*found)


def test_a_recording_that_ends_in_speech_ends_its_last_span() -> None:
    assert detect(track((100, SILENCE), (50, SPEECH))) == spans((0.74, 1.5))


def test_a_recording_that_ends_in_a_pause_ends_its_last_span_at_its_end() -> None:
    assert detect(track((50, SPEECH), (60, SILENCE))) == spans((0.0, 1.1))


def test_speech_without_a_pause_is_cut_one_frame_after_the_longest_span() -> None:
    found = detect(track((700, SPEECH)), VadOptions(max_single_segment_ms=3000))
    assert found == spans((0.0, 3.01), (3.01, 6.02), (6.02, 7.0))


def test_speech_without_a_pause_is_cut_at_its_quietest_moment() -> None:
    silence, decibel = track((800, SPEECH)), np.full(800, NORMAL_DB, np.float32)
    decibel[150:155] = decibel[263:268] = decibel[402:407] = QUIET_DB
    options = VadOptions(max_single_segment_ms=3000, cut_search_ms=1000)
    found = detect(silence, options, decibel)
    assert found[:2] == spans((0.0, 2.65), (2.65, 5.63))
    assert [each.is_cut for each in found] == [*[True] * (len(found) - 1), False]
    assert [span.end for span in found[:-1]] == [span.start for span in found[1:]]
    assert found[-1].end == 8.0


def test_of_equally_quiet_moments_the_last_is_taken_and_none_is_beyond_half() -> None:
    options = VadOptions(max_single_segment_ms=3000, cut_search_ms=60_000)
    found = detect(track((350, SPEECH)), options)
    assert found == spans((0.0, 2.98), (2.98, 3.5))
    decibel = np.full(350, NORMAL_DB, np.float32)
    decibel[100:140] = QUIET_DB  # before half of the longest
    assert detect(track((350, SPEECH)), options, decibel)[0].end > 1.5


def test_a_pause_at_the_limit_is_where_it_is_cut() -> None:
    silence = track((288, SPEECH), (40, SILENCE), (200, SPEECH), (200, SILENCE))
    cut = VadOptions(max_single_segment_ms=3000, cut_search_ms=1000)
    assert detect(silence, cut) == detect(silence, VadOptions(max_single_segment_ms=3000))


@given(runs, option_sets)
def test_looking_for_a_quiet_moment_loses_no_speech(
    pieces: list[tuple[int, float]], options: VadOptions
) -> None:
    silence = track(*pieces)
    decibel = np.random.default_rng(0).uniform(-40, 10, len(silence)).astype(np.float32)
    found = detect(silence, replace(options, cut_search_ms=1_000), decibel)
    plain = detect(silence, replace(options, cut_search_ms=0), decibel)
    assert all(one.end <= other.start for one, other in pairwise(found))
    limit = options.max_single_segment_ms / 1000
    reach = (options.lookback_start_ms + options.window_ms) / 1000
    assert all(span.duration <= max(limit + 0.011, reach + 0.2) for span in found)
    if all(span.duration < limit for span in plain):
        assert found == plain


def test_a_span_never_reaches_back_into_the_one_before() -> None:
    options = VadOptions(max_end_silence_ms=200, lookback_start_ms=1000)
    first, second = detect(
        track((100, SPEECH), (40, SILENCE), (100, SPEECH), (100, SILENCE)), options
    )
    assert second.start == first.end


def test_a_pause_counts_from_and_to_the_turns_of_the_window() -> None:
    # it turns after 50 ms of silence, back after 150 ms of speech; 650 ms between them end a span
    assert len(detect(track((100, SPEECH), (55, SILENCE), (100, SPEECH)))) == 1
    assert len(detect(track((100, SPEECH), (56, SILENCE), (100, SPEECH)))) == 2


def test_quiet_frames_are_silence_below_the_decibel_threshold() -> None:
    silence = track((100, SPEECH))
    quiet = np.full_like(silence, QUIET_DB)
    assert detect(silence, VadOptions(decibel_threshold=-40.0), quiet) == []
    assert detect(silence, VadOptions(decibel_threshold=-60.0), quiet) == spans((0.0, 1.0))


def test_speech_must_be_louder_than_the_noise_by_the_snr_threshold() -> None:
    silence = track((300, SILENCE), (100, SPEECH))
    loudness = np.where(silence == np.float32(SPEECH), LOUD_DB, NORMAL_DB).astype(np.float32)
    assert len(detect(silence, VadOptions(snr_threshold_db=20.0), loudness)) == 1
    assert detect(silence, VadOptions(snr_threshold_db=30.0), loudness) == []


def test_certain_frames_are_decided_like_almost_certain_ones() -> None:
    assert detect(track((99, 1.0), (99, 0.0), (99, 1.0))) == detect(
        track((99, 0.999), (99, 0.001), (99, 0.999))
    )


def test_the_open_span_shows_its_start_until_it_ends() -> None:
    detector = SpanDetector(VadOptions())
    seen: list[float | None] = []
    for silence in (track((100, SILENCE)), track((200, SPEECH)), track((100, SILENCE))):
        detector.feed(silence, np.full_like(silence, NORMAL_DB))
        seen.append(detector.open_start)
    assert seen == [None, 0.74, None]


def test_a_finished_detector_begins_the_next_recording_at_zero() -> None:
    detector = SpanDetector(VadOptions())
    silence = track((100, SILENCE), (50, SPEECH))
    loudness = np.full_like(silence, NORMAL_DB)
    first = detector.feed(silence, loudness) + detector.finish()
    assert detector.finish() == []
    assert detector.feed(silence, loudness) + detector.finish() == first


def test_a_track_with_unequal_columns_is_refused() -> None:
    with pytest.raises(ValueError, match=r"one probability and one loudness.*\(3,\) and \(2,\)"):
        SpanDetector(VadOptions()).feed(np.zeros(3, np.float32), np.zeros(2, np.float32))


@settings(deadline=None, max_examples=150)
@given(runs, option_sets, st.lists(st.integers(0, 90), min_size=1, max_size=20))
def test_blocks_of_any_size_give_the_same_spans(
    pieces: list[tuple[int, float]], options: VadOptions, sizes: list[int]
) -> None:
    silence = track(*pieces)
    loudness = np.full_like(silence, NORMAL_DB)
    cuts = np.cumsum(sizes)
    detector = SpanDetector(options)
    found = [
        span
        for block, loud in zip(np.split(silence, cuts), np.split(loudness, cuts), strict=True)
        for span in detector.feed(block, loud)
    ]
    assert found + detector.finish() == detect(silence, options)


@settings(deadline=None, max_examples=150)
@given(runs, option_sets)
def test_spans_are_ordered_disjoint_on_the_grid_and_within_the_recording(
    pieces: list[tuple[int, float]], options: VadOptions
) -> None:
    silence = track(*pieces)
    found = detect(silence, options)
    bounds = [time for span in found for time in (span.start, span.end)]
    assert bounds == sorted(bounds)
    assert bounds == [round(time * 100) / 100 for time in bounds]
    assert all(0 <= time <= silence.size / 100 for time in bounds)
    assert all(span.duration > 0 for span in found)


@pytest.mark.process
def test_nothing_of_torch_is_imported_and_nothing_is_compiled_at_import() -> None:
    code = (
        "import sys, richspeech.audio.vad as vad;"
        "assert not {'torch', 'funasr'} & set(sys.modules);"
        "assert vad._compiled_scan.cache_info().currsize == 0"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# ------------------------------------------------------------------------------------ options


def test_options_come_from_the_names_in_config_yaml() -> None:
    options = VadOptions.from_model_conf(
        {
            "max_end_silence_time": 500,
            "speech_noise_thres": 0.5,
            "do_extend": 0,
            "sil_pdf_ids": [0, 3],
            "detect_mode": 1,
            "snr_mode": 0,
        }
    )
    assert options == VadOptions(
        max_end_silence_ms=500, speech_noise_threshold=0.5, extend=False, silence_ids=(0, 3)
    )


def test_the_published_configuration_is_the_default() -> None:
    published = {
        "detect_mode": 1, "max_end_silence_time": 800, "max_single_segment_time": 60000,
        "window_size_ms": 200, "sil_to_speech_time_thres": 150, "speech_to_sil_time_thres": 150,
        "speech_2_noise_ratio": 1.0, "do_extend": 1, "lookback_time_start_point": 200,
        "lookahead_time_end_point": 100, "snr_thres": -100.0, "decibel_thres": -100.0,
        "noise_frame_num_used_for_snr": 100, "speech_noise_thres": 0.6, "sil_pdf_ids": [0],
        "frame_in_ms": 10, "frame_length_ms": 25, "sample_rate": 16000,
    }  # fmt: skip
    assert VadOptions.from_model_conf(published) == VadOptions()


@pytest.mark.parametrize(
    ("model_conf", "sentence"),
    [
        ({"detect_mode": 0}, "has detect_mode 0, but only 1 can be used."),
        ({"frame_in_ms": 20}, "has frame_in_ms 20, but only 10 can be used."),
        ({"max_end_silence_time": "800"}, "max_end_silence_ms cannot be '800'."),
        ({"max_end_silence_time": True}, "max_end_silence_ms cannot be True."),
        ({"speech_noise_thres": None}, "speech_noise_threshold cannot be None."),
        ({"speech_noise_thres": float("nan")}, "must lie between -1 and 1; it is nan."),
        ({"sil_pdf_ids": []}, "silence_ids cannot be ()."),
        ({"sil_pdf_ids": [-1]}, "silence_ids cannot be (-1,)."),
        ({"window_size_ms": 100}, "silence_to_speech_ms must lie between 10 and 100; it is 150."),
        ({"max_single_segment_time": 0}, "max_single_segment_ms must lie between 10 and"),
    ],
)
def test_impossible_options_are_refused_in_a_sentence(
    model_conf: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ModelError) as refusal:
        VadOptions.from_model_conf(model_conf)
    assert sentence in str(refusal.value)


# ------------------------------------------------------------------------------------ merging

FOUR_SPANS = spans((1.71, 19.5), (19.86, 21.34), (22.71, 25.88), (26.16, 33.67))


@pytest.mark.parametrize(
    ("max_length_s", "max_gap_s", "utterances"),
    [
        (0, None, FOUR_SPANS),
        (5, None, FOUR_SPANS),
        (6.02, None, spans((1.71, 19.5), (19.86, 25.88), (26.16, 33.67))),
        (15, None, spans((1.71, 19.5), (19.86, 33.67))),
        (30, None, spans((1.71, 25.88), (26.16, 33.67))),
        (60, None, spans((1.71, 33.67))),
        (60, 0.36, spans((1.71, 21.34), (22.71, 33.67))),
        (60, 0.2, FOUR_SPANS),
    ],
)
def test_merging_follows_both_limits(
    max_length_s: float, max_gap_s: float | None, utterances: list[SpeechSpan]
) -> None:
    assert merge_spans(FOUR_SPANS, max_length_s, max_gap_s) == utterances


def test_merging_never_sends_a_long_silence_alone() -> None:
    far_apart = spans((30.0, 32.0), (60.0, 62.0))
    assert merge_spans(far_apart, 15) == far_apart


def test_merging_nothing_gives_nothing() -> None:
    assert merge_spans([], 15) == []


def test_utterances_come_out_while_spans_come_in() -> None:
    merger = SpanMerger(15)
    assert merger.feed(FOUR_SPANS[:1]) == []
    assert merger.open_start == FOUR_SPANS[0].start
    assert merger.feed(FOUR_SPANS[1:2]) == FOUR_SPANS[:1]


def test_without_merging_no_span_waits_for_the_next() -> None:
    merger = SpanMerger(0)
    assert merger.feed(FOUR_SPANS) == FOUR_SPANS
    assert merger.open_start is None
    assert merger.finish() == []


@st.composite
def span_lists(draw: st.DrawFn) -> list[SpeechSpan]:
    steps = draw(st.lists(st.tuples(st.integers(0, 500), st.integers(1, 3000)), max_size=15))
    bounds = np.cumsum(np.array(steps, np.int64).reshape(-1)).reshape(-1, 2)
    return [SpeechSpan(int(start) / 100, int(end) / 100) for start, end in bounds]


@given(span_lists(), st.integers(0, 60), st.none() | st.sampled_from([0.0, 0.3, 2.0]))
def test_merging_keeps_all_speech_and_adds_no_outer_silence(
    given_spans: list[SpeechSpan], max_length_s: float, max_gap_s: float | None
) -> None:
    utterances = merge_spans(given_spans, max_length_s, max_gap_s)
    inside = [
        [span for span in given_spans if utterance.start <= span.start < utterance.end]
        for utterance in utterances
    ]
    assert [span for spans_inside in inside for span in spans_inside] == given_spans
    for utterance, parts in zip(utterances, inside, strict=True):
        assert (utterance.start, utterance.end) == (parts[0].start, parts[-1].end)
        assert len(parts) == 1 or utterance.duration <= max_length_s + 1e-6
        if max_gap_s is not None:
            assert all(b.start - a.end <= max_gap_s + 1e-6 for a, b in pairwise(parts))


@given(span_lists(), st.integers(0, 60))
def test_merging_leaves_no_neighbours_that_would_fit(
    given_spans: list[SpeechSpan], max_length_s: float
) -> None:
    utterances = merge_spans(given_spans, max_length_s)
    firsts = {span.start: span for span in given_spans}
    for left, right in pairwise(utterances):
        assert firsts[right.start].end - left.start > max_length_s
