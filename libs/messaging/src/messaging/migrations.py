"""Brings a service's schema up to date: messaging's own tables first, then the service's."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

import asyncpg

from messaging import migrations_store as store
from messaging.migrations_store import Applied

OWN_PACKAGE = "messaging"


class MigrationError(Exception):
    """A migration can't be applied; says which one and what to do."""


@dataclass(frozen=True)
class Migration:
    """One SQL file of a package."""

    package: str
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


async def migrate(dsn: str, package: str) -> list[str]:
    """Apply what the schema lacks, in name order; the names applied now, as `package/name`.

    Works in the first schema of the role's search path. Several processes may call it at once: one
    works, the others wait and find nothing left to do.

    Raises:
        MigrationError: an applied migration was edited or is gone, the search path names no
            schema, or a migration's SQL fails (it is rolled back; earlier ones stay).
    """
    connection = await asyncpg.connect(dsn)
    try:
        if await store.lock_schema(connection) is None:
            raise MigrationError(
                "the role's search_path names no schema that exists: create the schema and"
                " ALTER ROLE … SET search_path"
            )
        done: list[str] = []
        for source in dict.fromkeys((OWN_PACKAGE, package)):
            migrations = read_migrations(source)
            before = await store.applied(connection, source)
            for migration in still_to_apply(migrations, before):
                name = f"{migration.package}/{migration.name}"
                record = Applied(migration.package, migration.name, migration.sha256)
                try:
                    await store.apply(connection, record, migration.sql)
                except asyncpg.PostgresError as error:
                    raise MigrationError(f"{name}: {error}") from error
                done.append(name)
        return done
    finally:
        await connection.close()


def read_migrations(package: str) -> list[Migration]:
    """The `migrations/*.sql` of an installed package, in name order; none if it has no such folder.

    Raises:
        ModuleNotFoundError: there is no such package.
    """
    folder = resources.files(package).joinpath("migrations")
    if not folder.is_dir():
        return []
    return [
        Migration(package, file.name, file.read_text(encoding="utf-8"))
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".sql")
    ]


def still_to_apply(
    migrations: Sequence[Migration], applied: Sequence[Applied]
) -> Sequence[Migration]:
    """Those not applied yet.

    Raises:
        MigrationError: an applied one was edited since, or isn't in the package any more.
    """
    known = {migration.name: migration for migration in migrations}
    for record in applied:
        migration = known.get(record.name)
        if migration is None:
            raise MigrationError(
                f"{record.package}/{record.name} was applied to this schema but the package"
                " doesn't hold it: is this an older release?"
            )
        if migration.sha256 != record.sha256:
            raise MigrationError(
                f"{record.package}/{record.name} was edited after it was applied: put it back and"
                " write the change as a new migration"
            )
    names = {record.name for record in applied}
    return [migration for migration in migrations if migration.name not in names]
