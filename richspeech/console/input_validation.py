"""What a page sends is looked at before a handler gets it, and refusals leave as sentences.

A page of ours sends nothing that is refused here: whoever does has forged it, or has a page that is
older than the server. Neither is worth a traceback in the log.
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gradio as gr
from anyio import CapacityLimiter

from richspeech.console.programs import PUBLIC, program_locale
from richspeech.console.sparing import SparingBlocks
from richspeech.errors import OptionError, RichSpeechError, UnexpectedError
from richspeech.language.catalog import Notice, say
from richspeech.operations.caller import go_on_for

log = logging.getLogger(__name__)

PAINTERS = 8
"""Threads for handlers that are not coroutines: more would not be faster, and each that computes
takes its turn with the event loop, which then answers late."""
UNREADABLE = (ValueError, TypeError, LookupError, AttributeError)
"""What gradio raises on a value that is none of its widget's."""


class ValidatedBlocks(SparingBlocks):
    """The page's blocks, whose handlers get values of the right kind only."""

    def __init__(self, locale_of: Callable[[str | None], str], **properties: Any) -> None:
        """``locale_of`` tells the language of a page by its name."""
        super().__init__(**properties)
        self._locale_of = locale_of

    def create_limiter(self) -> None:
        """Say how many handlers run at once that are not coroutines."""
        self.limiter: CapacityLimiter = CapacityLimiter(PAINTERS)  # type: ignore[assignment]

    async def process_api(self, *args: Any, **asked: Any) -> dict[str, Any]:
        """Do what an event asks for; what cannot be done is a sentence in the page's language."""
        _go_on_for_asker(asked["request"])
        try:
            if asked["iterator"] is None:  # else it goes on, and was looked at before
                require_readable(asked["inputs"], vars(asked["event_data"])["_data"])
                require_fitting(asked["block_fn"], asked["inputs"], asked["state"])
            return await super().process_api(*args, **asked)
        except gr.Error as error:
            raise self._refusal(error.message, asked) from error
        except RichSpeechError as error:
            raise self._refusal(Notice.of(error), asked) from error
        except Exception as error:  # else gradio's own toast says "Error", and nothing more
            log.exception("an event of the page failed")
            raise self._refusal(Notice.of(UnexpectedError()), asked) from error

    async def preprocess_data(self, *args: Any, **asked: Any) -> list[Any]:
        """Turn what a page sent into what handlers take; raises ``OptionError``."""
        try:
            return list(await super().preprocess_data(*args, **asked))
        except RichSpeechError:
            raise
        except UNREADABLE as error:
            raise _unreadable() from error

    def _refusal(self, reason: str | Notice, asked: Mapping[str, Any]) -> gr.Error:
        request = _asking(asked["request"])
        if _is_for_programs(asked["block_fn"]):
            locale = program_locale(request)
        else:
            locale = self._locale_of(request.session_hash)
        sentence = reason.sentence(locale) if isinstance(reason, Notice) else reason
        return gr.Error(sentence, title=say("refused", locale), print_exception=False)


def _asking(request: Any) -> Any:
    return request[0] if isinstance(request, list) else request  # where it says "batched"


def _go_on_for_asker(request: Any) -> None:
    """Have a handler do for whoever asks what it does; gradio's tasks know no request."""
    if getattr(_asking(request), "request", None) is not None:
        go_on_for(_asking(request).request.state.caller)


def require_readable(*values: object) -> None:
    """Raise ``OptionError`` for what is no text or number that can be sent back."""
    try:
        json.dumps(values, ensure_ascii=False, allow_nan=False).encode()
    except ValueError as error:  # half a character, or a number that is none
        raise _unreadable() from error


def require_fitting(event: Any, values: Sequence[Any], page: Any) -> None:
    """Raise ``OptionError`` when an event cannot have these values of its widgets.

    ``page`` holds the widgets as the page shows them, some of whose choices come while it is open.
    """
    if event.fn is None or len(values) < len(event.inputs):
        raise _unreadable()
    for widget, value in zip(event.inputs, values, strict=False):
        number = widget._id  # noqa: SLF001 - gradio gives it no other name
        shown = page.get(number, widget)
        if not (widget.value is None if value is None else _fits(shown, value)):
            known = getattr(shown, "choices", None) if _is_for_programs(event) else None
            if known:
                choices = [choice for _, choice in known]
                raise OptionError("page.choice", value=repr(value), known=choices)
            raise OptionError("page.value", value=repr(value))


def _is_for_programs(event: Any) -> bool:
    return getattr(event, "api_visibility", None) == PUBLIC


def _fits(widget: Any, value: Any) -> bool:
    match widget:
        case gr.CheckboxGroup():
            known = [choice for _, choice in widget.choices]
            fits = isinstance(value, list) and all(each in known for each in value)
        case gr.Dropdown() | gr.Radio():
            fits = isinstance(value, str) and value in [choice for _, choice in widget.choices]
        case gr.Checkbox():
            fits = isinstance(value, bool)
        case gr.Slider():
            fits = _is_number(value) and widget.minimum <= value <= widget.maximum
        case gr.Textbox():
            fits = isinstance(value, str)
        case _:  # files: gradio looks at them itself
            fits = True
    return bool(fits)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _unreadable() -> OptionError:
    return OptionError("page.unreadable")
