"""The HTTP routes besides the page."""
