"""Numbers that belong to somebody: of phones, identity cards and bank cards.

Whatever has the digits of such a number, the right check digit where it has one, and nothing around
it that makes it something else, is one. Libraries know the numbers: phonenumbers the plans of all
countries, python-stdnum check digits.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING

from richspeech.model.personal import PersonalKind
from richspeech.privacy.digits import Group, Reading, Span, number_groups

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

REGIONS: Mapping[str | None, tuple[str, ...]] = MappingProxyType(
    {
        "zh": ("CN", "TW", "HK"),
        "yue": ("HK", "CN"),
        "en": ("US", "GB", "CN"),
        "ja": ("JP", "CN"),
        "ko": ("KR", "CN"),
        None: ("CN", "HK", "TW", "JP", "KR", "US", "GB"),
    }
)
"""Whose numbers are said in a language without the code of a country."""
WITHOUT_ZERO = frozenset({"CN", "HK", "US"})
"""Where mobile numbers, or all, begin with no zero."""
COUNTRY_CODES = ("86", "852", "886", "81", "82", "44")
"""That people say without a plus before them."""
PHONE_DIGITS = range(7, 16)
LONG_PHONE = 10
"""Digits from which on a number needs nobody to say that it is one of a phone."""
CARD_DIGITS = range(15, 20)
"""Of ISO/IEC 7812, without the few shorter ones, which are like too much else."""
BEFORE, AFTER = 26, 14
"""Characters around a number that tell what it is."""

_ORDER = re.compile(
    r"(订单|單號|单号|訂單|编号|編號|流水|工单|快递|运单|运费|发票|發票|合同|案件|验证码|金额|"
    r"注文|受付|伝票|問い合わせ|주문|접수|송장|"
    r"\b(order|ticket|tracking|invoice|case|reference|ref|serial|(?<!area )code)\b)"
    r"[^\d。.!?！？]{0,14}$",
    re.IGNORECASE,
)
_PHONE_WORDS = (
    r"(?:电话|電話|手机|手機|座机|座機|号码|號碼|拨打|打给|携帯|전화|연락처|번호|핸드폰|"
    r"\b(?:call|phone|mobile|cell|landline|reach me)\b|"
    r"\bnumber\b(?! of (?!(?:the|my|our|your|his|her|their|this)\b)))"
)
_PHONE = re.compile(_PHONE_WORDS, re.IGNORECASE)
_PHONE_IS = re.compile(
    rf"{_PHONE_WORDS}(?:号码?|號碼?|番号|번호)?\s*(?:是|係|[:：]|\bis\b|は|는|은)\s*$",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"[卖賣](?:了|出|到|掉)|[售销銷]出|[销銷產产]量|一共|[总總][共数數计計]|[价價][格钱錢]|売|판매|"
    r"\b(?:sold|shipped|costs?|counts?|total)\b",
    re.IGNORECASE,
)
"""Between a word for a phone and a number that tells how many of them."""
_ANNOUNCED = re.compile(
    r"电话|電話|手机|手機|座机|座機|携帯|전화|핸드폰|卡|身份证|身份證|身分證|カード|카드|주민|"
    r"\b(call|phone|mobile|cell|landline|cards?)\b",
    re.IGNORECASE,
)
"""What counts more than the word for an order before it: 订单留的手机号是 …"""
_NUMBERED_PERSON = re.compile(r"マイナンバー|個人番号|social security|\bssn\b", re.IGNORECASE)
_OF_THE_ORDER = re.compile(
    r"\b(?:cards?|phone|mobile|cell)(?: number)? (?:for|of|on|with) (?:(?:the|my|your|this) )?$",
    re.IGNORECASE,
)
"""Before a word for an order: what is told is not its own number."""
_AMOUNT = re.compile(
    r"\s*(元(?![旦宵月朝])|[块塊](?!儿)|[万萬](?![先女小经經]|1(?!\d))|[亿億](?!达)|円(?![山谷])|"
    r"원(?![주래하장룸서피인본칙가효])|人民币|港币|港幣|美元|公里|[%％]|"
    r"[台臺](?![湾灣北州南中])|部(?![门門长長下])|次(?![日月年])|[辆輛件]|[個个](?!人)|"
    r"[대명개](?=[가이를은는의\s,.。]|$)|"
    r"\b(dollars?|yuan|pounds?|euros?|yen|won|percent|rmb|usd|hkd|times|units|users|people|"
    r"pieces|views|downloads|bytes)\b)",
    re.IGNORECASE,
)
"""What is counted, behind its number."""
_THOUSANDS = re.compile(r"[$¥￥€£]?\s*\d{1,3}([,，]\d{3})+([.．]\d+)?")
_LAST_X = re.compile(r"[\s,，-]*(x|叉|埃克斯|ex)(?![a-z])", re.IGNORECASE)
_HONG_KONG = re.compile(
    r"(?<![A-Za-z])([A-Za-z]{1,2})\s?(\d(?:[ \-]?\d){5})\s?"
    r"(?:[(（]|括[號号弧](?:[入裏裡里]面)?[係是]?)?\s?([\dAa])\s?(?:[)）]|括[號号弧])?(?!\d)"
)


def find_numbers(
    reading: Reading, language: str | None, kinds: frozenset[PersonalKind]
) -> Iterator[tuple[PersonalKind, Span]]:
    """Yield what is found in a text, which is in a language, or in any where nobody knows it."""
    if PersonalKind.IDENTITY_CARD in kinds:
        for match in _HONG_KONG.finditer(reading.text):
            if is_hong_kong_identity(match[1] + re.sub(r"\D", "", match[2]) + match[3]):
                yield PersonalKind.IDENTITY_CARD, match.span()
    tests = [(kind, test) for kind, test in _TESTS if kind in kinds]
    for groups in number_groups(reading):
        first = 0
        while first < len(groups):
            if _is_date(groups[first : first + 3], reading.text):
                first += 3
                continue
            found = _longest(groups, first, reading, language, tests)
            if found is None:
                first += 1
                continue
            kind, last, end = found
            yield kind, (_with_plus(reading.text, groups[first].start), end)
            first = last + 1


_Test = Callable[[str, str, str, str | None], bool]
"""Whether digits are such a number, with what stands before and after them, in a language."""


def _longest(
    groups: Sequence[Group],
    first: int,
    reading: Reading,
    language: str | None,
    tests: Sequence[tuple[PersonalKind, _Test]],
) -> tuple[PersonalKind, int, int] | None:
    """Return kind, last group and end of the longest number that begins with a group."""
    text = reading.text
    for last in range(min(len(groups), first + CARD_DIGITS[-1]) - 1, first - 1, -1):
        digits = "".join(each.digits for each in groups[first : last + 1])
        if not PHONE_DIGITS[0] <= len(digits) <= CARD_DIGITS[-1]:
            continue
        start, end = groups[first].start, groups[last].end
        if len(digits) == 17 and (letter := _LAST_X.match(text, end)):
            digits, end = f"{digits}X", letter.end()
        written, before = text[start:end], text[max(0, start - BEFORE) : start]
        if _is_amount(written, before, text[end:]):
            continue
        for kind, test in tests:
            if test(digits, before, text[end : end + AFTER], language):
                return kind, last, end
    return None


def _is_amount(written: str, before: str, after: str) -> bool:
    """Tell whether money, a count or the number of an order is meant; the nearer word counts."""
    order = _ORDER.search(before)
    if _AMOUNT.match(after) or (order and not _is_beside_order(order, before)):
        return True
    return bool(_THOUSANDS.fullmatch(written)) and not _PHONE.search(before)


def _is_beside_order(order: re.Match[str], before: str) -> bool:
    """Tell whether the number of something else is told beside a word for an order."""
    is_announced = _ANNOUNCED.search(before, order.end(1)) is not None
    return is_announced or _OF_THE_ORDER.search(before[: order.start(1)]) is not None


def _is_date(groups: Sequence[Group], text: str) -> bool:
    """Tell whether groups are a day: 2026-11-05, or 05.11.2026 in either order."""
    digits = [each.digits for each in groups]
    between = {text[a.end : b.start] for a, b in pairwise(groups)}
    if len(groups) < 3 or len(between) > 1 or between.isdisjoint("-./－"):
        return False
    if len(digits[0]) != 4:
        digits.reverse()
    year, *others = digits
    if len(year) != 4 or any(len(each) > 2 for each in others):
        return False
    month, day = (each.zfill(2) for each in others)
    return _is_day(f"{year}{month}{day}") or _is_day(f"{year}{day}{month}")


def _with_plus(text: str, start: int) -> int:
    """Take in the sign of a country's code, and the bracket of a number's first part."""
    while start and text[start - 1] in "+＋(（":
        start -= 1
    return start


# Phones -------------------------------------------------------------------------------------------


def _is_phone(digits: str, before: str, after: str, language: str | None) -> bool:
    if len(digits) not in PHONE_DIGITS:
        return False
    is_announced = _is_announced(before) or _PHONE.match(after) is not None
    is_day = len(digits) == 8 and _is_day(digits) and not _PHONE_IS.search(before)
    if is_day or (len(digits) < LONG_PHONE and not is_announced):
        return False
    if before.rstrip("(（").endswith(("+", "＋")):
        return is_international(digits)
    regions = REGIONS.get(language, REGIONS[None])
    if any(_is_national(digits, region) for region in regions):
        return True
    if is_announced and "CN" in regions and _is_local(digits):
        return True
    return (
        digits.startswith(COUNTRY_CODES) and len(digits) > LONG_PHONE and is_international(digits)
    )


def _is_announced(before: str) -> bool:
    """Tell whether somebody has just said that a number of a phone comes, and not how many."""
    words = [found.end() for found in _PHONE.finditer(before)]
    return bool(words) and not _COUNTED.search(before, words[-1])


def is_international(digits: str) -> bool:
    """Tell whether digits, from the code of a country on, are a number that somebody may have."""
    import phonenumbers  # noqa: PLC0415 - its tables are read when something is looked for

    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(number) and _is_personal(number)


@cache
def _is_national(digits: str, region: str) -> bool:
    import phonenumbers  # noqa: PLC0415

    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return False
    is_valid = phonenumbers.is_valid_number_for_region(number, region) and _is_personal(number)
    if region == "CN" and is_valid:
        return digits.startswith("0") or (len(digits) == 11 and digits.startswith("1"))
    return is_valid and (region in WITHOUT_ZERO or digits.startswith("0"))


def _is_personal(number: "PhoneNumber") -> bool:
    """Tell whether a number may be of a person: hotlines and emergencies are everybody's."""
    from phonenumbers import PhoneNumberType, number_type  # noqa: PLC0415

    return number_type(number) in {
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.PERSONAL_NUMBER,
        PhoneNumberType.VOIP,
    }


