"""What somebody asks for is the same after it was kept as JSON."""

import json

import pytest

from postprocess import Emotion, Rule, RuleCondition
from richspeech.errors import OptionError
from richspeech.model.options import Options
from richspeech.model.request import TranscriptionRequest

RULE = Rule("sigh", RuleCondition(any_words=("唉",)), set_emotion=Emotion.SAD)


@pytest.mark.parametrize(
    "request_",
    [
        TranscriptionRequest(),
        TranscriptionRequest(Options(language="yue", hotwords=("晴天",)), "paraformer"),
        TranscriptionRequest(Options(merge=True), sentiment=False, rules=(), recalls=False),
        TranscriptionRequest(rules=(RULE,)),
    ],
)
def test_a_request_is_the_same_after_json(request_: TranscriptionRequest) -> None:
    kept = json.loads(json.dumps(request_.to_dict(), ensure_ascii=False))
    assert TranscriptionRequest.from_dict(kept) == request_


def test_what_is_left_out_is_as_if_nobody_had_asked() -> None:
    assert TranscriptionRequest.from_dict({}) == TranscriptionRequest()


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({"options": {"language": "xx"}}, "xx"),
        ({"sentiment": "perhaps"}, "sentiment"),
        ({"recalls": 3.5}, "recalls"),
    ],
)
def test_what_is_no_request_is_refused_by_name(document: dict[str, object], named: str) -> None:
    with pytest.raises(OptionError, match=named):
        TranscriptionRequest.from_dict(document)
