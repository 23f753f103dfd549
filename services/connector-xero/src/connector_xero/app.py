"""The composition root: Xero, as the kit runs it."""

from connector_xero.auth import XeroAuth
from connector_xero.operations import XeroOperations
from connector_xero.operations.organisation import organisation
from connector_xero.provider import xero

PACKAGE = "connector_xero"
XERO = xero(XeroOperations(), XeroAuth(organisation))
