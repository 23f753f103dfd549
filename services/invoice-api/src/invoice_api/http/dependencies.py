"""What the composition root put into the app, by name and type."""

from typing import Annotated, cast

from contracts.ids import Ids
from fastapi import Depends, Request
from messaging.clock import Clock
from messaging.database import Database

from invoice_api.settings import Settings


async def database_of(request: Request) -> Database:
    return cast("Database", request.app.state.database)


async def clock_of(request: Request) -> Clock:
    return cast("Clock", request.app.state.clock)


async def ids_of(request: Request) -> Ids:
    return cast("Ids", request.app.state.ids)


async def settings_of(request: Request) -> Settings:
    return cast("Settings", request.app.state.settings)


TheDatabase = Annotated[Database, Depends(database_of)]
TheClock = Annotated[Clock, Depends(clock_of)]
TheIds = Annotated[Ids, Depends(ids_of)]
TheSettings = Annotated[Settings, Depends(settings_of)]
