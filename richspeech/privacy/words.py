"""What is personal by the words around it: addresses, plates, e-mail, names.

Patterns of our own: no kept library finds these in Chinese, Cantonese, Japanese and Korean without
a model of the language.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from richspeech.model.personal import PersonalKind
from richspeech.privacy.digits import Reading

_HAN = "\u4e00-\u9fff"
_NUMBER = r"[\d十百千零〇一二三四五六七八九两]+"

_TOP_LEVEL = r"(?:com|net|org|cn|hk|tw|jp|kr|edu|gov|io|uk|us|co|me|info)"
_WRITTEN_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_AT = r"(?:\s*(?:艾特|アットマーク|アット|골뱅이|앳)\s*|\s+at\s+|\s*@\s*)"
_DOT = r"(?:\s*(?:点|點|ドット|닷|쩜|점|\.)\s*|\s+dot\s+)"
_SAID_EMAIL = re.compile(
    rf"(?<![a-z0-9])[a-z0-9]+(?:(?:{_DOT}|\s*(?:underscore|下划线|_|-)\s*|(?<=\d)\s+(?=\d))[a-z0-9]+)*"
    rf"{_AT}[a-z0-9]+(?:{_DOT}[a-z0-9]+)*?(?:{_DOT}{_TOP_LEVEL})+(?![a-z0-9])",
    re.IGNORECASE | re.ASCII,
)
_EMAIL_CUE = re.compile(
    r"e-?mail|\bmail\b|邮箱|郵箱|邮件|電郵|电邮|メール|이메일|메일|email address", re.IGNORECASE
)
CUE_LETTERS = 40
"""Before an address that is said, among which somebody says what it is."""

_ADDRESSES = (
    re.compile(
        rf"(?:[{_HAN}]{{2,8}}?(?:省|市|自治区|特别行政区))?(?:[{_HAN}]{{1,6}}?[市区區县縣镇鎮])?"
        rf"[{_HAN}]{{1,8}}?(?:(?<!里)路|街|大道|巷|弄|胡同|道|村)(?:[东西南北中]段)?\s?{_NUMBER}\s?[号號弄]"
        rf"(?:(?:院|[{_HAN}]{{2,8}}?(?:小区|花园|大厦|大廈|公寓|苑))?[\s,，]?{_NUMBER}\s?"
        r"(?:号楼|號樓|栋|棟|座|单元|單元|层|樓|楼|室|房|号|號))*"
    ),
    re.compile(
        rf"(?:[{_HAN}]{{2,3}}?[都道府県])?(?>(?:[{_HAN}ぁ-んァ-ヶー]{{1,8}}?[市区町村]){{1,4}})"
        rf"[{_HAN}ぁ-んァ-ヶー]{{0,10}}?(?:{_NUMBER}丁目[\s、]?{_NUMBER}(?:番地?|[-－の]{_NUMBER})"
        rf"(?:[\s、]?{_NUMBER}号?)?|{_NUMBER}番地?(?:[\s、]?{_NUMBER}号)?|\d+[-－の]\d+[-－の]\d+)"
    ),
    re.compile(
        r"(?:[가-힣]{1,8}(?:시|도|구|군|동|읍|면)\s){0,3}[가-힣0-9]{1,10}(?:로|길)\s?\d+(?:번길\s?\d+|-\d+|번지|호)"
        r"(?:\s?\d+동)?(?:\s?\d+호)?"
        r"|(?:[가-힣]{1,8}(?:시|도|구|군|동|읍|면)\s){1,3}[가-힣]{1,10}(?:로|길)\s?\d+(?:\s?\d+동)?(?:\s?\d+호)?"
        r"|[가-힣]{1,8}동\s?\d+(?:-\d+)?번지"
    ),
    re.compile(
        r"\b(?:\d[\d ]*\d|\d|(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)\W)?"
        r"(?:\d|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen)|"
        r"twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)\s"
        r"(?!(?:way|minutes?|hours?|days?|more|other|people|times)\b)"
        r"(?:[a-z'’]+\s){1,3}?(?:street|avenue|boulevard|road|lane|drive|crescent|terrace|"
        r"(?:st|ave|rd|blvd)\b\.?)(?:,?\s(?:apartment|apt|flat|unit|suite)\s[\da-z]+)?",
        re.IGNORECASE,
    ),
)
_NO_STREET = re.compile(
    r"\b(?:of|in|on|the|to|and|is|are|was|down|across|from|at|a|this|that|for)\b", re.IGNORECASE
)

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATES = (
    re.compile(
        rf"[{_PROVINCES}]\s?[A-Ha-hJ-Zj-z]\s?[·.，,\-]?\s?(?=(?:[A-Za-z]\s?){{0,3}}\d)"
        r"(?:[A-HJ-NP-Za-hj-np-z0-9]\s?){4,5}[A-HJ-NP-Za-hj-np-z0-9学警港澳挂](?![A-Za-z0-9])"
    ),
    re.compile(
        r"(?<!\d)\d{2,3}\s?[가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주하허호배]\s?\d{4}(?!\d)"
    ),
    re.compile(rf"[{_HAN}]{{2,4}}\s?\d{{2,3}}\s?[あ-ん]\s?\d{{2}}[-－の\s]?\d{{2}}(?!\d)"),
    re.compile(r"\b[A-Z]{2}\d{2}\s?[A-Z]{3}\b"),
    re.compile(r"(?:車牌|车牌)(?:號碼|号码|係|是|:|：|\s)*([A-Za-z]{2}\s?\d(?:\s?\d){0,3})(?!\d)"),
    re.compile(
        r"\b(?:license plate|number plate|plate number|registration)\b(?:\s(?:number|is|of))*\s"
        r"((?=[A-Z0-9 -]*\d)[A-Z0-9]{1,4}(?:[ -]?[A-Z0-9]){2,7})(?![A-Za-z0-9])"
    ),
)

_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭"
    "郎鲁韦昌马苗凤花方俞任袁柳鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟黄穆"
    "萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋庞熊纪舒屈项祝董梁杜阮蓝闵席季贾路江童颜郭梅盛林钟徐邱骆高夏"
    "蔡田樊胡凌霍虞万柯管卢莫房解应丁宣邓郁单杭洪包左石崔吉龚程邢裴陆荣翁荀惠曲封储靳段焦巴牧侯宓蓬全班"
    "宁仇甘厉武符刘景龙叶司黎白蒲邰赖卓蔺屠乔阴胥苍双闻翟谭劳姬申冉桂牛寿温庄晏柴阎连习容向古易廖庾居衡步"
    "耿满匡寇广沃隆巩聂晁敖冷辛阚简饶曾沙丰关游权盖益桓"
    "趙錢孫吳鄭馮陳衛蔣韓楊許呂張嚴華謝鄒雲蘇魯韋馬鳳費賀湯羅畢鄔樂時顧黃蕭貝計談龐熊紀項藍閔賈顏鍾駱盧"
    "應鄧單龔陸榮儲寧劉龍葉賴藺喬陰蒼雙聞譚勞壽溫莊閻連習廣鞏聶闞簡饒豐關權蓋"
)
_DOUBLE_SURNAMES = (
    "欧阳|歐陽|司马|司馬|上官|诸葛|諸葛|东方|東方|皇甫|尉迟|公孙|公孫|慕容|司徒|夏侯|令狐"
)
_NO_NAME = (
    "的是在来來今我你您他她它们們了吗嗎想要和跟呢吧啊呀就也都这這那不没沒有个個住打从從给給把被很去到说說"
    "因为以已刚剛现現请請对對还還能可会會电電手先做係嘅喺啦"
)
_GIVEN = rf"(?:(?![{_NO_NAME}])[{_HAN}])"
_NO_PERSON = r"(?!司机|司機|管理|安装|安裝|保安|经理|經理)"
_CHINESE_NAME = (
    rf"{_NO_PERSON}((?:{_DOUBLE_SURNAMES}){_GIVEN}{{1,2}}|[{_SURNAMES}]{_GIVEN}{{1,2}}"
    rf"|[小阿老][{_SURNAMES}](?![{_HAN}]))"
)
_NOT_A_NAME = frozenset({"may", "not", "on", "in", "the", "a", "so", "like", "that", "written"})
_LATIN = r"([A-Za-z][A-Za-z'’-]*(?:\s[A-Z][A-Za-z'’-]*){0,2}|(?:[A-Za-z]\b[\s.-]*){3,20})"
_NAMES = (
    re.compile(
        r"(?:我叫做?|我名叫|名字[是叫係]|我個名[係叫]|我嘅名[係叫]?|姓名是|本人叫|我是叫|我全名[是叫])\s?[，,:：]?\s?"
        rf"(?:{_CHINESE_NAME}|{_LATIN})"
    ),
    re.compile(rf"我(?:免贵)?姓([{_SURNAMES}])(?![名氏])|免[贵貴]姓([{_SURNAMES}])"),
    re.compile(
        r"\b(?:my (?:full )?name(?:'s|’s| is)|i am called|my name would be)\s"
        r"([A-Za-z][A-Za-z'’-]*(?:\s(?!(?:and|i|from|but|calling|here|on|in)\b)[A-Za-z][A-Za-z'’-]*){0,2}"
        r"|(?:[A-Za-z]\b[\s.-]*){3,20})",
        re.IGNORECASE,
    ),
    re.compile(r"\bthis is\s([A-Z][a-z'’-]+(?:\s[A-Z][a-z'’-]+)?)\s(?:speaking|calling|from)\b"),
    re.compile(
        rf"(?:名前は|名前、|氏名は)\s?(?!よろし|何|なん|どう|いかが)([{_HAN}ぁ-んァ-ヶー・]{{1,12}}?)(?=です|と申し|と言|といい|。|、|$)"
    ),
    re.compile(rf"(?:私は|わたしは|わたくし|^|[。、])\s?([{_HAN}ァ-ヶー・]{{1,10}}?)(?=と申し)"),
    re.compile(
        r"이름은\s?(?!어떻|뭐|무엇|어떤)([가-힣]{2,4}?)(?=입니다|이에요|예요|이고|이라고|라고|이야|[.,\s]|$)"
    ),
    re.compile(r"(?:저는|나는)\s?([가-힣]{2,4}?)(?=(?:이?라고)\s?(?:합니다|해요|하는데))"),
)

Span = tuple[int, int]


def find_emails(reading: Reading) -> Iterator[Span]:
    """Yield characters of the reading; one that is said needs somebody to say what it is."""
    for match in _WRITTEN_EMAIL.finditer(reading.text):
        yield match.span()
    for match in _SAID_EMAIL.finditer(reading.text):
        if _EMAIL_CUE.search(reading.text, max(0, match.start() - CUE_LETTERS), match.start()):
            yield match.span()


def find_addresses(reading: Reading) -> Iterator[Span]:
    """Yield characters of the source, where numbers of houses may stand as they are said."""
    for pattern in _ADDRESSES:
        for match in pattern.finditer(reading.source):
            yield match.span()
    for match in _ADDRESSES[-1].finditer(reading.text):
        if not _NO_STREET.search(match[0]):
            yield reading.span(*match.span())


def find_plates(reading: Reading) -> Iterator[Span]:
    """Yield characters of the reading."""
    for pattern in _PLATES:
        for match in pattern.finditer(reading.text):
            yield match.span(match.lastindex or 0)


def find_names(source: str) -> Iterator[Span]:
    """Yield characters of a text: what people call themselves."""
    for pattern in _NAMES:
        for match in pattern.finditer(source):
            number = match.lastindex or 0
            if match[number].lower().split()[0] not in _NOT_A_NAME:
                yield match.span(number)


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
