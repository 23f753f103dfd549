"""What all tables together say: what may be worked on now, and whether all has come to rest."""

from functools import cache

from sync_orchestrator.app import PACKAGE as ORCHESTRATOR

from simulation.ground import OFFICE, of_open


@cache
def due_sql(schemas: tuple[str, ...]) -> str:
    """The query of what may be worked on now, by connector."""
    of_connectors = "".join(
        f"""
    exists (select from {schema}.lanes l join {schema}.turns t using (connection_id)
        where waiting and request_id is null and l.ready_at <= $1 and t.ready_at <= $1
            and (leased_until is null or leased_until <= $1)) as lanes_{schema},
    exists (select from {schema}.requests where open and check_at <= $1
        and (leased_until is null or leased_until <= $1)) as requests_{schema},
    exists (select from {schema}.loads where done_at is null and ready_at <= $1
        and (leased_until is null or leased_until <= $1)) as loads_{schema},"""
        for schema in schemas
    )
    runs = f"exists (select from {ORCHESTRATOR}.runs where finished_at is null and due_at <= $1)"
    return f"select{of_connectors}\n    {runs} as runs"


@cache
def rest_sql(schemas: tuple[str, ...]) -> str:
    """The query whether nothing waits and nothing is out."""
    still = [
        *(f"{schema}.lanes where waiting and {of_open(schema)}" for schema in schemas),
        *(f"{schema}.requests where open and {of_open(schema)}" for schema in schemas),
        *(f"{schema}.outbox" for schema in (*schemas, ORCHESTRATOR, OFFICE)),
        f"{ORCHESTRATOR}.jobs where (outstanding is not null"
        " or state in ('waiting', 'queued', 'checking', 'held'))"
        f" and {of_open(*schemas)}",
        f"{ORCHESTRATOR}.runs where finished_at is null and {of_open(*schemas)}",
        f"{ORCHESTRATOR}.customer_loads where state = 'running' and {of_open(*schemas)}",
    ]
    return "select " + " and ".join(f"not exists (select from {each})" for each in still)
