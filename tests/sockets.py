"""Servers of the tests, and WebSockets to them, which may be slow to answer on a busy machine."""

import socket
from functools import partial

from websockets.sync.client import connect as connect_hastily

connect = partial(connect_hastily, open_timeout=180, ping_timeout=180)
"""The library's own: in ten seconds it gives up connecting, in twenty a connection."""


def listening() -> socket.socket:
    """Listen at a free port.

    With the protocol named, as where the console listens: without, asyncio leaves Nagle's algorithm
    on, and each answer takes 40 ms more.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener
