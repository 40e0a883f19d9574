"""What is personal by the words around it: plates and e-mail.

Patterns of our own: no kept library finds these in Chinese, Cantonese, Japanese and Korean without
a model of the language.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from richspeech.model.personal import PersonalKind
from richspeech.privacy.digits import Reading, Span

_TOP_LEVEL = r"(?:com|net|org|cn|hk|tw|jp|kr|edu|gov|io|uk|us|co|me|info)"
_WRITTEN_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_AT = r"(?:\s*(?:艾特|アットマーク|アット|골뱅이|앳)\s*|\s+at\s+|\s*@\s*)"
_DOT = r"(?:\s*(?:点|點|ドット|닷|쩜|점|\.)\s*|\s+dot\s+)"
_NO_MAILBOX = (
    r"(?:look|in|up|on|out|account|log|login|page|site|me|it|us|find|check|go|be|is|are|visit|search|"
    r"e?mail|address|the|a|an|to|and|or|of|with|by|for|from|my|your|i|we|you|they|stay|work|shop|buy)"
)
"""What stands before "at", and is nobody's."""
_PROVIDER = (
    r"(?:gmail|hotmail|outlook|yahoo|icloud|qq|163|126|139|foxmail|sina|sohu|naver|daum|hanmail|"
    r"proton|protonmail|aol|live|msn)"
)
_SAID_EMAIL = re.compile(
    rf"(?<![a-z0-9])(?:(?!{_NO_MAILBOX}\b)[a-z]+\s(?=[a-z]+\sat\s)){{0,1}}"
    rf"[a-z0-9]+(?:(?:{_DOT}|\s*(?:underscore|下划线|_|-)\s*|(?<=\d)\s+(?=\d))[a-z0-9]+)*"
    rf"(?:{_AT}|(?<=[a-z0-9])\s?at(?={_PROVIDER}))[a-z0-9]+(?:{_DOT}[a-z0-9]+)*?(?:{_DOT}{_TOP_LEVEL})+(?![a-z0-9])",
    re.IGNORECASE | re.ASCII,
)
_KNOWN_EMAIL = re.compile(
    rf"(?:[a-z]+\s(?=[a-z]+\sat\s))?+(?!{_NO_MAILBOX}(?:\s|{_AT}))[a-z0-9].*?(?:{_AT}|at){_PROVIDER}\b",
    re.IGNORECASE | re.ASCII,
)
"""Of an address that is said: nobody has to say what it is."""
_EMAIL_CUE = re.compile(
    r"e-?mail|\bmail\b|邮箱|郵箱|邮件|電郵|电邮|メール|이메일|메일|email address", re.IGNORECASE
)
CUE_LETTERS = 40
"""Before an address that is said, among which somebody says what it is."""

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATES_JA = (
    "札幌|函館|旭川|室蘭|釧路|帯広|北見|知床|苫小牧|青森|八戸|弘前|岩手|盛岡|平泉|宮城|仙台|秋田|山形|庄内|福島|会津|郡山|白河|いわき|"
    "水戸|土浦|つくば|宇都宮|とちぎ|那須|日光|群馬|前橋|高崎|大宮|川越|川口|所沢|熊谷|春日部|越谷|千葉|成田|習志野|市川|船橋|袖ヶ浦|市原|野田|柏|松戸|"
    "品川|世田谷|練馬|杉並|板橋|足立|江東|葛飾|八王子|多摩|横浜|川崎|湘南|相模|新潟|長岡|上越|長野|松本|諏訪|安曇野|南信州|山梨|富士山|"
    "富山|石川|金沢|福井|岐阜|飛騨|静岡|浜松|沼津|伊豆|名古屋|豊橋|三河|岡崎|豊田|小牧|一宮|春日井|三重|鈴鹿|四日市|伊勢志摩|"
    "滋賀|京都|大阪|なにわ|和泉|堺|神戸|姫路|奈良|飛鳥|和歌山|鳥取|島根|出雲|岡山|倉敷|広島|福山|山口|下関|徳島|香川|高松|愛媛|高知|"
    "福岡|北九州|久留米|筑豊|佐賀|長崎|佐世保|熊本|大分|宮崎|鹿児島|奄美|沖縄"
)
_SMALL_WORDS = (
    r"(?:on|in|is|of|at|to|a|no|the|for|was|not|my|has|and|but|it|its|can|if|so|you|car|are|i|we|he|"
    r"she|all|one|two|per|up|by|or|as|be|do|go|me|us)"
)
_PLATES = (
    re.compile(
        rf"[{_PROVINCES}]\s?[A-Ha-hJ-Zj-z]\s?[·.，,\-]?\s?(?=(?:[A-Za-z]\s?){{0,3}}\d)"
        r"(?:[A-HJ-NP-Za-hj-np-z0-9]\s?){4,5}[A-HJ-NP-Za-hj-np-z0-9学警港澳挂](?![A-Za-z0-9])"
    ),
    re.compile(
        r"(?<!\d)\d{2,3}\s?[가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주하허호배]\s?\d{4}(?!\d|\s?[원억만천명개년조])"
    ),
    re.compile(
        rf"(?:{_PLATES_JA})\s?\d{{2,3}}\s?[あ-えか-けさ-そた-とな-のは-ふほま-もやゆよら-ろれわを]\s?"
        r"\d{2}[-－の\s]?\d{2}(?!\d|円)"
    ),
    re.compile(r"\b[A-Z]{2}\d{2}\s?[A-Z]{3}\b"),
    re.compile(r"(?:車牌|车牌)(?:號碼|号码|係|是|:|：|\s)*([A-Za-z]{2}\s?\d(?:\s?\d){0,3})(?!\d)"),
    re.compile(
        r"\b(?:license plate|number plate|plate number|registration)\b(?:\s(?:number|is|of))*\s"
        r"((?=[A-Z0-9 -]*\d)[A-Z0-9]{1,4}(?:[ -]?[A-Z0-9]){2,7})(?![A-Za-z0-9])"
    ),
    re.compile(
        r"\b(?:plate|registration|reg)\b(?:\s(?:number|is|of))*\s"
        rf"((?!{_SMALL_WORDS}\b)[a-z]{{1,3}}-?\d{{1,4}}(?:[ -]?(?!{_SMALL_WORDS}\b)[a-z]{{1,3}})?"
        r"|(?:[a-z]\s){1,3}\d(?:\s?\d){0,3}(?:\s[a-z]){2,3}|(?:[a-z]\s){2,3}\d(?:\s?\d){1,4})"
        r"(?![a-z0-9])",
        re.IGNORECASE | re.ASCII,
    ),
)


