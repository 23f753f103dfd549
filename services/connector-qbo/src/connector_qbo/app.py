"""The composition root: QuickBooks Online, as the kit runs it."""

from connector_qbo.auth import QboAuth
from connector_qbo.operations import QboOperations
from connector_qbo.operations.organisation import organisation
from connector_qbo.provider import qbo

PACKAGE = "connector_qbo"
QBO = qbo(QboOperations(), QboAuth(organisation))
