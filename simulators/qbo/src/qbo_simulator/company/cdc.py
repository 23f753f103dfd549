"""`GET /cdc`: what has changed since a moment, deleted transactions included.

https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/change-data-capture
"""

from __future__ import annotations

from datetime import datetime, timedelta

from qbo_simulator.books import TRANSACTIONS, Organisation, Record
from qbo_simulator.provider_faults import query_invalid, required
from qbo_simulator.query.properties import ENTITIES
from qbo_simulator.wire import Json, JsonObject, parse_moment, stamp

LOOK_BACK = timedelta(days=30)
MOST = 1000
_EXCLUDED = ("TaxCode", "TaxRate", "CompanyInfo", "Preferences")


def changes(
    organisation: Organisation, entities: str, since: str, now: datetime
) -> tuple[JsonObject, int]:
    """The answer without its time, and how many objects it holds. Raises ProviderFault."""
    if not entities.strip():
        raise required("entities")
    moment = parse_moment(since.replace(" ", "+"), organisation.settings.time_zone)
    if moment is None:
        raise query_invalid(f"changedSince {since} isn't a date-time")
    if now - moment > LOOK_BACK:
        raise query_invalid("changedSince must not be more than 30 days ago")
    responses: list[Json] = []
    left = MOST
    for name in entities.split(","):
        entity = ENTITIES.get(name.strip().casefold())
        if entity is None or entity.name in _EXCLUDED:
            raise query_invalid(f"Invalid entity {name.strip()}")
        changed = [each for each in organisation.all(entity.name) if each.updated >= moment]
        changed = sorted(changed, key=lambda each: each.updated)[:left]
        left -= len(changed)
        response: JsonObject = {}
        if changed:
            response = {
                entity.name: [_row(organisation, each) for each in changed],
                "startPosition": 1,
                "maxResults": len(changed),
            }
            if entity.name in TRANSACTIONS:
                response["totalCount"] = len(changed)
        responses.append(response)
    return {"CDCResponse": [{"QueryResponse": responses}]}, MOST - left


def _row(organisation: Organisation, record: Record) -> Json:
    if record.state != "deleted":
        return record.data
    updated = stamp(record.updated, organisation.settings.time_zone)
    return {
        "domain": "QBO",
        "status": "Deleted",
        "Id": record.id,
        "MetaData": {"LastUpdatedTime": updated},
    }
