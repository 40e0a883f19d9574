"""Texts of the page around its tabs, and of the tab that transcribes."""

WORDS: dict[str, tuple[str, str]] = {
    # the head of the page
    "page_title": (
        "SenseVoice 智能语音识别控制台 · 听见",
        "SenseVoice Speech Recognition Console · Hear",
    ),
    "title": ("SenseVoice 智能语音识别控制台", "SenseVoice Speech Recognition Console"),
    "name": ("听见", "Hear"),
    "feature_languages": ("多语言支持", "Languages"),
    "feature_emotions": ("情感识别", "Emotions"),
    "feature_events": ("声音事件", "Sound events"),
    "subtitle": (
        "把录音变成文字，同时听出情绪、掌声、笑声和音乐",
        "Turns recordings into text, and hears emotions, applause, laughter and music in them",
    ),
    "switch": ("界面语言", "Page language"),
    "login_wrong": (
        "用户名或密码不对，请重新输入。",
        "Wrong name or password: please try again.",
    ),
    "login_wait": (
        "试的次数太多了，请过 {time} 再登录。",
        "Tried too often: please try again in {time}.",
    ),
    "login_user": ("用户名", "Name"),
    "login_password": ("密码", "Password"),
    "login_button": ("登录", "Log in"),
    "logout": ("退出登录", "Log out"),
    "error_access": ("没有权限：{message}", "{message}"),
    "error_quota": ("磁盘空间不够：{message}", "{message}"),
    "loading_hint": (
        "现在就可以选录音、按“开始 AI 识别”，加载好以后会自动开始。",
        (
            "You can choose a recording and press Start AI recognition now; "
            "it starts by itself once the model is there."
        ),
    ),
    "banner_head": (
        "当前使用内置的小模型：{engine}",
        "The small built-in model is in use: {engine}",
    ),
    "banner_body": (
        (
            "它只认识合成语音，适合试用本页的示例。真人录音需要 iic/SenseVoiceSmall："
            "联网后重新启动，或用 --model 指定已下载的模型文件夹。"
        ),
        (
            "It knows synthetic voices only and is meant for the examples on this page. "
            "Recordings of people need iic/SenseVoiceSmall: restart with a network, "
            "or give a downloaded folder with --model."
        ),
    ),
    "banner_reason": ("原因：{reason}。", "Why: {reason}."),
    "insecure_head": (
        "当前地址下浏览器会禁用麦克风",
        "The browser blocks the microphone at this address",
    ),
    "insecure_body": (
        (
            "不加密的 http 网址不能录音，上传文件不受影响。"
            "要录音，请在自己的电脑上运行下面的命令，再打开 http://127.0.0.1:{port}"
        ),
        (
            "A plain http address cannot record; uploads work as usual. To record, run this "
            "command on your own computer, then open http://127.0.0.1:{port}"
        ),
    ),
    # the tabs
    "tab_transcribe": ("转写", "Transcribe"),
    # what to transcribe
    "recording": ("上传音频或直接录音", "Upload audio or record"),
    "upload": ("上传文件", "Upload"),
    "microphone": ("麦克风", "Microphone"),
    "file_label": ("音频或视频文件", "Audio or video file"),
    "file_hint": (
        "音频、视频都可以，最大 {size}，最长 {length}",
        "Any audio or video, up to {size} and {length}",
    ),
    "microphone_label": ("用麦克风录一段", "Record with the microphone"),
    # what gradio itself would say in one language only
    "drop": ("把文件拖到这里，或点击选择", "Drop a file here, or click to choose one"),
    "record": ("开始录音", "Record"),
    "stop": ("停止", "Stop"),
    "pause": ("暂停", "Pause"),
    "resume": ("继续", "Resume"),
    "microphone_choice": ("选择麦克风", "Choose a microphone"),
    "language": ("语言选择 (auto 为自动识别)", "Language (auto detects it)"),
    "auto": ("自动识别", "detected automatically"),
    "start": ("开始 AI 识别", "Start AI recognition"),
    "cancel": ("取消", "Cancel"),
    "examples": ("试试示例", "Try an example"),
    # settings
    "settings": ("更多设置", "More settings"),
    "allowed": ("自动识别的范围", "Languages to detect among"),
    "allowed_info": (
        "去掉录音里不会出现的语言，识别更准",
        "Leave out what is never spoken in your recordings",
    ),
    "itn": ("添加标点，数字写成阿拉伯数字", "Punctuation and digits"),
    "merge": ("合并相邻的句子", "Join neighbouring utterances"),
    "merge_info": (
        "合并后一段只有一个情绪",
        "A joined segment has one emotion only",
    ),
    "merge_length": ("合并后最长（秒）", "Longest joined segment (seconds)"),
    "ban_unknown": ("总是给出情绪", "Always name an emotion"),
    "ban_unknown_info": (
        "听不出来时也选最接近的一种",
        "Choose the nearest one even where the model is unsure",
    ),
    "style": ("标注方式", "Labels as"),
    "style_label": ("文字", "words"),
    "style_emoji": ("表情", "emoji"),
    "style_tags": ("模型标签", "model tags"),
    "style_plain": ("不标注", "none"),
    # the result
    "result": (
        "识别结果 (含情感与事件标签)",
        "Result (with emotion and event tags)",
    ),
    "result_empty": ("结果会显示在这里", "The result appears here"),
    "result_empty_hint": (
        "选一段录音，然后按“开始 AI 识别”。文字会一句一句出现，每句都带时间、情绪和听到的声音。",
        (
            "Choose a recording and press Start AI recognition. The text appears sentence by "
            "sentence, each with its time, its emotion and the sounds around it."
        ),
    ),
    "segments": ("分段表格", "Table of segments"),
    "copy": ("复制全文", "Copy text"),
    "copied": ("已复制", "Copied"),
    "start_time": ("开始", "Start"),
    "end_time": ("结束", "End"),
    "segment_language": ("语言", "Language"),
    "emotion": ("情绪", "Emotion"),
    "events": ("声音", "Sounds"),
    "text": ("文字", "Text"),
    "no_words": ("没有说话", "no words"),
    "rule_changed": ("已按规则修正", "mended by a rule"),
    "play_from": ("从 {time} 开始播放", "Play from {time}"),
    "player": ("播放录音", "Play the recording"),
    "unplayable": (
        "浏览器不能播放这种格式，不影响转写。",
        "The browser cannot play this format; the transcription is not affected.",
    ),
    "earlier": ("前面 {count} 段在完成后显示", "{count} earlier segments are shown at the end"),
    # the timeline and the transcript
    "timeline": ("时间轴", "Timeline"),
    "timeline_keys": (
        "点一下从那里播放 · 空格播放/暂停 · ← → 跳 5 秒 · 滚轮或 + − 缩放 · 拖动平移",
        (
            "Click to play from there · Space plays and pauses · ← → 5 s · "
            "wheel or + − zoom · drag to move"
        ),
    ),
    "zoom_in": ("放大", "Zoom in"),
    "zoom_out": ("缩小", "Zoom out"),
    "zoom_fit": ("看全部", "Show all"),
    "lane_emotion": ("情绪", "Emotion"),
    "lane_events": ("声音", "Sounds"),
    "lane_language": ("语言", "Language"),
    "filter_text": ("搜索文字", "Search the text"),
    "filter_emotion": ("全部情绪", "Emotion"),
    "filter_events": ("全部声音", "Sound"),
    "filter_language": ("全部语言", "Language"),
    "filter_count": ("{shown} / {total} 段", "{shown} of {total} segments"),
    "unsure": ("划出把握低于此值的词", "Underline words less sure than"),
    "undo": ("撤销上一处修改", "Undo the last correction"),
    "edit": ("修改", "Correct"),
    "edit_segment": ("修改 {time} 这一段", "Correct the segment at {time}"),
    "save": ("保存", "Save"),
    "discard": ("放弃", "Discard"),
    "corrected": ("已人工修改", "corrected by hand"),
    # progress
    "waiting": ("排队中，马上开始…", "Waiting for its turn…"),
    "loading": ("模型加载中…", "Loading the model…"),
    "running": ("正在听…", "Listening…"),
    "stopping": ("正在停止…", "Stopping…"),
    "progress": ("识别进度", "Progress"),
    "done_of": ("{done} / {total}", "{done} / {total}"),
    "done": ("已听 {done}", "{done} heard"),
    "left": ("还需约 {time}", "about {time} left"),
    "speed": ("速度 {speed} 倍", "{speed}× real time"),
    # the end
    "finished": ("识别完成", "Finished"),
    "cancelled": (
        "已取消，下面是取消前听到的内容。",
        "Cancelled; below is what was heard until then.",
    ),
    "cancelled_empty": ("已取消，还没有听到内容。", "Cancelled before anything was heard."),
    "partial": ("下面是出错前听到的内容。", "Below is what was heard before that."),
    "unkept": (
        "这次转写没有存进历史记录。{reason}要保留，请在下面下载。",
        "This transcript is not kept in the history. {reason} Download it below to keep it.",
    ),
    "unkept_corrections": (
        "你的修改没有存进历史记录。{reason}要保留，请在下面下载。",
        "Your corrections are not kept in the history. {reason} Download them below to keep them.",
    ),
    "interrupted": (
        "服务器停止了，没有听完：请过一会儿再转写一次。",
        "The server stopped before the end: transcribe it once more in a while.",
    ),
    "interrupted_kept": (
        (
            "服务器停止了，没有听完：已听到的部分存在历史记录里，名字后面有“(interrupted)”；"
            "请过一会儿再转写一次。"
        ),
        (
            "The server stopped before the end: what was heard is kept under History, with "
            "“(interrupted)” behind its name; transcribe it once more in a while."
        ),
    ),
    "no_speech": (
        "没有听到说话声：请检查麦克风音量，或换一段录音。",
        "No speech was heard: check the microphone's volume, or choose another recording.",
    ),
    "no_speech_sounds": (
        "没有听到说话声，只有下面这些声音。",
        "No speech was heard, only the sounds below.",
    ),
    "audio_seconds": ("录音时长", "Audio"),
    "processing_seconds": ("处理用时", "Processing"),
    "rtfx": ("速度（RTFx）", "Speed (RTFx)"),
    "times": ("{value} 倍", "{value}×"),
    "main_language": ("主要语言", "Main language"),
    "model": ("模型", "Model"),
    "device": ("设备", "Device"),
    "version": ("版本", "Version"),
    "seconds": ("{value} 秒", "{value} s"),
    "minutes": ("{minutes} 分 {seconds} 秒", "{minutes} min {seconds} s"),
    "hours": ("{hours} 小时 {minutes} 分", "{hours} h {minutes} min"),
    "privacy": (
        "录音只在这台服务器上处理，{time}后删除。",
        "Recordings stay on this server and are deleted after {time}.",
    ),
    # what went wrong
    "failed": ("识别失败：", "Recognition failed: "),
    "no_audio": ("请先上传音频文件", "Please upload an audio file first"),
    "refused": ("没有完成", "Not done"),
    "error_audio": ("这段录音无法处理：{message}", "{message}"),
    "error_model": ("模型出错了，请联系管理员：{message}", "{message}"),
    "error_option": ("设置有误：{message}", "{message}"),
    "error_settings": ("设置有误：{message}", "{message}"),
    "error_store": ("历史记录出错了：{message}", "{message}"),
    "error_stopping": ("服务器正要停止：{message}", "{message}"),
    "error_busy": ("现在很忙：{message}", "{message}"),
    "error_cancelled": ("已取消。", "Cancelled."),
    "error_error": ("出错了：{message}", "{message}"),
    "unexpected": (
        "程序内部出错，请再试一次；如果还是不行，请把服务器日志发给管理员。",
        (
            "Something went wrong inside the program: try once more; if it fails again, "
            "send the server's log to the administrator."
        ),
    ),
    # languages
}
