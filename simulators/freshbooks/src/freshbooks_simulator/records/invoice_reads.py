"""An invoice as a read answers it."""

from __future__ import annotations

from datetime import datetime

from freshbooks_simulator.books import CLIENT, Organisation, Record
from freshbooks_simulator.records import clients, invoice_lines
from freshbooks_simulator.records.invoice_fields import DISPUTED, DRAFT, PAID, VIEWED
from freshbooks_simulator.records.invoices import today
from freshbooks_simulator.wire import (
    Json,
    JsonObject,
    amount_of,
    dec,
    eastern,
    eastern_precise,
    plain,
    text,
)

_PRESENTATION: JsonObject = {
    "date_format": "mm/dd/yyyy",
    "description_heading": None,
    "hours_heading": None,
    "image_banner_position_y": 0,
    "image_banner_src": None,
    "image_logo_src": None,
    "item_heading": None,
    "label": None,
    "quantity_heading": None,
    "rate_heading": None,
    "task_heading": None,
    "theme_font_name": "modern",
    "theme_layout": "simple",
    "theme_primary_color": "#0063c1",
    "time_entry_notes_heading": None,
    "unit_cost_heading": None,
}
_CONSTANT: JsonObject = {
    "address": "",
    "auto_bill": False,
    "autobill_status": None,
    "basecampid": 0,
    "deposit_amount": None,
    "deposit_percentage": None,
    "deposit_status": "none",
    "discount_description": None,
    "dispute_status": None,
    "estimateid": 0,
    "ext_archive": 0,
    "generation_date": None,
    "gmail": False,
    "last_order_status": None,
    "lock_status": "unlocked",
    "notes": "",
    "ownerid": 1,
    "parent": 0,
    "payment_details": "",
    "po_number": None,
    "return_uri": None,
    "sender_address": None,
    "sentid": 1,
    "series": None,
    "show_attachments": False,
    "template": "clean-grouped",
    "terms": None,
}
_ONLY_INCLUDED = ("lines", "presentation", "attachments")


def render(
    organisation: Organisation,
    record: Record,
    now: datetime,
    includes: frozenset[str] = frozenset(),
) -> JsonObject:
    """`lines` and `presentation` only where they are included."""
    data = record.data
    client = organisation.get(CLIENT, text(data.get("customerid")))
    found: JsonObject = {
        **_CONSTANT,
        **{
            name: value
            for name, value in data.items()
            if name not in _ONLY_INCLUDED and not name.startswith("_")
        },
        "accountid": organisation.account_id,
        "accounting_systemid": organisation.account_id,
        "created_at": eastern(record.created),
        "current_organization": clients.name_of(client.data) if client else "",
        "discount": _discount(data),
        "display_status": _display_status(data),
        "id": record.number,
        "invoiceid": record.number,
        "net_paid_amount": data.get("paid"),
        "payment_status": _payment_status(data),
        "updated": eastern(record.updated),
        "v3_status": v3_status(data, now),
        "version": eastern_precise(record.updated),
    }
    if "lines" in includes:
        found["lines"] = invoice_lines.rendered(data.get("lines"), record.number)
    if "presentation" in includes:
        sent = data.get("presentation")
        mine = sent if isinstance(sent, dict) else {}
        found["presentation"] = {**_PRESENTATION, "invoiceid": record.number, **mine}
    if "owner" in includes:
        found["owner"] = {"id": 1, "userid": 1}
    return dict(sorted(found.items()))


def v3_status(data: JsonObject, now: datetime) -> str:
    """What the invoice's page calls its state."""
    status = data.get("status")
    if status == DRAFT:
        return "draft"
    if status == DISPUTED:
        return "disputed"
    if status == PAID:
        return "paid"
    if amount_of(data.get("paid")) > 0:
        return "partial"
    if text(data.get("due_date")) < today(now).isoformat() and amount_of(data.get("outstanding")):
        return "overdue"
    return "viewed" if status == VIEWED else "sent"


def _display_status(data: JsonObject) -> str:
    names = {DRAFT: "draft", VIEWED: "viewed", DISPUTED: "disputed", PAID: "paid"}
    status = data.get("status")
    return names.get(status, "sent") if isinstance(status, int) else "sent"


def _payment_status(data: JsonObject) -> str:
    if amount_of(data.get("paid")) <= 0:
        return "unpaid"
    return "paid" if amount_of(data.get("outstanding")) <= 0 else "partial"


def _discount(data: JsonObject) -> Json:
    percent = dec(data.get("discount_value"))
    return {"amount": data.get("discount_total"), "rate": plain(percent), "type": "percent"}
