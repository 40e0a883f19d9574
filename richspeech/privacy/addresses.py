"""Addresses: a street with a number, in Chinese, Japanese, Korean and English.

Patterns of our own, as in words.py. What only ends like a street is none: 知道, 앞으로, hard drive.
"""

import re
from collections.abc import Iterator

from richspeech.privacy.digits import Reading, Span

_HAN = "\u4e00-\u9fff"
_NUMBER = r"[\d十百千零〇一二三四五六七八九两]+"

_STREET = (
    r"(?:(?<![里走迷问問线線铁鐵电電网網思出套])路|(?<![逛上])街|大道|巷|(?<![我你他她会會要想能先再])弄|胡同|村|"
    r"(?<![知渠频頻通轨軌跑赛賽隧管味报報难難说說厚车車走过過航河水一写寫交公行人条條])道)"
)
"""Not what only ends like one: 知道, 渠道, 线路."""
_NO_NAME_OF_STREET = (
    r"(?:way|more|other|people|times|lanes?|(?:mile|kilomet(?:er|re)|met(?:er|re)|yard|hour|minute|second|day|week|"
    r"month|year|gig|gigabyte|terabyte|megabyte|wheel|bedroom|speed|dollar|star|car|man|inch|ton|"
    r"door)s?|km|feet|foot|gb|tb|mb|percent|old|new|usb|such)"
)
_TOWN_JA = r"(?:市(?![場民役内立販営長況])|区(?![別間分切画役民])|町(?![内長民役])|村(?![長民役]))"
_UNITS_KO = (
    r"\s?(?:년|월|일|개|명|번(?![길지])|시|분|초|호선|호점|호기|주|달|원|살|회|차|배|가지|군데|대|권|장|건|팀|"
    r"위|등|번째|억|만|천|퍼센트|%|km|킬로)"
)
_ROAD_KO = (
    r"(?<![가-힣])(?!(?:앞|새|바|서|별도|따|실제|정말|그대|이대|때|홀|스스|억지|대체|주|함부|진짜|절대)로)"
    r"[가-힣0-9]{1,10}(?:(?<!으)로|길)"
)
_REGION_KO = (
    r"(?:(?!(?:다|역|혹|잠|즉|택|몇)시)[가-힣]{1,8}(?:시|구|군|동|읍|면)"
    r"|[가-힣]{1,8}[기원북남주치]도)"
)

_ADDRESSES = (
    re.compile(
        rf"(?:[{_HAN}]{{2,8}}?(?:省|市|自治区|特别行政区))?(?:[{_HAN}]{{1,6}}?[市区區县縣镇鎮])?"
        rf"[{_HAN}]{{1,8}}?{_STREET}(?:[东西南北中]段)?\s?{_NUMBER}\s?[号號弄](?![线線选選]|[机機](?![关關构構])|出[口入])"
        rf"(?:(?:院|[{_HAN}]{{2,8}}?(?:小区|花园|大厦|大廈|公寓|苑))?[\s,，]?{_NUMBER}\s?"
        r"(?:号楼|號樓|栋|棟|座|单元|單元|层|樓|楼|室|房|号|號))*"
    ),
    re.compile(
        rf"(?:[{_HAN}]{{2,3}}?[都道府県])?(?>(?:[{_HAN}ぁ-んァ-ヶー]{{1,8}}?{_TOWN_JA}){{1,4}})"
        rf"[{_HAN}ぁ-んァ-ヶー]{{0,10}}?(?<![でがはもを])(?:{_NUMBER}丁目[\s、]?{_NUMBER}(?:番地?|[-－の]{_NUMBER})"
        rf"(?:[\s、]?{_NUMBER}号?)?|{_NUMBER}番地(?![味元方球下域道])(?:[\s、の-]?{_NUMBER}号?)?"
        rf"|{_NUMBER}番[\s、]?{_NUMBER}号|\d+[-－の]\d+[-－の]\d+)"
    ),
    re.compile(
        rf"(?:{_REGION_KO}\s){{0,3}}{_ROAD_KO}\s?\d+(?:번?길\s?\d+|-\d+(?!{_UNITS_KO})|번지|호(?![선점기]))"
        r"(?:\s?\d+동)?(?:\s?\d+호)?"
        rf"|(?:{_REGION_KO}\s){{1,3}}{_ROAD_KO}\s?\d+(?!\d|{_UNITS_KO})(?:\s?\d+동)?(?:\s?\d+호)?"
        r"|[가-힣]{1,8}동\s?\d+(?:-\d+)?번지"
    ),
    re.compile(
        r"\b(?:\d[\d ]*\d|\d|(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)\W)?"
        r"(?:\d|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen)|"
        r"twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)\s"
        rf"(?!{_NO_NAME_OF_STREET}\b)"
        r"(?:[a-z'’]+\s){1,3}?(?:street|avenue|boulevard|road|lane|drive|crescent|terrace|"
        r"(?:st|ave|rd|blvd)\b\.?)(?:,?\s(?:apartment|apt|flat|unit|suite)\s[\da-z]+)?",
        re.IGNORECASE,
    ),
)
_NO_STREET = re.compile(
    r"\b(?:hard|flash|thumb|tape|disk|wheel|test|dirt|long|back) (?:drive|road|street|lane)\b|"
    r"\b(?:of|in|on|the|to|and|is|are|was|down|across|from|at|a|this|that|for)\b",
    re.IGNORECASE,
)


def find_addresses(reading: Reading) -> Iterator[Span]:
    """Yield characters of the source, where numbers of houses may stand as they are said."""
    for pattern in _ADDRESSES:
        for match in pattern.finditer(reading.source):
            if not _NO_STREET.search(match[0]):
                yield match.span()
    for match in _ADDRESSES[-1].finditer(reading.text):
        if not _NO_STREET.search(match[0]):
            yield reading.span(*match.span())
