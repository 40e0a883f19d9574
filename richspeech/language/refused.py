"""Why a part of what somebody wrote is refused: a reason that goes into a sentence."""

from richspeech.language.catalog import FALLBACK_LOCALE, Notice


class Refused(ValueError):  # noqa: N818 - a reason within an error
    """A value that cannot be meant, for validators; whoever reads settings says where it stands."""

    def __init__(self, key: str, /, **fields: object) -> None:
        self.why = Notice(key, fields)
        super().__init__(self.why.sentence(FALLBACK_LOCALE))
