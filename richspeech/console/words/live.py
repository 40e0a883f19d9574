"""The tab where text appears while somebody talks, and the notice of a lost connection."""

WORDS = {
    "tab_live": ("实时", "Live"),
    "live": ("边说边看", "Read while you talk"),
    "live_text": ("听到的话", "What is heard"),
    "live_start": ("开始说话", "Start talking"),
    "live_stop": ("停止", "Stop"),
    "live_opening": ("正在打开麦克风…", "Opening the microphone…"),
    "live_loading": ("模型正在加载，马上就好…", "The model is loading, one moment…"),
    "live_listening": ("正在听", "Listening"),
    "live_ending": ("正在收尾…", "Finishing…"),
    "live_done": (
        "录音已经在“转写”页打开",
        "The recording is open in Transcribe",
    ),
    "live_idle": ("准备好了", "Ready"),
    "live_empty": ("文字会显示在这里", "The text appears here"),
    "live_empty_hint": (
        (
            "按“开始说话”，对着麦克风说。正在说的句子是浅色的，说完变深，并标出情绪和声音。"
            "停止以后，录音和文字会在“转写”页打开。"
        ),
        (
            "Press Start talking and speak. The sentence that you are saying is pale; once it "
            "ends it turns dark and gets its emotion and sounds. After you stop, recording and "
            "text open in Transcribe."
        ),
    ),
    "live_level": ("音量", "Level"),
    "live_elapsed": ("已录", "Recorded"),
    "live_latency": ("延迟", "Delay"),
    "live_latency_hint": (
        "从声音到达到文字出现的时间；一句话说完后，还要等一小段安静才能定稿",
        "From the sound to its text; the end of a sentence also waits for a short silence",
    ),
    "live_seconds": ("{value} 秒", "{value} s"),
    "live_insecure": (
        "这个网址不能用麦克风：请用 ssh -L 转发端口，再打开 http://127.0.0.1:{port}。",
        (
            "The microphone does not work at this address: forward the port with ssh -L and open "
            "http://127.0.0.1:{port}."
        ),
    ),
    "live_denied": (
        "浏览器没有允许使用麦克风：请点地址栏旁边的图标，允许麦克风后再试。",
        (
            "The browser was not allowed to use the microphone: allow it with the icon beside the "
            "address, then try again."
        ),
    ),
    "live_missing": (
        "没有找到麦克风：请接上麦克风后再试。",
        "No microphone was found: plug one in and try again.",
    ),
    "live_busy": (
        "麦克风打不开，可能正被别的程序占用：请关掉它再试。",
        "The microphone cannot be opened, perhaps another program uses it: close that, then try.",
    ),
    "live_refused": (
        "连接不上服务器：请刷新页面再试。",
        "The server cannot be reached: reload the page and try again.",
    ),
    "live_lost": (
        "连接断了：已经说的话都保存了，连上以后会自动打开。",
        "The connection was lost: what you said is kept and opens once it is back.",
    ),
    "lost": ("连接断了，正在重连…", "Connection lost, reconnecting…"),
    "lost_hint": (
        "服务器上的工作不会停，连上后页面会自动刷新。",
        "Work on the server goes on; the page reloads once it is back.",
    ),
}
"""Key → Chinese, English."""
