"""What pages need besides what the API's routes have."""

from typing import Annotated, cast

from fastapi import Depends, Request

from invoice_api.web.rendering import Assets, Renderer


def renderer_of(request: Request) -> Renderer:
    return cast("Renderer", request.app.state.renderer)


def assets_of(request: Request) -> Assets:
    return cast("Assets", request.app.state.assets)


TheRenderer = Annotated[Renderer, Depends(renderer_of)]
