"""The classes of python-quickbooks the tests use.

It carries no types, and sets attributes its own classes declare as None, so they are Any here.
"""

from __future__ import annotations

from typing import Any

import quickbooks.batch
import quickbooks.cdc
from quickbooks.objects.account import Account as _Account
from quickbooks.objects.base import Address as _Address
from quickbooks.objects.base import EmailAddress as _EmailAddress
from quickbooks.objects.base import PhoneNumber as _PhoneNumber
from quickbooks.objects.base import Ref as _Ref
from quickbooks.objects.company_info import CompanyInfo as _CompanyInfo
from quickbooks.objects.customer import Customer as _Customer
from quickbooks.objects.detailline import SalesItemLine as _SalesItemLine
from quickbooks.objects.detailline import SalesItemLineDetail as _SalesItemLineDetail
from quickbooks.objects.invoice import Invoice as _Invoice
from quickbooks.objects.item import Item as _Item
from quickbooks.objects.preferences import Preferences as _Preferences
from quickbooks.objects.taxcode import TaxCode as _TaxCode
from quickbooks.objects.term import Term as _Term

Account: Any = _Account
Address: Any = _Address
CompanyInfo: Any = _CompanyInfo
Customer: Any = _Customer
EmailAddress: Any = _EmailAddress
Invoice: Any = _Invoice
Item: Any = _Item
PhoneNumber: Any = _PhoneNumber
Preferences: Any = _Preferences
Ref: Any = _Ref
SalesItemLine: Any = _SalesItemLine
SalesItemLineDetail: Any = _SalesItemLineDetail
TaxCode: Any = _TaxCode
Term: Any = _Term

_batch: Any = quickbooks.batch
_cdc: Any = quickbooks.cdc
batch_create = _batch.batch_create
batch_update = _batch.batch_update
batch_delete = _batch.batch_delete
change_data_capture = _cdc.change_data_capture
