"""What a restored schema has to be told: its change marks lie, its versions were given before."""

from messaging.database import Tx

_TABLES = """
select quote_ident(marked.table_name) as name,
    bool_or(other.column_name = 'version') as has_version,
    bool_or(other.column_name = 'snapshot' and other.data_type = 'jsonb') as has_snapshot
from information_schema.columns as marked
join information_schema.columns as other using (table_schema, table_name)
where marked.table_schema = current_schema() and marked.column_name = 'changed_xid'
group by marked.table_name
order by marked.table_name
"""


async def renew_marks(tx: Tx, ahead: int) -> dict[str, int]:
    """Mark every row of every table that a feed is read from as changed now; how many of each.

    The owner's versions beside the marks (and inside a snapshot) are raised by `ahead`: higher ones
    than the restored were given before, and somebody may hold them.
    """
    counts: dict[str, int] = {}
    for table in await tx.fetch(_TABLES):
        changes = ["changed_xid = pg_current_xact_id()"]
        if table["has_version"]:
            changes.append("version = version + $1")
            if table["has_snapshot"]:
                changes.append(
                    "snapshot = case when snapshot ? 'version'"
                    " then jsonb_set(snapshot, '{version}', to_jsonb(version + $1))"
                    " else snapshot end"
                )
        given = [ahead] if table["has_version"] else []
        sql = f"update {table['name']} set {', '.join(changes)}"  # noqa: S608  (the catalog's names)
        done = await tx.execute(sql, *given)
        counts[str(table["name"])] = int(done.rpartition(" ")[2])
    return counts
