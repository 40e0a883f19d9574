"""What the middlewares ask about browser windows; the console knows them."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from richspeech.errors import RichSpeechError


class Windows(Protocol):
    """Browser windows, the pages that were loaded in them, and their files.

    A page is known by the name that gradio gives it at each load, a window by a key of its own.
    ``visitor`` is ``Visitor.key``.
    """

    def claims(self, page: str, visitor: str) -> bool:
        """Say whether a page is this visitor's; one that nobody has named before is from now on."""

    def takes(self, page: str, path: str) -> bool:
        """Say whether an event of a page may name a file: its window's upload, or an example."""

    def is_for_programs(self, function: object) -> bool:
        """Say whether an event is one that gradio's own clients call, and no page."""

    def sends(self, visitor: str, path: str) -> bool:
        """Say whether a client may name a file: one that it has sent, or an example."""

    def shows(self, visitor: str, path: str) -> bool:
        """Say whether a visitor may fetch a file: one of his windows', or an example."""

    def uploading(self, window: str, visitor: str) -> AbstractContextManager[Path]:
        """Give the folder of a window's uploads, in that of the window, while one is on its way.

        Raises ``AccessError`` for a key that is none, ``BusyError`` when there are too many
        windows, and ``OSError`` when the disk has no room.
        """

    def sentence(self, window: str, visitor: str, error: RichSpeechError | None) -> str:
        """Say what went wrong, in the window's language; None is what nobody expected."""

    def page_sentence(self, page: str, error: RichSpeechError) -> str:
        """Say it in the language of a page."""
