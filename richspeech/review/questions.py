"""Questions, in five languages: a negation in one says nothing, since whoever asks thinks of it.

是不是骗我, 这不是骗人吗, isn't this a scam, 詐欺じゃないですか: all of them speak of fraud. What
only asks somebody to agree (不投诉了行吗, right?) is no question about what stands before it.
"""

import re
from functools import cache

from postprocess import folded, word_pattern

PHRASES = (
    *(
        "难道",
        "岂",
        "何不",
        "何尝不",
        "怎么能",
        "怎么会",
        "怎么可能",
        "怎么行",
        "怎么可以",
        "怎能",
        "哪能",
    ),
    *("凭什么", "为什么", "为啥", "为何", "是什么", "是啥", "谁说", "才怪", "都不行", "是否"),
    *(
        "别以为",
        "不要以为",
        "你以为",
        "你们以为",
        "難道",
        "豈",
        "怎麼能",
        "怎麼會",
        "怎麼可能",
        "怎麼行",
    ),
    *("憑什麼", "為什麼", "是什麼", "誰說", "別以為", "不要以為", "你以為", "你們以為"),
    *(
        "有冇",
        "有無",
        "係咪",
        "係乜",
        "係咩",
        "咩",
        "唔通",
        "點解",
        "點會",
        "點可以",
        "點能",
        "乜你",
    ),
    *("唔好以為", "你哋以為"),
    *(
        "isn't this",
        "isn't that",
        "isn't it",
        "ain't it",
        "aren't you",
        "aren't they",
        "aren't these",
    ),
    *("wasn't this", "wasn't that", "wasn't it", "weren't you", "don't you", "doesn't this"),
    *("doesn't it", "didn't you", "won't you", "wouldn't you", "can't you", "couldn't you"),
    *("are you not", "is it not", "is this not", "is that not", "was it not", "will you not"),
    *(
        "do you not",
        "did you not",
        "why not",
        "why won't",
        "why don't",
        "why can't",
        "why wouldn't",
    ),
    *("why aren't", "why isn't", "how come", "how is it not", "how is this not", "how is that not"),
    *("don't think i", "do not think i"),
    *("ではないでしょうか", "じゃないでしょうか", "ではないだろうか", "じゃないだろうか", "まさか"),
    *("아닙니까", "아닌가", "아니냐", "아니겠습니까", "아니겠어", "않습니까", "않나요", "않을까"),
    *("없습니까", "없나요", "왜 ", "설마"),
)
"""What makes a question of the clause in which it stands."""

_SHAPES = (
    r"(?<![不没沒唔])([\u4e00-\u9fff])(?<![不没沒唔行好对對])[不没沒唔]\1",
    r"(?<![行好对對以])[吗嗎]",
    r"(?:[嘛谁誰]|(?<![什怎那这麼])[么麼])\W*$",
    r"(?<![とし])か[なねよ]?\W*$",
    r"(?:じゃ|では)(?:ない(?:です)?|ありません)か(?![らもけ])|(?:じゃ|では)ないの\W*$",
    r"なぜ(?!なら)|どうして(?!も)",
)
"""The same where it is no fixed phrase. The first is 是不是, 退不退, 係唔係 and so on with any
verb, but for 行不行 and the like, which only ask to agree."""
_AGREED = r"(?:行[吗嗎]|好[吗嗎]|[对對][吗嗎]|可以[吗嗎]|行不行|好不好|\bok|\bokay|\bright)\W*$"
"""At the end of a clause: somebody asks to agree."""


def is_question(clause: str) -> bool:
    """Say whether a clause of folded text, with the marks at its end, asks something."""
    is_marked = "?" in clause or "؟" in clause
    return _asks().search(clause) is not None or (is_marked and not _agreed().search(clause))


@cache
def _asks() -> re.Pattern[str]:
    return re.compile("|".join((*_SHAPES, *map(word_pattern, map(folded, PHRASES)))))


@cache
def _agreed() -> re.Pattern[str]:
    return re.compile(_AGREED)
