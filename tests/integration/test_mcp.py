"""The tools for programs, over stdin and stdout, with the real client and the embedded models."""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPError, StdioServerParameters, stdio_client
from mcp_types import CallToolResult, TextContent, TextResourceContents, Tool

from richspeech.cli.app import main, make_app
from richspeech.model.transcript import Transcript
from richspeech.places import HOME as ROOT
from tests.documents import API, example_of
from tests.integration.conftest import EXAMPLES, references

CALL = EXAMPLES / "zh-call.wav"


@dataclass
class Talk:
    """What one client was told by one server."""

    tools: list[Tool] = field(default_factory=list)
    said: dict[str, CallToolResult] = field(default_factory=dict)
    progress: list[tuple[float, float | None]] = field(default_factory=list)
    kept: str = ""
    refused: str = ""
    log: list[dict[str, Any]] = field(default_factory=list)

    def result(self, name: str) -> dict[str, Any]:
        found = self.said[name]
        assert not found.is_error, found
        document: dict[str, Any] | None = found.structured_content
        assert document is not None
        return document

    def sentence(self, name: str) -> str:
        found = self.said[name]
        assert found.is_error
        [content] = found.content
        assert isinstance(content, TextContent)
        return content.text


async def talk(server: StdioServerParameters, outside: Path, log: Path) -> Talk:
    told = Talk()

    async def progress(progress: float, total: float | None, message: str | None) -> None:
        told.progress.append((progress, total))

    with log.open("w") as errors:
        async with Client(stdio_client(server, errors)) as client:
            told.tools = (await client.list_tools()).tools

            async def ask(key: str, tool: str, **arguments: Any) -> None:
                told.said[key] = await client.call_tool(tool, arguments, progress_callback=progress)

            await ask("transcript", "transcribe", path=str(CALL))
            await ask("relative", "transcribe", path=CALL.name)
            await ask("gone", "transcribe", path="gone.wav")
            await ask("climbing", "transcribe", path=f"../{EXAMPLES.name}/../config.yaml")
            await ask("tokens", "transcribe", path=str(CALL), tokens=True, language="auto")
            await ask("highlights", "highlights", path=str(CALL))
            await ask("found", "search", query="name:zh-call", limit=5)
            filed = told.result("found")["transcripts"][0]["number"]
            await ask("filed", "tag", number=filed, add=["Callback", "vip"], remove=["none"])
            await ask("by tag", "search", query="tag:callback risk:high")
            await ask("none", "search", query="name:nobody")
            await ask("outside", "transcribe", path=str(outside))
            await ask("above", "transcribe", path=str(EXAMPLES / ".." / "config.yaml"))
            await ask("text", "transcribe", path=str(EXAMPLES / "references.json"))
            await ask("impossible", "transcribe", path="a\0b")
            await ask("language", "transcribe", path=str(CALL), language="Klingon")
            await ask("engine", "transcribe", path=str(CALL), engine="ear")
            await ask("query", "search", query="mood:angry")
            number = told.result("found")["transcripts"][0]["number"]
            [text] = (await client.read_resource(f"richspeech://transcripts/{number}")).contents
            assert isinstance(text, TextResourceContents)
            told.kept = text.text
            with pytest.raises(MCPError) as refusal:
                await client.read_resource("richspeech://transcripts/999999")
            told.refused = str(refusal.value)
    return told


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Talk:
    folder = tmp_path_factory.mktemp("mcp")
    outside = folder / "outside.wav"
    outside.write_bytes(CALL.read_bytes())
    server = StdioServerParameters(
        command=sys.executable,
        args=[
            *("-m", "richspeech", "mcp", "--model", "embedded", "--device", "cpu"),
            *("--folder", str(EXAMPLES)),
        ],
        cwd=ROOT,
        env={**os.environ, "RICHSPEECH_HISTORY__URL": f"sqlite:///{folder}/history.sqlite"},
    )
    told = asyncio.run(talk(server, outside, folder / "log"))
    lines = (folder / "log").read_text("utf-8").splitlines()
    told.log = [json.loads(line) for line in lines if line.startswith("{")]
    return told


def test_every_call_is_a_line_in_the_log_with_a_number_of_its_own(told: Talk) -> None:
    lines = [line for line in told.log if line["logger"] == "richspeech.api.mcp"]
    ends = [line["event"].rpartition(" in ")[0] for line in lines]
    assert len(lines) == len(told.said) + 2, "two transcripts were asked for as well"
    assert ends[:3] == ["transcribe: done", "transcribe: done", "transcribe: audio"]
    assert ends[-3:] == ["search: option", "transcript: done", "transcript: transcript_not_found"]
    assert len({line["request"] for line in lines}) == len(lines)
    assert not [line for line in told.log if line["logger"].startswith("mcp")], "names, words"


