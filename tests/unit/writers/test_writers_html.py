"""Transcript → html: a file for itself, in which nothing that strangers said is anything but text.

What the page does in a browser is tested in tests/e2e/test_report.py.
"""

import re
from base64 import b64decode, b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postprocess import AudioEvent, Emotion
from richspeech.model.corrections import Correction
from richspeech.model.lines import correct
from richspeech.model.transcript import Transcript
from richspeech.writers import WriterOptions
from richspeech.writers.report import write_html
from tests.transcripts import segment, transcript, transcripts

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&lt;{{ 7*7 }}"


class Page(HTMLParser):
    """Elements and texts of a page."""

    def __init__(self, written: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(written)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str, part_of_class: str = "") -> list[dict[str, str | None]]:
        return [
            attributes
            for name, attributes in self.elements
            if name == tag and part_of_class in (attributes.get("class") or "")
        ]


def rows(page: Page) -> list[dict[str, str | None]]:
    return [attributes for attributes in page.all("li") if "data-start" in attributes]


def hostile(said: str) -> Transcript:
    heard = transcript(replace(segment(0.0, 5.0, said), language=said, raw_text=said))
    return replace(heard, model=said, engine=said)


@pytest.mark.parametrize("audio", [None, b"sound"])
def test_what_strangers_say_adds_no_element_and_no_attribute(audio: bytes | None) -> None:
    harmless, attacked = (
        Page(write_html(hostile(said), WriterOptions(title=said, audio=audio)))
        for said in ("words", HOSTILE)
    )
    shapes = [
        [(tag, [*attributes]) for tag, attributes in page.elements] for page in (harmless, attacked)
    ]
    assert shapes[0] == shapes[1]
    assert attacked.texts.count(HOSTILE) == len([t for t in harmless.texts if t == "words"]) > 2


@settings(deadline=None)
@given(st.text(), st.text())
def test_any_text_and_title_keep_the_shape_of_the_page(said: str, title: str) -> None:
    page = Page(write_html(transcript(segment(0.0, 1.0, said)), WriterOptions(title=title)))
    allowed = {"html", "head", "meta", "title", "link", "style", "body", "main", "header", "h1"}
    allowed |= {"dl", "div", "dt", "dd", "p", "input", "select", "option", "output", "b", "section"}
    allowed |= {
        "h2",
        "label",
        "ul",
        "li",
        "span",
        "small",
        "svg",
        "rect",
        "g",
        "line",
        "ol",
        "a",
    }
    assert {tag for tag, _ in page.elements} <= allowed | {"script"}
    assert {each["href"] for each in page.all("a")} <= {"#t=0.0"}
    assert len(page.all("script")) == 1


def test_the_page_allows_itself_its_own_script_and_style_and_no_address() -> None:
    written = write_html(hostile("hello"), WriterOptions(audio=b"sound"))
    [policy] = [m["content"] for m in Page(written).all("meta") if "http-equiv" in m]
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    for element, directive in (("script", "script-src"), ("style", "style-src")):
        [content] = re.findall(f"<{element}[^>]*>(.*?)</{element}>", written, re.DOTALL)
        digest = b64encode(sha256(content.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}';" in policy
    assert "unsafe" not in policy
    assert not re.search(r"https?://|//\w+\.\w+/", written)


def test_the_sound_is_within_the_page_and_rows_play_it() -> None:
    page = Page(write_html(hostile("hello"), WriterOptions(audio=b"\x00sound")))
    [player] = page.all("audio")
    assert b64decode((player["src"] or "").removeprefix("data:audio/mpeg;base64,")) == b"\x00sound"
    assert len(page.all("button")) == 1


def test_without_sound_there_is_nothing_to_press() -> None:
    page = Page(write_html(hostile("hello")))
    assert page.all("audio") == page.all("button") == []
    assert [each["href"] for each in page.all("a")] == ["#t=0.0"]


def test_an_empty_transcript_says_so() -> None:
    assert "没有听到说话和声音。" in write_html(transcript())
    assert "No speech" in write_html(transcript(duration=0.0), WriterOptions(locale="en"))


CALL = transcript(
    segment(0.0, 25.0, "好的！", Emotion.HAPPY, AudioEvent.LAUGHTER),
    segment(25.0, 50.0, "Fine.", Emotion.UNKNOWN, language="en", probabilities={}),
    segment(50.0, 100.0, "", Emotion.UNKNOWN, AudioEvent.BGM, language="nospeech"),
)


def test_a_recording_without_length_has_a_report_as_well() -> None:
    heard = transcript(segment(0.0, 0.0, "您好。"), duration=0.0)
    assert "您好。" in write_html(heard, WriterOptions(locale="zh"))


def test_every_emotion_sound_and_language_has_its_lane_the_longest_first() -> None:
    written = write_html(CALL, WriterOptions(locale="en"))
    lanes = re.findall(r'<li class="(\w+)"><span>(.*?)</span> <small>(.*?)</small>', written)
    assert lanes == [
        ("emotion", "unknown", "0:50"),  # nobody listened for one in the second
        ("emotion", "happy", "0:25"),
        ("event", "background music", "0:50"),
        ("event", "laughter", "0:25"),
        ("language", "Mandarin", "0:25"),
        ("language", "English", "0:25"),
    ]


def test_a_surer_label_is_stronger_and_its_hint_says_how_sure() -> None:
    unsure = replace(CALL.segments[0], emotion_probabilities={"happy": 0.2})
    strengths = []
    for happy in (CALL.segments[0], unsure):
        page = Page(write_html(transcript(happy)))
        strengths += [float(bar["opacity"] or 0) for bar in page.all("rect", "happy")]
    assert strengths[0] > strengths[1] > 0
    assert "0:00–0:25 开心 20% 好的！" in page.texts


def test_what_a_person_put_right_is_marked_and_has_no_probability() -> None:
    put_right = correct(CALL, [Correction(0, emotion=Emotion.SAD, language="yue")])
    texts = Page(write_html(put_right)).texts
    assert texts.count("已人工修改") == 1
    assert "0:00–0:25 悲伤 好的！" in texts
    assert "0:00–0:25 粤语 好的！" in texts


@settings(deadline=None)
@given(transcripts(), st.sampled_from(["zh", "en"]), st.sampled_from(["label", "plain", "emoji"]))
def test_every_segment_with_content_has_a_row_and_its_bars_within_the_recording(
    heard: Transcript, locale: str, style: str
) -> None:
    page = Page(write_html(heard, WriterOptions(style, locale)))
    shown = [each for each in heard.segments if each.text or each.events]
    assert [row["data-start"] for row in rows(page)] == [str(each.start) for each in shown]
    assert len(page.all("rect", "emotion")) == sum(each.has_emotion for each in shown)
    for bar in page.all("rect", "emotion"):
        left, wide = (float((bar[name] or "").removesuffix("%")) for name in ("x", "width"))
        assert 0 <= left < left + wide <= 100.001
