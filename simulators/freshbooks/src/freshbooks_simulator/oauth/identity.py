"""`GET /auth/api/v1/users/me`: who the user is, and the three ids of each business.

Shape after the recordings of June 2026 and the fixtures of the official SDKs.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence

from freshbooks_simulator.books import Organisation
from freshbooks_simulator.wire import Json, JsonObject


def identity_number(user: str) -> int:
    """The same for a user name always."""
    drawn = hashlib.sha256(user.encode()).digest()
    return 5_000_000 + int.from_bytes(drawn[:3], "big")


def me(user: str, organisations: Sequence[Organisation]) -> JsonObject:
    """The `response` of users/me: one membership for each organisation of the user's."""
    number = identity_number(user)
    profession: JsonObject = {
        "id": number + 1,
        "business_id": None,
        "title": "",
        "company": organisations[0].name if organisations else None,
        "designation": None,
    }
    with_account = [each for each in organisations if not each.settings.account_missing]
    statuses: dict[str, Json] = {
        each.account_id: each.settings.subscription for each in with_account
    }
    return {
        "id": number,
        "profile": {
            "setup_complete": True,
            "first_name": user,
            "last_name": "",
            "phone_number": None,
            "address": None,
            "professions": [profession],
            "has_password": True,
        },
        "identity_id": number,
        "identity_uuid": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{user}.invalid")),
        "first_name": user,
        "last_name": "",
        "email": user if "@" in user else f"{user}@example.com",
        "language": "en",
        "confirmed_at": "2026-01-05T15:00:00Z",
        "created_at": "2026-01-05T14:58:00Z",
        "unconfirmed_email": None,
        "setup_complete": True,
        "phone_numbers": [{"title": "", "phone_number": None}],
        "addresses": [None],
        "profession": profession,
        "links": {
            "me": f"/service/auth/api/v1/users?id={number}",
            "roles": f"/service/auth/api/v1/users/role/{number}",
        },
        "permissions": {each.account_id: _permissions(each) for each in with_account},
        "groups": [_group(number, each) for each in organisations],
        "subscription_statuses": statuses,
        "business_statuses": dict(statuses),
        "integrations": {},
        "business_memberships": [_membership(number, each) for each in organisations],
        "identity_origin": None,
        "roles": [_role(number, each) for each in with_account],
    }


def _permissions(organisation: Organisation) -> JsonObject:
    settings = organisation.settings
    return {
        "client.limit": -1 if settings.plan_limit is None else settings.plan_limit,
        "advanced_accounting.access": settings.advanced_accounting,
        "flexible_chart_of_accounts.access": settings.advanced_accounting,
    }


def _membership_id(number: int, organisation: Organisation) -> int:
    # Never the business's own id: clients that mix them up must fail.
    return 100_000 + (organisation.ids.business_id * 31 + number) % 9_000_000


def _membership(number: int, organisation: Organisation) -> JsonObject:
    settings, ids = organisation.settings, organisation.ids
    business: JsonObject = {
        "id": ids.business_id,
        "business_uuid": ids.business_uuid,
        "name": organisation.name,
        "account_id": None if settings.account_missing else ids.account_id,
        "active": settings.subscription in ("active", "active_trial"),
        "status": settings.subscription,
        "advanced_accounting_enabled": settings.advanced_accounting,
        "timezone": settings.time_zone,
        "date_format": "mm/dd/yyyy",
        "number_format": "1,234.00",
        "billing_country_code": settings.country,
        "address": {
            "id": ids.business_id + 3,
            "street": "",
            "city": "",
            "province": "",
            "country": settings.country,
            "postal_code": "",
        },
        "phone_number": {"id": ids.business_id + 5, "phone_number": None},
        "business_clients": [],
    }
    token = hashlib.sha256(f"{number}/{ids.account_id}".encode()).hexdigest()
    return {
        "id": _membership_id(number, organisation),
        "role": settings.role,
        "unacknowledged_change": False,
        "fasttrack_token": f"eyJhbGciOiJIUzI1NiJ9.{token}.{token[:43]}",
        "business": business,
    }


def _group(number: int, organisation: Organisation) -> JsonObject:
    return {
        "id": _membership_id(number, organisation) + 7,
        "group_id": organisation.ids.business_id + 11,
        "role": organisation.settings.role,
        "identity_id": number,
        "identity_uuid": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{number}.invalid")),
        "business_id": organisation.ids.business_id,
        "active": True,
    }


def _role(number: int, organisation: Organisation) -> JsonObject:
    identifier = _membership_id(number, organisation) + 13
    owner = organisation.settings.role in ("owner", "business_partner")
    return {
        "id": identifier,
        "role": "admin" if owner else organisation.settings.role,
        "systemid": organisation.ids.business_id + 17,
        "userid": 1,
        "created_at": "2026-01-05T14:58:00Z",
        "links": {"destroy": f"/service/auth/api/v1/users/role/{identifier}"},
        "accountid": organisation.account_id,
    }
