"""Clients, lists and what can be searched, through freshbooks-sdk unchanged."""

from __future__ import annotations

from typing import Any

import pytest

from .sdk import (
    FilterBuilder,
    FreshBooksError,
    IncludesBuilder,
    PaginateBuilder,
    SortBuilder,
    VisState,
)
from .support import Connected, Controls, refused, said


def _listed(oak: Connected, *builders: Any) -> list[str]:
    found = oak.sdk.clients.list(oak.account, builders=list(builders))
    return [each.organization for each in found]


def test_a_client_is_made_read_changed_deleted_and_restored(oak: Connected) -> None:
    made = oak.client(fname="Ann", lname="Lee", email="ann@lee.example", note="ours", phone="1")
    assert made.organization == ""
    assert (made.username, made.userid) == ("annlee", made.id)
    assert (made.currency_code, made.language, made.level) == ("USD", "en", 0)
    assert (made.home_phone, made.vat_name, made.bus_phone) == (None, None, "")
    assert "phone" not in made.data
    assert abs((made.signup_date - made.updated).total_seconds()) < 2
    oak.sdk.clients.update(oak.account, made.id, {"organization": "Lee Ltd"})
    found = oak.sdk.clients.get(oak.account, made.id)
    assert (found.organization, found.email) == ("Lee Ltd", "ann@lee.example")
    gone: Any = oak.sdk.clients.delete(oak.account, made.id)
    assert gone.vis_state == VisState.DELETED
    assert gone.organization == "Lee Ltd"
    assert oak.sdk.clients.get(oak.account, made.id).vis_state == VisState.DELETED
    assert _listed(oak) == []
    assert _listed(oak, FilterBuilder().equals("vis_state", 1)) == ["Lee Ltd"]
    oak.sdk.clients.update(oak.account, made.id, {"vis_state": 0})
    assert _listed(oak) == ["Lee Ltd"]


def test_neither_names_nor_addresses_are_unique_and_ids_grow_by_two(oak: Connected) -> None:
    same = {"fname": "Test", "lname": "Client", "email": "a@b.example"}
    first, second = oak.client(**same), oak.client(**same)
    assert second.id == first.id + 2
    assert [first.username, second.username] == ["testclient", "testclient2"]


def test_one_that_is_not_there_is_404(oak: Connected) -> None:
    with pytest.raises(FreshBooksError, match=r"Client not found\.") as error:
        oak.sdk.clients.get(oak.account, 12345)
    assert refused(error) == (404, 1012, "userid")
    details = said(error)
    assert details == [
        {
            "errno": 1012,
            "field": "userid",
            "message": "Client not found.",
            "object": "client",
            "value": "12345",
        }
    ]


def test_visibility_wins_and_the_rest_is_silently_dropped(oak: Connected) -> None:
    made = oak.client(organization="Lee Ltd")
    body = {"vis_state": 0, "organization": "Other Ltd", "email": "not an address"}
    kept: Any = oak.sdk.clients.update(oak.account, made.id, body)
    assert (kept.organization, kept.email) == ("Lee Ltd", "")
    body = {"ext_vis_state": 1, "vis_state": 1, "organization": "Other Ltd"}
    kept = oak.sdk.clients.update(oak.account, made.id, body)
    assert (kept.organization, kept.vis_state) == ("Lee Ltd", VisState.ACTIVE)


def test_what_is_wrong_with_a_client_is_said_field_by_field(
    controls: Controls, oak: Connected
) -> None:
    for body, errno, field in (
        ({"note": "nothing else"}, 1001, "organization"),
        ({"email": "ann@lee"}, 1004, "email"),
        ({"organization": "x" * 256}, 1017, "organization"),
        ({"organization": "a\x00b"}, 1027, "organization"),
        ({"organization": ["a"]}, 1006, "organization"),
        ({"organization": "a", "vis_state": 7, "currency_code": "usd"}, 1004, "currency_code"),
    ):
        with pytest.raises(FreshBooksError) as error:
            oak.sdk.clients.create(oak.account, body)
        assert refused(error) == (422, errno, field)
    controls.set(beyond_bmp="refuse")
    with pytest.raises(FreshBooksError) as error:
        oak.client(organization="Ann 😀")
    assert refused(error) == (422, 1036, "organization")
    controls.set(empty_client="accept", email_checked=False, control_characters="accept")
    oak.client(note="nothing else", email="ann@lee")
    assert len(controls.books()["customers"]) == 1


