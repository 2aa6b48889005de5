"""How passwords are kept and compared: Argon2id, off the loop, a few at once."""

import asyncio
import secrets
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

HASHED_AT_ONCE: Final = 2
"""Password hashes take a core and 64 MiB each; more wait."""


class Passwords:
    """Argon2id hashes (RFC 9106, low-memory profile of argon2-cffi), computed off the loop."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self.turn = asyncio.Semaphore(HASHED_AT_ONCE)
        """Who holds it may compare one password."""

    def hash(self, password: str) -> str:
        """The PHC string of a password. Takes a core for some 30 ms: not for the loop."""
        return self._hasher.hash(password)

    async def matches(self, password: str, known: str | None) -> bool:
        """Whether the password fits the hash; without one the same work is done, and it does not.

        Hold ``turn`` meanwhile.
        """
        return await asyncio.to_thread(self._verify, password, known)

    def _verify(self, password: str, known: str | None) -> bool:
        nobody = _nobody()  # made by the first call whoever asks, so that its time tells nothing
        try:
            self._hasher.verify(known or nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return known is not None


@cache
def _nobody() -> str:
    """The hash that an unknown login is compared with."""
    return PasswordHasher().hash(secrets.token_urlsafe())
