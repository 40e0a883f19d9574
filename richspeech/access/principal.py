"""Who asks, and what they may do."""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from richspeech.errors import AccessError
from richspeech.language.catalog import Notice


class Role(StrEnum):
    """What an account is for."""

    ADMIN = "admin"
    """Everything, everybody's."""
    MEMBER = "member"
    """Transcribes, and sees what is its own."""
    VIEWER = "viewer"
    """Reads what is its own, and changes nothing."""

    @property
    def notice(self) -> Notice:
        """Its name, in whatever language the reader has."""
        return Notice(f"role_{self.value}")


class Scope(StrEnum):
    """What a request is about; each route needs one."""

    TRANSCRIBE = "transcribe"
    """Have something recognised, or change what was."""
    READ = "read"
    """See transcripts."""
    METRICS = "metrics"
    """See how much is done, by all together; a key for what collects that needs nothing else."""
    ADMIN = "admin"
    """Accounts, keys, settings, and what is everybody's."""


SCOPES_OF = MappingProxyType(
    {
        Role.ADMIN: frozenset(Scope),
        Role.MEMBER: frozenset({Scope.TRANSCRIBE, Scope.READ}),
        Role.VIEWER: frozenset({Scope.READ}),
    }
)
"""The most that a role may; a key may have less."""


@dataclass(frozen=True)
class Principal:
    """Somebody who asks; where nobody logs in, everybody is an admin without a name."""

    user: str | None = None
    role: Role = Role.ADMIN
    scopes: frozenset[Scope] = frozenset(Scope)
    key: str | None = None
    """Name of the API key; None of a browser."""
    masks: bool = False
    """Whether personal data is masked in what they see."""

    @classmethod
    def of(cls, user: str, role: Role, scopes: frozenset[Scope], key: str) -> "Principal":
        """Return who shows a key of a user: it never may more than the role."""
        return cls(user, role, scopes & SCOPES_OF[role], key)

    @classmethod
    def at_browser(cls, user: str, role: Role) -> "Principal":
        """Return who has logged in."""
        return cls(user, role, SCOPES_OF[role])

    def may(self, scope: Scope) -> bool:
        """Tell whether a request of this kind is allowed."""
        return scope in self.scopes

    def require(self, scope: Scope) -> None:
        """Raise ``AccessError`` unless a request of this kind is allowed."""
        if not self.may(scope):
            raise AccessError("access.role", role=self.role.notice)


ANYBODY = Principal()
"""Where nobody logs in."""

NOBODY = Principal(role=Role.VIEWER, scopes=frozenset())
"""Who has not said who they are, where one has to."""
