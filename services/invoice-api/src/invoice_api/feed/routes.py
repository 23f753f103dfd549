"""`/internal/v1/feed/records`, for services that hold the internal key."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
