"""WebSockets to servers of the tests, which may be slow to answer on a busy machine."""

from functools import partial

from websockets.sync.client import connect as connect_hastily

connect = partial(connect_hastily, open_timeout=180, ping_timeout=180)
"""The library's own: in ten seconds it gives up connecting, in twenty a connection."""
