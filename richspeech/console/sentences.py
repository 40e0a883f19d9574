"""Errors and reasons in the reader's language, one sentence each.

The package writes its messages in English. What people meet often is translated word for word;
anything else stands behind a sentence about its kind, so that nothing is hidden.
"""

import re
from dataclasses import dataclass

from richspeech.console.words import say
from richspeech.errors import RichSpeechError

_FORMATS = "请另存为 WAV、MP3、M4A、FLAC 或 OGG 后再试"

_CHINESE: tuple[tuple[str, str], ...] = (
    # richspeech.audio
    (
        r"(?P<name>.+) is too damaged to be decoded: .*",
        "{name} 损坏严重，无法解码：请重新导出，或换一个文件。",
    ),
    (
        r"(?P<name>.+) holds no sound at all: .*",
        "{name} 里没有任何声音：请重新录制，或换一个文件。",
    ),
    (
        r"(?P<name>.+) is longer than the allowed (?P<longest>.+) \(hours:minutes:seconds\): .*",
        "{name} 超过了允许的最长时间 {longest}（时:分:秒）：请切成几段。",
    ),
    (r"(?P<name>.+) is not a file on this machine: .*", "服务器上没有 {name}：请重新上传录音。"),
    (r"(?P<name>.+) cannot be opened: .*", "{name} 无法打开：请重新上传。"),
    (r"(?P<name>.+) is empty: .*", "{name} 是空文件：请重新上传，或换一个文件。"),
    (
        r"(?P<name>.+) has (?P<size>\S+) MB, more than the allowed (?P<most>\S+) MB: .*",
        "{name} 有 {size} MB，超过了允许的 {most} MB：请压缩（MP3、M4A、Opus）或切成几段。",
    ),
    (
        r"(?P<name>.+) cannot be read as sound or video: .*",
        f"{{name}} 不是能识别的音频或视频：{_FORMATS}。",
    ),
    (
        r"(?P<name>.+) uses an audio codec that is not known here: .*",
        f"{{name}} 的音频编码无法识别：{_FORMATS}。",
    ),
    (r"(?P<name>.+) has no audio: .*", "{name} 里没有音轨：请选择有声音的文件。"),
    (
        (
            r"(?P<name>.+) has a sample rate of (?P<rate>\d+) Hz, "
            r".* (?P<low>\d+) to (?P<high>\d+) Hz: .*"
        ),
        "{name} 的采样率是 {rate} Hz，不在 {low} 到 {high} Hz 之间：请用 16000 Hz 或更高重新保存。",
    ),
    (
        r"(?P<name>.+) has (?P<count>\d+) channels, more than the allowed (?P<most>\d+): .*",
        "{name} 有 {count} 个声道，超过了允许的 {most} 个：请保存为单声道或立体声。",
    ),
    (
        r"(?P<name>.+) has channels in an order that is not known here: .*",
        "{name} 的声道排列无法识别：请保存为立体声。",
    ),
    (
        r"(?P<name>.+) holds values that are not numbers: .*",
        "{name} 里有不是数字的采样值：请重新录制。",
    ),
    # richspeech.options
    (r"No language is allowed; .*", "没有勾选任何语言：请在更多设置里至少勾选一种。"),
    (r"The merge length .* is not above 0 seconds\.", "合并长度必须大于 0 秒。"),
    # richspeech.hub: why these weights
    (r"the settings ask for the embedded model", "设置指定了内置模型"),
    (r"the settings name this folder", "设置指定了这个文件夹"),
    (r"it is in the ModelScope cache", "模型已在本机缓存中"),
    (r"it was downloaded", "模型已从网络下载"),
    (
        (
            r"(?P<id>\S+) is not on this machine, "
            r"and the model hub did not answer within (?P<seconds>\S+) seconds"
        ),
        "本机没有 {id}，模型网站 {seconds} 秒内没有应答",
    ),
    (
        (
            r"(?P<id>\S+) is not on this machine, "
            r"and the model hub could not send \S+ \((?P<why>\w+)\)"
        ),
        "本机没有 {id}，从模型网站下载也没有成功（{why}）",
    ),
    # richspeech.engines.device: why this device
    (r"the settings ask for it", "按设置"),
    (
        r"(?P<device>\S+) was asked for, but this PyTorch was built without CUDA",
        "设置要用 {device}，但安装的 PyTorch 不支持 CUDA",
    ),
    (r"(?P<device>\S+) was asked for, but no GPU answers", "设置要用 {device}，但没有可用的 GPU"),
    (
        r"(?P<device>\S+) was asked for, but there are (?P<count>\d+) GPUs",
        "设置要用 {device}，但只有 {count} 个 GPU",
    ),
    (r"a GPU is there: (?P<name>.+)", "已找到 GPU：{name}"),
)


@dataclass(frozen=True)
class Notice:
    """Something to tell, in whatever language the page is in by then."""

    kind: str
    """A key of the words, or the code of an error."""
    message: str = ""
    """The error's own sentence, in English."""

    @classmethod
    def of(cls, error: RichSpeechError) -> "Notice":
        """Return what ``error`` says."""
        return cls(error.code, str(error))

    def sentence(self, locale: str) -> str:
        """Say it."""
        if not self.message:
            return say(self.kind, locale)
        if locale == "en":
            return self.message
        found = _translate(self.message)
        return found or say(f"error_{self.kind}", locale, message=self.message)


def reason(text: str, locale: str) -> str:
    """Say why a model or a device was chosen."""
    return text if locale == "en" else _translate(text) or text


def _translate(message: str) -> str | None:
    for pattern, template in _CHINESE:
        if found := re.fullmatch(pattern, message, re.DOTALL):
            values = {key: value.strip() for key, value in found.groupdict().items()}
            if values.get("name") == "The recording":
                values["name"] = "这段录音"
            return template.format(**values)
    return None
