"""An answer as text, so that it can be kept and given again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from fastapi import Response
from pydantic import BaseModel


@dataclass(frozen=True)
class Answer:
    """A JSON answer, ready to send."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def response(self) -> Response:
        return Response(
            self.body,
            status_code=self.status,
            media_type="application/json",
            headers=dict(self.headers),
        )


def answer(status: int, shown: BaseModel, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, shown.model_dump_json(), headers or {})


def answer_json(status: int, shown: object, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, json.dumps(shown, ensure_ascii=False), headers or {})
