"""The control routes. Names and shapes are the same in every simulator."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, cast

from fastapi import APIRouter, Body, FastAPI, HTTPException, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from qbo_simulator.books import Organisation, Record
from qbo_simulator.company.operations import pay
from qbo_simulator.control import bookkeeper, neutral
from qbo_simulator.control.bookkeeper import Changes, NotPossibleError
from qbo_simulator.control.seeding import Seed, SeedError, sow
from qbo_simulator.injection import FaultRule, Injected
from qbo_simulator.limits import Limits
from qbo_simulator.provider_faults import ProviderFault
from qbo_simulator.wire import JsonObject, dec
from qbo_simulator.world import World


class Advance(BaseModel):
    """What `POST /_sim/clock` takes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    advance_seconds: float = Field(ge=0)


class Payment(BaseModel):
    """What `POST /_sim/payments` takes; without an amount the whole balance is paid."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    organisation: str
    invoice_id: str
    amount: Decimal | None = Field(default=None, gt=0)


class Named(BaseModel):
    """An organisation, by name or id; where it may be left out, all of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    organisation: str | None = None


OrganisationName = Annotated[str, Query(description="the organisation's name or id")]


def install(app: FastAPI, world: World) -> None:
    """Put the control routes under `/_sim`, and turn refusals into answers that say why."""
    router = APIRouter(prefix="/_sim")
    _books(router, world)
    _behaviour(router, world)
    _records(router, world)
    app.include_router(router)

    async def refused(request: Request, error: Exception) -> JSONResponse:
        del request
        return JSONResponse({"detail": str(error)}, status_code=409)

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        del request
        told = cast(ValidationError, error).errors(include_context=False, include_url=False)
        return JSONResponse({"detail": told}, status_code=422)

    for kind in (ProviderFault, NotPossibleError, SeedError):
        app.add_exception_handler(kind, refused)
    app.add_exception_handler(ValidationError, invalid)


def organisation_of(world: World, name: str) -> Organisation:
    """Raises HTTPException 404 with the names there are."""
    found = world.find(name)
    if found is None:
        names = ", ".join(each.name for each in world.organisations.values()) or "none yet"
        raise HTTPException(404, f"There is no organisation {name}. There are: {names}.")
    return found


def record_of(organisation: Organisation, kind: str, identifier: str) -> Record:
    """Raises HTTPException 404 saying whether the kind or the id is unknown."""
    entity = bookkeeper.kind_of(kind)
    if entity is None:
        kinds = ", ".join(f"{each}s" for each in bookkeeper.KINDS)
        raise HTTPException(404, f"There is no kind {kind}. There are: {kinds}.")
    record = organisation.get(entity, identifier)
    if record is None:
        raise HTTPException(404, f"{organisation.name} has no {entity.casefold()} {identifier}.")
    return record


def _books(router: APIRouter, world: World) -> None:
    @router.get("/books")
    async def books(organisation: str | None = None) -> JSONResponse:
        if organisation is None:
            return JSONResponse(neutral.organisations(list(world.organisations.values())))
        return JSONResponse(neutral.books(organisation_of(world, organisation)))

    @router.get("/requests")
    async def requests(
        organisation: str | None = None, since: datetime | None = None
    ) -> JSONResponse:
        name = organisation_of(world, organisation).name if organisation is not None else None
        moment = since.replace(tzinfo=since.tzinfo or UTC) if since else None
        return JSONResponse(world.log.select(name, moment))

    @router.post("/seed")
    async def seed(seed: Seed) -> JSONResponse:
        organisation = world.open(seed.organisation)
        sown = sow(organisation, seed, world.clock.now())
        answer: JsonObject = {"organisation": {"id": organisation.realm, "name": organisation.name}}
        for kind, records in sown.items():
            answer[kind] = [neutral.one(each) for each in records]
        return JSONResponse(answer)

    @router.post("/reset")
    async def reset(
        organisation: str | None = None, named: Annotated[Named | None, Body()] = None
    ) -> JSONResponse:
        name = organisation or (named.organisation if named else None)
        if name is None:
            world.reset()
        else:
            world.empty(organisation_of(world, name))
        return JSONResponse({"reset": name or "everything"})


