"""Texts of the tab that searches what was transcribed before, and of what other tabs say of it."""

WORDS: dict[str, tuple[str, str]] = {
    "tab_history": ("历史", "History"),
    "history": ("转写历史", "Transcripts so far"),
    "history_off": (
        "历史记录已关闭，文字不会保存。要打开，请在 config.yaml 里设置 history.enabled: true。",
        (
            "The history is switched off, so no transcript is kept. To switch it on, set "
            "history.enabled: true in config.yaml."
        ),
    ),
    # searching
    "history_search": ("搜索历史", "Search the history"),
    "history_example": (
        "退款 emotion:生气 after:2026-11-01",
        "refund emotion:angry after:2026-11-01",
    ),
    "history_find": ("搜索", "Search"),
    "history_help": ("怎样缩小范围", "How to narrow it down"),
    "history_help_words": (
        "词语：空格隔开的每个词都要出现；带空格的句子放在双引号里",
        "Words: each of them must occur; put a phrase in double quotes",
    ),
    "history_help_emotion": ("情绪", "emotion"),
    "history_help_event": ("声音", "sound"),
    "history_help_lang": ("语言", "language"),
    "history_help_name": ("文件名里的一部分", "part of the file's name"),
    "history_help_after": ("这一天或更晚", "made on that day or later"),
    "history_help_before": ("早于这一天", "made before that day"),
    # the list
    "history_count": ("共 {total} 条", "{total} in all"),
    "history_found": ("找到 {found} 条，共 {total} 条", "{found} found, {total} in all"),
    "history_empty": ("还没有记录", "Nothing here yet"),
    "history_empty_hint": (
        "每次转写完成后，文字会自动保存到这里，随时可以搜索、打开、删除。录音本身不保存。",
        (
            "Every finished transcript is kept here by itself, to be searched, opened and "
            "deleted. The recordings are not kept."
        ),
    ),
    "history_none": (
        "没有符合条件的记录，请减少一些条件再试。",
        "Nothing matches; try again with fewer conditions.",
    ),
    "history_untitled": ("未命名录音 {number}", "Recording {number}"),
    "history_settings": ("设置", "Settings"),
    "history_engine": ("引擎", "Engine"),
    "history_hotwords": ("热词", "Hotwords"),
    "history_corrected": ("修改过", "corrected"),
    "yes": ("是", "yes"),
    "no": ("否", "no"),
    "open_named": ("打开 {name}", "Open {name}"),
    "delete": ("删除", "Delete"),
    "delete_named": ("删除 {name}", "Delete {name}"),
    "delete_sure": ("再按一次删除", "Press again to delete"),
    "history_wipe": ("清空历史", "Delete everything"),
    "history_wipe_sure": (
        "再按一次，删除全部 {total} 条",
        "Press again to delete all {total}",
    ),
    "history_deleted": ("已删除 {name}。", "{name} is deleted."),
    "history_wiped": ("已删除 {count} 条记录。", "{count} transcripts are deleted."),
    "previous_page": ("上一页", "Previous"),
    "next_page": ("下一页", "Next"),
    "page_range": ("第 {first}–{last} 条", "{first} to {last}"),
    "still_busy": (
        "“转写”页还有录音在处理：请等它完成，或先取消。",
        "A recording is still being transcribed: wait until it is done, or cancel it first.",
    ),
    # in the main tab
    "comparing": ("以前可能听过，正在比对…", "Perhaps heard before: comparing…"),
    "finished_recalled": (
        "录音和设置都与 {time} 那次相同，直接给出历史记录里的结果",
        "Same recording, same settings: answered from the history of {time}",
    ),
    "finished_opened": ("历史记录，转写于 {time}", "From the history, transcribed on {time}"),
    "again": ("重新转写", "Transcribe again"),
    "recording_gone": (
        "录音不保存在历史里，只能看文字。",
        "Recordings are not kept in the history: there is only the text.",
    ),
    # at the foot of the page
    "privacy_history": (
        "转写的文字保存在服务器的历史记录里，能打开这个页面的人都能搜到；可以在“历史”页删除。",
        (
            "Transcripts are kept in the server's history, where everyone who can open this page "
            "finds them; they can be deleted under History."
        ),
    ),
    "privacy_history_days": (
        (
            "转写的文字在服务器的历史记录里保存 {days} 天，能打开这个页面的人都能搜到；"
            "也可以在“历史”页提前删除。"
        ),
        (
            "Transcripts are kept in the server's history for {days} days, where everyone who can "
            "open this page finds them; they can be deleted sooner under History."
        ),
    ),
    "error_store": ("历史记录出错了：{message}", "{message}"),
}
