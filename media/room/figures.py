"""What is counted of a party, for the figures of a worker and for the statistics of a call."""

from typing import Any

from media.room.parties import Party
from media.wire.sdp import FACE


def _places(places: frozenset[int] | None) -> list[int] | None:
    return sorted(places) if places is not None else None


def counters(party: Party) -> dict[str, int]:
    """Since it came; see `counters` of the client."""
    return {
        "packets_in": party.packets_in,
        "packets_out": party.packets_out,
        "bytes_in": party.bytes_in,
        "bytes_out": party.bytes_out,
        "lost_in": sum(s.lost for mid in party.tracks for s in party.streams(mid)),
        "nacks_in": party.nacks_in,
        "nacks_out": party.nacks_out,
        "plis_in": party.plis_in,
        "plis_out": party.plis_out,
    }


def party_figures(party: Party) -> dict[str, Any]:
    """How it stands now."""
    return {
        "up": party.ready and party.down is None,
        "packets_in": party.packets_in,
        "packets_out": party.packets_out,
        "bytes_in": party.bytes_in,
        "bytes_out": party.bytes_out,
        "refused": party.refused,
        "checks": party.agent.checks,
        "paths": len(party.agent.paths),
        "generation": party.agent.current.generation,
        "nominated": party.agent.nominated,
        "flights_resent": party.handshake.resent if party.handshake is not None else 0,
        "srtp": party.handshake.profile if party.handshake is not None else "",
        "place": party.place,
        "receives_from": _places(party.rights.receives_from),
        "sends_to": _places(party.rights.sends_to),
        "end_to_end": party.end_to_end,
        "carries_bps": round(party.estimate.target_bps) if party.estimate.bounded else None,
        "recording": bool(party.recording),
        "tracks": {
            track.mid: {
                "packets": track.packets,
                "bytes": track.bytes,
                "muted": track.muted,
                "codec": track.codec,
                "layers": {
                    rid: round(layer.rate_bps)
                    for rid, layer in (party.layers.items() if track.mid == FACE else ())
                },
            }
            for track in party.tracks.values()
        },
        "feeds": {
            feed.mid: {
                "packets": feed.packets,
                "retransmitted": feed.retransmitted,
                "layer": feed.source.rid if feed.source is not None else None,
            }
            for feed in party.feeds.values()
        },
    }