def test_a_blank_organization_may_become_the_name_or_the_address(
    controls: Controls, oak: Connected
) -> None:
    controls.set(organization_default="name_or_email")
    assert oak.client(fname="Ann", lname="Lee").organization == "Ann Lee"
    assert oak.client(email="ann@lee.example").organization == "ann@lee.example"


def test_the_plan_limits_active_clients(controls: Controls, oak: Connected) -> None:
    controls.set(plan_limit=1)
    me: Any = oak.sdk.current_user().data
    assert me["permissions"][oak.account]["client.limit"] == 1
    first = oak.client()
    for switch, status, errno in (("422-1004", 422, 1004), ("402-1003", 402, 1003)):
        controls.set(client_limit_error=switch)
        with pytest.raises(FreshBooksError, match="plan") as error:
            oak.client()
        assert refused(error)[:2] == (status, errno)
    oak.sdk.clients.delete(oak.account, first.id)
    assert oak.client().exceeds_client_limit == 0
    with pytest.raises(FreshBooksError):
        oak.sdk.clients.update(oak.account, first.id, {"vis_state": 0})
    controls.set(client_limit_error="flag")
    assert oak.client().exceeds_client_limit == 1


def test_filters_narrow_and_unknown_ones_are_silently_ignored(oak: Connected) -> None:
    for name, first in (("Alpha", "Ann"), ("Beta", "Bob"), ("Gamma", "Ann")):
        email = f"{name.lower()}@x.example"
        oak.client(organization=name, fname=first, email=email, note=f"ref:{name}")
    everything = ["Gamma", "Beta", "Alpha"]
    assert _listed(oak) == everything
    assert _listed(oak, FilterBuilder().equals("email", "beta@x.example")) == ["Beta"]
    assert _listed(oak, FilterBuilder().like("organization_like", "eta")) == ["Beta"]
    assert _listed(oak, FilterBuilder().like("fname_like", "ann")) == ["Gamma", "Alpha"]
    assert _listed(oak, FilterBuilder().like("note_like", "ref:Gamma")) == ["Gamma"]
    assert _listed(oak, FilterBuilder().equals("organization", "Beta")) == everything
    assert _listed(oak, FilterBuilder().equals("fname", "Bob")) == everything
    ids = [each.id for each in oak.sdk.clients.list(oak.account)][:2]
    assert _listed(oak, FilterBuilder().in_list("userid", ids)) == ["Gamma", "Beta"]
    encoded = oak.api.get("users/clients", "?search%5Bemail%5D=beta%40x.example")
    assert encoded.json()["response"]["result"]["total"] == 1


def test_ranges_have_days_with_the_first_in_and_the_last_out(oak: Connected) -> None:
    oak.client(organization="Alpha")
    day: str = oak.sdk.clients.list(oak.account).data["clients"][0]["updated"][:10]
    assert _listed(oak, FilterBuilder().between("updated", min=day)) == ["Alpha"]
    assert _listed(oak, FilterBuilder().between("updated", max=day)) == []
    with pytest.raises(FreshBooksError) as error:
        _listed(oak, FilterBuilder().between("updated", min="yesterday"))
    assert refused(error)[:2] == (422, 1023)


def test_known_sort_keys_sort_and_others_are_ignored(oak: Connected) -> None:
    for name in ("Beta", "Gamma", "Alpha"):
        oak.client(organization=name)
    ordered = ["Alpha", "Beta", "Gamma"]
    assert _listed(oak, SortBuilder().asc("organization_name")) == ordered
    assert _listed(oak, SortBuilder().desc("organization_name")) == ordered[::-1]
    assert _listed(oak, SortBuilder().asc("organization")) == ["Alpha", "Gamma", "Beta"]


