"""Texts about the engines that can be chosen, hotwords, and how words are meant."""

WORDS: dict[str, tuple[str, str]] = {
    # what to hear with
    "engine": ("识别引擎", "Engine"),
    "engine_info": (
        "Paraformer 只听普通话，不听情绪和声音，也不用选语言",
        "Paraformer hears Mandarin only, and neither emotions nor sounds",
    ),
    "engine_sensevoice": (
        "SenseVoice：五种语言，情绪和声音",
        "SenseVoice: five languages, emotions and sounds",
    ),
    "engine_paraformer": (
        "Paraformer：普通话，逐字时间、标点、语义",
        "Paraformer: Mandarin, times, sentiment",
    ),
    "engine_reference": (
        "FunASR 原版流程：较慢，供对照",
        "FunASR's own path: slower, for comparison",
    ),
    "hotwords": ("热词", "Hotwords"),
    "hotwords_info": (
        "录音里可能说到的词，例如人名、产品名；用空格、逗号或换行隔开，读音相近的字会写成热词",
        (
            "Words that are likely to be said, such as names, parted by spaces, commas or lines; "
            "what sounds alike is written as the hotword"
        ),
    ),
    "hotword_changed": ("热词：{words}", "hotword: {words}"),
    "sentiment_switch": ("判断文字的语义倾向", "Sentiment of the words"),
    "sentiment_switch_info": (
        "只看文字：正向、负向、中性、激动；内置的小模型只懂普通话",
        (
            "By the words alone: positive, negative, neutral, excited. "
            "The built-in model reads Mandarin only"
        ),
    ),
    # what came out
    "sentiment": ("语义", "Sentiment"),
    "filter_sentiment": ("全部语义", "Sentiment"),
    "irony": ("反讽？", "irony?"),
    "only_ironic": ("只看可能的反讽", "possible irony only"),
    "irony_title": (
        "声音和文字的倾向相反：声音 {voice}，文字 {words}。只是提示，请听原声。",
        "Voice and words are at odds: voice {voice}, words {words}. A hint only: do listen.",
    ),
    "agreement_title": (
        "声音和文字的倾向一致：声音 {voice}，文字 {words}，合起来 {confidence}",
        "Voice and words agree: voice {voice}, words {words}, together {confidence}",
    ),
    # what is loaded
    "engines_loaded": ("已加载", "Loaded"),
    "banner_body_paraformer": (
        (
            "它只认识合成语音，适合试用本页的示例。真人录音需要 Paraformer-large："
            "在 config.yaml 的 paraformer.id 里写模型名或已下载的文件夹，联网后重新启动。"
        ),
        (
            "It knows synthetic voices only and is meant for the examples on this page. "
            "Recordings of people need Paraformer-large: name it, or a downloaded folder, under "
            "paraformer.id in config.yaml, and restart with a network."
        ),
    ),
}
