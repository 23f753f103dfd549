"""The classes of freshbooks-sdk the tests use.

Its types leave much unknown (what a record holds, what a builder returns), so they are Any here.
"""

from __future__ import annotations

from typing import Any

from freshbooks.builders.filter import FilterBuilder as _FilterBuilder
from freshbooks.builders.includes import IncludesBuilder as _IncludesBuilder
from freshbooks.builders.paginator import PaginateBuilder as _PaginateBuilder
from freshbooks.builders.sort import SortBuilder as _SortBuilder
from freshbooks.client import Client as _Client
from freshbooks.errors import FreshBooksError as FreshBooksError
from freshbooks.models import VisState as VisState

Client: Any = _Client
FilterBuilder: Any = _FilterBuilder
IncludesBuilder: Any = _IncludesBuilder
PaginateBuilder: Any = _PaginateBuilder
SortBuilder: Any = _SortBuilder
