"""What gradio keeps of each page, without what we do not use.

For its "deep links" gradio describes every widget anew for every page, and again whenever one is
updated: most of what a page costs. We have no such links, and need the widgets alone.
"""

from types import SimpleNamespace
from typing import Any

import gradio as gr
from gradio.state_holder import SessionState, StateHolder


class _State(SessionState):
    """The widgets of a page as its updates have left them."""

    def __init__(self, blocks: gr.Blocks) -> None:
        nothing_to_describe: Any = SimpleNamespace(default_config=blocks.default_config, blocks={})
        super().__init__(nothing_to_describe)

    def __setitem__(self, key: int, value: Any) -> None:
        self.blocks_config.blocks[key] = value

    def _update_config(self, key: int) -> None:
        """Describe nothing."""

    def _update_value_in_config(self, key: int, value: Any) -> None:
        """Describe nothing."""


class GradioStates(StateHolder):
    """Those of all pages."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def __getitem__(self, session_id: str) -> SessionState:
        """Return that of a page; a page that is not known yet gets a new one."""
        if session_id not in self.session_data:
            self.session_data[session_id] = _State(self.blocks)
        return super().__getitem__(session_id)
