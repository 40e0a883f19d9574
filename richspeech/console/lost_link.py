"""What a link shows that leads nowhere: a sentence, in the looks of the login page."""

from richspeech.console.templates import draw, looks


def lost_link_page(locale: str, sentence: str) -> str:
    """Draw the page; ``sentence`` says why there is nothing to read."""
    return draw("lost_link.html", locale, looks=looks("login"), sentence=sentence)
