"""``python -m richspeech hash-password``: what the settings may hold as a password."""

from richspeech import passwords
from richspeech.cli.accounts import new_password

EXAMPLES = ("hash-password", "hash-password < password.txt")


def hash_password() -> int:
    """Print what the settings may hold as a password; asks for one, or reads a line of stdin."""
    print(passwords.hash_password(new_password()))
    return 0
