"""Forty calls with a manager's answers: they stay as they were before the rules changed."""

import hashlib
from dataclasses import replace

from scripts.measure_risk import CALLS, assess, is_right, read_calls

WRITTEN_BEFORE = "1316ad392e5ff21349969a2c761147477e21c0e737088f5162df8483746309d0"


def test_no_call_and_no_answer_has_changed_since_the_rules_are_measured_by_them() -> None:
    assert hashlib.sha256(CALLS.read_bytes()).hexdigest() == WRITTEN_BEFORE


def test_half_of_forty_calls_is_held_out_and_each_half_has_all_levels() -> None:
    calls = read_calls()
    assert len({call.name for call in calls}) == 40
    for tuning in (True, False):
        half = [call for call in calls if call.is_for_tuning is tuning]
        assert len(half) == 20
        assert {call.level for call in half} == {"low", "medium", "high"}


def test_whoever_is_to_be_heard_speaks_or_sounds_in_the_seconds_that_are_named() -> None:
    for call in read_calls():
        assert bool(call.spans) == (call.level != "low")
        heard = {(each.start, each.end) for each in call.transcript.segments}
        assert heard.issuperset(call.spans), call.name


def test_the_rules_say_what_the_manager_says_of_thirty_eight_of_forty_calls() -> None:
    assert sum(is_right(call, assess(call)) for call in read_calls()) >= 38


def test_a_call_is_not_right_unless_the_seconds_are() -> None:
    call = next(each for each in read_calls() if each.name == "ja-anger-calmed")
    elsewhere = replace(call, spans=((0.0, 3.0),))
    assert is_right(call, assess(call))
    assert not is_right(elsewhere, assess(elsewhere))
