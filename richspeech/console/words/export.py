"""Texts about the files that can be downloaded."""

WORDS: dict[str, tuple[str, str]] = {
    "exports": ("导出", "Export"),
    "export_text": ("文字稿", "Text"),
    "export_text_hint": ("阅读和编辑", "to read and to edit"),
    "export_subtitles": ("字幕", "Subtitles"),
    "export_subtitles_hint": ("播放器和剪辑软件", "for players and editing programs"),
    "export_data": ("数据", "Data"),
    "export_data_hint": ("表格和程序", "for spreadsheets and programs"),
    "export_report": ("网页报告", "Report"),
    "export_report_hint": (
        "一个文件，带录音，断网也能听和搜",
        "one page with its sound; needs no network",
    ),
    "download_txt": ("文本 .txt", "Text .txt"),
    "download_md": ("表格文稿 .md", "Markdown .md"),
    "download_docx": ("Word 文档 .docx", "Word .docx"),
    "download_srt": ("通用字幕 .srt", "SubRip .srt"),
    "download_vtt": ("网页字幕 .vtt", "WebVTT .vtt"),
    "download_ass": ("特效字幕 .ass", "Styled .ass"),
    "download_lrc": ("歌词 .lrc", "Lyrics .lrc"),
    "download_json": ("完整数据 .json", "Everything .json"),
    "download_csv": ("电子表格 .csv", "Spreadsheet .csv"),
    "download_html": ("网页 .html", "Page .html"),
    "download_training": ("训练数据 .zip", "Training data .zip"),
    "export_emotions": ("字幕里标出情绪", "Emotions in subtitles"),
    "export_emotions_info": (
        "ass、vtt 用颜色，srt、lrc 用文字",
        "As colours in ass and vtt, as words in srt and lrc",
    ),
    "export_sounds": ("字幕里标出声音", "Sounds in subtitles"),
    "export_sounds_info": ("例如 [笑声]", "Such as [laughter]"),
    "style_info": (
        "用于上面的正文，也用于导出的文字稿、字幕和报告",
        "In the text above, and in exported texts, subtitles and reports",
    ),
    "export_waiting": ("排队中…", "Waiting for its turn…"),
    "export_html": ("正在把录音放进报告", "Putting the sound into the report"),
    "export_training": ("正在准备训练数据", "Gathering the training data"),
    "export_clips": ("正在剪片段", "Cutting the clips"),
    "export_reel": ("正在剪合集", "Cutting the reel"),
    "export_ready": ("{name} 已做好（{size}）", "{name} is ready ({size})"),
    "export_save": ("再次下载", "Download again"),
    "export_cancel": ("取消", "Cancel"),
    "export_silent": (
        "录音已不在服务器上，网页报告里没有声音。",
        "The recording is no longer kept here: the report has no sound.",
    ),
    "export_unwritable": (
        "文件写不下去，服务器的磁盘可能满了：请联系管理员。",
        "The file cannot be written, the server's disk may be full: ask the administrator.",
    ),
    "export_unexpected": (
        "程序内部出错，文件没有做好：请再试一次；如果还是不行，请把服务器日志发给管理员。",
        (
            "Something went wrong inside the program: try once more; if it fails again, "
            "send the server's log to the administrator."
        ),
    ),
}