def _is_local(digits: str) -> bool:
    """Tell whether digits are a Chinese landline without the code of its city."""
    import phonenumbers  # noqa: PLC0415

    if len(digits) not in (7, 8) or not "2" <= digits[0] <= "8":
        return False
    number = phonenumbers.parse(digits, "CN")
    local = phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY
    reasons = (local, phonenumbers.ValidationResult.IS_POSSIBLE)
    return phonenumbers.is_possible_number_with_reason(number) in reasons


# Cards --------------------------------------------------------------------------------------------


def _is_identity(digits: str, before: str, after: str, language: str | None) -> bool:  # noqa: ARG001
    announced = bool(_NUMBERED_PERSON.search(before))
    match len(digits):
        case 18:
            return is_chinese_identity(digits)
        case 13:
            return language in ("ko", None) and is_korean_identity(digits)
        case 12:
            return announced and is_japanese_identity(digits)
        case 9:
            return announced and language in ("en", None)
    return False


def is_chinese_identity(number: str) -> bool:
    """Tell whether 18 characters are a resident's number: its day of birth and GB 11643's check."""
    from stdnum.cn import ric  # noqa: PLC0415

    return _is_day(number[6:14]) and str(ric.calc_check_digit(number)) == number[-1].upper()


def is_korean_identity(digits: str) -> bool:
    """Tell whether 13 digits are a resident's number: day of birth, sex, place.

    Those of 2020-10 and later have no check digit.
    """
    from stdnum.kr import rrn  # noqa: PLC0415

    century = {"9": "18", "0": "18", "1": "19", "2": "19", "5": "19", "6": "19"}.get(
        digits[6], "20"
    )
    return rrn.is_valid(digits) or (
        century == "20" and digits[:2] >= "20" and _is_day(century + digits[:6])
    )


