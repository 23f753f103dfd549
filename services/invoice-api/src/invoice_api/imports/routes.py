"""`/imports`."""

import hashlib
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse
from messaging.database import Tx
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from invoice_api.accounts.authentication import Reader, Writer
from invoice_api.http.answers import Answer, answer
from invoice_api.http.dependencies import TheClock, TheDatabase, TheIds
from invoice_api.http.framework_problems import problem_of
from invoice_api.http.idempotency import key_with, once
from invoice_api.http.problems import Problem, invalid_field
from invoice_api.imports import service
from invoice_api.imports.schemas import ImportAsked, ImportShown
from invoice_api.runs.schemas import RunAnswer

router = APIRouter(tags=["imports"])

_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "status": {"enum": ["draft", "pending", "sent"], "default": "draft"},
                        "dates": {"enum": ["auto", "month_first", "day_first"]},
                        "decimals": {"enum": ["auto", "point", "comma"]},
                    },
                }
            }
        },
    }
}


class Upload(BaseModel):
    """A file with what is wanted of it."""

    name: str
    raw: bytes
    asked: ImportAsked


class ImportsShown(BaseModel):
    data: tuple[ImportShown, ...]
    next_cursor: str | None = None


async def upload_of(request: Request) -> Upload:
    """The form's file and options. 400 for no form, 413, 422 naming the field."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Problem(
            400,
            "not_a_form",
            "Not a form",
            "Send the file as multipart/form-data, in a field called file.",
        )
    try:
        async with request.form(max_files=1, max_fields=20) as form:
            return await _read(form)
    except HTTPException as error:
        raise Problem(400, "not_a_form", "Not a form", str(error.detail)) from None


async def _read(form: FormData) -> Upload:
    options: dict[str, str] = {}
    file: UploadFile | None = None
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            if name != "file":
                raise invalid_field(name, "isn't a field here; the file's is called file")
            file = value
        elif name != "csrf":
            options[name] = value
    if file is None:
        raise invalid_field("file", "is required")
    try:
        asked = ImportAsked.model_validate(options)
    except ValidationError as error:
        raise problem_of(error) from None
    return Upload(name=file.filename or "invoices.csv", raw=await file.read(), asked=asked)


@router.post("/imports/invoices", status_code=202, openapi_extra=_FORM, response_model=RunAnswer)
async def import_invoices(
    request: Request,
    caller: Writer,
    upload: Annotated[Upload, Depends(upload_of)],
    database: TheDatabase,
    clock: TheClock,
    ids: TheIds,
) -> Response:
    """Begin to import a CSV file: a run. What can't be taken is reported, line by line."""

    async def work(tx: Tx) -> Answer:
        run = await service.begin(tx, ids, clock, caller, upload.name, upload.raw, upload.asked)
        return answer(202, RunAnswer(run=run))

    # A form's text differs each time it is sent (its boundary): what is in it doesn't.
    digest = hashlib.sha256(upload.raw).digest() + upload.asked.model_dump_json().encode()
    key = key_with(request, digest)
    return (await once(database, caller.company.id, key, work)).response()


@router.get("/imports", response_model=ImportsShown)
async def list_imports(caller: Reader, database: TheDatabase, clock: TheClock) -> Response:
    """The latest imports, newest first."""
    async with database.transaction() as tx:
        found = await service.recent(tx, clock, caller)
    return answer(200, ImportsShown(data=tuple(found))).response()


@router.get("/imports/{run_id}", response_model=ImportShown)
async def get_import(
    caller: Reader, run_id: UUID, database: TheDatabase, clock: TheClock
) -> Response:
    """How it was read and what became of it, counted: by result and by reason."""
    async with database.transaction() as tx:
        return answer(200, await service.shown(tx, clock, caller, run_id)).response()


@router.get(
    "/imports/{run_id}/report",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def get_report(caller: Reader, run_id: UUID, database: TheDatabase) -> Response:
    """Every line of the file with its result and the reason, as CSV."""
    await service.check_there(database, caller, run_id)
    return StreamingResponse(
        service.report(database, run_id),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="import-report.csv"'},
    )