def _behaviour(router: APIRouter, world: World) -> None:
    @router.post("/faults")
    async def add_fault(rule: FaultRule) -> JSONResponse:
        return JSONResponse(_fault(world.injection.add(rule, world.limits.seed)))

    @router.get("/faults")
    async def faults() -> JSONResponse:
        return JSONResponse([_fault(each) for each in world.injection.rules])

    @router.delete("/faults")
    async def clear_faults() -> JSONResponse:
        world.injection.clear()
        return JSONResponse([])

    @router.delete("/faults/{identifier}")
    async def remove_fault(identifier: str) -> JSONResponse:
        if not world.injection.remove(identifier):
            raise HTTPException(404, f"There is no fault {identifier}.")
        return JSONResponse([_fault(each) for each in world.injection.rules])

    @router.get("/clock")
    async def clock() -> JSONResponse:
        return JSONResponse(_time(world))

    @router.post("/clock")
    async def advance(by: Advance) -> JSONResponse:
        world.advance(by.advance_seconds)
        return JSONResponse(_time(world))

    @router.post("/expire-access")
    async def expire_access() -> JSONResponse:
        return JSONResponse({"ended": world.grants.end_access()})

    @router.get("/limits")
    async def limits() -> JSONResponse:
        return JSONResponse(world.limits.model_dump(mode="json"))

    @router.put("/limits")
    async def set_limits(changes: dict[str, JsonValue]) -> JSONResponse:
        world.set_limits(Limits.model_validate(world.limits.model_dump() | changes))
        return JSONResponse(world.limits.model_dump(mode="json"))

    @router.get("/organisation")
    async def organisation(organisation: str | None = None) -> JSONResponse:
        return JSONResponse(_settings(world, organisation))

    @router.put("/organisation")
    async def set_organisation(
        changes: dict[str, JsonValue], organisation: str | None = None
    ) -> JSONResponse:
        given = cast("dict[str, object]", changes)
        if organisation is None:
            world.defaults = world.defaults.changed(given)
            return JSONResponse(_settings(world, None))
        found = organisation_of(world, organisation)
        before, found.settings = found.settings, found.settings.changed(given)
        if (before.country, before.tax_mode) != (found.settings.country, found.settings.tax_mode):
            world.set_taxes(found)
        found.keep()
        return JSONResponse(_settings(world, organisation))

    @router.post("/disconnect")
    async def disconnect(named: Named) -> JSONResponse:
        found = organisation_of(world, named.organisation or "")
        return JSONResponse({"revoked": world.grants.revoke_organisation(found.realm)})


def _records(router: APIRouter, world: World) -> None:
    @router.get("/records/{kind}/{identifier}")
    async def read(kind: str, identifier: str, organisation: OrganisationName) -> JSONResponse:
        record = record_of(organisation_of(world, organisation), kind, identifier)
        return JSONResponse(neutral.one(record) | {"wire": record.data})

    @router.patch("/records/{kind}/{identifier}")
    async def change(
        kind: str, identifier: str, changes: Changes, organisation: OrganisationName
    ) -> JSONResponse:
        found = organisation_of(world, organisation)
        record = record_of(found, kind, identifier)
        bookkeeper.change(found, record, changes, world.clock.now())
        return JSONResponse(neutral.one(record))

    @router.delete("/records/{kind}/{identifier}")
    async def delete(kind: str, identifier: str, organisation: OrganisationName) -> JSONResponse:
        found = organisation_of(world, organisation)
        record = record_of(found, kind, identifier)
        bookkeeper.delete(found, record, world.clock.now())
        return JSONResponse(neutral.one(record))

    @router.post("/payments")
    async def payment(payment: Payment) -> JSONResponse:
        found = organisation_of(world, payment.organisation)
        record = record_of(found, "invoice", payment.invoice_id)
        made = paid(found, record, payment.amount, world)
        return JSONResponse(neutral.payment(made) | {"invoice": neutral.invoice(record)})


def paid(
    organisation: Organisation, record: Record, amount: Decimal | None, world: World
) -> Record:
    """Pay an invoice, all of it without an amount. Raises NotPossibleError."""
    balance = dec(record.data.get("Balance"))
    asked = balance if amount is None else amount
    if record.state != "live" or not 0 < asked <= balance:
        raise NotPossibleError(f"{asked} can't be paid on invoice {record.id}: {balance} is open")
    return pay(organisation, record, asked, world.clock.now())


def _fault(injected: Injected) -> JsonObject:
    rule = cast(JsonObject, injected.rule.model_dump(mode="json", exclude_defaults=True))
    return {"id": injected.identifier, "hits": injected.hits, **rule}


def _time(world: World) -> JsonObject:
    now = world.clock.now().isoformat().replace("+00:00", "Z")
    return {"now": now, "offset_seconds": world.clock.offset_seconds}


def _settings(world: World, name: str | None) -> JsonObject:
    if name is None:
        return cast(JsonObject, world.defaults.model_dump(mode="json"))
    found = organisation_of(world, name)
    settings = cast(JsonObject, found.settings.model_dump(mode="json"))
    return {"id": found.realm, "name": found.name, **settings}
