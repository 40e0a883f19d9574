"""``python -m richspeech hash-password``: what the settings may hold as a password."""

import argparse
import sys
from getpass import getpass

from richspeech.errors import OptionError
from richspeech.passwords import hash_password


def hash_typed_password(arguments: argparse.Namespace) -> int:  # noqa: ARG001 - as every command
    """Ask for a password, or read one line of stdin; print its hash. Return the exit status."""
    if sys.stdin.isatty():
        password = getpass("Password: ")
        if getpass("Once more: ") != password:
            message = "The two passwords differ: try again."
            raise OptionError(message)
    else:
        password = sys.stdin.readline().rstrip("\n")
    if not password:
        message = "The password is empty: type one."
        raise OptionError(message)
    print(hash_password(password))
    return 0
