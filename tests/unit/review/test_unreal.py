"""Threats that are denied, that would have been, or that hang on a condition, in five languages."""

import hashlib

import pytest

from richspeech.review.unreal import bound, unreal
from scripts.measure_risk import CONDITIONS, assess, is_right, read_calls
from tests.unit.review.test_questions import meant

WRITTEN_BEFORE = "23dc9211bb489b2ae0a8cb606021fab2121bd6eb3c30fb2b7db48e90d57be1b3"

DENIED = [
    "我不投诉你们能解决吗",
    "我不投诉你们可以退吗",
    "我不报警你们能把伞寄给我吗",
    "我不告你们能不能好好说",
    "我不起诉你们愿意和解吗",
    "我不想投诉你们能处理一下吗",
    "我不投诉你们会处理吧",
    "要不是你帮我，我早就投诉了",
    "要不是你们态度好我就投诉了",
    "要不是找到了我就报警了",
    "如果不是你耐心我就去消协了",
    "要是没你帮忙我都要报警了",
    "幸亏你打来，不然我就报警了",
    "幸好解决了，不然就投诉了",
    "我没有要告你的意思",
    "我不是来投诉的",
    "我也不是要报警",
    "我不想投诉",
    "我没想过要起诉",
    "我不会去法院的",
    "我唔想投訴",
    "我都唔想投訴㗎",
    "唔係你幫手我就投訴咗喇",
    "如果唔係你幫手我就報警喇",
    "好彩你打嚟，唔係我就報警",
    "我冇諗過要告你",
    "我唔會去消委會",
    "我唔投訴你哋可唔可以整好",
    "I won't sue if you fix it",
    "I won't sue you if you send the part",
    "I will not call the police if you bring it back",
    "I am not going to sue",
    "I'm not planning to sue you",
    "I don't intend to sue",
    "I have no intention of suing",
    "I would have sued if you hadn't called",
    "I would have called the police if it hadn't turned up",
    "If it weren't for you I would have complained",
    "If it hadn't been for you I'd have gone to a lawyer",
    "Without your help I would have gone to the press",
    "I'm not here to complain",
    "I'm not threatening to sue",
    "I never said I would sue",
    "I'm not the type to sue",
    "訴えるつもりはない",
    "訴えるつもりはないです",
    "訴える気はありません",
    "訴えたりしません",
    "訴えるわけではありません",
    "警察に言うつもりはありません",
    "あなたが助けてくれなかったら訴えていました",
    "電話がなかったら警察に行くところでした",
    "クレームを言いたいわけではないです",
    "返金してほしいわけではありません",
    "弁護士に頼む気はないです",
    "通報はしません",
    "通報しないので直してください",
    "고소하지 않을게요",
    "고소 안 할게요",
    "고소할 생각은 없어요",
    "고소할 마음은 없습니다",
    "신고하지 않을게요",
    "신고 안 할 테니까 고쳐 주세요",
    "경찰에 신고하지는 않겠습니다",
    "당신이 아니었으면 신고했을 거예요",
    "전화 안 주셨으면 경찰에 갔을 거예요",
    "불만을 말하려는 건 아니에요",
    "소송까지 가고 싶지 않아요",
    "환불해 달라는 건 아니에요",
    "若不是您及时打来我可能已经去派出所了",
    "我没打算找律师",
    "我不举报你们可以把货换一下吗",
    "唔係你哋經理打嚟我一早報警咗",
    "I wasn't planning on getting a lawyer",
    "Had you not called I would have sued",
    "I would have reported you to the ombudsman if nobody had answered",
    "裁判にするつもりは全くありません",
    "消費者センターに言おうとは思っていません",
    "返事がなければ弁護士に頼んでいたところでした",
    "법적 조치까지는 생각 안 하고 있어요",
    "경찰 부르려던 건 아니에요",
    "전화가 없었더라면 소비자원에 갔을 거예요",
    "多亏你们找到了，要不然我得去报警",
    "我唔告你哋可唔可以賠返部新嘅",
]

