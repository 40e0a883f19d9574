"""``python -m richspeech hash-password``: what the settings may hold as a password."""

import sys
from getpass import getpass

from richspeech import passwords
from richspeech.errors import OptionError

EXAMPLES = ("hash-password", "hash-password < password.txt")


def hash_password() -> int:
    """Print what the settings may hold as a password; asks for one, or reads a line of stdin."""
    if sys.stdin.isatty():
        password = getpass("Password: ")
        if getpass("Once more: ") != password:
            raise OptionError("cli.passwords_differ")
    else:
        password = sys.stdin.readline().rstrip("\n")
    if not password:
        raise OptionError("cli.password_empty")
    print(passwords.hash_password(password))
    return 0
