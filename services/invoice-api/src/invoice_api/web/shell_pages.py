"""What stands around every page and changes by itself: banners and counts."""

from dataclasses import dataclass

from fastapi import APIRouter, Response

from invoice_api.http.dependencies import TheDatabase
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.pages import Shell
from invoice_api.web.sessions import AVisit

router = APIRouter(prefix="/shell", include_in_schema=False)


@dataclass(frozen=True)
class ShellNews:
    shell: Shell


@router.get("")
async def show_shell(one: AVisit, database: TheDatabase, render: TheRenderer) -> Response:
    """The blocks of the shell that a page which is open shows anew."""
    async with database.transaction() as tx:
        shell = await one.shell(tx, "", "")
    return render.fragment("shell.html", ShellNews(shell))
