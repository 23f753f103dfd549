"""`/users`, invitations, one's own password."""

from typing import Annotated
from uuid import UUID

from contracts.ids import UserId
from fastapi import APIRouter, Depends, Request, Response

from invoice_api.accounts import people, service
from invoice_api.accounts.authentication import (
    CSRF_HEADER,
    Owner,
    Reader,
    check_csrf,
    set_session_cookie,
)
from invoice_api.accounts.people import Inviting
from invoice_api.accounts.people_schemas import (
    AcceptInvitation,
    NewPassword,
    NewUser,
    UserChanges,
    UserShown,
    UsersShown,
)
from invoice_api.accounts.routes import TheRandom
from invoice_api.accounts.schemas import SessionShown
from invoice_api.http.answers import answer
from invoice_api.http.bodies import JsonBody
from invoice_api.http.dependencies import TheDatabase, TheIds, TheSettings
from invoice_api.http.problems import unauthorized

router = APIRouter(tags=["accounts"])


async def inviting_of(settings: TheSettings, random: TheRandom) -> Inviting:
    return Inviting(settings.public_url, random)


TheInviting = Annotated[Inviting, Depends(inviting_of)]


@router.get("/users", response_model=UsersShown)
async def list_users(
    caller: Reader, database: TheDatabase, company_id: UUID | None = None
) -> Response:
    """The company's people, with their roles. Operators may name another company."""
    async with database.transaction() as tx:
        company = await people.company_of(tx, caller, company_id)
        return answer(200, await people.list_users(tx, company)).response()


@router.post("/users", status_code=201, response_model=UserShown)
async def add_user(
    caller: Owner,
    body: Annotated[NewUser, Depends(JsonBody(NewUser))],
    database: TheDatabase,
    ids: TheIds,
    inviting: TheInviting,
    company_id: UUID | None = None,
) -> Response:
    """Someone new. Without a password the answer holds the link to choose one, this once."""
    shown = await people.add(database, ids, inviting, caller, body, company_id)
    return answer(201, shown).response()


@router.patch("/users/{user_id}", response_model=UserShown)
async def change_user(
    caller: Owner,
    user_id: UUID,
    body: Annotated[UserChanges, Depends(JsonBody(UserChanges))],
    database: TheDatabase,
    inviting: TheInviting,
    company_id: UUID | None = None,
) -> Response:
    """Change name or role, let someone go (`active`), or make a new link (`invite`)."""
    async with database.transaction() as tx:
        shown = await people.change(tx, inviting, caller, UserId(user_id), body, company_id)
    return answer(200, shown).response()


@router.post("/session/invitation", response_model=SessionShown)
async def accept_invitation(
    body: Annotated[AcceptInvitation, Depends(JsonBody(AcceptInvitation))],
    database: TheDatabase,
    random: TheRandom,
    settings: TheSettings,
) -> Response:
    """Choose a password by an invitation's link: whoever does is logged in."""
    session = await people.accept(database, random, body)
    async with database.transaction() as tx:
        caller = await service.find_by_session(tx, session.token)
    if caller is None:
        raise unauthorized()
    response = answer(200, service.session_shown(caller)).response()
    set_session_cookie(response, settings, session)
    return response


@router.put("/session/password", status_code=204)
async def change_password(
    request: Request,
    caller: Reader,
    body: Annotated[NewPassword, Depends(JsonBody(NewPassword))],
    database: TheDatabase,
) -> Response:
    """One's own password. Every other session of yours ends."""
    check_csrf(caller, request.headers.get(CSRF_HEADER))
    await people.change_password(database, caller, body)
    return Response(status_code=204)
