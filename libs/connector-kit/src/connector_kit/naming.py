"""How sentences name a record."""

from contracts.commands import SyncCustomer, SyncInvoice, SyncItem, VoidInvoice

from connector_kit.provider import WriteCommand


def name_of(command: WriteCommand) -> str:
    """A customer's or item's name here, an invoice's number."""
    match command:
        case SyncCustomer():
            return command.customer.name
        case SyncItem():
            return command.item.name
        case SyncInvoice() | VoidInvoice():
            return command.invoice.number