def test_there_are_four_tools_and_each_says_what_it_takes(told: Talk) -> None:
    assert [tool.name for tool in told.tools] == ["transcribe", "search", "tag", "highlights"]
    assert all(tool.description for tool in told.tools)
    takes = {tool.name: tool.input_schema["properties"] for tool in told.tools}
    assert [*takes["transcribe"]] == [
        "path",
        "language",
        "engine",
        "hotwords",
        "protected_words",
        "tokens",
    ]
    assert all(each["description"] for each in takes["transcribe"].values())


def test_a_recording_becomes_a_transcript_and_its_tokens_only_on_request(told: Talk) -> None:
    short, long = told.result("transcript"), told.result("tokens")
    heard = Transcript.from_dict(long)
    assert heard.text == "".join(line["text"] for line in references()["zh-call.wav"]["lines"])
    assert short["text"] == heard.text
    assert all(segment.tokens for segment in heard.segments if segment.text)
    assert all("tokens" not in segment for segment in short["segments"])
    assert {segment["emotion"] for segment in short["segments"]} >= {"angry"}


def test_progress_is_told_in_seconds_of_the_recording(told: Talk) -> None:
    seconds = told.result("transcript")["duration"]
    assert told.progress
    assert all(0 < done <= seconds + 0.01 for done, _ in told.progress)


def test_highlights_say_what_to_hear_again_and_why(told: Talk) -> None:
    review = told.result("highlights")
    assert review["highlights"]
    assert all(each["evidence"] for each in review["highlights"])
    assert {"insight", "risk"} <= review.keys()


def test_what_was_transcribed_is_found_in_the_history_and_can_be_read(told: Talk) -> None:
    found = told.result("found")
    assert found["total"] == 1
    [line] = found["transcripts"]
    assert line["name"] == "zh-call.wav"
    assert "emotion:angry" in line["labels"]
    assert json.loads(told.kept) == told.result("tokens")
    assert told.result("none") == {"total": 0, "unrated": 0, "transcripts": []}


def test_what_is_filed_under_a_tag_is_found_by_it_and_by_its_risk(told: Talk) -> None:
    [line] = told.result("by tag")["transcripts"]
    assert told.result("filed") == {"number": line["number"], "tags": ["callback", "vip"]}
    assert (line["tags"], line["risk"]["level"]) == (["callback", "vip"], "high")


@pytest.mark.parametrize("name", ["outside", "above", "climbing"])
def test_no_file_outside_of_the_folders_is_read(told: Talk, name: str) -> None:
    assert "lies outside the folders that this server reads" in told.sentence(name)
    assert str(EXAMPLES.resolve()) in told.sentence(name)


def test_a_relative_path_is_looked_for_in_the_folders_too(told: Talk) -> None:
    assert told.result("relative")["text"] == told.result("transcript")["text"]
    assert "gone.wav" in told.sentence("gone")


def test_the_tools_for_recordings_name_the_folders(told: Talk) -> None:
    named = [tool.name for tool in told.tools if str(EXAMPLES) in (tool.description or "")]
    assert named == ["transcribe", "highlights"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("text", "references.json"),
        ("impossible", "cannot be a path"),
        ("language", "Klingon"),
        ("engine", "engine"),
        ("query", "mood"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(told: Talk, name: str, sentence: str) -> None:
    said = told.sentence(name)
    assert sentence in said
    assert "Traceback" not in said


def test_a_transcript_that_is_not_there_is_refused(told: Talk) -> None:
    assert "999999" in told.refused


@pytest.mark.parametrize("document", API)
def test_the_configuration_of_the_documents_starts_the_command(document: str) -> None:
    [server] = json.loads(example_of(document, "MCP", "json"))["mcpServers"].values()
    assert server["command"] == "richspeech"
    command, bound, _ = make_app(server["args"]).parse_args(server["args"])
    assert command.__name__ == "mcp"
    assert bound.arguments["folder"] == (Path("/home/me/recordings"),)


def without(package: str) -> Callable[[pytest.MonkeyPatch], None]:
    def hide(monkeypatch: pytest.MonkeyPatch) -> None:
        for name in [each for each in sys.modules if each.partition(".")[0] == package]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, package, None)
        monkeypatch.delitem(sys.modules, f"richspeech.api.{package}", raising=False)

    return hide


def test_without_its_package_the_command_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without("mcp")(monkeypatch)
    assert main(["mcp"]) == 1
    assert 'pip install "richspeech[mcp]"' in capsys.readouterr().err


def test_a_folder_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mcp", "--folder", "no-such-folder"]) == 1
    assert "no-such-folder is no folder" in capsys.readouterr().err
