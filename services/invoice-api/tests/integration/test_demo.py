"""The demo company is made once, and its way in is written for nobody else to read."""

import json
import stat
from collections import Counter
from pathlib import Path
from typing import Any

from invoice_api.demo import Demo, make_demo

Service = Any


async def test_the_demo_company_is_there_to_look_at(service: Service, tmp_path: Path) -> None:
    parts = service.parts
    demo = Demo(parts.database, parts.clock, parts.ids, parts.random)
    out = tmp_path / "demo.json"
    assert await make_demo(demo, out)
    written = json.loads(out.read_text())
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert not await make_demo(demo, out)
    assert json.loads(out.read_text()) == written

    async with service.client(written["api_key"]) as web:
        invoices = (await web.get("/invoices", params={"limit": 100})).json()["data"]
        assert Counter(row["status"] for row in invoices) == {
            "sent": 6,
            "paid": 2,
            "pending": 3,
            "draft": 3,
            "void": 1,
        }
        assert len((await web.get("/customers")).json()["data"]) == 12
        assert len((await web.get("/items")).json()["data"]) == 10
        rows = (await web.get("/integrations")).json()["data"]
        assert {row["status"] for row in rows} == {"not_connected"}
        entered = await web.post("/session", json=written["login"])
        assert entered.status_code == 200
        assert entered.json()["company"]["name"] == "Demo Plumbing"

    out.unlink()
    assert not await make_demo(demo, out)
    again = json.loads(out.read_text())
    async with service.client(again["api_key"]) as web:
        assert len((await web.get("/customers")).json()["data"]) == 12
        assert (await web.post("/session", json=again["login"])).status_code == 200
