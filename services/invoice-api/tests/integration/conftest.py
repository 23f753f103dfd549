"""A company of its own, and a mail server that keeps what it is given."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from invoice_api.notices.noticing import Notices
from invoice_api.notices.post import Post
from local_stack.ports import find_free_block

from .noticed_company import Company, Inbox

Service = Any


@pytest.fixture
async def company(service: Service) -> Company:
    return Company(service, await service.sign_up())


@pytest.fixture
async def inbox(service: Service) -> AsyncGenerator[tuple[Inbox, Notices]]:
    held = Inbox()
    port = find_free_block(1)
    controller: Any = Controller(held, hostname="127.0.0.1", port=port)
    await asyncio.to_thread(controller.start)
    parts = service.parts
    settings = parts.settings.model_copy(
        update={
            "smtp_host": "127.0.0.1",
            "smtp_port": port,
            "smtp_security": "none",
        }
    )
    post = Post(parts.database, settings)
    yield held, Notices(parts.database, parts.clock, parts.ids, settings.public_url, post)
    await asyncio.to_thread(controller.stop)
