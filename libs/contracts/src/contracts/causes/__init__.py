"""Why a record isn't where it should be, as data and in words.

Finders of a cause make an instance with `cause_of`; pages and answers `render` it.
"""

from contracts.causes.catalogue import CAUSES, SHOWN_AS_PROBLEMS
from contracts.causes.connect_time import CONNECT_MESSAGES, ConnectCode, connect_message
from contracts.causes.instance import cause_of
from contracts.causes.model import (
    Action,
    Cause,
    CauseCode,
    Choice,
    Fix,
    Found,
    HeldBy,
    Link,
    LinkTarget,
    SubjectKind,
    When,
    Who,
)
from contracts.causes.render import (
    RenderedCause,
    RenderedFix,
    RenderedLink,
    first_blocker,
    group_of,
    in_order,
    render,
    state_of,
)
from contracts.causes.words import PARAMS, Param, ParamValue, Reader, params_of, record_name

__all__ = [
    "CAUSES",
    "CONNECT_MESSAGES",
    "PARAMS",
    "SHOWN_AS_PROBLEMS",
    "Action",
    "Cause",
    "CauseCode",
    "Choice",
    "ConnectCode",
    "Fix",
    "Found",
    "HeldBy",
    "Link",
    "LinkTarget",
    "Param",
    "ParamValue",
    "Reader",
    "RenderedCause",
    "RenderedFix",
    "RenderedLink",
    "SubjectKind",
    "When",
    "Who",
    "cause_of",
    "connect_message",
    "first_blocker",
    "group_of",
    "in_order",
    "params_of",
    "record_name",
    "render",
    "state_of",
]
