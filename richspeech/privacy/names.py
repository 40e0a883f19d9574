"""Names: what people call themselves, and the same name wherever else it stands.

Patterns of our own around what people say before a name (我叫, *my name is*, 名前は, 이름은). They
are precise rather than complete.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from richspeech.privacy.digits import Span

_HAN = "\u4e00-\u9fff"

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
_NO_PERSON = (
    r"(?!司机|司機|管[理家]|安[装裝保全排]|保安|经理|經理|师傅|師傅|房[东東屋]|包[工裹车車]|施工|水[电電管]|"
    r"时间|時間|黄牛|双方|雙方|[全金][家部体體]|高[管层層]|任何|路人|左右|何人|方[便案]|祝[你您大]|解决|解決|习惯|習慣|常[用来來])"
)
_CHINESE_NAME = (
    rf"{_NO_PERSON}((?:{_DOUBLE_SURNAMES}){_GIVEN}{{1,2}}|[{_SURNAMES}]{_GIVEN}{{1,2}}"
    rf"|[小阿老][{_SURNAMES}](?![{_HAN}]))"
)
_NOT_A_NAME = frozenset({"not", "on", "in", "the", "a", "so", "like", "that", "written"})
_GOES_ON_WITH = (
    r"(?:and|i|from|but|calling|here|on|in|you|we|they|it|what|how|who|when|where|why|can|could|please|"
    r"is|with|for|so|my|the|speaking)"
)
_SPELT = r"[A-Za-z]\b(?:[\s.-]{0,3}[A-Za-z]\b){2,19}"
_LATIN = rf"({_SPELT}|[A-Za-z][A-Za-z'’-]*(?:\s[A-Z][A-Za-z'’-]*){{0,2}})"
_NAMES = (
    re.compile(
        r"(?:我叫做?|我名叫|名字[是叫係]|我個名[係叫]|我嘅名[係叫]?|姓名是|本人叫|我是叫|我全名[是叫])\s?[，,:：]?\s?"
        rf"(?:{_CHINESE_NAME}|{_LATIN})"
    ),
    re.compile(rf"我(?:免贵)?姓([{_SURNAMES}])(?![名氏])|免[贵貴]姓([{_SURNAMES}])"),
    re.compile(
        r"\b(?:my (?:full )?name(?:'s|’s| is)|i am called|my name would be)\s"
        rf"({_SPELT}|[A-Za-z][A-Za-z'’-]*(?:\s(?!{_GOES_ON_WITH}\b)[A-Za-z][A-Za-z'’-]*){{0,2}})",
        re.IGNORECASE,
    ),
    re.compile(r"\bthis is\s([A-Z][a-z'’-]+(?:\s[A-Z][a-z'’-]+)?)\s(?:speaking|calling|from)\b"),
    re.compile(
        rf"(?:名前は|名前、|氏名は)\s?(?!\s?(?:よろし|何|なん|ど[うちな]|誰|だれ|いかが|お?伺|お?聞|いただ|頂|教え))([{_HAN}ぁ-んァ-ヶー・]{{1,12}}?)(?=です|と申し|と言|といい|。|、|$)"
    ),
    re.compile(rf"(?:私は|わたしは|わたくし|^|[。、の])\s?([{_HAN}ァ-ヶー・]{{1,10}})(?=と申し)"),
    re.compile(
        r"이름은\s?(?!어떻|뭐|무엇|어떤)([가-힣]{2,4}?)(?=입니다|이에요|예요|이고|이라고|라고|이야|[.,\s]|$)"
    ),
    re.compile(r"(?:저는|나는)\s?([가-힣]{2,4}?)(?=(?:이?라고)\s?(?:합니다|해요|하는데))"),
)

_TITLES = ("Mr ", "Mrs ", "Ms ", "Miss ", "Dr ", r"Mr\. ", r"Mrs\. ", r"Ms\. ", r"Dr\. ")
_HONORIFICS = "(?:さん|様|くん|ちゃん|氏|先生|女士|小姐)"
_MONTHS = frozenset({"may", "april", "june", "august", "summer", "autumn"})
_ORDINARY = _MONTHS | {
    *("will", "mark", "bill", "grant", "drew", "chase", "frank", "rob", "sue", "pat", "hope"),
    *(
        "faith",
        "grace",
        "joy",
        "rose",
        "dawn",
        "rich",
        "jack",
        "can",
        "do",
        "he",
        "you",
        "so",
        "an",
    ),
}
"""Names that are words as well, and begin a sentence as such."""
_IN = re.compile(r"\b(?:in|last|next|this|since|until|by|early|late|of|from|\d+)\s$", re.IGNORECASE)
"""Before a month."""
_GOES_ON = re.compile(r"\s+(?:[a-z]|I\b)")
SHORTEST_REPEATED = 2
"""Letters of a name that is found wherever else it stands."""


def find_names(source: str) -> Iterator[Span]:
    """Yield characters of a text: what people call themselves."""
    for pattern in _NAMES:
        for match in pattern.finditer(source):
            number = match.lastindex or 0
            if match[number].lower().split()[0] not in _NOT_A_NAME:
                yield match.span(number)


def find_called(name: str, text: str) -> Iterator[Span]:
    """Yield where in a text somebody is called by a name, or by a part that stands for it."""
    if len(name) < SHORTEST_REPEATED or (name.isascii() and name.islower()):
        return
    for match in _called(name).finditer(text):
        if not _is_ordinary(match):
            yield match.span()


@lru_cache(maxsize=256)
def _called(name: str) -> re.Pattern[str]:
    whole = re.escape(name)
    if name.isascii():
        given, *others = (re.escape(part) for part in name.split())
        alone = [given] if others and len(given) > 2 and given.istitle() else []
        surnames = [f"(?<={title}){each}" for each in others[-1:] for title in _TITLES]
        return re.compile(rf"\b(?:{'|'.join([whole, *alone, *surnames])})\b")
    return re.compile("|".join([whole, *_parts_of(name)]))


def _parts_of(name: str) -> Iterator[str]:
    """Yield the parts by which people are called in Chinese, Japanese and Korean."""
    if re.fullmatch(rf"[{_HAN}]{{3,4}}", name):
        yield name[1:] if len(name) == 3 else name[2:]
        yield rf"{name[:2]}(?={_HONORIFICS})"
    if re.fullmatch(r"[가-힣]{3}", name):
        yield rf"{name[1:]}(?=\s?(?:씨|님|군|양)(?![가-힣])|[야아](?![가-힣]))"


def _is_ordinary(match: re.Match[str]) -> bool:
    """Tell whether a word is meant that is a name as well."""
    word = match[0].lower()
    if word not in _ORDINARY:
        return False
    before = match.string[max(0, match.start() - 12) : match.start()]
    begins = not before.strip() or before.rstrip()[-1:] in ".?!"
    goes_on = _GOES_ON.match(match.string, match.end())
    return bool((begins and goes_on) or (word in _MONTHS and _IN.search(before)))
