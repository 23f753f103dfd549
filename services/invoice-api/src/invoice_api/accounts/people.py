"""Who else comes in: inviting, changing roles, leaving, passwords."""

from dataclasses import dataclass, replace
from uuid import UUID

from contracts.ids import CompanyId, Ids, UserId
from messaging.database import Database, Tx

from invoice_api.accounts import people_store, service, store
from invoice_api.accounts.caller import Caller
from invoice_api.accounts.passwords import fits, hash_password
from invoice_api.accounts.people_schemas import (
    AcceptInvitation,
    Invitation,
    NewPassword,
    NewUser,
    PersonStatus,
    UserChanges,
    UserShown,
    UsersShown,
)
from invoice_api.accounts.people_store import StoredUser
from invoice_api.accounts.schemas import Role
from invoice_api.accounts.service import OpenedSession, Random
from invoice_api.http.problems import Problem, conflict, invalid_field, not_allowed, not_found

_TOKEN_BYTES = 32


@dataclass(frozen=True)
class Inviting:
    """What making an invitation needs: where people come in, and secrets."""

    public_url: str
    random: Random


async def company_of(tx: Tx, caller: Caller, wanted: UUID | None) -> CompanyId:
    """Whose people are meant: the caller's own company's; an operator may name any. 404."""
    if wanted is None or wanted == caller.company.id:
        return caller.company.id
    if caller.role != "operator" or not await people_store.company_exists(tx, wanted):
        raise not_found("company")
    return CompanyId(wanted)


async def list_users(tx: Tx, company: CompanyId) -> UsersShown:
    return UsersShown(
        data=tuple(_shown(user) for user in await people_store.list_users(tx, company))
    )


async def add(
    database: Database,
    ids: Ids,
    inviting: Inviting,
    caller: Caller,
    wanted: NewUser,
    company_id: UUID | None = None,
) -> UserShown:
    """Someone new, invited unless a password is given. 409 `email_taken`, 403, 404."""
    _check_may_give(caller, wanted.role)
    password_hash = None if wanted.password is None else await hash_password(wanted.password)
    user = UserId(ids.new())
    async with database.transaction() as tx:
        company = await company_of(tx, caller, company_id)
        made = await people_store.insert_invited(
            tx,
            user,
            company,
            email=wanted.email,
            name=wanted.name or wanted.email.partition("@")[0],
            role=wanted.role,
            password_hash=password_hash,
        )
        if not made:
            raise conflict(
                "email_taken",
                "E-mail already used",
                f"There is a log-in for {wanted.email} already.",
            )
        invitation = None if password_hash is not None else await _invite(tx, inviting, user)
        return _shown(await _found(tx, company, user), invitation)


async def change(
    tx: Tx,
    inviting: Inviting,
    caller: Caller,
    user_id: UserId,
    changes: UserChanges,
    company_id: UUID | None = None,
) -> UserShown:
    """The person with these fields changed; another role, leaving or a new link log them out.

    404, 403, 409 `last_owner`.
    """
    company = await company_of(tx, caller, company_id)
    await people_store.lock_company(tx, company)
    before = await _found(tx, company, user_id)
    _check_may_give(caller, before.role)
    given = changes.model_dump(exclude_unset=True, exclude={"invite"})
    if "role" in given:
        _check_may_give(caller, changes.role)
    after = replace(before, **given)
    if after != before:
        await people_store.save_user(tx, company, after)
    if before.role == "owner" and await people_store.count_owners(tx, company) == 0:
        raise conflict(
            "last_owner",
            "The last owner",
            f"{before.name} is the last owner who can log in. Make someone else an owner first.",
        )
    invitation = None
    if changes.invite:
        if not after.active:
            raise invalid_field(
                "invite", "someone who has left can't be invited; let them in first"
            )
        invitation = await _invite(tx, inviting, user_id)
    if not after.active:
        await people_store.delete_invitation(tx, user_id)
    if (after.role, after.active) != (before.role, before.active) or changes.invite:
        await people_store.end_sessions(tx, user_id)
    return _shown(after, invitation)


async def find_invited(tx: Tx, token: str) -> str:
    """The e-mail of whom this link invites. Raises 404 for a link that is over."""
    found = await people_store.find_invited(tx, service.digest(token))
    if found is None:
        raise _link_over()
    return found[1]


async def accept(database: Database, random: Random, wanted: AcceptInvitation) -> OpenedSession:
    """Choose a password by an invitation's link, and come in. 404 for a link that is over."""
    password_hash = await hash_password(wanted.password)
    async with database.transaction() as tx:
        user = await people_store.take_invitation(tx, service.digest(wanted.token))
        if user is None:
            raise _link_over()
        await store.set_password(tx, user, password_hash)
        if wanted.name is not None:
            await people_store.rename(tx, user, wanted.name)
        await people_store.end_sessions(tx, user)
        return await service.open_session(tx, random, user)


async def change_password(database: Database, caller: Caller, wanted: NewPassword) -> None:
    """One's own password; other sessions end. 422 naming `current_password`, 429."""
    async with database.transaction() as tx:
        # Someone at a forgotten screen has no more tries than at the log-in.
        tries, seconds = await store.count_try(tx, f"password of {caller.user_id}")
        kept = await people_store.password_hash_of(tx, caller.user_id)
    if tries > service.MAX_TRIES:
        raise service.too_many_tries(seconds)
    if not await fits(wanted.current_password, kept):
        raise invalid_field("current_password", "doesn't match")
    password_hash = await hash_password(wanted.password)
    async with database.transaction() as tx:
        await store.set_password(tx, caller.user_id, password_hash)
        await store.forget_tries(tx, f"password of {caller.user_id}")
        await people_store.end_sessions(tx, caller.user_id, but=caller.credential)


async def make_operator(tx: Tx, email: str) -> bool:
    """Give someone who is known the operator's role; False where nobody has this e-mail."""
    user = await people_store.set_role_by_email(tx, email, "operator")
    if user is None:
        return False
    await people_store.end_sessions(tx, user)
    return True


def _check_may_give(caller: Caller, role: Role) -> None:
    if role == "operator" and caller.role != "operator":
        raise not_allowed("Only an operator can make or change an operator.")


async def _found(tx: Tx, company: CompanyId, user: UserId) -> StoredUser:
    found = await people_store.find_user(tx, company, user)
    if found is None:
        raise not_found("person")
    return found


async def _invite(tx: Tx, inviting: Inviting, user: UserId) -> Invitation:
    token = inviting.random(_TOKEN_BYTES).hex()
    ends = await people_store.save_invitation(tx, user, service.digest(token))
    return Invitation(url=f"{inviting.public_url.rstrip('/')}/join/{token}", expires_at=ends)


def _link_over() -> Problem:
    return Problem(
        404,
        "invitation_over",
        "This link is over",
        "It was used already, or it is older than 7 days. Ask an owner for a new one.",
    )


def _shown(user: StoredUser, invitation: Invitation | None = None) -> UserShown:
    status: PersonStatus = (
        "left" if not user.active else "active" if user.has_password else "invited"
    )
    return UserShown(
        id=user.id,
        email=user.email,
        name=user.name,
        role=user.role,
        status=status,
        created_at=user.created_at,
        invitation=invitation,
    )
