"""Bring the tables of a history to the newest revision, with alembic and without its files.

Everything happens on one connection, in the transaction that its owner has begun there.
"""

import threading
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, column, inspect, select, table, update

REVISION_TABLE = "richspeech_revision"
"""Alembic's own; other programs may use the same database, so it has not its usual name."""

SCHEMA = table("richspeech_schema", column("id"), column("version"))
"""The number of the revision, where programs from before revisions look for it, too."""

_ONE_AT_A_TIME = threading.Lock()
"""Alembic's ``op``, with which revisions work, is one for the process."""

Revision = str | tuple[str, ...] | list[str] | None


class Migrations:
    """The revisions that this program knows, for one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._script = ScriptDirectory(str(Path(__file__).parent))
        self._environment = EnvironmentContext(Config(), self._script, fn=self._steps)
        self._environment.configure(connection, version_table=REVISION_TABLE)

    @cached_property
    def found(self) -> str | None:
        """The revision of the tables that are there; None when there are none."""
        if not inspect(self._connection).has_table(SCHEMA.name):
            return None
        return f"{self._connection.execute(select(SCHEMA.c.version)).scalar_one():04}"

    @property
    def newest(self) -> str:
        """The revision that this program works with."""
        return str(self._script.get_current_head())

    @property
    def knows_found(self) -> bool:
        """Whether there is a way from the tables that are there to the newest revision."""
        known = {each.revision for each in self._script.walk_revisions()}
        return self.found is None or self.found in known

    def upgrade(self) -> None:
        """Go all the way; what fails is undone by whoever ends the transaction."""
        context = self._environment.get_context()
        if context.get_current_revision() == self.newest:
            return
        if self.found is not None and context.get_current_revision() is None:
            context.stamp(self._script, self.found)
        with _ONE_AT_A_TIME:
            self._environment.run_migrations()
        self._connection.execute(update(SCHEMA).values(version=int(self.newest)))

    def _steps(self, current: Revision, _: MigrationContext) -> Iterable[MigrationStep]:
        since = tuple(current) if isinstance(current, list) else current
        way = reversed([*self._script.iterate_revisions("head", since or "base")])
        revisions = self._script.revision_map
        return [MigrationStep.upgrade_from_script(revisions, each) for each in way]
