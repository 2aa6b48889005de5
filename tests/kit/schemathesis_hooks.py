"""What Schemathesis has to know of our interface beside its description. Loaded by its command line."""

from __future__ import annotations

from typing import Any

import schemathesis


@schemathesis.serializer("application/offset+octet-stream")
def piece(ctx: schemathesis.SerializationContext, value: Any) -> bytes:
    """Bytes of an upload, whatever they are."""
    return value if isinstance(value, bytes) else str(value).encode()
