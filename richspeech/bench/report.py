"""The findings as tables, ready for docs/performance.md."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Findings = Mapping[str, Any]


def markdown(findings: Findings) -> str:
    """Return a table for every section that was measured."""
    parts = [_machine(findings)]
    for keys, table in TABLES:
        if keys in findings:
            parts.append(_table(*table(findings)))
    notes = [f"* {name}: {text}" for name, text in findings["notes"].items()]
    return "\n\n".join([*parts, *(["\n".join(notes)] if notes else [])]) + "\n"


Rows = tuple[Sequence[str], Sequence[Sequence[str]]]
"""The head of a table, and its rows."""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _machine(findings: Findings) -> str:
    machine = findings["machine"]
    versions = ", ".join(f"{name} {found}" for name, found in machine["versions"].items() if found)
    where = machine["gpu"] or f"{machine['cores']} cores of {machine['cpu']}"
    return (
        f"{where} ({machine['kind']}: {', '.join(machine['flags'])}; "
        f"{machine['memory_gb']:.0f} GB); {versions}. "
        f"Weights: {findings['weights']} ({findings['parameters'] / 1e6:.1f} M parameters, "
        f"{findings['gflop_per_second']:.2f} GFLOP a second of audio) with "
        f"{findings['vad_weights']}; encoder in use: {findings['encoder']}. "
        f"Speech: {findings['speech_seconds']:.0f} s in {findings['utterances']} utterances "
        f"({findings['utterance_seconds']:.0f} s). Medians of {findings['repeat']} at most."
    )


def _speed(findings: Findings) -> Rows:
    ours = findings["rtfx"]["ours"]
    names = {
        "ours": "ours, end to end",
        "reference": "`AutoModel.generate`, end to end",
        "sherpa_int8": "sherpa-onnx int8, decoding of given utterances alone",
        "recogniser": "our recogniser alone, of given utterances",
    }
    rows = [
        [text, _rtfx(found), _spread(findings["rtfx_spread"], name), _ratio(ours, found)]
        for name, text in names.items()
        for found in [findings["rtfx"][name]]
    ]
    limit = findings["limit"]
    text = f"the machine's {limit['precision']} matrix product ({limit['gflops']:.0f} GFLOP/s)"
    rows.append([text, _rtfx(limit["rtfx"]), "", _ratio(ours, limit["rtfx"])])
    return ("what", "RTFx", "slowest to fastest", "ours is … times as fast"), rows


def _tokens(findings: Findings) -> Rows:
    shares = findings["tokens_equal_percent"]
    tags = findings["tag_difference"]
    rows = [
        [name.replace("_", " "), f"{share:.3f} %", f"{tags[name]:.3f}"]
        for name, share in shares.items()
    ]
    head = f"precision ({findings['tokens']} tokens)"
    return (head, "equal to the reference's", "tag probabilities within, of float32"), rows


def _encoders(findings: Findings) -> Rows:
    limit = findings["limit"]["rtfx"]
    found = findings["encoder_rtfx"].items()
    rows = [[name, _rtfx(speed), _share(speed, limit)] for name, speed in found]
    return ("recogniser alone", "RTFx", "of the limit"), rows


def _voice_activity(findings: Findings) -> Rows:
    speeds = findings["vad_rtfx"]
    equal = "equal" if findings["vad_spans_equal"] else "not equal"
    both = f"{speeds['ours']:.0f} against {speeds['reference']:.0f} RTFx"
    rows = [
        ["decisions, given the scores", f"{findings['vad_speedup']:.0f} times"],
        [
            f"features, model and decisions ({both})",
            f"{speeds['ours'] / speeds['reference']:.1f} times",
        ],
    ]
    return (f"voice activity, beside funasr's (spans {equal})", "as fast"), rows


def _sounds(findings: Findings) -> Rows:
    found = findings["sounds"]
    rows = [[
        f"{found['sound_seconds']:.0f} s beside {found['speech_seconds']:.0f} s of speech",
        f"{found['cost_percent']:+.1f} %",
    ]]  # fmt: skip
    return ("sounds outside speech, one after the other", "time"), rows


def _start(findings: Findings) -> Rows:
    rows = [
        ["process start to model loaded", *_pair(findings, "ready_seconds", "{:.2f} s")],
        ["peak memory, transcribing", *_pair(findings, "peak_memory_mb", "{:.0f} MB")],
    ]
    if findings["machine"]["gpu"]:
        rows.append(["peak GPU memory", *_pair(findings, "peak_gpu_memory_mb", "{:.0f} MB")])
    return ("fresh process", "ours", "`AutoModel`"), rows


def _pair(findings: Findings, key: str, form: str) -> Iterator[str]:
    return (form.format(findings[name]) for name in (key, f"reference_{key}"))


def _first(findings: Findings) -> Rows:
    rows = [["first text of a ten-hour recording", f"{findings['first_text_seconds']:.2f} s"]]
    return ("model loaded", "after"), rows


def _long(findings: Findings) -> Rows:
    found = findings["long_recording"]
    name = f"a recording of {found['seconds'] / 3_600:.1f} hours"
    return _growth(name, "in its beginning, as long as the speech", found)


def _clips(findings: Findings) -> Rows:
    found = findings["clips"]
    return _growth(f"{found['count']} clips in a row", "in the first hundred", found)


def _growth(name: str, early: str, found: Findings) -> Rows:
    values = [f"{found[key]:.0f} MB" for key in ("early_mb", "late_mb", "growth_mb")]
    return ("memory", f"most {early}", "most later", "growth"), [[name, *values]]


def _clients(findings: Findings) -> Rows:
    found, beside = findings["clients"], findings["clip_beside_long"]
    rows = [
        [f"{found['count']} clients with a 10-second clip each, at once", _rtfx(found["rtfx"])],
        ["all their utterances in one padded batch", _rtfx(found["one_batch_rtfx"])],
        ["the clients' share of that", f"{found['share']:.2f}"],
        [
            "one caller who has them all, in batches sorted by length",
            _rtfx(found["one_caller_rtfx"]),
        ],
        ["a 10-second clip on the idle machine", f"{beside['idle_seconds']:.2f} s"],
        ["the same while a three-hour recording runs", f"{beside['busy_seconds']:.2f} s"],
        ["that is", f"{beside['ratio']:.1f} times"],
    ]
    return ("many at once", ""), rows


def _sentiment(findings: Findings) -> Rows:
    found = findings["sentiment"]
    head = (
        f"sentiment of {found['sentences']} sentences ({found['weights']}, "
        f"{found['parameters'] / 1e6:.1f} M parameters)"
    )
    names = {"torch": "torch float32", "onnx": "onnxruntime int8"}
    rows = [
        [
            text,
            f"{found['sentences_per_second'][name]:.0f}",
            f"{found['sentences_per_second'][name] / found['sentences_per_second']['torch']:.2f}",
            f"{found['memory'][name]['used_mb']:.0f} MB",
            f"{found['labels_equal_percent']:.2f} %" if name == "onnx" else "",
        ]
        for name, text in names.items()
    ]
    return (head, "a second", "times as fast", "memory added", "same labels"), rows


def _reading(findings: Findings) -> Rows:
    found = findings["reading_rtfx"]
    rows = [
        ["ours", f"{found['ours']:.0f}", f"{found['ours'] / found['reference']:.2f}"],
        ["ffmpeg's libraries, funasr's detector and frontend", f"{found['reference']:.0f}", "1.00"],
    ]
    return ("reading alone, an MP3 to utterances", "RTFx on a core", "times as fast"), rows


def _recall(findings: Findings) -> Rows:
    found = findings["recall"]
    share = found["recall_seconds"] / found["recognise_seconds"]
    what = f"{found['seconds'] / 3_600:.1f} hours that the history has"
    taken = [f"{found[key]:.2f} s" for key in ("recall_seconds", "recognise_seconds")]
    return ("again", "from the history", "recognised", "share"), [[what, *taken, f"{share:.3f}"]]


TABLES = (
    ("rtfx", _speed),
    ("tokens_equal_percent", _tokens),
    ("encoder_rtfx", _encoders),
    ("vad_speedup", _voice_activity),
    ("sounds", _sounds),
    ("ready_seconds", _start),
    ("first_text_seconds", _first),
    ("long_recording", _long),
    ("clients", _clients),
    ("clips", _clips),
    ("sentiment", _sentiment),
    ("reading_rtfx", _reading),
    ("recall", _recall),
)
"""The key that tells that a section was measured, and its table."""


def _rtfx(value: float | None) -> str:
    return "—" if value is None else f"{value:.1f}"


def _spread(spreads: Findings, name: str) -> str:
    return " to ".join(f"{value:.1f}" for value in spreads.get(name, ()))


def _share(ours: float, limit: float | None) -> str:
    return "—" if limit is None else f"{100 * ours / limit:.0f} %"


def _ratio(ours: float, other: float | None) -> str:
    return "—" if other is None else f"{ours / other:.2f}"