def is_japanese_identity(digits: str) -> bool:
    """Tell whether 12 digits are an Individual Number, by its check digit."""
    from stdnum.jp import in_  # noqa: PLC0415

    return bool(in_.is_valid(digits))


def is_hong_kong_identity(number: str) -> bool:
    """Tell whether one or two letters, six digits and a check digit are an identity card's.

    Letters count from A = 10, a missing first one 36; all are weighted with 9 to 2, the check digit
    with 1, A being 10; the sum is a multiple of 11.

    >>> is_hong_kong_identity("G1234560"), is_hong_kong_identity("A1234563")
    (False, True)
    """
    values = [int(each, 36) for each in number.upper()]
    values = [36, *values] if len(values) == 8 else values
    return sum(value * (9 - at) for at, value in enumerate(values)) % 11 == 0


def _is_bank_card(digits: str, before: str, after: str, language: str | None) -> bool:  # noqa: ARG001
    """Tell whether digits are a card's: of a bank by ISO/IEC 7812's first digit, and by Luhn."""
    from stdnum import luhn  # noqa: PLC0415

    if len(digits) not in CARD_DIGITS or (len(digits) == 15) != digits.startswith(("34", "37")):
        return False
    return digits[0] in "23456" and luhn.is_valid(digits)


def _is_day(digits: str) -> bool:
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return date(1900, 1, 1) <= day <= date(2099, 12, 31)


_TESTS: tuple[tuple[PersonalKind, _Test], ...] = (
    (PersonalKind.IDENTITY_CARD, _is_identity),
    (PersonalKind.BANK_CARD, _is_bank_card),
    (PersonalKind.PHONE, _is_phone),
)
