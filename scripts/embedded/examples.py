"""The recordings in examples/: what is said in them, by whom, and how; and their references."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from scripts.embedded import dataset, sounds
from scripts.embedded.corpus import Sentence, fill
from scripts.embedded.voices import SAMPLE_RATE, Delivery, Waveform, speak

SEED = 31
WORDS_PER_MINUTE = {"SAD": 130}
FAST = 168


@dataclass(frozen=True)
class Line:
    """One thing that is said, or one sound."""

    text: str = ""
    """As a template of the text lists, without slots."""
    emotion: str = "NEUTRAL"
    variant: str = "f3"
    pause: float = 1.3
    """Seconds of silence after it."""
    event: str | None = None
    """A sound alone, or under or after the words."""
    seconds: float = 2.5
    """Length of the event."""


@dataclass(frozen=True)
class Example:
    """One file."""

    name: str
    language: str
    lines: tuple[Line, ...]


AGENT, CALLER = "Annie", "max"

CALL = (
    Line("请耐心说你的订单。", "HAPPY", AGENT),
    Line("我上周买的冰箱坏了！", "NEUTRAL", CALLER),
    Line("请问我的订单对不对？", "NEUTRAL", CALLER),
    Line("请仔细说你的电话。", "NEUTRAL", AGENT),
    Line("请大声说你的地址。", "NEUTRAL", AGENT),
    Line("请到[五|五|5]号门口等司机。", "NEUTRAL", CALLER),
    Line("对不起，白色的冰箱没有了。", "SAD", AGENT),
    Line("我很失望，运费不对！", "SAD", CALLER),
    Line("有没有灰色的冰箱？", "NEUTRAL", CALLER),
    Line("这个灰色的冰箱要[两百|两百|200]元。", "NEUTRAL", AGENT),
    Line("你们的冰箱怎么这么贵？", "SURPRISED", CALLER),
    Line("请经理看看我的订单。", "NEUTRAL", CALLER, pause=1.4),
    Line(event="BGM", seconds=11.0, pause=1.4),
    Line("你好，我想修理这个冰箱。", "NEUTRAL", AGENT),
    Line("灰色的冰箱可以送到公司吗？", "NEUTRAL", CALLER),
    Line("对不起，灰色的冰箱没有了。", "SAD", AGENT),
    Line("这是我第[三|三|3]次打电话了！", "ANGRY", CALLER),
    Line("我很后悔，地址不对！", "ANGRY", CALLER),
    Line("我很生气，发票不对！", "ANGRY", CALLER),
    Line("你好，我想退掉这个冰箱。", "ANGRY", CALLER, pause=0.5),
)

EXAMPLES = (
    Example(
        "zh-call",
        "zh",
        CALL,
    ),
    Example(
        "zh-live-show",
        "zh",
        (
            Line("喜欢饺子的朋友，快来买！", "HAPPY", "f2"),
            Line("昨晚的京剧真精彩！", "HAPPY", "f2", pause=0.05, event="Applause"),
        ),
    ),
    Example(
        "zh-laughter",
        "zh",
        (Line("哥哥的相声太有趣了。", "HAPPY", "m1", pause=0.4, event="Laughter"),),
    ),
    Example(
        "yue-surprised",
        "yue",
        (
            Line("我上星期買嘅風扇壞咗！", "SURPRISED", "m1"),
            Line("我個枱燈壞咗，換唔換得？", "NEUTRAL", "m1", pause=0.4),
        ),
    ),
    Example(
        "en-meeting",
        "en",
        (
            Line("Actually, we must examine your camera tomorrow.", "NEUTRAL", "m7"),
            Line("Can the drummer clean the jacket before Christmas?", "ANGRY", "m7", pause=0.4),
        ),
    ),
    Example(
        "en-cough",
        "en",
        (Line("Who giggled gently in the warehouse?", "FEARFUL", "f1", pause=0.4, event="Cough"),),
    ),
    Example(
        "ja-sad",
        "ja",
        (
            Line(
                "[昨日|きのう]、[仕事|しごと]を[話|はな]し[合|あ]いました。",
                "SAD",
                "f4",
            ),
            Line(
                "[動画|どうが]を[見|み]て、ちょっと[楽|たの]しいです。", "NEUTRAL", "f4", pause=0.4
            ),
        ),
    ),
    Example(
        "ko-disgusted",
        "ko",
        (
            Line("왜 피자가 그렇게 짜요?", "DISGUSTED", "m4"),
            Line("네, 세탁기를 주문하고 싶어요.", "NEUTRAL", "f1", pause=0.4),
        ),
    ),
    Example(
        "music-and-crying",
        "zh",
        (Line(event="BGM", seconds=5.0), Line(event="Cry", seconds=4.0, pause=0.4)),
    ),
)


TITLES = {
    "zh-call": {
        "zh": "客服电话：等待音乐，最后发火",
        "en": "Service call: hold music, an angry end",
        "zh_Hant": "客服電話：等待音樂，最後發火",
        "ja": "サポートの通話：保留音、最後は怒り",
        "ko": "상담 통화: 대기 음악, 끝에 분노",
    },
    "zh-live-show": {
        "zh": "直播：开心，随后掌声",
        "en": "Live show: happy, then applause",
        "zh_Hant": "直播：開心，隨後掌聲",
        "ja": "ライブ配信：喜び、続いて拍手",
        "ko": "라이브 방송: 기쁨, 이어서 박수",
    },
    "zh-laughter": {
        "zh": "普通话：说完大笑",
        "en": "Mandarin: words, then laughter",
        "zh_Hant": "國語：說完大笑",
        "ja": "中国語：話の後に笑い声",
        "ko": "중국어: 말한 뒤 웃음",
    },
    "yue-surprised": {
        "zh": "粤语：惊讶",
        "en": "Cantonese: surprised",
        "zh_Hant": "粵語：驚訝",
        "ja": "広東語：驚き",
        "ko": "광둥어: 놀람",
    },
    "en-meeting": {
        "zh": "英语：会议",
        "en": "English: a meeting",
        "zh_Hant": "英語：會議",
        "ja": "英語：会議",
        "ko": "영어: 회의",
    },
    "en-cough": {
        "zh": "英语：恐惧，随后咳嗽",
        "en": "English: fearful, then a cough",
        "zh_Hant": "英語：恐懼，隨後咳嗽",
        "ja": "英語：恐れ、続いて咳",
        "ko": "영어: 두려움, 이어서 기침",
    },
    "ja-sad": {
        "zh": "日语：悲伤",
        "en": "Japanese: sad",
        "zh_Hant": "日語：悲傷",
        "ja": "日本語：悲しみ",
        "ko": "일본어: 슬픔",
    },
    "ko-disgusted": {
        "zh": "韩语：厌恶",
        "en": "Korean: disgusted",
        "zh_Hant": "韓語：厭惡",
        "ja": "韓国語：嫌悪",
        "ko": "한국어: 혐오",
    },
    "music-and-crying": {
        "zh": "没有人说话：音乐，哭声",
        "en": "Nobody speaks: music, crying",
        "zh_Hant": "沒有人說話：音樂，哭聲",
        "ja": "発話なし：音楽、泣き声",
        "ko": "말소리 없음: 음악, 울음",
    },
}
"""What the card of each says, by the language of the page."""


def _perform(line: Line, language: str, rng: np.random.Generator) -> Waveform:
    parts: list[Waveform] = []
    if line.text:
        pace = dataset.TEST_NEW.ja_pace if language == "ja" else 1.0
        speed = round(WORDS_PER_MINUTE.get(line.emotion, FAST) * pace)
        parts.append(
            speak(fill(language, line.text), Delivery(line.variant, line.emotion, speed, 50), rng)
        )
    if line.event:
        parts += [np.zeros(1_600, np.float32), 0.8 * sounds.event(line.event, line.seconds, rng)]
    return np.concatenate([*parts, np.zeros(int(line.pause * SAMPLE_RATE), np.float32)])


def _reference(example: Example) -> dict[str, object]:
    """Say what is to be heard: the words with and without ITN, and the labels of every line."""
    silent = Sentence(example.language, "", "", "")
    said = [(x, fill(example.language, x.text) if x.text else silent) for x in example.lines]
    return {
        "title": TITLES[example.name],
        "language": example.language,
        "lines": [
            {
                "text": sentence.withitn,
                "words": sentence.woitn,
                "emotion": line.emotion.lower() if line.text else "unknown",
                "event": line.event.lower() if line.event else None,
            }
            for line, sentence in said
        ],
    }


def write_examples(folder: Path) -> None:
    """Write every example as 16-bit 16 kHz wav, and ``references.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, example in enumerate(EXAMPLES):
        rng = np.random.default_rng((SEED, number))
        lead = np.zeros(int(0.5 * SAMPLE_RATE), np.float32)
        waveform = np.concatenate(
            [lead, *(_perform(x, example.language, rng) for x in example.lines)]
        )
        soundfile.write(folder / f"{example.name}.wav", waveform, SAMPLE_RATE, subtype="PCM_16")
    references = {f"{example.name}.wav": _reference(example) for example in EXAMPLES}
    text = json.dumps(references, ensure_ascii=False, indent=1)
    (folder / "references.json").write_text(text + "\n", encoding="utf-8")
