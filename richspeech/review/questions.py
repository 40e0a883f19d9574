"""Questions, in five languages: a negation that is asked about says nothing.

是不是骗我, 这不是骗人吗, isn't this a scam, 詐欺じゃないですか: all of them speak of fraud. A
question beside a denial does not turn it, though: 我没有投诉为什么给我打电话 is no threat. So each
way to ask says which part of its clause it asks about.

    around     all of the clause: 不是骗人吗, 不用退款是什么意思
    condition  what follows, and what may be a condition of it: 我不告你告谁, 不报警怎么办. What is
               told before it is none: 没投诉, 不想投诉
    onward     what follows alone: 为什么 …, don't think I won't …; nothing may follow, and then it
               is a condition
    mark       all of the clause, or what begins with the first word that asks, or behind the first
               that joins (は不要ですけど…): 我不投诉什么时候修好?

What only asks somebody to agree (不投诉了行吗, right?) is no question about what stands before it,
and 不是什么, 冇咩, 没骗过谁 are nothing and nobody, not what and who.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import TypeAlias

from postprocess import folded, word_pattern

Place: TypeAlias = tuple[int, int]
"""Where something begins and ends, in characters."""

_NONE = (
    r"\bdon't you (?:worry|fret|dare (?!say|tell)|bother|forget|ever)",
    r"(?:不是|不算|没有?|沒有?)(?:什[么麼]|啥)",
    r"(?:[冇無]|唔係|唔使|唔要|唔想)[咩乜]",
)
"""What looks like a question."""

_AROUND = (
    *("才怪", "都不行", "都唔得", "谁说", "誰說", "何不", "何尝不", "什么意思", "什麼意思"),
    *("乜意思", "这还不", "这都不", "還不算", "呢個都唔"),
    *("아닙니까", "아닌가", "아니냐", "아니겠습니까", "아니겠어", "않습니까", "않나요", "않을까"),
    *(
        "없습니까",
        "없나요",
        "아니고 뭐",
        "아니면 뭐",
        "아니라면 뭐",
        "할 줄 아세요",
        "할 줄 알아요",
    ),
    *("ではないでしょうか", "じゃないでしょうか", "ではないだろうか", "じゃないだろうか"),
    *(f"if {it} {no}" for it in ("this", "that", "it") for no in ("isn't", "is not", "wasn't")),
    *("if that's not", "if it's not"),
)
_AROUND_SHAPES = (
    r"(?<![行好对對以])[吗嗎]",
    r"(?<![什怎那这麼])[么麼]\W*$",
    r"^(?=.*?(?<!又)(?:[不唔](?:是|就|能|会|會|可以|该|該|算|係)|能不)).*(?<!干)(?<!幹)嘛\W*$",
    r"(?<![不唔])[是係](?:什[么麼]|啥|[乜咩])",
    r"咩\W*$",
    r"(?:じゃ|では)(?:ない(?:です)?|ありません)か(?![らもけ])|(?:じゃ|では)ないの\W*$",
)

_CONDITION = (
    *("难道", "難道", "岂", "豈", "唔通", "是否", "有冇", "有無", "係咪", "點會", "點可以", "點能"),
    *("怎么能", "怎么会", "怎么可能", "怎么行", "怎么可以", "怎么办", "怎能", "哪能", "点算"),
    *("怎麼能", "怎麼會", "怎麼可能", "怎麼行", "怎麼辦", "點算"),
    *("找谁", "找誰", "搵邊個", "靠谁", "怪谁", "怪誰"),
)
_CONDITION_SHAPES = (
    r"(?<![不没沒唔])([\u4e00-\u9fff])(?<![不没沒唔行好对對])[不没沒唔]\1",
    r"([\u4e00-\u9fff]).{1,8}\2.?[谁誰]\W*$|([\u4e00-\u9fff])[谁誰][会會来來去能]?\3",
)
"""The first is 是不是, 退不退, 係唔係 and so on with any verb, but for 行不行 and the like, which
only ask to agree; the second 不告你告谁, 不投诉谁投诉."""

_ONWARD = (
    *("凭什么", "憑什麼", "为什么", "為什麼", "为啥", "为何", "點解", "做咩", "乜你"),
    *("别以为", "不要以为", "你以为", "你们以为", "別以為", "不要以為", "你以為", "你們以為"),
    *("唔好以為", "你哋以為", "まさか", "설마"),
    *(f"{no} {it}" for no in ("isn't", "wasn't") for it in ("this", "that", "it")),
    *("ain't it", "aren't you", "aren't they", "aren't these", "weren't you", "don't you"),
    *("doesn't this", "doesn't it", "didn't you", "won't you", "wouldn't you", "can't you"),
    *("couldn't you", "are you not", "is it not", "is this not", "is that not", "was it not"),
    *("will you not", "do you not", "did you not", "how come", "how is it not", "how is this not"),
    *("how is that not", "don't tell me", "don't say", "you don't think", "you do not think"),
    *(f"why {no}" for no in ("not", "won't", "don't", "can't", "wouldn't", "aren't", "isn't")),
    *(
        f"{do} think {i} {no}"
        for do in ("don't", "do not")
        for i in ("i", "we")
        for no in ("won't", "will not", "wouldn't", "can't", "cannot", "don't", "never")
    ),
    *("don't think i'm not", "don't think i am not", "don't think we're not"),
)
_ONWARD_SHAPES = (r"なぜ(?!なら)|どうして(?!も)", r"咩", r"(?<!\w)왜(?!냐)")

_ASKING = (
    r"什[么麼]|啥|[谁誰哪乜]|怎[么麼样樣]|如何|[几幾](?=[点點时時天号號个個])|多[少久]|边个|邊個|"
    r"能不能|可不可以|可唔可以|可否|能否|"
    r"いつ(?![かもで])|(?:どこ|誰|だれ|どう)(?![かも])|何[時日でがを]|いくら|"
    r"(?<!\w)(?:언제|어디|누구|누가|뭐|뭘|무슨|무엇|어떻게|어떤|몇|얼마|왜(?!냐))|"
    r"\b(?:is|are|am|was|were|do|does|did|can|could|will|would|shall|should|have|has) "
    r"(?:i|you|we|they|he|she|it|this|that|there)\b"
)
_JOINED = (
    r"(?<=[すいただん]が)(?=[\s、ぁ-ヿ一-鿿])|(?<=けど|から|ので)(?!(?:っ?て|と)[言い])",
    r"(?<=는데|은데|인데|던데|니까|지만)(?=요?\s+\w)",
)
"""Behind these a question of its own begins."""

_ENDS_ASKING = r"(?<![とし])か[なねよ]?\W*$"
_TOLD = (
    r"[没沒冇無]|不(?:想|用|要|需要|打算|必)|唔(?:想|使|要|打算)|我[们們哋]?(?:不是|唔係)|"
    r"(?:는|은|인|던)데|[가-힣]요(?= )|けど"
)
"""What is told is no condition of what follows."""
_ANEW = (
    r"(?<![说說話觉覺得为為道让讓叫给給要])我[们們哋]?[又可都并並]?[没沒冇]"
    r"|(?<=[すた]か)(?=[ぁ-ヿ一-鿿]{2})"
)
"""Where a clause begins without a mark before it, and is no longer asked about."""
_REQUEST = (
    r"我[们們哋]?[又也都并並]?[不唔](?![能是可得会會係])[^，,]{1,8}?"
    r"(?P<request>[你您][们們哋]?(?:能不能|可不可以|可唔可以|可否|能否|能|可以|愿意|願意|肯|麻烦|麻煩))"
)
"""Who says what they do not do, and then asks the other side for something."""
_ASKING_WHAT = r"怎[么麼]|什[么麼]|[谁誰哪就]|难道|難道|凭什|憑什"
"""With this it is a condition: 我不告你你能怎么办."""
_NOTHING_FOLLOWS = r"[\W啊呀呢요죠]*$"
_AGREED = r"(?:行[吗嗎]|好[吗嗎]|[对對][吗嗎]|可以[吗嗎]|行不行|好不好|\bok|\bokay|\bright)\W*$"
"""At the end of a clause: somebody asks to agree."""


def asked(clause: str) -> tuple[Place, ...]:
    """Return what a clause of folded text, with the marks at its end, asks about.

    The places are in order, and apart.
    """
    bare = _pattern(_NONE).sub(lambda found: " " * len(found[0]), clause)
    request = re.search(_REQUEST, bare)
    if request is not None and not _pattern((_ASKING_WHAT,)).search(bare):
        at = request.start("request")
        asks = ((start + at, end + at) for start, end in asked(bare[at:]))
        return (*asked(bare[:at]), *asks)
    if _pattern(_AROUND_SHAPES, _AROUND).search(bare):
        return ((0, len(bare)),)
    is_marked = ("?" in bare or "؟" in bare) and not _pattern((_AGREED,)).search(bare)
    if is_marked or _pattern((_ENDS_ASKING,)).search(bare):
        first = _pattern((_ASKING, *_JOINED)).search(bare)
        marked = [(first.start() if first else 0, len(bare))]
    else:
        marked = []
    return tuple(_joined(sorted((*marked, *_words_ask(bare)))))


def _words_ask(clause: str) -> Iterator[Place]:
    """Yield what conditions and onward words ask about."""
    told = [0, *(found.end() for found in _pattern((_TOLD,)).finditer(clause))]
    anew = [*(found.start() for found in _pattern((_ANEW,)).finditer(clause)), len(clause)]
    conditions = _pattern(_CONDITION_SHAPES, _CONDITION).finditer(clause)
    ends = (found.start() for found in conditions)
    yield from ((told[bisect_right(told, end) - 1], len(clause)) for end in ends)
    for found in _pattern(_ONWARD_SHAPES, _ONWARD).finditer(clause):
        if _pattern((_NOTHING_FOLLOWS,)).match(clause, found.end()):
            yield told[bisect_right(told, found.start()) - 1], len(clause)
        else:
            yield found.start(), anew[bisect_left(anew, min(found.end() + 2, len(clause)))]


def _joined(places: Iterable[Place]) -> Iterator[Place]:
    """Make one of places in order that overlap or touch."""
    begin = until = 0
    for start, end in places:
        if start > until:
            yield begin, until
            begin = start
        until = max(until, end)
    yield begin, until


@cache
def _pattern(shapes: Sequence[str], phrases: Sequence[str] = ()) -> re.Pattern[str]:
    return re.compile("|".join((*shapes, *map(word_pattern, map(folded, phrases)))))
