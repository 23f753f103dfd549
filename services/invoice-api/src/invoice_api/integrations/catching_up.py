"""Settings of connections that were heard of but never looked at: badges need their start date."""

from contracts.ids import Provider
from messaging.database import Database
from telemetry.logs import get_logger

from invoice_api.http.problems import Problem
from invoice_api.integrations.schemas import SettingsTold
from invoice_api.peers.orchestrator import Orchestrator, Principal
from invoice_api.sync_status import connections_store
from invoice_api.sync_status.projector import CHANNEL as BADGES

_AT_ONCE = 100
_LOG = get_logger(__name__)


async def read_missing_settings(database: Database, orchestrator: Orchestrator) -> int:
    """Ask for what is missing, as far as the orchestrator answers; how many came."""
    async with database.transaction() as tx:
        missing = await connections_store.without_settings(tx, _AT_ONCE)
    found = 0
    for company, connection, provider in missing:
        principal = Principal(company, None, "service")
        try:
            told = await orchestrator.get(principal, _path(provider))
        except Problem as problem:
            if problem.code == "orchestrator_away":
                return found
            _LOG.warning("no settings", provider=provider, code=problem.code)
            continue
        settings = SettingsTold.model_validate_json(told.text)
        async with database.transaction() as tx:
            saved = await connections_store.save_settings(
                tx, company, connection, told.text, settings.start_date
            )
            if saved:
                tx.wake(BADGES)
        found += 1
    return found


def _path(provider: Provider) -> str:
    return f"/integrations/{provider}/settings"
