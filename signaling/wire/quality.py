"""How a page's picture and sound are: samples, never stored."""

from typing import Annotated, Literal

from pydantic import (
    Field,
)

from signaling.wire.envelope import Id, Message

Share = Annotated[float, Field(ge=0, le=1)]
Rate = Annotated[int, Field(ge=0, le=1_000_000)]
Milliseconds = Annotated[int, Field(ge=0, le=60_000)]


class QualitySample(Message):
    """What a page has counted of its connection in a few seconds: shares, ms and kbit/s; no address."""

    loss_in: Share
    loss_out: Share
    round_trip_ms: Milliseconds | None
    jitter_ms: Milliseconds
    in_kbps: Rate
    out_kbps: Rate
    freezes: Annotated[int, Field(ge=0, le=1_000)]
    freeze_ms: Milliseconds
    concealed: Share
    limited_by: Literal["none", "bandwidth", "cpu", "other"]
    candidate: Literal["host", "srflx", "prflx", "relay", "unknown"]
    protocol: Literal["udp", "tcp", "unknown"]


class CallQuality(Message):
    """Ephemeral of a page about its own leg, every four seconds, to the others in the call and its
    supervisors; kept beside the call for the replay. More often it is dropped. Refused: not_found,
    not_in_call, leg_replaced, call_ended."""

    type: Literal["call.quality"] = "call.quality"
    call_id: Id
    leg_id: Id
    quality: Literal["excellent", "good", "poor", "lost"]
    sample: QualitySample
