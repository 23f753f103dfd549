"""`/integrations`: connections, settings, accounts, mapping, history."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from invoice_api.accounts.authentication import Reader, Writer
from invoice_api.http.answers import Answer, answer
from invoice_api.http.bodies import JsonBody
from invoice_api.http.dependencies import TheClock, TheDatabase, TheIds
from invoice_api.http.fields import Sent
from invoice_api.http.idempotency import key_of, once_outside
from invoice_api.integrations import connections, history, service, sync_now
from invoice_api.integrations.connections import TheProvider
from invoice_api.integrations.schemas import (
    AccountsShown,
    AppliedShown,
    ApplyToUnmapped,
    AuthorizeShown,
    CauseGroupsShown,
    IntegrationShown,
    IntegrationsShown,
    MappingShown,
    SyncCountsShown,
    SyncRowsShown,
    WantedSyncNow,
)
from invoice_api.integrations.syncs_asked import SyncsAsked
from invoice_api.integrations.tax_mapping import (
    TaxChanges,
    TaxMappingShown,
    change_taxes,
    show_taxes,
)
from invoice_api.peers.connectors import TheConnectors
from invoice_api.peers.orchestrator import TheOrchestrator
from invoice_api.runs.schemas import RunAnswer
from invoice_api.sync_status.connected import check_connection

router = APIRouter(tags=["integrations"])


class NoFields(Sent):
    """No body, or `{}`."""


NoBody = Annotated[NoFields, Depends(JsonBody(NoFields, or_nothing=True))]


@router.get("/integrations", response_model=IntegrationsShown)
async def list_integrations(
    caller: Reader, database: TheDatabase, orchestrator: TheOrchestrator
) -> Response:
    """All three providers, connected or not."""
    return answer(200, await service.overview(database, orchestrator, caller)).response()


@router.post("/integrations/{provider}/connect", response_model=AuthorizeShown)
async def connect(
    caller: Writer,
    provider: TheProvider,
    _body: NoBody,
    database: TheDatabase,
    connectors: TheConnectors,
) -> Response:
    """Where the browser goes to connect."""
    url = await service.authorize_url(database, connectors, caller, provider)
    return answer(200, AuthorizeShown(authorize_url=url)).response()


@router.post("/integrations/{provider}/reconnect", response_model=AuthorizeShown)
async def reconnect(
    caller: Writer,
    provider: TheProvider,
    _body: NoBody,
    database: TheDatabase,
    connectors: TheConnectors,
) -> Response:
    """Where the browser goes to connect the same organisation again."""
    known = await check_connection(database, caller, provider)
    url = connections.reconnect_url(connectors, caller, provider, known)
    return answer(200, AuthorizeShown(authorize_url=url)).response()


@router.post("/integrations/{provider}/disconnect", response_model=IntegrationShown)
async def disconnect(
    caller: Writer,
    provider: TheProvider,
    _body: NoBody,
    database: TheDatabase,
    connectors: TheConnectors,
) -> Response:
    """Nothing is sent any more; nothing is deleted there, and links and mapping stay."""
    return answer(200, await service.disconnect(database, connectors, caller, provider)).response()


@router.get("/integrations/{provider}/settings")
async def get_settings(
    caller: Reader, provider: TheProvider, database: TheDatabase, orchestrator: TheOrchestrator
) -> Response:
    """What goes by itself, from when, and choices that fixes need."""
    told = await service.settings(database, orchestrator, caller, provider)
    return Answer(200, told.text, told.headers).response()


@router.put("/integrations/{provider}/settings")
async def put_settings(
    request: Request,
    caller: Writer,
    provider: TheProvider,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
) -> Response:
    """Change just the fields given; the new whole."""
    told = await service.save_settings(
        database,
        orchestrator,
        caller,
        provider,
        await request.body(),
        request.headers.get("if-match"),
    )
    return Answer(200, told.text, told.headers).response()


@router.get("/integrations/{provider}/accounts", response_model=AccountsShown)
async def list_accounts(
    caller: Reader,
    provider: TheProvider,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    refresh: Annotated[bool, Query()] = False,
) -> Response:
    """Income accounts, from the cache at once; `refresh=true` asks the provider meanwhile."""
    shown = await service.accounts(database, orchestrator, caller, provider, refresh=refresh)
    return answer(200, shown).response()


@router.get("/integrations/{provider}/account-mapping", response_model=MappingShown)
async def get_mapping(
    caller: Reader, provider: TheProvider, database: TheDatabase, orchestrator: TheOrchestrator
) -> Response:
    """Every item with its income account, or null."""
    told = await service.account_mapping(database, orchestrator, caller, provider)
    return Answer(200, told.text, told.headers).response()


@router.put("/integrations/{provider}/account-mapping", response_model=MappingShown)
async def put_mapping(
    request: Request,
    caller: Writer,
    provider: TheProvider,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
) -> Response:
    """Change the items given; the new whole."""
    told = await service.save_account_mapping(
        database,
        orchestrator,
        caller,
        provider,
        await request.body(),
        request.headers.get("if-match"),
    )
    return Answer(200, told.text, told.headers).response()


@router.post(
    "/integrations/{provider}/account-mapping/apply-to-unmapped", response_model=AppliedShown
)
async def apply_to_unmapped(
    request: Request,
    caller: Writer,
    provider: TheProvider,
    body: Annotated[ApplyToUnmapped, Depends(JsonBody(ApplyToUnmapped))],
    database: TheDatabase,
    orchestrator: TheOrchestrator,
) -> Response:
    """Give every item without an account this one; how many were mapped."""

    async def work() -> Answer:
        applied = await service.apply_to_unmapped(
            database, orchestrator, caller, provider, body.account_id
        )
        return answer(200, applied)

    key = await key_of(request)
    return (await once_outside(database, caller.company.id, key, work)).response()


@router.post("/integrations/{provider}/sync", status_code=202, response_model=RunAnswer)
async def start_sync_now(
    request: Request,
    caller: Writer,
    provider: TheProvider,
    body: Annotated[WantedSyncNow, Depends(JsonBody(WantedSyncNow))],
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    clock: TheClock,
    ids: TheIds,
) -> Response:
    """Sync Now: all of the chosen kinds that aren't there yet. A second press joins the run."""

    async def work() -> Answer:
        started = await sync_now.start(database, orchestrator, clock, ids, caller, provider, body)
        return answer(202, started)

    key = await key_of(request)
    return (await once_outside(database, caller.company.id, key, work)).response()


