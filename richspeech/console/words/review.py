"""Texts of what is said about a transcript as a whole."""

WORDS: dict[str, tuple[str, str]] = {
    "review": ("分析", "Review"),
    "review_insight": ("概览", "Insight"),
    "review_highlights": ("精彩片段", "Highlights"),
    "review_risk": ("通话风险", "Call risk"),
    "review_gone": (
        "录音已不在服务器上：点时间不会播放，片段也不能剪。",
        "The recording is no longer kept here: times cannot be played and nothing can be cut.",
    ),
    # insight
    "insight_times": ("时间分布", "How the time is spent"),
    "insight_emotions": ("情绪占比", "Emotions"),
    "insight_emotions_hint": ("占说话时间", "share of speech"),
    "insight_languages": ("语言占比", "Languages"),
    "insight_rates": ("语速", "Speech rate"),
    "insight_events": ("听到的声音", "Sounds"),
    "time_speech": ("说话", "Speech"),
    "time_sound": ("其他声音", "Other sounds"),
    "time_silence": ("安静", "Silence"),
    "rate_characters": ("每分钟 {count} 字", "{count} characters a minute"),
    "rate_words": ("每分钟 {count} 词", "{count} words a minute"),
    "event_count": ("{count} 段", "{count}×"),
    "insight_nothing": ("没有", "None"),
    "curve": ("情绪随时间的变化", "Emotion over time"),
    "curve_hint": (
        "一格 {time}，高度是各种情绪的比例；点一下从那里听",
        "A column is {time}, heights are shares; click one to hear it",
    ),
    "curve_quiet": ("没有人说话", "nobody speaks"),
    # highlights
    "highlights_hint": (
        "按规则挑选。勾选要用的片段，点时间可以试听。",
        "Chosen by rules. Tick what you want to keep; click a time to hear it.",
    ),
    "highlights_none": (
        "没有找到：这段录音里没有笑声、掌声，也没有明显的情绪。",
        "None found: there is no laughter, no applause and no clear emotion in this recording.",
    ),
    "highlight_why": ("依据", "Because of"),
    "highlight_rules": ("规则：{rules}", "Rules: {rules}"),
    "highlight_choose": ("选用 {time} 这一段", "Keep the one at {time}"),
    "highlights_all": ("全选", "All"),
    "highlights_no": ("全不选", "None"),
    "highlights_chosen": ("已选 {count} 段", "{count} chosen"),
    "make_clips": ("逐段剪出 .zip", "Clips .zip"),
    "make_reel": ("剪成一段", "One reel"),
    "make_chapters": ("章节 .vtt", "Chapters .vtt"),
    "make_edl": ("剪辑表 .edl", "Edit list .edl"),
    "highlights_gone": (
        "没有录音就不能剪；章节和剪辑表仍然可以下载。",
        "Without the recording nothing can be cut; both lists still can be downloaded.",
    ),
    "silence": ("安静", "silence"),
    # risk
    "risk_low": ("低", "low"),
    "risk_medium": ("中", "medium"),
    "risk_high": ("高", "high"),
    "risk_score": ("风险 {score} 分，满分 100", "Risk {score} of 100"),
    "risk_hint": (
        "分数由固定的规则相加，只提示先听哪里，不是结论，也不分谁在说话。",
        (
            "Fixed rules add these points up. They say where to listen first; they are no verdict "
            "and do not know who speaks."
        ),
    ),
    "risk_levels": ("{medium} 分起为中，{high} 分起为高", "medium from {medium}, high from {high}"),
    "risk_none": ("没有一条规则得分。", "No rule has found anything."),
    "risk_points": ("{points} 分", "{points} points"),
}
