"""Texts of the tab for many recordings."""

WORDS: dict[str, tuple[str, str]] = {
    "tab_batch": ("批量", "Batch"),
    "batch": ("很多录音一起识别", "Many recordings at once"),
    "batch_upload": ("上传", "Upload"),
    "batch_folder_tab": ("服务器上的文件夹", "Folder on the server"),
    "batch_files": ("录音或 zip 压缩包", "Recordings or zips"),
    "batch_drop": ("把录音或 zip 拖到这里，或点击选择", "Drop recordings or zips here, or choose"),
    "batch_hint": (
        "可以一次选很多个文件，也可以放进一个 zip。语言和其他设置与“转写”页相同。",
        (
            "Choose as many files as you like, or put them into a zip. Language and all other "
            "settings are those under Transcribe."
        ),
    ),
    "batch_stay": (
        "刷新页面不会中断；关闭页面 {time}后停止。",
        "A reload does not interrupt it; it stops {time} after the page was closed.",
    ),
    "batch_stay_kept": (
        "刷新页面不会中断；关闭页面 {time}后停止，已完成的仍在“历史”里。",
        (
            "A reload does not interrupt it; it stops {time} after the page was closed, and what "
            "is done by then stays under History."
        ),
    ),
    "batch_folder": ("文件夹", "Folder"),
    "batch_folder_info": (
        "其中所有录音，包括子文件夹里的",
        "All recordings in it, those of its subfolders too",
    ),
    "batch_cancel": ("全部取消", "Cancel all"),
    "batch_nothing": (
        "请先上传音频文件或 zip，或选择文件夹。",
        "Please upload audio files or a zip first, or choose a folder.",
    ),
    # the rows
    "batch_result": ("进度和结果", "Progress and results"),
    "batch_empty": ("每个录音在这里占一行", "Every recording gets a line here"),
    "batch_empty_hint": (
        "完成后，情绪风险高的排在最前面；点开一行，就在“转写”页看它的全文。",
        (
            "When they are done, those with the highest risk come first; open one to see its "
            "transcript under Transcribe."
        ),
    ),
    "batch_finding": ("正在查找录音…", "Looking for recordings…"),
    "batch_running": ("正在处理…", "Working…"),
    "batch_done": (
        "全部完成：{done} 个成功，{failed} 个失败，录音共 {audio}",
        "All done: {done} transcribed, {failed} failed, {audio} of audio",
    ),
    "batch_cancelled": (
        "已取消：{done} 个已完成，{failed} 个失败",
        "Cancelled: {done} transcribed, {failed} failed",
    ),
    "batch_unkept": (
        "其中 {count} 个没有存进历史记录。{reason}要保留，请在下面打包下载。",
        "{count} of them are not kept in the history. {reason} Download all below to keep them.",
    ),
    "unkept_row": ("未存入历史", "not in the history"),
    "batch_progress": ("批量进度", "Progress of all"),
    "batch_over": ("{over} / {files} 个文件", "{over} of {files} files"),
    "batch_failed": ("{count} 个失败", "{count} failed"),
    "batch_heard": ("已听 {done}，共约 {total}", "{done} of about {total} heard"),
    "batch_order": ("排列顺序", "Order"),
    "batch_by_risk": ("风险高的在前", "Highest risk first"),
    "batch_by_name": ("按文件名", "By name"),
    "state_waiting": ("排队中", "waiting"),
    "state_running": ("正在听", "listening"),
    "state_finished": ("完成", "done"),
    "state_failed": ("失败", "failed"),
    "state_cancelled": ("已取消", "cancelled"),
    "batch_risk_low": ("低风险 {score}", "low risk {score}"),
    "batch_risk_medium": ("中风险 {score}", "medium risk {score}"),
    "batch_risk_high": ("高风险 {score}", "high risk {score}"),
    "batch_risk_hint": (
        "按规则计算的情绪风险，0 到 100",
        "Emotional risk by stated rules, 0 to 100",
    ),
    "recalled_row": ("来自历史", "from the history"),
    "cancel_named": ("取消 {name}", "Cancel {name}"),
    # all results
    "batch_formats": ("打包的格式", "Formats in the zip"),
    "batch_pack": ("打包全部结果", "Pack all results"),
    "batch_packing": ("正在打包…", "Packing…"),
    "batch_packed": ("{done} / {files} 个结果", "{done} of {files} results"),
    "batch_download": ("下载 zip（{size}）", "Download zip ({size})"),
    "batch_no_format": ("请至少选一种格式。", "Choose at least one format."),
    "batch_pack_cancelled": ("打包已取消。", "Packing was cancelled."),
}
