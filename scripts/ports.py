"""Ports for servers that are started by the number of one."""

import socket

_KEPT: list[socket.socket] = []


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port at which nobody listens, and which the system gives to nobody else.

    It stays this process's until that ends; whoever names it may listen there. Several sockets may
    have one address while all have ``SO_REUSEADDR``, as those of servers do, and one listens.
    """
    keeper = socket.socket()
    _KEPT.append(keeper)
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    keeper.bind((host, 0))
    port: int = keeper.getsockname()[1]
    return port
