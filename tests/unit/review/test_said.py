"""Words that are meant: idioms and negations are no threat, and what only looks like one is."""

import sys
from collections import Counter
from collections.abc import Iterator

import pytest

from richspeech.model.risk_rules import Negations, WordsRule
from richspeech.presets.rules import Preset, preset_rules
from richspeech.review import said
from richspeech.review.said import words_meant


def meant(text: str, preset: Preset = "service") -> list[str]:
    rules = [rule for rule in preset_rules(preset) if isinstance(rule, WordsRule)]
    return [word for rule in rules for word in words_meant(text, rule)]


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
        ("I won't hesitate to sue.", "to sue"),
        ("Hello Sue, I will sue your company.", "sue your"),
        ("I don't want a voucher but a refund.", "refund"),
        ("I don't want excuses, I want a refund.", "refund"),
        ("If you do not answer I will call my lawyer.", "lawyer"),
        ("You are SCAMMERS!", "scammers"),
        ("再唔退錢我就去消委會", "消委會"),
        ("返金してくれないなら弁護士に相談します", "弁護士"),
        ("환불 안 해 주면 고소하겠습니다", "고소하겠"),
    ],
)
def test_what_only_looks_like_a_negation_is_meant(text: str, word: str) -> None:
    assert word in meant(text)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("你们是不是骗我", "骗"),
        ("有没有骗我你心里清楚", "骗"),
        ("这不是骗人吗", "骗"),
        ("这不是骗人嘛", "骗"),
        ("难道这不是诈骗", "诈骗"),
        ("不是骗人是什么", "骗"),
        ("要不要我报警", "报警"),
        ("我报不报警你说了算", "报警"),
        ("能不报警吗", "报警"),
        ("我不告你告谁", "告你"),
        ("你以为我不会起诉", "起诉"),
        ("不要逼我报警", "报警"),
        ("你们是不是不想退款", "退款"),
        ("你们就是不想退款", "退款"),
        ("不打算给我退款", "退款"),
        ("不投诉才怪", "投诉"),
        ("你说我生不生气", "生气"),
        ("唔係呃人係乜嘢呀", "呃人"),
        ("你哋係咪唔想退錢", "退錢"),
        ("唔通唔係呃人", "呃人"),
        ("使唔使我報警", "報警"),
        ("你哋唔會退錢㗎喇", "退錢"),
        ("not going to refund me?", "refund"),
        ("You're not going to refund me", "refund"),
        ("Isn't it fraud", "fraud"),
        ("That's not a scam?", "scam"),
        ("You don\u2019t want to refund me", "refund"),
        ("Don't think I won't call the police", "the police"),
        ("Why don't you want to refund me", "refund"),
        ("これは詐欺じゃないですか", "詐欺"),
        ("詐欺ではないでしょうか。", "詐欺"),
        ("返金するつもりはないんですか", "返金"),
        ("返金するつもりはない", "返金"),
        ("詐欺じゃないの", "詐欺"),
        ("사기를 당한 게 아닙니까", "사기를 당"),
        ("이게 사기가 아니고 뭐예요?", "사기가"),
        ("환불해 줄 생각은 없어요", "환불"),
        ("설마 환불은 필요 없다는 거예요", "환불"),
    ],
)
def test_a_negation_in_a_question_or_of_the_other_side_says_nothing(text: str, word: str) -> None:
    assert word in meant(text)


@pytest.mark.parametrize(
    "text",
    [
        "我不投诉了行吗？",
        "我不想投诉，好不好？",
        "不要不要不要退款",
        "我不想要退款了好吗？",
        "I don't want a refund, right?",
        "詐欺じゃないから大丈夫",
        "詐欺じゃないかもしれない",
        "返金は不要です、いつかまた",
        "왜냐하면 환불은 필요 없거든요",
        "クレームをつけるつもりはありません",
        "我没骗你",
    ],
)
def test_who_only_asks_to_agree_or_gives_a_reason_still_denies_it(text: str) -> None:
    assert meant(text) == []


@pytest.mark.parametrize(
    "text",
    [
        *(
            "广告你看了吗",
            "麻烦转告你们经理",
            "警告你一次",
            "他报告到上级了",
            "我们一起诉苦",
            "烟雾报警器响了",
        ),
        *("廣告你睇咗未", "這是宣告到期"),
        *(
            "고소한 맛이에요",
            "고소하고 맛있어요",
            "고소득 직장",
            "많이 편해지네요",
            "심해지고 있어요",
            "어제보다 좋아요",
        ),
        *("신발을 신고 갈게요", "문법적으로 맞아요", "물건 사기를 좋아해요"),
        *(
            "クレームブリュレをください",
            "头痛の症状を訴えています",
            "这个裁判很公平",
            "她弄丢了返还钱包的人",
        ),
        *(
            "Bob and Sue will come",
            "Can Sue call me back?",
            "I spoke to Sue about it",
            "No, Sue, thanks.",
        ),
        *("I have power of attorney", "the press of a button", "a voltage regulator"),
        *("呃人家講嘅", "生气勃勃的样子"),
    ],
)
def test_a_word_within_another_is_not_meant(text: str) -> None:
    assert meant(text) == []


