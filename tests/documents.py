"""Examples in documents, to be run as they stand there."""

import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"
API = ("api.md", "api_zh.md")
SECTION = re.compile(r"^## ", re.MULTILINE)


def example_of(document: str, section: str, language: str) -> str:
    """The code of a language in a section of a document; there is one."""
    text = (DOCS / document).read_text(encoding="utf-8")
    [found] = [part for part in SECTION.split(text) if part.startswith(f"{section}\n")]
    [code] = re.findall(rf"^```{language}\n(.*?)^```$", found, re.MULTILINE | re.DOTALL)
    return str(code)
