"""Texts of the tab of emotions, and of the second opinion on a transcript."""

WORDS: dict[str, tuple[str, str]] = {
    "tab_emotion": ("情感识别", "Emotion"),
    # what to hear
    "emotion_granularity": ("听多细", "How closely"),
    "emotion_granularity_utterance": ("整段一个结果", "One answer for the whole"),
    "emotion_granularity_frame": ("随时间变化的曲线", "A curve over time"),
    "emotion_embedding": ("保存声音向量（.npy）", "Save the embedding (.npy)"),
    "emotion_embedding_info": (
        "用来比较录音像不像、给录音分组；选曲线时每秒 50 个向量",
        "To compare and group recordings; with the curve, 50 vectors a second",
    ),
    "emotion_keep": ("把这次结果留在服务器上", "Keep this run on the server"),
    "emotion_keep_info": (
        "录音和结果存进一个以时间命名的文件夹，不会自动删除",
        "The sound and the results go into a folder named by the time, and stay there",
    ),
    "emotion_start": ("开始情感识别", "Start emotion recognition"),
    # the result
    "emotion_result": ("听到的情绪", "What the voice says"),
    "emotion_empty": ("结果会显示在这里", "The result appears here"),
    "emotion_empty_hint": (
        (
            "选一段录音，然后按“开始情感识别”。另一个模型只听语气，不听内容："
            "它分辨九种情绪，还能画出情绪怎样随时间变化。"
        ),
        (
            "Choose a recording and press the button. Another model hears the tone of the voice, "
            "not the words: it tells nine emotions apart, and draws how they change."
        ),
    ),
    "emotion_running": ("正在听语气…", "Listening to the voice…"),
    "emotion_loading": (
        "正在加载情感模型…（第一次用时需要）",
        "Loading the emotion model… (when it is first used)",
    ),
    "emotion_cancelled": ("已取消。", "Cancelled."),
    "emotion_progress": ("情感识别进度", "Progress"),
    "emotion_main": ("主要情绪", "Main emotion"),
    "emotion_confidence": ("把握 {value}", "{value} sure"),
    "emotion_high_risk": ("高风险", "High risk"),
    "emotion_high_risk_why": (
        "{emotion} {value}，超过 {limit}",
        "{emotion} {value}, above {limit}",
    ),
    "emotion_scores": ("九种情绪的可能性", "How likely each emotion is"),
    "emotion_scores_fewer": ("各种情绪的可能性", "How likely each emotion is"),
    "emotion_tiny_head": (
        "这是内置的小情感模型听的",
        "The small built-in emotion model heard this",
    ),
    "emotion_tiny_body": (
        (
            "它只认识合成语音。真人录音需要 iic/emotion2vec_plus_large（约 1.9 GB）："
            "联网后重新启动，或在 config.yaml 的 emotion.id 写上已下载的文件夹。"
        ),
        (
            "It knows synthetic voices only. Recordings of people need "
            "iic/emotion2vec_plus_large (1.9 GB): restart with a network, or name a downloaded "
            "folder under emotion.id in config.yaml."
        ),
    ),
    "emotion_kept": ("已留在服务器上：", "Kept on the server in "),
    # the curve
    "emotion_curve": ("情绪随时间的变化", "Emotions over time"),
    "emotion_strongest": ("最强", "Strongest"),
    "emotion_keys": (
        "点一下从那里播放 · 空格播放/暂停 · ← → 跳 1 秒 · 点图例可以藏起一种情绪",
        (
            "Click to play from there · Space plays and pauses · ← → 1 s · "
            "click a name to hide its line"
        ),
    ),
    # the log
    "emotion_log": ("步骤和用时", "Steps and their times"),
    "emotion_step_open": ("打开录音", "Open the recording"),
    "emotion_step_load": ("加载情感模型", "Load the emotion model"),
    "emotion_step_loaded": ("情感模型已在内存里", "The emotion model was in memory"),
    "emotion_step_decode": ("解码，转成 16 kHz", "Decode, and convert to 16 kHz"),
    "emotion_step_listen": ("听", "Listen"),
    "emotion_step_curve": ("算出曲线", "Compute the curve"),
    "emotion_step_files": ("写文件", "Write the files"),
    "emotion_milliseconds": ("{value} 毫秒", "{value} ms"),
    # downloads
    "emotion_download_result": ("结果 .json", "Result .json"),
    "emotion_download_embedding": ("声音向量 .npy", "Embedding .npy"),
    "emotion_download_audio": ("16 kHz 录音 .wav", "16 kHz sound .wav"),
    # a second opinion on a transcript
    "ask_opinion": ("请第二个模型再听一遍", "Ask a second listener"),
    "opinion_hint": (
        "另一个模型再听一遍每句话的语气，列出两个模型听法不同的地方",
        "Another model hears the tone of every line again, and shows where the two disagree",
    ),
    "opinion_running": ("第二个模型正在听…", "The second listener is listening…"),
    "opinion_loading": ("正在加载第二个模型…", "Loading the second listener…"),
    "opinion_progress": ("第二个模型的进度", "Progress of the second listener"),
    "opinion_none": (
        "第二个模型听完了（{model}）：没有听法不同的地方。",
        "The second listener ({model}) is done: no line on which the two disagree.",
    ),
    "opinion_some": (
        "第二个模型听完了（{model}）：{count} 句听法不同。",
        "The second listener ({model}) is done: the two disagree on {count} lines.",
    ),
    "opinion_risk": ("高风险：{emotions}", "High risk: {emotions}"),
    "opinion_tiny": (
        "这是内置的小模型，只认识合成语音。",
        "It is the small built-in model, which knows synthetic voices only.",
    ),
    "opinion_cancelled": ("第二个模型已停下。", "The second listener was stopped."),
    "second_emotion": ("第二个模型听到", "Second listener"),
    "disagree": ("两个模型听法不同", "the two listeners disagree"),
    "only_disagreeing": ("只看听法不同的", "Only where the two disagree"),
}
