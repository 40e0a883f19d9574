"""Whisper's languages. Its codes are BCP-47 tags but for Javanese, which it calls ``jw``."""

TAGS = (
    *("zh", "en", "yue", "ja", "ko"),
    *("af", "am", "ar", "as", "az", "ba", "be", "bg", "bn", "bo", "br", "bs", "ca", "cs", "cy"),
    *("da", "de", "el", "es", "et", "eu", "fa", "fi", "fo", "fr", "gl", "gu", "ha", "haw", "he"),
    *("hi", "hr", "ht", "hu", "hy", "id", "is", "it", "jv", "ka", "kk", "km", "kn", "la", "lb"),
    *("ln", "lo", "lt", "lv", "mg", "mi", "mk", "ml", "mn", "mr", "ms", "mt", "my", "ne", "nl"),
    *("nn", "no", "oc", "pa", "pl", "ps", "pt", "ro", "ru", "sa", "sd", "si", "sk", "sl", "sn"),
    *("so", "sq", "sr", "su", "sv", "sw", "ta", "te", "tg", "th", "tk", "tl", "tr", "tt", "uk"),
    *("ur", "uz", "vi", "yi", "yo"),
)
"""Those of the other engines first. Cantonese came with large-v3; weights before it lack it."""

_CODES = {"jv": "jw"}
_TAGS = {code: tag for tag, code in _CODES.items()}


def code_of(tag: str) -> str:
    """Return what Whisper calls a language."""
    return _CODES.get(tag, tag)


def tag_of(code: str) -> str:
    """Return the BCP-47 tag of a code of Whisper's."""
    return _TAGS.get(code, code)