@router.get("/integrations/{provider}/sync/dry-run", response_model=SyncCountsShown)
async def count_sync_now(
    caller: Reader, provider: TheProvider, database: TheDatabase, orchestrator: TheOrchestrator
) -> Response:
    """What a Sync Now would take, counted before it is pressed."""
    return answer(200, await sync_now.count(database, orchestrator, caller, provider)).response()


@router.get("/integrations/{provider}/tax-mapping", response_model=TaxMappingShown)
async def get_tax_mapping(
    caller: Reader,
    provider: TheProvider,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    refresh: Annotated[bool, Query()] = False,
) -> Response:
    """Every tax rate with the tax it is there, and the taxes to choose from."""
    shown, told = await show_taxes(database, orchestrator, caller, provider, refresh=refresh)
    return answer(200, shown, told.headers).response()


@router.put("/integrations/{provider}/tax-mapping", response_model=TaxMappingShown)
async def put_tax_mapping(
    request: Request,
    caller: Writer,
    provider: TheProvider,
    body: Annotated[TaxChanges, Depends(JsonBody(TaxChanges))],
    database: TheDatabase,
    orchestrator: TheOrchestrator,
) -> Response:
    """Match the tax rates given; the new whole. What they held goes by itself."""
    shown, told = await change_taxes(
        database,
        orchestrator,
        caller,
        provider,
        body,
        if_match=request.headers.get("if-match"),
    )
    return answer(200, shown, told.headers).response()


@router.get("/integrations/{provider}/syncs", response_model=SyncRowsShown)
async def list_syncs(
    caller: Reader,
    provider: TheProvider,
    asked: Annotated[SyncsAsked, Query()],
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    clock: TheClock,
) -> Response:
    """Recent Syncs: one row an operation, newest first; a run is one row until it is opened."""
    shown = await history.recent_syncs(database, orchestrator, clock, caller, provider, asked)
    return answer(200, shown).response()


@router.get("/integrations/{provider}/causes", response_model=CauseGroupsShown)
async def list_causes(
    caller: Reader,
    provider: TheProvider,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    clock: TheClock,
) -> Response:
    """Problems: open failures by cause and subject, each with its fix."""
    shown = await history.problems(database, orchestrator, clock, caller, provider)
    return answer(200, shown).response()