def find_emails(reading: Reading) -> Iterator[Span]:
    """Yield characters of the reading; one that is said needs somebody to say what it is."""
    for match in _WRITTEN_EMAIL.finditer(reading.text):
        yield match.span()
    for match in _SAID_EMAIL.finditer(reading.text):
        before = max(0, match.start() - CUE_LETTERS)
        if _EMAIL_CUE.search(reading.text, before, match.start()) or _KNOWN_EMAIL.match(match[0]):
            yield match.span()


def find_plates(reading: Reading) -> Iterator[Span]:
    """Yield characters of the reading."""
    for pattern in _PLATES:
        for match in pattern.finditer(reading.text):
            yield match.span(match.lastindex or 0)


PLACEHOLDERS: Mapping[PersonalKind, Mapping[str, str]] = MappingProxyType(
    {
        PersonalKind.PHONE: {"zh": "电话", "en": "phone", "ja": "電話番号", "ko": "전화번호"},
        PersonalKind.IDENTITY_CARD: {
            "zh": "证件号",
            "en": "identity card",
            "ja": "個人番号",
            "ko": "주민번호",
        },
        PersonalKind.BANK_CARD: {
            "zh": "银行卡",
            "en": "bank card",
            "ja": "カード番号",
            "ko": "카드번호",
        },
        PersonalKind.EMAIL: {"zh": "邮箱", "en": "email", "ja": "メール", "ko": "이메일"},
        PersonalKind.ADDRESS: {"zh": "地址", "en": "address", "ja": "住所", "ko": "주소"},
        PersonalKind.PLATE: {"zh": "车牌", "en": "plate", "ja": "ナンバー", "ko": "차량번호"},
        PersonalKind.NAME: {"zh": "姓名", "en": "name", "ja": "氏名", "ko": "이름"},
    }
)
"""What stands in the place of what was masked, by language; elsewhere in English."""


def placeholder(kind: PersonalKind, language: str | None) -> str:
    """Return what stands in the words of a segment in the place of what was masked.

    >>> placeholder(PersonalKind.PHONE, "yue"), placeholder(PersonalKind.PHONE, "fr")
    ('[电话]', '[phone]')
    """
    words = PLACEHOLDERS[kind]
    return f"[{words.get('zh' if language == 'yue' else language or 'en', words['en'])}]"
