"""`/livez`, `/readyz`, `/metrics`."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse

from freshbooks_simulator.world import World


def install(app: FastAPI, world: World) -> None:
    """Add the routes every process serves."""

    @app.get("/livez")
    async def livez() -> JSONResponse:
        return JSONResponse({"status": "alive"})

    @app.get("/readyz")
    async def readyz() -> JSONResponse:
        return JSONResponse({"status": "ready", "waiting_for": []})

    @app.get("/metrics")
    async def metrics() -> PlainTextResponse:
        return PlainTextResponse(_metrics(world), media_type="text/plain; version=0.0.4")


def _metrics(world: World) -> str:
    lines = ["# TYPE freshbooks_simulator_requests_total counter"]
    for (kind, status), count in sorted(world.log.counts.items()):
        labels = f'kind="{_label(kind)}",status="{status}"'
        lines.append(f"freshbooks_simulator_requests_total{{{labels}}} {count}")
    lines.append("# TYPE freshbooks_simulator_limits_broken_total counter")
    for name, count in sorted(world.log.limits_broken.items()):
        lines.append(f'freshbooks_simulator_limits_broken_total{{limit="{name}"}} {count}')
    lines.append("# TYPE freshbooks_simulator_fault_hits gauge")
    for each in world.injection.rules:
        labels = f'id="{each.identifier}",kind="{each.rule.kind}"'
        lines.append(f"freshbooks_simulator_fault_hits{{{labels}}} {each.hits}")
    lines.append("# TYPE freshbooks_simulator_records gauge")
    for organisation in world.organisations.values():
        for kind, records in sorted(organisation.records.items()):
            labels = f'organisation="{organisation.account_id}",kind="{kind}"'
            lines.append(f"freshbooks_simulator_records{{{labels}}} {len(records)}")
    return "\n".join(lines) + "\n"


def _label(value: str) -> str:
    kept = "".join(each for each in value if each.isalnum() or each in "-_.")
    return kept[:40]