MEANT = [
    "我不投诉你们能解决吗？你们从来不解决，我要投诉",
    "要是不解决我就投诉",
    "如果不退钱我就报警",
    "再不处理我就去消协",
    "要不我报警吧",
    "不是我要投诉，是你们逼我投诉",
    "你们不解决我就起诉",
    "我不投诉你们会解决吗我要投诉",
    "不投诉你们就不解决",
    "不报警你们就不管",
    "我不投诉你们就当没事是吧",
    "难道我不能投诉吗",
    "我不告你告谁",
    "不投诉怎么能解决",
    "唔退錢我就報警",
    "如果唔解決我就去消委會",
    "If you don't fix it I will sue",
    "If I don't get it by Friday I'll sue you",
    "Unless you refund me I will sue",
    "I won't go to a lawyer unless you force me to",
    "I wouldn't have called a lawyer if you had fixed it",
    "If this isn't fixed I will call the police",
    "I would have sued you and I will sue you",
    "I will sue if you don't pay",
    "返金しないなら訴えます",
    "直してくれなければ警察に通報します",
    "返金してくれないと訴えますよ",
    "訴えないと思っているんですか",
    "환불 안 해주면 고소할 거예요",
    "해결 안 되면 신고할게요",
    "안 고쳐 주면 경찰에 신고합니다",
    "신고 안 할 줄 아세요? 신고할 거예요",
    "要不是没办法我也不想投诉",
    "我不会报警除非你们不退",
    "要不是你们骗我，我怎么会投诉",
    "I'd have to sue you then",
    "유리 안 고치면 고소할 거예요",
    "我不报警你们根本不当回事",
    "我没有退路了只能起诉",
    "要是不赔我就曝光你们",
    "如果不是今天到我就报警",
    "如果不是正品我就去消协",
    "唔賠錢我唔會放過你哋我會報警",
    "I would have to call my lawyer",
    "I would have you know that I am calling the police",
    "If you had any sense you would not have made me call a lawyer, I will sue you",
    "Without a refund I would go to court",
    "訴えないわけにはいきません",
    "弁護士に相談しないと決まりません",
    "警察に行かなければならない",
    "신고하지 않을 수 없네요",
    "경찰을 부를 수밖에 없어요",
    "고소할 거니까 기다리세요",
    "幸好我录音了，我要起诉你们",
    "要不是真的有问题，我会打电话投诉吗",
]


@pytest.mark.parametrize("text", DENIED)
def test_what_is_denied_or_would_have_been_threatens_nobody(text: str) -> None:
    assert meant(text) == []


@pytest.mark.parametrize("text", MEANT)
def test_a_threat_on_a_condition_is_one(text: str) -> None:
    assert meant(text)


def test_what_would_have_been_begins_behind_its_condition_and_ends_with_the_sentence() -> None:
    text = "要不是你骗我，我早就报警了。我要投诉"
    [(start, end)] = unreal(text)
    assert text[start:end] == "，我早就报警了"


def test_somebody_who_asks_or_goes_on_means_it() -> None:
    assert unreal("要不是你们骗我，我怎么会投诉") == ()
    assert unreal("要不是你们骗我，我会投诉吗") == ()
    text = "i would have sued you and i will sue you"
    [(start, end)] = unreal(text)
    assert text[start:end] == "i would have sued you"


def test_a_denial_reaches_to_what_it_hangs_on() -> None:
    assert bound("我不报警你们就不管") == ((1, 8),)
    assert bound("我不报警你们就不用管") == ()


def test_no_call_and_no_answer_has_changed_since_they_were_written() -> None:
    assert hashlib.sha256(CONDITIONS.read_bytes()).hexdigest() == WRITTEN_BEFORE


def test_the_rules_say_what_the_manager_says_of_nine_of_ten_calls_on_conditions() -> None:
    assert sum(is_right(call, assess(call)) for call in read_calls(CONDITIONS)) >= 9
