"""What every answer has in common: problem details, strict bodies, ETags, pages, idempotency."""
