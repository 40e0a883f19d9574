"""Passwords as argon2 hashes (RFC 9106, argon2id), checked in constant time."""

import hmac
from functools import cache

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

MARK = "$argon2"


@cache
def hasher() -> PasswordHasher:
    """Return what hashes, at the cost that argon2-cffi takes from RFC 9106; for all threads."""
    return PasswordHasher()


def hash_password(password: str) -> str:
    """Return what the settings may hold in the place of a password; another one each time."""
    return hasher().hash(password)


def looks_hashed(known: str) -> bool:
    """Tell whether a setting is meant as a hash."""
    return known.startswith(MARK)


def require_hash(known: str) -> None:
    """Raise ``ValueError`` for a hash that nothing could match."""
    try:
        extract_parameters(known)
    except InvalidHashError as error:
        message = "this is no whole argon2 hash: make one with python -m richspeech hash-password"
        raise ValueError(message) from error


def is_password(given: str, known: str) -> bool:
    """Tell whether ``given`` is the password that the settings hold, as such or as a hash."""
    if not looks_hashed(known):
        return hmac.compare_digest(given.encode(), known.encode())
    try:
        return hasher().verify(known, given)
    except VerificationError:
        return False