@pytest.mark.parametrize(
    ("preset", "text"),
    [
        ("sales", "面包过一会儿就好"),
        ("sales", "你没有骚扰我"),
        ("sales", "스팸 김밥 주세요"),
        ("sales", "这个不保本"),
        ("teaching", "バカンスに行きました"),
        ("teaching", "废物利用很重要"),
        ("teaching", "你不笨"),
        ("teaching", "You're not stupid"),
    ],
)
def test_other_trades_take_no_word_for_another_either(preset: Preset, text: str) -> None:
    assert meant(text, preset) == []


@pytest.mark.parametrize(
    ("preset", "text", "word"),
    [
        ("sales", "这不是保本吗", "保本"),
        ("sales", "是不是一定赚", "一定赚"),
        ("sales", "Isn't it risk-free?", "risk-free"),
        ("teaching", "你是不是笨", "是不是笨"),
        ("teaching", "Aren't you stupid", "stupid"),
        ("live", "这不是全网最低吗", "全网最低"),
    ],
)
def test_other_trades_hear_questions_as_well(preset: Preset, text: str, word: str) -> None:
    assert word in meant(text, preset)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("I will sue in January", "i will sue"),
        ("Well, sue me", "sue me"),
        ("No, sue them", "sue them"),
        ("Yes, we'll sue.", "we'll sue"),
        ("Suing you is all that is left", "suing"),
        ("I never got my refund", "refund"),
        ("I still haven't received my refund", "refund"),
        ("退款到账了吗", "退款"),
        ("我会去找律师事务所", "律师"),
        ("你这是诈骗电话吧", "诈骗"),
        ("我要控告你们", "告你"),
        ("고소장 쓰겠습니다", "고소장"),
        ("경찰에 신고할 거예요", "신고할"),
        ("계약 해지할게요", "해지할"),
        ("裁判も考えています", "裁判も"),
    ],
)
def test_an_idiom_swallows_no_threat(text: str, word: str) -> None:
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


# Own words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("24/7", "You said 24/7, and nobody answers."),
        ("C++", "我要找 C++ 的人"),
        ("U.S.", "I live in the u.s. and I am waiting"),
        (".net", "Stop. .NET is down"),
        ("don’t", "I don't know"),
        ("don't", "I don’t know"),
        ("ＶＩＰ", "I am a vip"),
        ("ฟ้อง", "ผมจะฟ้องคุณ"),
        ("โกง", "คุณโกงผม"),
        ("ठगी", "यह ठगी है"),
        ("धोखा", "मुझे धोखा दिया।"),
        ("café", "the cafe\u0301 is closed"),
    ],
)
def test_an_own_word_is_found_as_it_is_spoken(word: str, text: str) -> None:
    assert words_meant(text, rule(words=[word])) == [word]


@pytest.mark.parametrize(
    ("word", "text"), [("ठग", "यह ठगी है"), ("cafe", "the cafe\u0301 is closed"), ("धोख", "मुझे धोखा")]
)
def test_a_mark_above_or_below_belongs_to_its_letter(word: str, text: str) -> None:
    assert words_meant(text, rule(words=[word])) == []


def test_the_marks_of_a_word_end_no_clause() -> None:
    asked = rule(words=["24/7"], negations=Negations(before=("not",), after=("u.s.",), reach=3))
    assert words_meant("not 24/7", asked) == []
    assert words_meant("24/7 in the U.S.", asked) == []
    assert words_meant("not me / 24/7", asked) == ["24/7"]


def test_words_of_hindi_are_counted_whole() -> None:
    asked = rule(words=["ठगी"], negations=Negations(before=("नहीं",), reach=2))
    assert words_meant("नहीं कोई बड़ी ठगी", asked) == []
    assert words_meant("नहीं कोई बहुत बड़ी ठगी", asked) == ["ठगी"]


def test_twice_the_text_is_twice_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    crafted = rule(negations=Negations(before=("not",), after=("never",), turned_by=("but",)))
    searched: list[int] = []
    places = said._places

    def counted(text: str, phrase: str) -> Iterator[tuple[int, int]]:
        searched.append(len(text))
        return places(text, phrase)

    def work(count: int) -> tuple[int, int]:
        """Return how many characters are searched, and how many functions are called."""
        searched.clear()
        calls: Counter[str] = Counter()
        sys.setprofile(lambda _, event, __: calls.update([event]))
        words_meant("not " * count + "but sue " * count + "never! " * count, crafted)
        sys.setprofile(None)
        return sum(searched), calls["call"] + calls["c_call"]

    monkeypatch.setattr(said, "_places", counted)
    work(10)  # patterns are made once
    for once, twice in zip(work(200), work(400), strict=True):
        assert twice < 2.1 * once
