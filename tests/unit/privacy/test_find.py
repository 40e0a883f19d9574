"""Personal data in words: what is found in five languages, and what is something else."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from richspeech.model.personal import PersonalKind
from richspeech.model.transcript import Segment, Token
from richspeech.privacy.digits import read_digits
from richspeech.privacy.find import find_personal, personal_spans
from richspeech.privacy.numbers import is_chinese_identity, is_hong_kong_identity
from tests.transcripts import segment, transcript

PHONES = {
    "我的手机号是13800138000。": "zh",
    "一三八零零一三八零零零": "zh",
    "幺三八，零零幺三，八零零零": "zh",
    "电话是138 嗯 0013 8000": "zh",
    "我座机零幺零六二七八幺二三四": "zh",
    "座机是62781234": "zh",
    "请打+86 138 0013 8000": "zh",
    "我電話係二三四五六七八九": "yue",
    "手機號碼係9123 4567": "yue",
    "My number is two one two five five five oh one two three": "en",
    "call me at (212) 555-0123": "en",
    "it is one three eight double zero one three eight triple zero": "en",
    "+44 20 7946 0958": "en",
    "電話番号は090-1234-5678です": "ja",
    "ゼロ九ゼロの一二三四の五六七八": "ja",
    "ゼロきゅうゼロ、いちにさんよん、ごろくななはち": "ja",
    "제 번호는 010-1234-5678입니다": "ko",
    "공일공에 일이삼사에 오육칠팔": "ko",
    "快递员的电话是13800138000": "zh",
    "订单留的手机号是13800138000": "zh",
    "ご注文の電話番号は090-1234-5678": "ja",
    "주문한 전화번호는 010-1234-5678": "ko",
    "my area code 415 867 5309, call me": "en",
    "In case I'm out call 415-867-5309": "en",
    "电话是20261105": "zh",  # which may be a day, but somebody says what it is
    "010-1234-5678 원주에 살아요": "ko",
    "打13800138000元旦以后都行": "zh",
    "090-1234-5678 円山に住んでいます": "ja",
    "我电话13800138000万一打不通": "zh",
    "the number of the shop is 62781234": "en",
    "the phone for the order is 212 555 0123": "en",
}
CARDS = {
    "身份证号是11010519491231002X": ("zh", "identity_card"),
    "身份证幺幺零幺零五幺九四九幺二三幺零零二叉": ("zh", "identity_card"),
    "身份證係A123456(3)": ("yue", "identity_card"),
    "身份證係A一二三四五六括號三括號": ("yue", "identity_card"),
    "身份證號碼A123456括號入面係3": ("yue", "identity_card"),
    "the bank card for the order 4111 1111 1111 1111": ("en", "bank_card"),
    "マイナンバーは621498320257": ("ja", "identity_card"),
    "주민번호는 971013-9019902": ("ko", "identity_card"),
    "卡号4111 1111 1111 1111": ("zh", "bank_card"),
    "订单付款卡4111111111111111": ("zh", "bank_card"),
    "卡号是四一一一一一一一一一一一一一一一": ("zh", "bank_card"),
    "card four one one one one one one one one one one one one one one one": ("en", "bank_card"),
}
WORDS = {
    "邮箱zhang.wei@example.com": ("zh", "email"),
    "我的邮箱是zhangwei艾特example点com": ("zh", "email"),
    "my email is john dot smith at gmail dot com": ("en", "email"),
    "you can write to john smith at gmail dot com": ("en", "email"),
    "我的邮箱是zhangweiat163点com": ("zh", "email"),
    "邮箱zhangwei at163点com": ("zh", "email"),
    "kim@example.co.kr": ("ko", "email"),
    "我住在北京市朝阳区建国路88号": ("zh", "address"),
    "地址是中山路一百二十三号五栋二零一室": ("zh", "address"),
    "我住喺彌敦道一百號": ("yue", "address"),
    "I live at 221 Baker Street": ("en", "address"),
    "twenty one maple avenue": ("en", "address"),
    "香港轩尼诗道15号": ("zh", "address"),
    "天津市河西区友谊道2号": ("zh", "address"),
    "千代田区丸の内1番地": ("ja", "address"),
    "横浜市中区八幡町5番1号": ("ja", "address"),
    "서울시 마포구 월드컵로 5길 12": ("ko", "address"),
    "수원시 팔달로 12": ("ko", "address"),
    "강남대로 12-3": ("ko", "address"),
    "12 Main Road": ("en", "address"),
    "4 Privet Drive": ("en", "address"),
    "東京都新宿区西新宿2丁目8番1号です": ("ja", "address"),
    "서울시 강남구 테헤란로 152": ("ko", "address"),
    "车牌是沪B一二三四五": ("zh", "plate"),
    "粤B·D12345": ("zh", "plate"),
    "plate number is AB12 CDE": ("en", "plate"),
    "the plate is ab12 cde and it is blue": ("en", "plate"),
    "license plate a b one two c d e": ("en", "plate"),
    "registration number ab12cde": ("en", "plate"),
    "なにわ500と1234": ("ja", "plate"),
    "品川300さ12-34": ("ja", "plate"),
    "12가 3456": ("ko", "plate"),
}
NAMES = {
    "你好，我叫张伟，想投诉。": ("zh", "张伟"),
    "我叫王小明今年三十岁": ("zh", "王小明"),
    "我叫欧阳娜娜": ("zh", "欧阳娜娜"),
    "我個名係李嘉欣": ("yue", "李嘉欣"),
    "my name is John Smith and I want a refund": ("en", "John Smith"),
    "my name is will you listen": ("en", "will"),
    "my name is J O H N S M I T H": ("en", "J O H N S M I T H"),
    "my name is J. O. H. N.": ("en", "J. O. H. N"),
    "my name's Alice.": ("en", "Alice"),
    "私の名前は田中太郎です": ("ja", "田中太郎"),
    "My name is May Smith": ("en", "May Smith"),
    "ABC商事の田中と申します": ("ja", "田中"),
    "お世話になります、サポートセンターの佐藤と申します": ("ja", "佐藤"),
    "田中と申します": ("ja", "田中"),
    "제 이름은 김철수입니다": ("ko", "김철수"),
    "저는 박지영이라고 합니다": ("ko", "박지영"),
}
NOTHING = {
    "今天是2026年11月29日": "zh",
    "二零二六年十一月二十九号": "zh",
    "时间是20261129": "zh",
    "订单号20231105123456": "zh",
    "订单号是13800138000": "zh",
    "流水号4111111111111111": "zh",
    "一共是1,380,013,800元": "zh",
    "价格是12345678元": "zh",
    "花了一万三千八百块": "zh",
    "一二三四五六七": "zh",
    "第一、第二、第三，一共三个": "zh",
    "拨打4008123123转2": "zh",
    "一起去三里屯": "zh",
    "我叫你别打了": "zh",
    "我叫了车": "zh",
    "我住在中山路": "zh",
    "京东买的": "zh",
    "我叫你唔好嚟": "yue",
    "order number 2125550123": "en",
    "it costs 1,234,567,890 dollars": "en",
    "one two three four five six seven": "en",
    "look at example dot com": "en",
    "three people walked down the street": "en",
    "I waited 20 minutes on the road": "en",
    "my name is on the list": "en",
    "2026年11月29日10時": "ja",
    "注文番号は09012345678です": "ja",
    "いちばん好きなのはごはんとさくら": "ja",
    "2026년 11월 29일": "ko",
    "주문번호 01012345678": "ko",
    "서울로 3시에 갑니다": "ko",
    "이것은 사과입니다 오늘은 구름이": "ko",
    "お名前はよろしいですか": "ja",
    "이름은 어떻게 되세요": "ko",
    "我叫司机去接你": "zh",
    "我叫师傅明天过来": "zh",
    "我叫房东修一下": "zh",
    "我叫施工队停了": "zh",
    "お名前は何とおっしゃいますか": "ja",
    "お名前は伺っております": "ja",
    "無料だと申しました": "ja",
    # 15号 and the like behind what is no street
    "我知道15号会发货": "zh",
    "渠道2号": "zh",
    "频道5号": "zh",
    "跑道1号": "zh",
    "上街15号再说": "zh",
    "线路2号": "zh",
    "人民路2号线": "zh",
    "この町で一番大きい": "ja",
    "この町で一番地味な店": "ja",
    "この市場で一番安い": "ja",
    "区役所の2番窓口": "ja",
    "그래도 앞으로 3년": "ko",
    "다시 새로 2개": "ko",
    "바로 2호선": "ko",
    "버스로 2-3시간": "ko",
    "친구 집으로 3-4명": "ko",
    "500 gigabyte hard drive": "en",
    "a six lane road": "en",
    "it is a 10 mile drive": "en",
    "two lane street": "en",
    "4 wheel drive": "en",
    "one dirt road": "en",
    # a word for a phone beside a day, or a count
    "The call on 2026-11-05": "en",
    "the call on 05-11-2026 at nine": "en",
    "It was on 2026-12-05 14:30": "en",
    "电话会议2026-11-05": "zh",
    "電話は2026-11-05です": "ja",
    "전화는 2026-11-05": "ko",
    "手机20261105发布": "zh",
    "call-20261105-143000.wav": "en",
    "number of users is 3500000": "en",
    "手机卖了2500000台": "zh",
    "手机一共2500000部": "zh",
    "携帯が2500000台売れた": "ja",
    "핸드폰이 2500000대": "ko",
    "We sold the phone 3500000 times": "en",
    "call about order 2125550123": "en",
    # what is no plate
    "単価100で5000円": "ja",
    "単価100と5000円": "ja",
    "예산은 100조 5000억": "ko",
    "the plate number is on 12 cars": "en",
    # what is no address of e-mail
    "log in at gmail dot com": "en",
    "look at gmail dot com": "en",
    "he is at yahoo dot com": "en",
    "I will be there at 5 on Oxford Street": "en",
    "高速公路15号出口": "zh",
    "john " * 1_000: "en",
    "johnat" * 400: "en",
    "a 1 " * 500 + "plate": "en",
    "のたなか田中" * 500: "ja",
    "这道街路弄村" * 300: "zh",
    "시도 그래로 " * 300: "ko",
    "横浜市の町村です" * 40: "ja",  # which a careless pattern would never end with
    "a" * 2_000: "en",
    "가시" * 1_000: "ko",
}
SAID = str.maketrans("0123456789", "零幺二三四五六七八九")
WRITTEN_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


def kinds_in(text: str, language: str | None) -> list[str]:
    return [kind.value for kind, _, _ in personal_spans(text, language)]


@pytest.mark.parametrize("text", PHONES)
def test_a_number_of_a_phone_is_found_however_it_is_said(text: str) -> None:
    assert kinds_in(text, PHONES[text]) == ["phone"]


@pytest.mark.parametrize("text", CARDS | WORDS)
def test_cards_addresses_and_plates_are_found(text: str) -> None:
    language, kind = (CARDS | WORDS)[text]
    assert kinds_in(text, language) == [kind]


@pytest.mark.parametrize("text", NAMES)
def test_a_name_is_what_people_call_themselves_and_no_more(text: str) -> None:
    language, name = NAMES[text]
    [(kind, start, end)] = personal_spans(text, language)
    assert (kind, text[start:end]) == (PersonalKind.NAME, name)


@pytest.mark.parametrize("text", NOTHING)
def test_dates_amounts_and_numbers_of_orders_are_nobodys(text: str) -> None:
    assert kinds_in(text, NOTHING[text]) == []


@given(
    st.from_regex(r"1(3[0-9]|5[0-35-9])[0-9]{8}", fullmatch=True),
    st.sampled_from([{}, SAID, WRITTEN_WIDE]),
    st.sampled_from(["", " ", "，", "-"]),
)
def test_no_digit_of_a_mobile_number_stays(
    number: str, spelling: dict[int, int], between: str
) -> None:
    parts = (number[:3], number[3:7], number[7:])
    text = f"您好，请打我手机{between.join(parts).translate(spelling)}谢谢"
    found = personal_spans(text, "zh")
    rest = "".join(
        letter
        for at, letter in enumerate(text)
        if not any(start <= at < end for _, start, end in found)
    )
    assert not any(letter.isdigit() for letter in read_digits(rest).text)
    assert "谢谢" in rest


def test_a_wrong_check_digit_is_no_card() -> None:
    assert is_chinese_identity("11010519491231002X")
    assert not is_chinese_identity("110105194912310021")
    assert is_hong_kong_identity("A1234563")
    assert not is_hong_kong_identity("A1234564")
    assert kinds_in("卡号4111 1111 1111 1112", "zh") == []


def test_only_the_kinds_that_are_asked_for_are_found() -> None:
    text = "我叫张伟，电话13800138000"
    found = personal_spans(text, "zh", frozenset({PersonalKind.NAME}))
    assert [kind for kind, _, _ in found] == [PersonalKind.NAME]


# In a transcript ----------------------------------------------------------------------------------


def spoken(start: float, text: str, speaker: str = "A") -> Segment:
    """Words of which each character takes a tenth of a second."""
    tokens = tuple(
        Token(letter, start + at / 10, start + (at + 1) / 10, 0.9) for at, letter in enumerate(text)
    )
    heard = segment(start, start + len(text) / 10, text, language="zh")
    return replace(heard, tokens=tokens, speaker=speaker, channel=" AB".index(speaker))


def test_a_finding_has_the_times_of_its_words() -> None:
    [found] = find_personal(transcript(spoken(2.0, "电话13800138000。")))
    assert (found.kind, found.segment, found.start, found.end) == (PersonalKind.PHONE, 0, 2, 13)
    assert found.start_seconds == pytest.approx(2.2)
    assert found.end_seconds == pytest.approx(3.3)


def test_words_that_were_not_measured_have_no_times() -> None:
    [found] = find_personal(transcript(replace(spoken(2.0, "电话13800138000"), tokens=())))
    assert (found.start_seconds, found.end_seconds) == (None, None)


def test_a_number_goes_on_in_the_next_utterance_of_its_speaker() -> None:
    found = find_personal(
        transcript(
            spoken(0, "我的电话一三八。"),
            spoken(1, "嗯。", "B"),
            spoken(2, "零零一三，"),
            spoken(3, "八零零零，谢谢。"),
        )
    )
    assert [(each.segment, each.start, each.end) for each in found] == [
        (0, 4, 7),
        (2, 0, 4),
        (3, 0, 4),
    ]


def test_another_speakers_digits_do_not_go_on_with_a_number() -> None:
    heard = (spoken(0, "我的电话一三八。"), spoken(1, "零零一三八零零零", "B"))
    assert find_personal(transcript(*heard)) == ()


def test_a_name_is_found_wherever_else_it_stands() -> None:
    heard = (spoken(0, "我叫王小明。"), spoken(2, "王小明先生您好。", "B"))
    assert [(each.segment, each.start) for each in find_personal(transcript(*heard))] == [
        (0, 2),
        (1, 0),
    ]


@pytest.mark.parametrize(
    ("first", "later", "named"),
    [
        ("My name is John Smith.", "John will call. Mr Smith is out.", ["John", "Smith"]),
        ("My name is May Smith.", "In May it rains, May. May I go?", ["May"]),
        ("My name is Will.", "Will you call? Thank you, Will. So Will is here.", ["Will", "Will"]),
        ("我叫王小明。", "小明你好", ["小明"]),
        ("私の名前は田中太郎です", "田中さん、田中町です", ["田中"]),
        ("제 이름은 김철수입니다", "철수 씨, 철수세미요", ["철수"]),
    ],
)
def test_a_part_of_a_name_is_found_where_it_is_said_alone(
    first: str, later: str, named: list[str]
) -> None:
    heard = (spoken(0, first), spoken(20, later, "B"))
    found = [each for each in find_personal(transcript(*heard)) if each.segment == 1]
    assert [later[each.start : each.end] for each in found] == named
