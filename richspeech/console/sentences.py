"""Errors and reasons in the reader's language, one sentence each.

The package writes its messages in English. What people meet often is translated word for word;
anything else stands behind a sentence about its kind, so that nothing is hidden.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from richspeech.errors import RichSpeechError
from richspeech.language.catalog import knows, say

_FORMATS = "请另存为 WAV、MP3、M4A、FLAC 或 OGG 后再试"

_CHINESE: tuple[tuple[str, str], ...] = (
    # whose it is, and how much room there is
    (
        r"This page belongs to another browser or login: .*",
        "这个页面属于另一个浏览器或登录，请重新打开页面。",
    ),
    (
        r"This file was not uploaded in this window: .*",
        "这个文件不是在本窗口上传的，请在这里上传。",
    ),
    (
        r"All (?P<most>\d+) windows that may be open here are: .*",
        "这里最多打开 {most} 个窗口，现在都满了，请稍后再来。",
    ),
    (
        r"This window has no key: .*",
        "浏览器没有让本页保存数据，请允许后重新打开页面。",
    ),
    (
        r"This window has more than the allowed (?P<size>\d+ MB) here: .*",
        "本窗口的文件超过了 {size}：请等用完的文件删除，或一次少传一些。",
    ),
    (
        r"The recordings here would take more than the allowed (?P<size>\d+ MB): .*",
        "这里的录音会超过 {size}：请等别人的任务做完再来。",
    ),
    (
        r"The upload cannot be kept here \((?P<why>.*)\): .*",
        "上传的文件存不下来（{why}），请稍后再来。",
    ),
    (
        r"(?P<name>.*) is an archive within another: .*",
        "{name} 是压缩包里的压缩包：请先解压，或单独上传。",
    ),
    (
        r"(?P<name>.*) has more than the allowed (?P<size>[\d.]+ MB): compress it .*",
        "{name} 超过了 {size}：请压缩（MP3、M4A、Opus）或切成几段。",
    ),
    (
        r"These are more than the (?P<most>\d+) files that are taken at once: .*",
        "一次最多上传 {most} 个文件，请分几次传。",
    ),
    (r"The upload has no file name: .*", "上传的文件没有名字，请换一个有名字的文件。"),
    (r"The upload cannot be read: .*|The upload is not whole: .*", "上传不完整，请重新上传。"),
    (r"An upload is sent as multipart/form-data: .*", "请在页面上上传文件。"),
    # richspeech.storage.rule_file: before those that begin with any name
    (
        r"Line (?P<line>\d+), column (?P<column>\d+): this is not valid YAML \((?P<why>.*)\)\.",
        "第 {line} 行第 {column} 个字符处不是有效的 YAML（{why}）。",
    ),
    (
        (
            r"Line (?P<line>\d+): rule '(?P<rule>.*)': key '(?P<key>.*)' "
            r"is not one of (?P<known>.*)\."
        ),
        "第 {line} 行：规则 {rule} 里的 {key} 写错了，可以写 {known}。",
    ),
    (
        (
            r"Line (?P<line>\d+): rule '(?P<rule>.*)': (?P<key>\w+) '(?P<value>.*)' "
            r"is not one of (?P<known>.*)\."
        ),
        "第 {line} 行：规则 {rule} 的 {key} 不能是 {value}，可以写 {known}。",
    ),
    (
        r"Line (?P<line>\d+): rule '(?P<rule>.*)': when is empty: .*",
        "第 {line} 行：规则 {rule} 的 when 没有条件，会用到每一段上。",
    ),
    (
        r"Line (?P<line>\d+): rule '(?P<rule>.*)': nothing to set or drop\.",
        (
            "第 {line} 行：规则 {rule} 没有写怎么改"
            "（set_emotion、drop_emotion、set_event、drop_event）。"
        ),
    ),
    (
        (
            r"Line (?P<line>\d+): rule '(?P<rule>.*)': "
            r"(?P<key>\w+) (?P<value>.*) is not (?P<what>.*)\."
        ),
        "第 {line} 行：规则 {rule} 的 {key} 不能是 {value}。",
    ),
    (
        r"Line (?P<line>\d+): rule '(?P<rule>.*)': (?P<what>.*)\.",
        "第 {line} 行：规则 {rule} 有误（{what}）。",
    ),
    (
        r"Line (?P<line>\d+): rules are a list; .*",
        "第 {line} 行：规则是一个列表，每条以“- name:”开头。",
    ),
    (
        r"Line (?P<line>\d+): a rule begins with .*",
        "第 {line} 行：每条规则以“- name:”开头，接着是 when 和怎么改。",
    ),
    (
        r"Line (?P<line>\d+): the key (?P<key>.*) stands there twice; .*",
        "第 {line} 行：{key} 写了两次，请删掉一个。",
    ),
    (r"Line (?P<line>\d+): references with & and \* .*", "第 {line} 行：这里不能用 & 和 * 引用。"),
    (
        r"The rules hold a character or a value that YAML does not know; .*",
        "规则里有 YAML 不认识的字符或值，请删掉。",
    ),
    (
        r"The rules have (?P<count>\d+) characters, more than (?P<most>\d+); .*",
        "规则有 {count} 个字符，超过了 {most} 个：请精简。",
    ),
    (
        r"(?P<file>\S+) cannot be written \((?P<why>.*)\); the rules are not saved: .*",
        "{file} 写不进去（{why}），规则没有保存：请让本程序能写这个文件夹，或手动改文件。",
    ),
    (
        r"RICHSPEECH_RULES in the environment goes before the rules in (?P<file>\S+); .*",
        "环境变量 RICHSPEECH_RULES 优先于 {file} 里的规则：请先去掉它再保存。",
    ),
    (
        r"(?P<file>\S+) is not written in lines; .*",
        "{file} 不是一行一项的写法，请手动把规则写进去。",
    ),
    (
        r"These rules cannot be put into (?P<file>\S+); .*",
        "这些规则没法自动写进 {file}，请手动写进去。",
    ),
    # richspeech.audio.decode
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
        r"(?P<name>.+) has a header that would take too much memory: .*",
        "{name} 的文件头太占内存：请去掉封面和标签，重新保存后再试。",
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
    # richspeech.clips
    (
        r"The spans to cut are empty, overlap or are not in order of time; .*",
        "要剪的片段是空的、有重叠或没有按时间排好：请重新勾选。",
    ),
    (
        r"(?P<name>.+) ends before (?P<time>[\d:]+), where span (?P<number>\d+) begins: .*",
        "{name} 在 {time} 之前就结束了，剪不出第 {number} 段：请换成转写时用的那个录音。",
    ),
    (
        r"The clips of (?P<name>.+) cannot be written \((?P<why>.+)\): .*",
        "{name} 的片段写不下去（{why}）：服务器的磁盘可能满了，请联系管理员。",
    ),
    # richspeech.edl
    (
        r"An EDL has no (?P<rate>\S+) frames a second; choose 1 to (?P<most>\d+)\.",
        "剪辑表不支持每秒 {rate} 帧：请换成 1 到 {most} 帧的视频。",
    ),
    (
        r"An EDL holds (?P<most>\d+) events, not (?P<count>\d+); .*",
        "剪辑表最多 {most} 段，现在有 {count} 段：请少勾选一些。",
    ),
    (
        r"An EDL holds less than 24 hours; .*",
        "剪辑表装不下 24 小时或更长的录音：请先切成几段。",
    ),
    # richspeech.writers
    (
        (
            r"The (?:format|style|locale) '?(?P<value>[^']*)'? is unknown; "
            r"choose one of (?P<known>.+)\."
        ),
        "不认识 {value}：可以用 {known}。",
    ),
    # richspeech.console.panels.export
    (
        r"(?P<name>.+) is no longer kept here: upload it and transcribe it again\.",
        "{name} 已不在服务器上：请重新上传并转写。",
    ),
    # richspeech.engines.emotion2vec.engine
    (
        r"(?P<seconds>\S+) s of sound are too short to hear an emotion: .* (?P<least>\S+) s\.",
        "声音只有 {seconds} 秒，太短，听不出情绪：至少录 {least} 秒。",
    ),
    (
        r"There is only silence, in which no emotion can be heard: .*",
        "整段都是静音，听不出情绪：请检查麦克风，重新录制。",
    ),
    (
        r"The model in (?P<name>.+) gives features only; .*",
        "{name} 里的模型只给出特征，不分情绪：请换 iic/emotion2vec_plus_large 这样的模型。",
    ),
    (
        r"The model in (?P<name>.+) has the label (?P<label>.+), which is none of .*",
        "{name} 里的模型有不认识或重复的标签 {label}：请选 emotion2vec+ 系列的模型。",
    ),
    (
        r"The model in (?P<name>.+) has a feature_encoder_spec that is more than .*",
        "{name} 的 config.yaml 里 feature_encoder_spec 不只是数字和括号：请重新复制模型文件夹。",
    ),
    # richspeech.runs
    (
        r"The folder (?P<folder>.+) cannot be written \((?P<why>\w+)\); .*",
        "文件夹 {folder} 不能写入（{why}）：请换一个文件夹，或检查权限和磁盘空间。",
    ),
    # richspeech.live_recording, richspeech.api.live, richspeech.console.live_desk
    (
        r"The live recording has reached the allowed (?P<longest>\S+) seconds: .*",
        "实时录音到了允许的最长时间 {longest} 秒：前面的都保存了，请重新开始。",
    ),
    (
        r"The live recording cannot be written \((?P<why>.+)\): .*",
        "实时录音写不到服务器上（{why}）：请在服务器上腾出空间。",
    ),
    (
        r"All (?P<count>\d+) places to talk are taken: .*",
        "同时说话的人已满 {count} 个：请稍后再试。",
    ),
    (
        r"This window transcribes a recording already: .*",
        "这个窗口正在转写录音：请等它完成，或先取消。",
    ),
    (
        r"The engine '(?P<engine>.+)' takes recordings whole: .*",
        "引擎 {engine} 只能处理完整的录音：边说边看请改用 sensevoice 或 paraformer。",
    ),
    (
        r"The model could not be loaded: (?P<why>.*)",
        "模型没有加载成功：{why}",
    ),
    # richspeech.model.options
    (r"The merge length .* is not above 0 seconds\.", "合并长度必须大于 0 秒。"),
    (
        r"(?P<count>\d+) hotwords are too many; give at most (?P<most>\d+)\.",
        "热词有 {count} 个，太多了：最多 {most} 个。",
    ),
    (
        r"The hotword '(?P<word>.*)' cannot be used; .* (?P<low>\d+) to (?P<high>\d+) characters.*",
        "热词“{word}”不能使用：每个热词 {low} 到 {high} 个字，前后不要有空格。",
    ),
    # richspeech.jobs.waiting
    (
        r"(?P<count>\d+) jobs are waiting here already, and no more may wait: .*",
        "现在已有 {count} 个任务在排队，排不下了：请过几分钟再来，重新按一次按钮。",
    ),
    # richspeech.engines.transcribers
    (
        r"The engine '(?P<engine>.+)' is unknown; choose one of (?P<known>.+)\.",
        "没有 {engine} 这个引擎：可以用 {known}。",
    ),
    # richspeech.engines.paraformer.engine
    (
        r"Paraformer hears Mandarin, not '(?P<language>\w+)'; .*",
        "Paraformer 只听普通话，不听 {language}：语言请选自动或普通话，或换用 sensevoice 引擎。",
    ),
    # richspeech.store, richspeech.database
    (
        r"The transcript was corrected or deleted elsewhere; .*",
        "这条历史记录已在别处被修改或删除，这次修改没有保存：请重新打开它。",
    ),
    (
        r"The transcript \d+ is no longer in the history; .*",
        "这条记录已不在历史里：请重新搜索。",
    ),
    (
        r"The history cannot be used \((?P<why>.+)\); see history\.url in the settings\.",
        "历史记录无法使用（{why}）：请检查设置里的 history.url。",
    ),
    (
        r"The history is damaged \((?P<why>.+)\): .*",
        (
            "历史记录已损坏（{why}）：重新启动 app_sensevoice.py 时加上 --history-aside，"
            "会把它改名放在一边，再开始一份新的。"
        ),
    ),
    # richspeech.jobs.runner
    (
        r"The server is about to stop and takes no new work: .*",
        "服务器正要停止，不再接受新的任务：请过一会儿再试。",
    ),
    # richspeech.query
    (
        r"The search has (?P<count>\d+) characters; shorten it to (?P<most>\d+)\.",
        "搜索内容有 {count} 个字符：请缩短到 {most} 个以内。",
    ),
    (
        r"The search has a quotation mark that is not closed; .*",
        "搜索里有一个引号没有成对：请补上或删掉它。",
    ),
    (
        r"The search key '(?P<key>.*)' is unknown; choose one of (?P<known>.+)\.",
        "没有“{key}:”这种条件：可以用 {known}。",
    ),
    (
        r"The search key name needs a part of a file name, .*",
        "name: 后面要写文件名的一部分，例如 name:call。",
    ),
    (
        r"The date '(?P<date>.*)' of the search does not exist; .*",
        "没有“{date}”这个日期：请写成 2026-11-01 的样子。",
    ),
    (
        r"The emotion '(?P<value>.*)' is unknown; choose one of (?P<known>.+)\.",
        "没有“{value}”这种情绪：可以用 {known}，或它们的中文。",
    ),
    (
        r"The event '(?P<value>.*)' is unknown; choose one of (?P<known>.+)\.",
        "没有“{value}”这种声音：可以用 {known}，或它们的中文。",
    ),
    (
        r"The language '(?P<value>.*)' is unknown; choose one of (?P<known>.+)\.",
        "没有“{value}”这种语言：可以用 {known}。",
    ),
    # richspeech.batch
    (
        r"There is no recording in (?P<names>.+); name recordings, folders or zips\.",
        "{names} 里没有录音：请换成有音频或视频的文件、文件夹或 zip。",
    ),
    (
        r"The folder (?P<name>.*) is not to be used; see batch\.folders in the settings\.",
        "文件夹 {name} 不能使用：能用的文件夹写在设置的 batch.folders 里。",
    ),
    (
        r"(?P<name>.+) is no zip that can be read: .*",
        "{name} 不是能打开的 zip：请重新打包。",
    ),
    (
        r"(?P<name>.+) holds (?P<count>\d+) recordings, more than the allowed (?P<most>\d+)\.",
        "{name} 里有 {count} 个录音，超过了允许的 {most} 个：请分成几个 zip。",
    ),
    (
        r"(?P<name>.+) unpacks to (?P<size>\S+) MB, more than the allowed (?P<most>\S+) MB: .*",
        "{name} 解压后有 {size} MB，超过了允许的 {most} MB：请分成几个 zip。",
    ),
    (
        r"(?P<name>.+) is damaged in the zip: .*",
        "{name} 在 zip 里已损坏：请重新打包。",
    ),
    (
        r"(?P<name>.+) is encrypted in the zip: .*",
        "{name} 在 zip 里有密码：请打成没有密码的 zip。",
    ),
    (
        r"(?P<name>.+) is packed in a way that is not known here: .*",
        "{name} 的压缩方式无法识别：请打成普通的 zip。",
    ),
    (
        r"(?P<name>.+) cannot be kept \((?P<why>.+)\): start the batch again\.",
        "{name} 的结果无法保存（{why}）：请重新开始。",
    ),
    (
        r"(?P<name>.+) met a fault of the program \((?P<why>.+)\)\.",
        "处理 {name} 时程序内部出错（{why}）：请再试一次，或把服务器日志发给管理员。",
    ),
    (
        r"(?P<name>.+) cannot be opened \((?P<why>.+)\)\.",
        "{name} 无法打开（{why}）。",
    ),
    (
        r"The server has no room for these recordings \((?P<why>.+)\): .*",
        "服务器上放不下这些录音（{why}）：请一次少选一些，或联系管理员。",
    ),
    # richspeech.console.lab_models
    (
        r"The weights '(?P<weights>.*)' are not offered here; choose one of (?P<known>.*)\.",
        "这里不能选 {weights} 的模型权重，可以选 {known}。",
    ),
    # richspeech.console.doorway, richspeech.console.events
    (
        r"The value (?P<value>.*) cannot be chosen here: .*",
        "这里不能选 {value}：请刷新页面后重新选择。",
    ),
    (
        r"The page sent something that cannot be read: .*",
        "页面发来的内容无法识别：请刷新页面后再试。",
    ),
    # richspeech.engines.hub: why these weights
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
    # richspeech.engines.common.device: why this device
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
    fields: Mapping[str, object] = field(default_factory=dict, hash=False)

    @classmethod
    def of(cls, error: RichSpeechError) -> "Notice":
        """Return what ``error`` says."""
        return cls(error.key, "", error.fields) if knows(error.key) else cls(error.code, error.key)

    def sentence(self, locale: str) -> str:
        """Say it."""
        if not self.message:
            return say(self.kind, locale, **self.fields)
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
