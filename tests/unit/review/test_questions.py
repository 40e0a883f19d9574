"""Which negation a question turns: what it asks about, and not what stands beside it."""

import pytest

from richspeech.model.risk_rules import WordsRule
from richspeech.presets.rules import preset_rules
from richspeech.review.questions import asked
from richspeech.review.said import words_meant

RULES = [rule for rule in preset_rules("service") if isinstance(rule, WordsRule)]


def meant(text: str) -> list[str]:
    return [word for rule in RULES for word in words_meant(text, rule)]


DENIED = [
    # A word like 什么 or 谁 under a negation is nothing and nobody.
    "这不是什么骗局",
    "我们不是什么诈骗公司",
    "唔係咩呃人公司",
    "我冇咩投訴",
    "我没什么可投诉的",
    "我没有什么投诉",
    "我不想投诉谁",
    "我没骗过谁",
    "苦情は何もありません",
    "I don't have any complaints",
    # Who worries is told not to.
    "I won't complain don't you worry",
    "Don't you worry this is not a scam",
    # What one does not think is no question.
    "I don't think I will complain",
    "I don't think this is a scam",
    "我不觉得这是骗局",
    # Particles that explain.
    "我又不退款嘛",
    "我又不是骗人嘛",
    # A question of another clause.
    "我没有投诉为什么给我打电话",
    "我没有投诉为什么给我打电话？",
    "为什么给我打电话我没有投诉",
    "我没投诉你打电话来干嘛",
    "我没投诉怎么会有人来查",
    "我冇投訴做咩打畀我",
    "我不想投诉你能不能快点",
    "我不投诉什么时候能修好？",
    "환불은 안 해도 되는데 왜 전화했어요",
    "환불은 필요 없는데 언제 와요?",
    "我不是骗子你是不是搞错了",
    "변호사는 필요 없어요 왜요",
    "사기가 아닌데 왜 그러세요",
    "返金は不要ですけどいつ来ますか",
    "なぜ電話したんですか返金は不要です",
    "I don't want a refund can you send a new one?",
    "I don't want a refund when will it arrive?",
    "It isn't a scam is it?",
]

MEANT = [
    ("我不告你告谁", "告你"),
    ("我不投诉你们投诉谁？", "投诉"),
    ("我不投诉谁投诉", "投诉"),
    ("不报警还能怎么办？", "报警"),
    ("不投诉怎么能解决", "投诉"),
    ("不报警难道等着被骗", "报警"),
    ("难道我不能投诉吗", "投诉"),
    ("我不能投诉嘛", "投诉"),
    ("为什么不用退款", "退款"),
    ("不用退款是什么意思", "退款"),
    ("不是骗人的是什么东西", "骗"),
    ("这不是什么骗局吗", "骗"),
    ("这还不算诈骗", "诈骗"),
    ("唔係呃人咩", "呃人"),
    ("做咩唔想退錢", "退錢"),
    ("點解唔使賠償", "賠償"),
    ("Why shouldn't I complain?", "complain"),
    ("Won't I complain? You bet", "complain"),
    ("You don't think I will complain?", "complain"),
    ("Don't think I won't complain", "complain"),
    ("Don't tell me this is not a scam", "scam"),
    ("If this isn't a scam, what is?", "scam"),
    ("Do you think I don't want a refund?", "refund"),
    ("Why don't I need a refund when it is broken?", "refund"),
    ("なぜ返金は不要なんですか", "返金"),
    ("返金は不要ですか", "返金"),
    ("환불은 왜 필요 없어요?", "환불"),
    ("전화했는데 환불은 필요 없다는 거예요?", "환불"),
    ("사기 아닌가요", "사기 아닌가"),
    ("이게 사기가 아니면 뭐예요?", "사기가"),
    ("왜 환불은 안 해도 된다는 거예요", "환불"),
]


@pytest.mark.parametrize("text", DENIED)
def test_a_question_beside_a_negation_makes_no_threat_of_it(text: str) -> None:
    assert meant(text) == []


@pytest.mark.parametrize(("text", "word"), MEANT)
def test_a_negation_that_is_asked_about_or_is_no_more_than_a_condition_says_nothing(
    text: str, word: str
) -> None:
    assert word in meant(text)


@pytest.mark.parametrize(
    ("clause", "part"),
    [
        ("我没有投诉为什么给我打电话", "为什么给我打电话"),
        ("我没投诉难道你不知道", "投诉难道你不知道"),
        ("我不告你告谁", "我不告你告谁"),
        ("i don't want one can you come?", "can you come?"),
        ("不投诉了行吗?", ""),
    ],
)
def test_a_question_says_which_part_of_its_clause_it_asks_about(clause: str, part: str) -> None:
    assert "".join(clause[start:end] for start, end in asked(clause)) == part
