"""The HTTP routes beside the page."""
