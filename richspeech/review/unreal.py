"""What would have been, and what is denied for as long as something holds, in five languages.

要不是你帮我，我早就报警了, "I would have sued if you hadn't called" and 電話がなかったら訴えていた
threaten nobody. What is denied there has been done, though: "I wouldn't have called a lawyer if you
had listened" speaks of a lawyer. A threat that hangs on what may still come is one: 不解决我就报警,
"if you don't pay I will sue", and so is a denial that ends with it: "I won't go to court unless you
make me", 我不报警你们就不管.

Shapes, and no grammar: a condition in another utterance, or in other words, is not known for one.
"""

import re
from collections.abc import Iterator

from richspeech.review.questions import Place

_SAID, _ENGLISH = r"[^。！？!?;；\n]", r"[^.!?;\n]"
_BETWEEN = rf"{_SAID}{{0,60}}?"
"""So much at most, so that the time grows with the text and no faster."""
_GOES_ON = rf"(?:(?! but | and ){_ENGLISH})*"
_ONE = r"(?:[你您他她佢](?![们們哋])|这位|那位|這位)"
"""Somebody whose help is meant; 如果不是你们 says which of two things may still be."""

_CONDITIONS = (
    (r"要不是|若不是|若非|要唔係|若唔係", rf"(?:[，,、]|我(?=[早就都已可也差会會])){_SAID}*"),
    (rf"如果(?:不是|唔係)(?={_ONE}|因|为了|看在|考虑)", rf"(?:[，,、]|我){_SAID}*"),
    (
        rf"(?:要是|如果)[没沒冇]有?{_ONE}[^，,。]{{0,4}}(?:帮|幫|提醒|救|发现|發現)",
        rf"[，,我]{_SAID}*",
    ),
    (r"唔係[你您佢](?!哋)", rf"我{_SAID}{{0,3}}(?:就|都){_SAID}{{0,20}}咗{_SAID}*"),
    (r"唔係[你您佢]哋?", rf"我{_SAID}{{0,2}}(?:一早|早就){_SAID}*"),
    (
        r"幸亏|幸虧|幸好|好在|还好|還好|多亏|多虧|亏得|好彩",
        rf"(?:不然|否则|否則|要不|如果唔係|若唔係|唔係){_SAID}*",
    ),
    (
        r"なかったら|なければ",
        rf"{_BETWEEN}(?:[てで]い(?:ました|た)|ところ(?:でした|だった)|たでしょう|ただろう|たかもしれ)",
    ),
    (r"으면|다면|더라면", rf"{_BETWEEN}(?P<past>[가-힣])을 (?:거|겁|텐데|뻔)"),
)
"""What was, and what would have been without it."""
_NO_PAST = r"(?!(?:to|you|them|him|her|no|any|a|an|the|my|some)\b)"
"""What follows "would have" where it is no past: I would have to sue you."""
_ALONE = (
    rf"\b(?:i|we|he|she|they)(?:'d| would| might)(?: not|n't)?(?: \w+)? have {_NO_PAST}{_GOES_ON}",
    rf"\bif it (?:weren't|wasn't|were not|was not|hadn't been|had not been) for {_ENGLISH}*",
)
_UNREAL = tuple(
    re.compile(shape)
    for shape in (
        *(f"(?:{was}){_BETWEEN}(?P<then>{then})" for was, then in _CONDITIONS),
        *(f"(?P<then>{then})" for then in _ALONE),
    )
)
_ASKED = re.compile(r"[吗嗎谁誰哪?]|怎[么麼]|什[么麼]|[点點][会會]")
"""Somebody who asks this way means it: 要不是你们骗我，我怎么会投诉."""
_HOLDS = r"(?:[不唔](?![用必要會会需使])|[没沒冇]|[当當][没沒])"
_BOUND = tuple(
    re.compile(shape)
    for shape in (
        rf"\b(?:won't|will not|not going to|wouldn't){_ENGLISH}{{0,80}}?\bunless\b",
        rf"[不唔]{_BETWEEN}除非",
        rf"[不唔][^，,。]{{2,6}}?[你您][们們哋]?(?:就|根本|完全|从来|從來){_HOLDS}",
    )
)
_SOUNDS, _PAST = 28, 20
"""Last sounds of a Korean syllable, and which of them, ㅆ, is the past."""


def unreal(text: str) -> tuple[Place, ...]:
    """Return where a folded text says what would have been, had something not been."""
    return tuple(_unreal(text))


def bound(text: str) -> tuple[Place, ...]:
    """Return where it denies something for as long as the other side does something."""
    return tuple(found.span() for shape in _BOUND for found in shape.finditer(text))


def _unreal(text: str) -> Iterator[Place]:
    for shape in _UNREAL:
        for found in shape.finditer(text):
            start, end = found.span("then")
            past = found.groupdict().get("past")
            is_past = past is None or (ord(past) - ord("가")) % _SOUNDS == _PAST
            if is_past and not _ASKED.search(text, start, end + 1):
                yield start, end
