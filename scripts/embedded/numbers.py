"""Numbers as they are said and written: cardinals, decimals, percent, money, dates, times, digits.

num2words verbalises English, Japanese and Korean, cn2an Chinese; the rules here add what they
leave out: 两 and 萬, the sounds of Japanese days and minutes, the native hours of Korean, telephone
digits.
An item is ``label|spoken|itn`` as in the text lists.
"""

import random
from zlib import crc32

import cn2an
from num2words import num2words

Parts = tuple[str, str, str]
"""Label, what is spoken, and ITN."""

KINDS = ("cardinal", "decimal", "percent", "money", "date", "time", "digits")
RESERVED_SHARE = 7
"""One expression in so many is kept for the test."""

_MYRIADS = {"zh": ("万", "亿"), "yue": ("萬", "億"), "ja": ("万", "億"), "ko": ("만", "억")}
_TRADITIONAL = str.maketrans("两万亿点", "兩萬億點")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
_JA_MONTHS = (
    *("いち", "に", "さん", "し", "ご", "ろく", "しち", "はち", "く", "じゅう"),
    *("じゅういち", "じゅうに"),
)
_JA_DAYS = {1: "ついたち", 2: "ふつか", 3: "みっか", 4: "よっか", 5: "いつか", 6: "むいか"}
_JA_DAYS |= {7: "なのか", 8: "ようか", 9: "ここのか", 10: "とおか", 14: "じゅうよっか"}
_JA_DAYS |= {20: "はつか", 24: "にじゅうよっか"}
_JA_HOURS = {
    0: "れい",
    4: "よ",
    7: "しち",
    9: "く",
    14: "じゅうよ",
    17: "じゅうしち",
    19: "じゅうく",
}
_JA_HOURS |= {20: "にじゅう", 24: "にじゅうよ"}
_JA_MINUTES = {"いち": "いっぷん", "さん": "さんぷん", "よん": "よんぷん", "ろく": "ろっぷん"}
_JA_MINUTES |= {"はち": "はっぷん", "じゅう": "じゅっぷん"}
_KO_HOURS = ("열두", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열", "열한")
_DIGITS = {
    "zh": "零幺二三四五六七八九",
    "yue": "零一二三四五六七八九",
    "ja": "零一二三四五六七八九",
    "ko": "공일이삼사오육칠팔구",
}
_JA_DIGITS = ("ゼロ", "いち", "に", "さん", "よん", "ご", "ろく", "なな", "はち", "きゅう")


def draw(language: str, kind: str, rng: random.Random, *, reserved: bool = False) -> str:
    """Compose a number of ``kind`` that is, or is not, among those kept for the test."""
    while True:
        label, spoken, itn = _MAKERS[kind](language, rng)
        if is_reserved(kind, itn) is reserved:
            return f"{label}|{spoken}|{itn}"


def is_reserved(kind: str, itn: str) -> bool:
    """Say whether training must not hear it; numbers below a hundred are for everybody."""
    small = kind == "cardinal" and itn.isdigit() and int(itn) < 100
    digits = "".join(c for c in itn if c.isdigit())
    return not small and crc32(f"{kind} {digits}".encode()) % RESERVED_SHARE == 0


def magnitude(rng: random.Random) -> int:
    """Draw 0 to 999,999,999: every length alike, every third one round."""
    length = rng.choice((1, 2, 2, 3, 3, 3, 4, 4, 5, 6, 7, 8, 9))
    value = rng.randrange(10 ** (length - 1) if length > 1 else 0, 10**length)
    if length > 2 and rng.random() < 0.35:
        unit = 10 ** rng.randrange(1, length)
        value -= value % unit
    return value


def words(language: str, value: int) -> tuple[str, str]:
    """Return a whole number as label and as spoken."""
    match language:
        case "zh":
            return (_chinese(value),) * 2
        case "yue":
            return (_chinese(value).translate(_TRADITIONAL),) * 2
        case "ja":
            label = str(num2words(value, lang="ja"))
            spoken = str(num2words(value, lang="ja", reading=True))
            if value // 10**7 % 10 == 1:
                label, spoken = _one(label, "億", "千"), _one(spoken, "おく", "せん", "いっ")
            return label, spoken
        case "ko":
            return (str(num2words(value, lang="ko")),) * 2
    text = str(num2words(value)).replace("-", " ").replace(",", "").replace(" and ", " ")
    return text, text


def _one(text: str, hundred_million: str, thousand: str, one: str = "一") -> str:
    """Put in the one of ten million, which num2words leaves out."""
    head, mark, rest = text.rpartition(hundred_million)
    return f"{head}{mark}{rest.replace(thousand, one + thousand, 1)}"


def _chinese(value: int) -> str:
    """Say 两 for the two that stands first, and before 千."""
    text = str(cn2an.an2cn(value)).replace("二千", "两千")
    for unit in "百万亿":
        text = text.replace(f"亿二{unit}", f"亿两{unit}").replace(f"万二{unit}", f"万两{unit}")
        if text.startswith(f"二{unit}"):
            text = f"两{text[1:]}"
    return text


def digits(language: str, value: int) -> str:
    """Write a whole number: CJK and Korean count round ones in myriads."""
    if language == "en":
        million, rest = divmod(value, 10**6)
        return f"{million} million" if million and not rest else str(value)
    ten_thousand, hundred_million = _MYRIADS[language]
    if value < 10**4 or value % 10**4:
        return str(value)
    high, low = divmod(value // 10**4, 10**4)
    space = " " if language == "ko" and high and low else ""
    parts = (f"{high}{hundred_million}" if high else "", f"{low}{ten_thousand}" if low else "")
    return space.join(parts)


def _cardinal(language: str, rng: random.Random) -> Parts:
    value = magnitude(rng)
    return (*words(language, value), digits(language, value))


def _decimal(language: str, rng: random.Random) -> Parts:
    whole = rng.randrange(10 ** rng.choice((1, 2, 3)))
    fraction = str(rng.randrange(10 ** rng.choice((1, 1, 2, 3))))
    places = [words(language, int(digit)) for digit in fraction]
    labels, spoken = zip(*places, strict=True)
    label, sound = words(language, whole)
    point = {"zh": "点", "yue": "點", "ja": "点", "ko": " 점 ", "en": " point "}[language]
    space = " " if language in ("en", "ko") else ""
    if language == "ja":
        sound = sound.replace("ゼロ", "れい")
        spoken = tuple(s.replace("ゼロ", "れい") for s in spoken)
    said = f"{sound}{'てん' if language == 'ja' else point}{space.join(spoken)}"
    return f"{label}{point}{space.join(labels)}", said, f"{whole}.{fraction}"


def _percent(language: str, rng: random.Random) -> Parts:
    if rng.random() < 0.5:
        label, spoken, itn = _decimal(language, rng)
    else:
        value = rng.randrange(101)
        label, spoken, itn = *words(language, value), str(value)
    match language:
        case "zh" | "yue":
            return f"百分之{label}", f"百分之{spoken}", f"{itn}%"
        case "ja":
            return f"{label}パーセント", f"{spoken}パーセント", f"{itn}%"
        case "ko":
            return f"{label} 퍼센트", f"{spoken} 퍼센트", f"{itn}%"
    return f"{label} percent", f"{spoken} percent", f"{itn} percent"


def _money(language: str, rng: random.Random) -> Parts:
    unit = {"zh": "元", "yue": "蚊", "ja": "円", "ko": " 원", "en": " dollars"}[language]
    sound = "えん" if language == "ja" else unit
    value = max(magnitude(rng), 2)
    label, spoken = words(language, value)
    if language == "ja" and spoken.endswith("よん"):
        spoken = spoken[:-1]
    itn = digits(language, value)
    if language == "en" and rng.random() < 0.3:
        cents = rng.randrange(2, 100)
        said, _ = words("en", cents)
        text = f"{label} dollars and {said} cents"
        return text, text, f"{itn} dollars and {cents} cents"
    return f"{label}{unit}", f"{spoken}{sound}", f"{itn}{unit}"


def _date(language: str, rng: random.Random) -> Parts:
    year, month, day = rng.randrange(1950, 2050), rng.randrange(1, 13), rng.randrange(1, 29)
    with_year = rng.random() < 0.5
    label, spoken, itn = _day(language, month, day)
    if not with_year:
        return label, spoken, itn
    if language == "en":
        said = str(num2words(year, to="year")).replace("-", " ").replace(" and ", " ")
        return f"{label} {said}", f"{spoken}, {said}", f"{itn} {year}"
    if language in ("zh", "yue"):
        said = "".join(_DIGITS["yue"][int(c)] for c in str(year)) + "年"
        return f"{said}{label}", f"{said}{spoken}", f"{year}年{itn}"
    if language == "ko":
        said = f"{words('ko', year)[0]}년"
        return f"{said} {label}", f"{said} {spoken}", f"{year}년 {itn}"
    text, sound = words("ja", year)
    sound = f"{sound[:-1] if sound.endswith('よん') else sound}ねん"
    return f"{text}年{label}", f"{sound}{spoken}", f"{year}年{itn}"


def _day(language: str, month: int, day: int) -> Parts:
    if language == "en":
        ordinal = str(num2words(day, to="ordinal")).replace("-", " ")
        text = f"{_MONTHS[month - 1]} {ordinal}"
        return text, text, f"{_MONTHS[month - 1]} {num2words(day, to='ordinal_num')}"
    (m, m_said), (d, d_said) = words(language, month), words(language, day)
    match language:
        case "ja":
            said = _JA_DAYS.get(
                day, f"{d_said.replace('きゅう', 'く').replace('なな', 'しち')}にち"
            )
            return f"{m}月{d}日", f"{_JA_MONTHS[month - 1]}がつ{said}", f"{month}月{day}日"
        case "ko":
            m = {6: "유", 10: "시"}.get(month, m)
            return f"{m}월 {d}일", f"{m}월 {d}일", f"{month}월 {day}일"
    unit = "日" if language == "zh" else "號"
    return f"{m}月{d}{unit}", f"{m_said}月{d_said}{unit}", f"{month}月{day}{unit}"


def _time(language: str, rng: random.Random) -> Parts:
    hour, minute = rng.randrange(1, 13), rng.choice((0, *range(1, 60)))
    (h, h_said), (m, m_said) = words(language, hour), words(language, minute)
    match language:
        case "en":
            if not minute:
                return f"{h} o'clock", f"{h} o'clock", f"{hour} o'clock"
            text = f"{h} oh {m}" if minute < 10 else f"{h} {m}"
            return text, text, f"{hour}:{minute:02}"
        case "ja":
            said = f"{_JA_HOURS.get(hour, h_said)}じ"
            end = (f"{m}分", _minutes(m_said), f"{minute}分") if minute else ("",) * 3
            return f"{h}時{end[0]}", f"{said}{end[1]}", f"{hour}時{end[2]}"
        case "ko":
            text = f"{_KO_HOURS[hour % 12]} 시" + (f" {m} 분" if minute else "")
            return text, text, f"{hour}시" + (f" {minute}분" if minute else "")
    point, two = ("点", "两") if language == "zh" else ("點", "兩")
    zero = "零" if minute < 10 else ""
    text = f"{two if hour == 2 else h}{point}" + (f"{zero}{m}分" if minute else "")
    return text, text, f"{hour}{point}" + (f"{minute:02}分" if minute else "")


def _minutes(spoken: str) -> str:
    ending = next((e for e in _JA_MINUTES if spoken.endswith(e)), None)
    return f"{spoken}ふん" if ending is None else f"{spoken[: -len(ending)]}{_JA_MINUTES[ending]}"


def _digits(language: str, rng: random.Random) -> Parts:
    """Say a telephone number digit by digit, with a pause every three or four."""
    length = rng.choice((7, 8, 10, 11))
    itn = "".join(str(rng.randrange(10)) for _ in range(length))
    ends = {7: (3, 7), 8: (4, 8), 10: (3, 6, 10), 11: (3, 7, 11)}[length]
    groups = [itn[a:b] for a, b in zip((0, *ends), ends, strict=False)]
    if language == "en":
        zero = rng.choice(("zero", "zero", "oh"))
        named = [[zero if c == "0" else str(num2words(int(c))) for c in g] for g in groups]
        texts = [" ".join(g) for g in named]
        return " ".join(texts), ", ".join(texts), itn
    texts = ["".join(_DIGITS[language][int(c)] for c in group) for group in groups]
    if language == "ja":
        sounds = ["".join(_JA_DIGITS[int(c)] for c in group) for group in groups]
        return "".join(texts), "、".join(sounds), itn
    if language == "ko":
        return " ".join(texts), ", ".join(texts), itn
    return "".join(texts), "，".join(texts), itn


_MAKERS = {
    "cardinal": _cardinal,
    "decimal": _decimal,
    "percent": _percent,
    "money": _money,
    "date": _date,
    "time": _time,
    "digits": _digits,
}
