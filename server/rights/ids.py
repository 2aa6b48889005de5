"""New opaque ids. Where they stand in subjects is told in ``server.rights.subjects``."""

import secrets


def new_id() -> str:
    """A new opaque id: 22 characters of base64url, 128 random bits."""
    return secrets.token_urlsafe(16)
