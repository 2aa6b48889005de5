"""aiortc as a relay that does not decode: the parsed packet is written again for the other party.

A process of its own on uvloop. It reads a line of JSON an order (an offer) and answers with a line
(the answer); parties 2n and 2n+1 are a call.
"""

import asyncio
import json
import sys
from typing import Any

import uvloop
from aioice import ice
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

# The callers answer no checks once the load runs.
ice.CONSENT_FAILURES = 1_000_000


def _forward(receiver: Any, target: Any) -> None:
    extensions = receiver.transport._rtp_header_extensions_map

    async def handle(packet: Any, arrival_time_ms: int) -> None:
        await target._send_rtp(packet.serialize(extensions))

    receiver._handle_rtp_packet = handle


async def main() -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    parties: list[RTCPeerConnection] = []
    while line := await reader.readline():
        party = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        parties.append(party)
        await party.setRemoteDescription(RTCSessionDescription(json.loads(line)["sdp"], "offer"))
        await party.setLocalDescription(await party.createAnswer())
        if len(parties) % 2 == 0:
            a, b = (p.getTransceivers()[0].receiver for p in parties[-2:])
            _forward(a, b.transport)
            _forward(b, a.transport)
        sys.stdout.write(json.dumps({"sdp": party.localDescription.sdp}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main())