def test_pages_are_capped_at_a_hundred_and_empty_beyond_the_last(oak: Connected) -> None:
    empty: Any = oak.sdk.clients.list(oak.account)
    assert tuple(empty.pages) == (1, 0, 15, 0)
    for number in range(17):
        oak.client(organization=f"Client {number}")
    second: Any = oak.sdk.clients.list(oak.account, [PaginateBuilder(2, 15)])
    assert tuple(second.pages) == (2, 2, 15, 17)
    assert [each.organization for each in second] == ["Client 1", "Client 0"]
    beyond: Any = oak.sdk.clients.list(oak.account, [PaginateBuilder(3)])
    assert (len(beyond), beyond.pages.page) == (0, 3)

    def numbers(query: str) -> Any:
        result = oak.api.get("users/clients", query).json()["response"]["result"]
        return result["page"], result["per_page"]

    assert numbers("?page=0&per_page=250") == (1, 100)
    for query, errno in (("?page=x", 1014), ("?per_page=0", 1013), ("?page=-1", 1014)):
        answer = oak.api.get("users/clients", query)
        assert answer.status_code == 422
        assert answer.json()["response"]["errors"][0]["errno"] == errno


def test_a_new_record_may_be_late_in_lists(controls: Controls, oak: Connected) -> None:
    controls.set(list_lag_seconds=30)
    oak.client(organization="Alpha")
    assert _listed(oak) == []
    controls.post("clock", {"advance_seconds": 31})
    assert _listed(oak) == ["Alpha"]


def test_what_a_client_owes_is_there_when_included(oak: Connected) -> None:
    made = oak.client()
    oak.invoice(made, status=2)
    oak.invoice(made)
    includes = IncludesBuilder().include("outstanding_balance").include("late_reminders")
    found: Any = oak.sdk.clients.get(oak.account, made.id, includes)
    assert found.data["outstanding_balance"] == [{"amount": {"amount": "128.20", "code": "USD"}}]
    assert found.data["late_reminders"] == []


@pytest.mark.parametrize("form", ["list", "object", "rpc"])
def test_errors_come_in_the_form_that_is_set(controls: Controls, oak: Connected, form: str) -> None:
    controls.set(error_form=form)
    answer = oak.api.get("users/clients/12345")
    assert answer.status_code == 404
    body = answer.json()
    if form == "rpc":
        assert (body["code"], body["message"]) == (5, "Request failed with status_code: 404")
        assert body["details"][0]["reason"] == "1012"
        assert body["details"][0]["metadata"]["message"] == "Client not found."
        return
    errors = body["response"]["errors"]
    assert (errors[0] if form == "list" else errors)["errno"] == 1012
    with pytest.raises(FreshBooksError, match="Client not found"):
        oak.sdk.clients.get(oak.account, 12345)


def test_errors_may_come_with_status_200(controls: Controls, oak: Connected) -> None:
    controls.set(error_status_200=True)
    answer = oak.api.get("users/clients/12345")
    assert answer.status_code == 200
    assert answer.json()["response"]["errors"][0]["errno"] == 1012


def test_a_body_that_is_no_json_and_an_unknown_path_are_refused(oak: Connected) -> None:
    path = f"/accounting/account/{oak.account}/users/clients"
    headers = {"Authorization": f"Bearer {oak.api.token}"}
    answer = oak.api.http.post(path, content=b"{", headers=headers)
    assert answer.status_code == 400
    assert answer.json()["response"]["errors"][0]["errno"] == 1005
    answer = oak.api.post("users/clients", {"customer": {}})
    assert answer.json()["response"]["errors"][0]["errno"] == 1001
    assert oak.api.get("nothing/here").status_code == 404
    assert oak.api.call("DELETE", f"users/clients/{oak.client().id}").status_code == 405
