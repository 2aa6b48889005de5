"""What the engine refuses, as one closed set of codes.

It is not the refusal of a rule about people or cases: the server maps these
codes to its own. Knows nothing else.
"""

from enum import StrEnum


class Rejection(StrEnum):
    UNKNOWN_ROOM = "unknown_room"
    UNKNOWN_PARTY = "unknown_party"
    UNKNOWN_SEGMENT = "unknown_segment"
    PARTY_EXISTS = "party_exists"
    FULL = "full"
    BUSY = "busy"
    BAD_SDP = "bad_sdp"
    FINGERPRINT_MISSING = "fingerprint_missing"
    BAD_TOKEN = "bad_token"
    BAD_REQUEST = "bad_request"
    WORKER_GONE = "worker_gone"


class Rejected(Exception):
    """The one expected failure of the engine.

    `code` is one of `Rejection`; `detail` is a short English phrase for a log, free
    of SDP, addresses and tokens.
    """

    def __init__(self, code: Rejection | str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else str(code))
        self.code = Rejection(code)
        self.detail = detail
