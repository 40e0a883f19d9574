"""Texts of the tab that compares settings and tries rules."""

WORDS: dict[str, tuple[str, str]] = {
    "tab_lab": ("实验室", "Lab"),
    "lab_compare": ("对比设置", "Compare settings"),
    "lab_rules": ("修正规则", "Labelling rules"),
    # what to compare
    "lab_recording_hint": (
        "不选录音时，用“转写”里的那一段。",
        "Without one, the recording of the Transcribe tab is taken.",
    ),
    "lab_reference": ("正确的文字（可选）", "What is really said (optional)"),
    "lab_reference_info": (
        "贴上人工听写的文字，就能算出两边的错误率",
        "Paste a transcript made by a person to get the error rates of both sides",
    ),
    "lab_score": ("用这段文字重新打分", "Score against this text"),
    "lab_settings": ("两种设置", "Two settings"),
    "lab_settings_hint": (
        (
            "同一段录音先按 A、再按 B 识别，然后逐句对照。每次都重新识别，不写入历史。"
            "速度在热身之后测，同时有别的任务时会偏慢。"
        ),
        (
            "The same recording goes through A, then through B, and both are put side by side. "
            "It is recognised anew each time and not kept in the history. Speeds are measured "
            "after a warm-up, and suffer from other work at the same time."
        ),
    ),
    "lab_side_a": ("设置 A", "Setting A"),
    "lab_side_b": ("设置 B", "Setting B"),
    "lab_engine": ("引擎", "Engine"),
    "lab_engine_sensevoice": ("SenseVoice（本程序）", "SenseVoice (this program)"),
    "lab_engine_paraformer": ("Paraformer（普通话）", "Paraformer (Mandarin)"),
    "lab_engine_reference": ("SenseVoice（FunASR 原版流程）", "SenseVoice (FunASR's own path)"),
    "lab_weights": ("模型权重", "Weights"),
    "lab_weights_settings": ("按 config.yaml", "As config.yaml says"),
    "lab_weights_embedded": ("内置的小模型", "The small built-in model"),
    "lab_hotwords": ("热词", "Hotwords"),
    "lab_hotwords_info": (
        "录音里可能出现的词，用空格或逗号分开",
        "Words that are likely to be said, parted by spaces or commas",
    ),
    "lab_rule_set": ("修正规则", "Labelling rules"),
    "lab_rule_set_current": ("现在的规则", "The present ones"),
    "lab_rule_set_none": ("不用规则", "None"),
    "lab_rule_set_workshop": ("旁边“修正规则”里写的", "Those written under Labelling rules"),
    "lab_start": ("开始对比", "Compare"),
    # what came out
    "lab_result": ("对比结果", "Comparison"),
    "lab_empty": ("结果会显示在这里", "The result appears here"),
    "lab_empty_hint": (
        "选一段录音，在 A 和 B 里各选一种设置，然后按“开始对比”。",
        "Choose a recording and a setting on either side, then press Compare.",
    ),
    "lab_no_audio": (
        "请先上传音频文件，或在“转写”里识别一段。",
        "Please upload an audio file first, or transcribe one in the Transcribe tab.",
    ),
    "lab_finished": ("对比完成", "Finished"),
    "lab_alike": (
        "两种设置完全相同：结果一样，只有速度会略有出入。",
        "Both settings are alike: so are the results; only the speeds may differ a little.",
    ),
    "lab_half": (
        "只有一边完成了，没有可以对照的内容。",
        "Only one side was done, so there is nothing to compare.",
    ),
    "lab_cancelled": ("已取消。", "Cancelled."),
    "lab_progress": ("{side} 的进度", "Progress of {side}"),
    "lab_waiting": ("排队中…", "Waiting for its turn…"),
    "lab_trial_finished": ("完成", "Done"),
    "lab_trial_failed": ("识别失败", "Recognition failed"),
    "lab_sides": ("两种设置的结果", "Results of the two settings"),
    "lab_measure": ("项目", "Measure"),
    "lab_cer": ("字错误率（CER）", "Character error rate (CER)"),
    "lab_wer": ("词错误率（WER）", "Word error rate (WER)"),
    "lab_count_words": ("字词数", "Words"),
    "lab_counting": (
        (
            "大小写、标点、空格和全角半角不计；中文、日文一个字算一个词。"
            "数字与汉字写法（30 和三十）、繁体与简体算不同。"
        ),
        (
            "Case, punctuation, spaces and the width of letters do not count; a character of "
            "Chinese or Japanese is a word. 30 and thirty differ, and so do traditional and "
            "simplified characters."
        ),
    ),
    "lab_words_differ": (
        "A 的 {words} 个字词中，B 有 {errors} 处不同",
        "B differs in {errors} places from the {words} words of A",
    ),
    "lab_labels_differ": (
        "两边都听到 {shared} 段：情绪不同 {emotion}，声音不同 {events}，语言不同 {language}",
        (
            "Of {shared} segments that both heard, {emotion} differ in emotion, "
            "{events} in sounds, {language} in language"
        ),
    ),
    "lab_rows": ("逐句对照", "Side by side"),
    "lab_only_differing": ("只看不同的", "Differences only"),
    "lab_all_same": ("逐句完全一致。", "All segments are the same."),
    "lab_many_rows": (
        "这里只列出前 {shown} 段，下载的表格里有全部 {total} 段。",
        "These are the first {shown}; the table to download has all {total}.",
    ),
    "lab_time": ("时间", "Time"),
    "lab_nothing_heard": ("没有听到", "nothing heard"),
    "lab_changed": ("不同", "differs"),
    "lab_only_here": ("只在这边", "only here"),
    "lab_key": (
        "≠ 两边不同 · + 只在这边有",
        "≠ differs between the sides · + only on this side",
    ),
    "lab_against": ("对照正确的文字", "Against what is really said"),
    "lab_key_reference": ("− 漏掉的字 · + 多出的字", "− left out · + put in"),
    "lab_left_out": ("漏掉", "left out"),
    "lab_put_in": ("多出", "put in"),
    "lab_download_csv": ("表格 .csv", "Table .csv"),
    "lab_download_json": ("数据 .json", "Data .json"),
    # rules
    "lab_rules_hint": (
        (
            "规则在识别之后修正情绪和声音的标注，例如：以“呢”结尾又没有伤心的词，就不算难过。"
            "在这里改规则，马上就能看到它们会怎样改变当前的转写，不用重新识别。"
        ),
        (
            "Rules mend emotions and sounds after recognition: a sentence that trails off without "
            "a sad word, say, is not sad. Change them here and see at once what they do to the "
            "present transcript; nothing is recognised again."
        ),
    ),
    "lab_rules_text": ("规则（YAML）", "Rules (YAML)"),
    "lab_rules_help": ("怎么写规则", "How to write a rule"),
    "lab_help_when": (
        "when 里写条件，全部满足才算：",
        "Under when stand the conditions, all of which must hold:",
    ),
    "lab_help_emotion": (
        "emotion、event、language：现在的情绪、声音、语言",
        "emotion, event, language: what is labelled now",
    ),
    "lab_help_words": (
        "any_words：出现其中一个；no_words：一个也没出现；endings：以其中一个结尾",
        "any_words: one of them is said; no_words: none is; endings: the text ends with one",
    ),
    "lab_help_probability": (
        "probability_below：模型对上面的情绪或声音的把握低于这个值（0 到 1）",
        "probability_below: the model is less sure than this (0 to 1) of that emotion or event",
    ),
    "lab_help_then": (
        "然后写怎么改：set_emotion、drop_emotion、set_event、drop_event。",
        "Then comes what to do: set_emotion, drop_emotion, set_event, drop_event.",
    ),
    "lab_help_values": (
        "情绪：{emotions}。声音：{events}。语言：{languages}。",
        "Emotions: {emotions}. Events: {events}. Languages: {languages}.",
    ),
    "lab_try": ("试一试", "Try"),
    "lab_save": ("保存到 config.yaml", "Save to config.yaml"),
    "lab_restore": ("恢复现在的规则", "Back to the present rules"),
    "lab_may_not_save": (
        "这里不能保存：设置不允许从网页修改 config.yaml。",
        "Saving is not possible here: the settings forbid changing config.yaml from the page.",
    ),
    "lab_effect": ("规则的作用", "What the rules do"),
    "lab_effect_empty": ("还没有试过", "Nothing tried yet"),
    "lab_effect_empty_hint": (
        "按“试一试”，这里会列出当前转写里哪些句子会改变、为什么。",
        "Press Try to see which sentences of the present transcript would change, and why.",
    ),
    "lab_effect_no_transcript": (
        "规则没有错误。要看作用，请先在“转写”里转写一段录音，或从历史里打开一条。",
        (
            "The rules are valid. To see what they do, transcribe a recording first, or open "
            "a transcript of the history."
        ),
    ),
    "lab_effect_none": (
        "规则没有错误，对当前转写的 {total} 段都没有影响。",
        "The rules are valid, and none of the {total} segments of the transcript is affected.",
    ),
    "lab_effect_some": (
        "当前转写共 {total} 段：规则用到 {fired} 段，其中 {changed} 段的标注与现在不同。",
        (
            "Segments in the transcript: {total}. The rules apply to {fired}; "
            "labels other than now: {changed}."
        ),
    ),
    "lab_saved": (
        "已保存到 {file}，新的转写从现在起用这些规则；原来的文件留作 {backup}。",
        (
            "Saved to {file}. New transcriptions follow these rules from now on; the file as it "
            "was is kept as {backup}."
        ),
    ),
    "lab_measured": ("模型听到", "As heard"),
    "lab_before": ("现在", "Now"),
    "lab_after": ("用这些规则", "With these rules"),
    "lab_why": ("为什么", "Why"),
    "lab_unchanged": ("不变", "unchanged"),
    "lab_rule": ("规则 {name}", "Rule {name}"),
    "lab_because_emotion": ("情绪是{label}", "the emotion is {label}"),
    "lab_because_event": ("有{label}", "there is {label}"),
    "lab_because_language": ("语言是{label}", "the language is {label}"),
    "lab_because_any_words": ("说了“{words}”", "“{words}” is said"),
    "lab_because_no_words": ("没说那 {count} 个排除的词", "none of the {count} words is said"),
    "lab_because_ending": ("以“{ending}”结尾", "it ends with “{ending}”"),
    "lab_because_probability": ("把握 {sure} 低于 {limit}", "{sure} sure, below {limit}"),
    "lab_so_set_emotion": ("情绪改为{label}", "emotion becomes {label}"),
    "lab_so_drop_emotion": ("不再标情绪", "no emotion is named"),
    "lab_so_set_event": ("声音标为{label}", "sound becomes {label}"),
    "lab_so_drop_event": ("去掉{label}", "{label} is taken away"),
    "lab_no_longer": (
        "这些规则不再修改它（现在由 {names} 修改）",
        "no rule changes it any more (now {names} does)",
    ),
}
