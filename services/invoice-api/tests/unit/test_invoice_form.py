"""The drop-down of items on a line of the invoice form."""

from dataclasses import replace

from invoice_api.web.invoice_views import InvoiceFormPage
from invoice_api.web.pages import Option

from .page_cases import FORM, NASTY, SHELL

PAGE = InvoiceFormPage(
    shell=SHELL,
    form=FORM,
    heading="New invoice",
    post_url="/invoices/new",
    back_url="/invoices",
    back_label="Invoices",
    customers=(),
    items=(Option("1", "Pump"), Option("11", "Pump 1")),
    tax_rates=(),
    prices={"1": ("9.50", "A pump")},
    lines=(0,),
)
PUMP = '<option value="1" data-price="9.50" data-description="A pump">Pump</option>'
OTHER = '<option value="11" data-price="" data-description="">Pump 1</option>'


def test_each_item_is_offered_and_the_chosen_one_selected() -> None:
    assert PAGE.item_options("") == PUMP + OTHER
    assert PAGE.item_options("1") == PUMP.replace(">Pump", " selected>Pump") + OTHER
    assert PAGE.item_options("11") == PUMP + OTHER.replace(">Pump", " selected>Pump")


def test_what_was_typed_or_posted_is_text_and_no_markup() -> None:
    assert PAGE.item_options('1" data-price="9.50') == PUMP + OTHER
    nasty = replace(PAGE, items=(Option("1", NASTY),), prices={"1": (NASTY, NASTY)})
    assert NASTY not in nasty.item_options("1")
