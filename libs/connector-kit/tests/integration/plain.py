"""The provider definition for `there`: what a provider folder supplies, at its smallest."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from connector_kit.answers import (
    Accepted,
    Answered,
    Candidate,
    MemberAnswer,
    NoAnswer,
    NotExecuted,
    ReferenceGone,
    Refused,
    RemovedThere,
    Seen,
    Shut,
    Sighting,
    Stale,
    Throttled,
    Unauthorized,
)
from connector_kit.auth import (
    ConnectRefused,
    GrantDead,
    OAuthClient,
    OrganisationOffered,
    TokenAnswer,
    Tokens,
    TokensAway,
)
from connector_kit.exchange import Exchange, Request, Response, form
from connector_kit.provider import (
    AccountsRead,
    Concurrency,
    Context,
    CustomersRead,
    EntityFacts,
    FrozenMember,
    FrozenRequest,
    ItemsRead,
    Limit,
    Member,
    Meter,
    OAuthFacts,
    OrganisationRead,
    Packed,
    Prepared,
    Provider,
    Ready,
)
from contracts.causes import cause_of
from contracts.commands import ReadRemote, RemoteRef, SyncCustomer, SyncInvoice, SyncItem
from contracts.connections import (
    Account,
    Organisation,
    OrganisationFacts,
    RemoteCustomer,
    RemoteItem,
    RemoteTaxRate,
)
from contracts.ids import RecordId, RemoteId, RequestId
from contracts.sync import CauseInstance, ProviderDetails, Totals

Json = dict[str, Any]


class PlainOperations:
    """One page `/batch` for all writes, one page `/find` for all look-ups."""

    def lot(self, member: Member) -> str:
        return "all"

    def prepare(self, members: Sequence[Member], context: Context) -> Exchange[list[Prepared]]:
        unknown = [m for m in members if m.remote is not None and m.remote.version is None]
        versions: dict[str, str] = {}
        if unknown:
            ids = [m.remote.id for m in unknown if m.remote is not None]
            found = yield _find(unknown[0].command.entity, ids=ids)
            versions = {row["id"]: row["version"] for row in json.loads(found.body)["found"]}
        prepared: list[Prepared] = []
        for member in members:
            if member.remote is not None and member.remote.id in versions:
                version = versions[member.remote.id]
                member = member.at(member.remote.model_copy(update={"version": version}))
            prepared.append(Ready(member))
        return prepared

    def frozen(self, member: Member, context: Context) -> FrozenMember | None:
        packed = self.pack([member], context, RequestId(member.command.record_id))
        return packed.frozen[0] if packed.frozen else None

    def pack(self, members: Sequence[Member], context: Context, request_id: RequestId) -> Packed:
        frozen: list[FrozenMember] = []
        refused: list[tuple[RecordId, Refused]] = []
        items: list[Json] = []
        for member in members:
            key, fields = _key_and_fields(member)
            if ":" in key:
                cause = CauseInstance(code="name_not_allowed", params={"name": key})
                refused.append((member.command.record_id, Refused(cause)))
                continue
            command = member.command
            mark = f"tb:{command.record_id}:{command.generation}"
            note = "" if command.entity == "item" else mark
            frozen.append(
                FrozenMember(
                    entity=command.entity,
                    record_id=command.record_id,
                    generation=command.generation,
                    step=command.step,
                    intent=member.intent,
                    natural_key=key.casefold(),
                    mark=note or None,
                    remote=member.remote,
                    record_version=_version(member),
                    fields={**fields, "key": key},
                    used={},
                )
            )
            item: Json = {
                "op": member.intent,
                "entity": command.entity,
                "key": key,
                "note": note,
                "fields": fields,
            }
            if member.remote is not None:
                item |= {"id": member.remote.id, "version": member.remote.version}
            items.append(item)
        if not frozen:
            return Packed(None, (), tuple(refused))
        request = Request(
            "POST",
            "/batch",
            headers=(("content-type", "application/json"),),
            body=json.dumps({"request": str(request_id), "items": items}).encode(),
            meter="single" if len(items) == 1 else "batch",
            units=len(items),
        )
        return Packed(request, tuple(frozen), tuple(refused))

    def whole(self, response: Response) -> NotExecuted | NoAnswer | None:
        details = ProviderDetails(provider_code=str(response.status))
        if response.status == 401:
            return NotExecuted(Unauthorized(details))
        if response.status == 429:
            said = response.header("retry-after")
            return NotExecuted(Throttled(None if said is None else float(said), details=details))
        if response.status == 402:
            return NotExecuted(Shut(cause_of("subscription_ended", details=details), expired=False))
        if response.status >= 500:
            return NoAnswer(details)
        try:
            json.loads(response.body)
        except ValueError:
            return NoAnswer(details)
        return None

    def read(self, request: FrozenRequest, response: Response) -> Answered:
        items = json.loads(response.body)["items"]
        return Answered(
            tuple(_answer(m, item) for m, item in zip(request.members, items, strict=True))
        )

    def look_up(
        self, members: Sequence[FrozenMember], context: Context
    ) -> Exchange[list[Sighting]]:
        found = yield _find(
            members[0].entity,
            keys=[m.fields["key"] for m in members],
            ids=[m.remote.id for m in members if m.remote is not None],
        )
        rows: list[Json] = json.loads(found.body)["found"]
        return [
            Seen(tuple(_candidate(member, row) for row in rows if _is_about(member, row)))
            for member in members
        ]

    def read_remote(
        self, members: Sequence[tuple[ReadRemote, RemoteRef]], context: Context
    ) -> Exchange[list[Sighting]]:
        found = yield _find(members[0][0].entity, ids=[remote.id for _, remote in members])
        rows: list[Json] = json.loads(found.body)["found"]
        return [
            Seen(
                tuple(
                    Candidate(_remote(row), "none", removed=row["removed"])
                    for row in rows
                    if row["id"] == remote.id
                )
            )
            for _, remote in members
        ]

    def organisation(self, context: Context) -> Exchange[OrganisationRead]:
        read = json.loads((yield Request("GET", "/organisation")).body)
        return OrganisationRead(
            Organisation(id=RemoteId(read["id"]), name=read["name"]), OrganisationFacts()
        )

    def accounts(self, context: Context) -> Exchange[AccountsRead]:
        rows = json.loads((yield Request("GET", "/accounts")).body)["rows"]
        return AccountsRead(tuple(Account(id=row["id"], name=row["name"]) for row in rows))

    def tax_rates(self, context: Context) -> Exchange[list[RemoteTaxRate]]:
        return []
        yield  # a generator that asks nothing

    def remote_customers(
        self, context: Context, *, after: str | None = None, changed_since: datetime | None = None
    ) -> Exchange[CustomersRead]:
        rows = json.loads((yield Request("GET", "/customers")).body)["rows"]
        at = int(after or "0")
        part = rows[at : at + 1000]
        return CustomersRead(
            tuple(RemoteCustomer(id=RemoteId(row["id"]), name=row["name"]) for row in part),
            after=str(at + 1000) if at + 1000 < len(rows) else None,
            total=len(rows),
        )

    def remote_items(self, context: Context, *, after: str | None = None) -> Exchange[ItemsRead]:
        rows = json.loads((yield Request("GET", "/items", meter="read")).body)["rows"]
        at = int(after or "0")
        part = rows[at : at + 1000]
        return ItemsRead(
            tuple(RemoteItem(id=RemoteId(row["id"]), name=row["name"]) for row in part),
            after=str(at + 1000) if at + 1000 < len(rows) else None,
            total=len(rows),
        )


class PlainAuth:
    """Codes and refresh tokens by form; the organisation is on the callback and in the API."""

    def authorize_url(
        self, client: OAuthClient, authorize_base: str, *, state: str, challenge: str | None
    ) -> str:
        query = {"client_id": client.id, "redirect_uri": client.redirect_uri, "state": state}
        return f"{authorize_base}/authorize?{urlencode(query)}"

    def declined(self, callback: Mapping[str, str]) -> bool:
        return callback.get("error") == "access_denied"

    def exchange_code(
        self, client: OAuthClient, callback: Mapping[str, str], *, verifier: str | None
    ) -> Request | None:
        if "code" not in callback:
            return None
        fields = {"grant_type": "authorization_code", "code": callback["code"]}
        return form("POST", "/token", fields, host="oauth")

    def refresh(self, client: OAuthClient, refresh_token: str) -> Request:
        fields = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return form("POST", "/token", fields, host="oauth")

    def read_tokens(self, response: Response) -> TokenAnswer:
        try:
            body = json.loads(response.body)
        except ValueError:
            return TokensAway()
        if response.status == 200:
            granted = body.get("scope")
            return Tokens(
                body["access"],
                body["refresh"],
                body["expires_in"],
                86_400.0,
                scopes=None if granted is None else tuple(granted.split()),
            )
        if body.get("error") == "invalid_grant":
            return GrantDead()
        return TokensAway()

    def bearer(self, access_token: str) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {access_token}"),)

    def organisations(
        self, callback: Mapping[str, str]
    ) -> Exchange[list[OrganisationOffered] | ConnectRefused]:
        read = json.loads((yield Request("GET", "/organisation")).body)
        rows: list[Json] = read.get("several", [read])
        return [
            OrganisationOffered(
                Organisation(id=RemoteId(row["id"]), name=row["name"]),
                OrganisationFacts(),
                subject=read.get("user", row["id"]),
                attachment=row.get("attachment"),
            )
            for row in rows
        ]

    def detach(
        self, client: OAuthClient, refresh_token: str, last: bool, attachment: str | None = None
    ) -> Request | None:
        if attachment is not None:
            return Request("DELETE", f"/attachments/{attachment}")
        return form("POST", "/revoke", {"token": refresh_token}, host="oauth") if last else None

    def dead_cause(self, details: ProviderDetails) -> CauseInstance:
        return CauseInstance(code="connection_expired", details=details)


def plain_provider(**changes: Any) -> Provider:
    """The definition, with a batch of 5 and no limits unless told otherwise."""
    facts = EntityFacts(batch=5, mark=True, unique=True, single_meter="single", batch_meter="batch")
    provider = Provider(
        name="qbo",
        label="Plain",
        hosts={"simulator": dict.fromkeys(("api", "oauth", "authorize"), "{simulator}")},
        oauth=OAuthFacts(scopes=(), pkce=False, refresh_grace=60.0, refresh_retries=1),
        entities={
            "customer": facts,
            "item": replace(facts, mark=False),
            "invoice": replace(facts, unique=False),
        },
        limits=(),
        regimes={"plain": {}},
        regime="plain",
        server_timeout=120.0,
        operations=PlainOperations(),
        auth=PlainAuth(),
    )
    return replace(provider, **changes)


def limited(count: int, seconds: float, reserve: int = 0) -> dict[str, Any]:
    """Changes that limit all requests to so many."""
    return {
        "limits": (Limit("requests", count, seconds, reserve), Concurrency("at_once", 10)),
        "regimes": {
            "plain": {
                name: (Meter("requests"), Meter("at_once")) for name in ("single", "batch", "read")
            }
        },
    }


def _key_and_fields(member: Member) -> tuple[str, dict[str, str]]:
    command = member.command
    match command:
        case SyncCustomer():
            name = command.name_there or command.customer.name
            return name, {"email": command.customer.email or ""}
        case SyncItem():
            return command.item.name, {"price": str(command.item.unit_price)}
        case SyncInvoice():
            number = command.number_there or command.invoice.number
            return number, {"total": str(command.invoice.total)}
        case _:
            return command.invoice.number, {"total": str(command.invoice.total)}


def _version(member: Member) -> int:
    command = member.command
    match command:
        case SyncCustomer():
            return command.customer.version
        case SyncItem():
            return command.item.version
        case _:
            return command.invoice.version


def _find(entity: str, *, keys: Sequence[str] = (), ids: Sequence[str] = ()) -> Request:
    query = [("entity", entity), *(("key", key) for key in keys), *(("id", i) for i in ids)]
    return Request("GET", "/find", query=tuple(query))


def _answer(member: FrozenMember, item: Json) -> MemberAnswer:
    if "ok" in item:
        row: Json = item["ok"]
        totals = (
            Totals(total=Decimal(row["fields"]["total"]), tax=Decimal(0), currency="USD")
            if member.entity == "invoice"
            else None
        )
        return Accepted(_remote(row), totals, voided=member.intent == "void")
    error: Json = item["error"]
    details = ProviderDetails(provider_code=error["code"], provider_message=error["message"])
    match error["code"]:
        case "stale":
            return NotExecuted(Stale(details))
        case "removed":
            cause = CauseInstance(code="invoice_gone_there", details=details)
            return RemovedThere(error.get("how", "deleted"), cause)
        case "reference_gone":
            cause = CauseInstance(code="record_deleted_there", details=details)
            return ReferenceGone(("a-local-id",), cause)
        case "taken":
            cause = CauseInstance(code="customer_name_taken", details=details)
            return Refused(cause, holder=RemoteId(error["holder"]))
        case _:
            return Refused(CauseInstance(code="refused_unknown", details=details))


def _remote(row: Json) -> RemoteRef:
    return RemoteRef(id=RemoteId(row["id"]), version=row["version"], number=row["key"])


def _is_about(member: FrozenMember, row: Json) -> bool:
    if member.remote is not None:
        return bool(row["id"] == member.remote.id)
    return bool(row["key"].casefold() == member.natural_key)


def _candidate(member: FrozenMember, row: Json) -> Candidate:
    there = {**row["fields"], "key": row["key"]}
    differing = tuple(name for name, value in member.fields.items() if there.get(name) != value)
    ours = member.mark is not None and row["note"] == member.mark
    other = row["note"].startswith("tb:") and not ours
    sent = None if member.remote is None else member.remote.version
    return Candidate(
        remote=_remote(row),
        mark="ours" if ours else "other" if other else "none",
        differing=differing,
        created_at=datetime.fromisoformat(row["created_at"]),
        removed=row["removed"],
        moved_on=sent is not None and int(row["version"]) > int(sent),
    )
