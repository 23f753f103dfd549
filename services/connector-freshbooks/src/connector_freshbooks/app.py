"""The composition root: FreshBooks, as the kit runs it."""

from functools import partial

from connector_kit.provider import Provider

from connector_freshbooks.auth import FreshbooksAuth
from connector_freshbooks.operations import FreshbooksOperations
from connector_freshbooks.operations.organisation import organisations
from connector_freshbooks.provider import freshbooks
from connector_freshbooks.settings import FreshbooksSettings

PACKAGE = "connector_freshbooks"


def provider_for(settings: FreshbooksSettings) -> Provider:
    """FreshBooks with these settings."""
    accounts = settings.item_accounts
    return freshbooks(
        FreshbooksOperations(item_accounts=accounts),
        FreshbooksAuth(partial(organisations, accounts=accounts)),
    )
