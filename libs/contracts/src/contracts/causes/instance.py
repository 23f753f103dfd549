"""Making an instance of a cause."""

from contracts.causes.model import CauseCode
from contracts.causes.words import ParamValue, params_of
from contracts.sync import CauseInstance, ProviderDetails, Subject


def cause_of(
    code: CauseCode,
    *,
    subject: Subject | None = None,
    details: ProviderDetails | None = None,
    because: CauseInstance | None = None,
    **params: ParamValue | None,
) -> CauseInstance:
    """This cause with these params (see `PARAMS`, and the cause's own choices); None is left out.

    Give dates, aware datetimes, numbers, `Money` and lists of names as they are. A param that the
    catalogue doesn't know is carried and never shown.
    """
    return CauseInstance(
        code=code,
        subject=subject,
        params=params_of(**params),
        details=details or ProviderDetails(),
        because=because,
    )
