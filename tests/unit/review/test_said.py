"""Words that are meant: idioms and negations are no threat, and what only looks like one is."""

import pytest

from richspeech.model.risk_rules import Negations, WordsRule
from richspeech.presets.rules import preset_rules
from richspeech.review.said import words_meant

RULES = [rule for rule in preset_rules("service") if isinstance(rule, WordsRule)]


def meant(text: str) -> list[str]:
    return [word for rule in RULES for word in words_meant(text, rule)]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "不投诉了，谢谢。",
            "那我就不投诉了",
            "我不想投诉你们",
            "不用退款了",
            "投诉就算了吧",
            "没必要找律师",
        ),
        *(
            "孩子笑坏了",
            "我忙坏了",
            "垃圾分类怎么分",
            "我不生气",
            "我是律师",
            "别报警，没事了",
            "不用给我赔偿",
        ),
        *(
            "Hello Sue",
            "Thank you, Sue!",
            "Hi, Sue. It's me.",
            "I don't want a refund, just a new one.",
        ),
        *("We're not going to sue anybody.", "I have no complaints.", "Broken English is fine."),
        *(
            "There's no need for a lawyer.",
            "Sue's phone",
            "I play on the tennis court.",
            "He pursued it.",
        ),
        *("I'm not asking for a refund", "worst case it is Monday", "It isn't a scam, is it?"),
        *(
            "唔使退錢喇",
            "我唔想投訴",
            "返金は不要です",
            "弁護士は必要ありません",
            "환불은 필요 없어요",
            "고소할 생각은 없어요",
        ),
        *("不是骗子", "It's not disgusting at all"),
    ],
)
def test_negations_and_idioms_are_not_meant(text: str) -> None:
    assert meant(text) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("我要投诉你们", "投诉"),
        ("我不得不投诉你们", "投诉"),
        ("你们不给我退款", "退款"),
        ("你们再不处理，我就起诉", "起诉"),
        ("不用解释，我要退款", "退款"),
        ("我不要换货而是要退款", "退款"),
        ("你们不要再拖了我就找律师", "律师"),
        ("这就是诈骗", "诈骗"),
        ("Why won't you refund me?", "refund"),
        ("I won't hesitate to sue.", "sue"),
        ("Hello Sue, I will sue your company.", "sue"),
        ("I don't want a voucher but a refund.", "refund"),
        ("I don't want excuses, I want a refund.", "refund"),
        ("If you do not answer I will call my lawyer.", "lawyer"),
        ("You are SCAMMERS!", "scammers"),
        ("再唔退錢我就去消委會", "消委會"),
        ("返金してくれないなら弁護士に相談します", "弁護士"),
        ("환불 안 해 주면 고소하겠습니다", "고소"),
    ],
)
def test_what_only_looks_like_a_negation_is_meant(text: str, word: str) -> None:
    assert word in meant(text)


def rule(**fields: object) -> WordsRule:
    sentence = {"zh": "a", "en": "a"}
    fixed = {"name": "a", "points": 5, "sentence": sentence, "words": ["sue"]}
    return WordsRule.model_validate({**fixed, **fields})


def test_a_negation_reaches_so_many_words_and_no_further() -> None:
    asked = rule(negations=Negations(before=("not",), reach=2))
    assert words_meant("not ever to sue", asked) == []
    assert words_meant("not once in my life to sue", asked) == ["sue"]


def test_a_negation_holds_in_its_own_clause_alone() -> None:
    asked = rule(negations=Negations(before=("not",), after=("never",)))
    assert words_meant("not me, sue", asked) == ["sue"]
    assert words_meant("sue? never", asked) == ["sue"]
    assert words_meant("sue never", asked) == []


def test_one_word_that_is_meant_is_enough_beside_one_that_is_not() -> None:
    assert words_meant("Hello Sue, I sue", rule(idioms=["hello sue"])) == ["sue"]


def test_any_marks_may_stand_within_an_idiom() -> None:
    assert words_meant("Thanks, Sue", rule(idioms=["thanks sue"])) == []
    assert words_meant("Thanks, sue them", rule(idioms=["hello sue"])) == ["sue"]
