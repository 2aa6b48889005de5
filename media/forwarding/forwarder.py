"""The hot path: an RTP packet in, decrypted, renumbered, encrypted, out. Never decoded.

What it passes is in `streams`, where a packet's extensions are in `layout`. Who feeds whom is
decided by the room.
"""

from collections.abc import Callable
from itertools import cycle
from struct import Struct
from typing import Protocol

from media.codec.beginning import BEGINS
from media.forwarding.layout import read_layout
from media.forwarding.streams import Endpoint, Feed, Track, first_sequence
from media.wire.batch import BATCH
from media.wire.dtls import Address
from media.wire.sdp import LAYERED, RTX_PAYLOADS, VIDEO
from media.wire.srtp import Buffer


class Tap(Protocol):
    """Takes a copy of each packet of a recorded track; it never waits."""

    def packet(self, track: Track, packet: memoryview, now: float) -> None: ...


# Flags, marker and payload type, sequence, timestamp, SSRC; and what of these is renumbered.
_HEAD = Struct("!BBHII")
_NUMBERS = Struct("!HII")

KEY_AGAIN_S = 0.3
"""A sender is asked for a key frame at most so often; Chromium heeds no more."""
MAX_DROPOUT = 3000
"""A stream whose numbers jump further has begun anew (RFC 3550, appendix A.1)."""
MAX_LACKED = 17
"""So many packets in a row are asked for again; more are a stream that broke off."""


class Forwarder:
    """Forwards RTP for all rooms of one worker.

    A packet for one receiver is rewritten where it lies; of several, each but the last gets a
    copy. `send(buffer, length, address)` may put off the sending of up to `BATCH` packets.
    `want_key(track, now)` is called, at most every 0.3 s and track, while a feed
    waits for a key frame; `want_again(track, first, count, now)` when packets of a recorded
    picture did not come that no receiver could ask for.
    """

    def __init__(
        self,
        send: Callable[[Buffer, int, Address], None],
        tap: Tap,
        want_key: Callable[[Track, float], None],
        want_again: Callable[[Track, int, int, float], None],
    ) -> None:
        self._send = send
        # One more than wait to be sent at most, so that none is taken again before it is gone.
        self._spare = cycle([Buffer() for _ in range(BATCH + 1)])
        self._tap = tap
        self._want_key = want_key
        self._want_again = want_again

    def rtp(self, endpoint: Endpoint, buffer: Buffer, length: int, now: float) -> None:
        """Take the encrypted packet of `length` bytes that lies in the buffer."""
        inbound = endpoint.inbound
        if inbound is None or not endpoint.ready:
            endpoint.refused += 1
            return
        length = inbound.rtp(buffer, length)
        data = buffer.data
        if length < 12:
            endpoint.refused += 1
            return
        endpoint.packets_in += 1
        endpoint.bytes_in += length
        endpoint.heard_at = now
        _, payload, sequence, timestamp, ssrc = _HEAD.unpack_from(data)
        payload &= 127
        track = endpoint.by_ssrc.get(ssrc)
        layout = endpoint.layouts.get(ssrc)
        if layout is None or not layout.fits(data, length):
            read = read_layout(data, length)
            if read is None:
                endpoint.refused += 1
                return
            layout, rid = read
            if track is None and layout.mid_at:
                mid = data[layout.mid_at : layout.mid_at + 1]
                track = self._bind(endpoint, ssrc, payload, mid, rid)
            if track is not None and not rid:
                endpoint.layouts[ssrc] = layout
        if track is None:
            endpoint.refused += 1
            return
        head, mid_at, twcc_at = layout.head, layout.mid_at, layout.twcc_at
        retransmission = payload in RTX_PAYLOADS
        if payload != track.payload and not (
            track.kind == "video" if retransmission else track.change_codec(payload)
        ):
            endpoint.refused += 1
            return
        if not retransmission:
            if track.ssrc != ssrc:
                track.ssrc = ssrc
                track.highest = -1
            if track.highest < 0:
                track.highest = sequence
            else:
                ahead = (sequence - track.highest) & 0xFFFF
                if ahead != 1:
                    track.lost = _lost(track.lost, ahead)
                if ahead < 0x8000:
                    if 1 < ahead <= MAX_LACKED + 1 and (
                        track.ring is not None or (track.segment and not _heard(track))
                    ):
                        self._want_again(track, track.highest + 1, ahead - 1, now)
                    track.highest += ahead
        else:
            track.repaired += 1
        track.packets += 1
        track.bytes += length
        incoming = data[twcc_at] << 8 | data[twcc_at + 1] if twcc_at else -1
        if incoming >= 0 and endpoint.self_reporting:
            endpoint.arrivals.note(incoming, now)
        if track.segment and not track.muted:
            self._tap.packet(track, buffer.view[:length], now)
        if track.ring is not None:
            if not retransmission:
                track.ring.keep(sequence, bytes(buffer.view[:length]), head, mid_at, twcc_at)
            elif length - head > 2 and track.ssrc is not None and not data[0] & 32:
                original = data[head] << 8 | data[head + 1]
                packet = bytearray(data[:head]) + data[head + 2 : length]
                packet[1] = data[1] & 128 | VIDEO[track.codec].payload
                packet[2:4] = data[head : head + 2]
                packet[8:12] = track.ssrc.to_bytes(4, "big")
                track.ring.keep(original, bytes(packet), head, mid_at, twcc_at)
        last = track.feeds[-1] if track.feeds else None
        for feed in track.feeds:
            out = buffer if feed is last else next(self._spare)
            sent = not track.muted and self._copy(
                feed,
                track,
                buffer,
                out,
                retransmission,
                sequence,
                timestamp,
                ssrc,
                length,
                head,
                mid_at,
                twcc_at,
                incoming,
                now,
            )
            if not sent and incoming >= 0:
                feed.endpoint.numbering.keep(incoming)

    def _copy(
        self,
        feed: Feed,
        track: Track,
        buffer: Buffer,
        out: Buffer,
        retransmission: bool,
        sequence: int,
        timestamp: int,
        ssrc: int,
        length: int,
        head: int,
        mid_at: int,
        twcc_at: int,
        incoming: int,
        now: float,
    ) -> bool:
        """Send one feed's copy of the packet, made in `out`; False when it goes no further."""
        to = feed.endpoint
        outbound = to.outbound
        destination = to.destination
        if not to.ready or outbound is None or destination is None or not feed.wanted:
            return False
        source = buffer.data
        other = track is not feed.source
        if feed.waiting or other or (feed.source_ssrc != ssrc and not retransmission):
            if track.kind == "video" and track.codec not in to.codecs:
                return False
            if retransmission or not _begins(track, source, head, length):
                feed.waiting = feed.waiting or not other
                if now - track.key_asked_at >= KEY_AGAIN_S:
                    self._want_key(track, now)
                return False
            if other:
                feed.turn_to(track)
            feed.begin(ssrc, sequence, timestamp, now)
        repairs = retransmission and _repairs(source, head, length)
        if retransmission and not track.endpoint.end_to_end:
            original = source[head] << 8 | source[head + 1] if repairs else -1
            if original not in feed.asked:
                return False
            del feed.asked[original]
        data = out.data
        if out is not buffer:
            data[:length] = buffer.view[:length]
        moved = (timestamp + feed.timestamp_offset) & 0xFFFFFFFF
        if retransmission:
            if feed.rtx_source_ssrc != ssrc:
                first = first_sequence() if feed.rtx_last < 0 else feed.rtx_last + 1
                feed.rtx_offset = (first - sequence) & 0xFFFF
                feed.rtx_source_ssrc = ssrc
            number = (sequence + feed.rtx_offset) & 0xFFFF
            feed.rtx_last = number
            feed.retransmitted += 1
            own = feed.rtx_ssrc
            if repairs:
                original = ((source[head] << 8 | source[head + 1]) + feed.sequence_offset) & 0xFFFF
                data[head] = original >> 8
                data[head + 1] = original & 255
        else:
            number = (sequence + feed.sequence_offset) & 0xFFFF
            own = feed.ssrc
            if (number - feed.last_sequence) & 0xFFFF < 0x8000 or feed.last_sequence < 0:
                feed.last_sequence = number
                feed.last_timestamp = moved
                feed.last_at = now
        _NUMBERS.pack_into(data, 2, number, moved, own)
        if mid_at and feed.mid != track.mid:
            data[mid_at : mid_at + 1] = feed.mid_bytes
        if twcc_at:
            number = to.numbering.assign(incoming)
            data[twcc_at] = number >> 8
            data[twcc_at + 1] = number & 255
            if to.departures is not None:
                to.departures.note(number, now, length)
        length = outbound.rtp(out, length)
        if not length:
            to.refused += 1
            return False
        self._send(out, length, destination)
        feed.packets += 1
        to.packets_out += 1
        to.bytes_out += length
        if incoming >= 0 and to.reports and track.endpoint.end_to_end:
            track.endpoint.relayed_at = now
        return True

    def send_again(self, feed: Feed, number: int, now: float) -> bool:
        """Send the packet that this feed numbered so once more, as RTX (RFC 4588), from the ring.

        False when it is not kept here.
        """
        track, to = feed.source, feed.endpoint
        original = feed.original(number)
        if track is None or track.ring is None or original is None or track.muted or feed.waiting:
            return False
        kept = track.ring.find(original)
        if kept is None or to.outbound is None or to.destination is None or not to.ready:
            return False
        packet, head, mid_at, twcc_at = kept
        out = next(self._spare)
        data = out.data
        length = len(packet) + 2
        data[:head] = packet[:head]
        data[head] = number >> 8
        data[head + 1] = number & 255
        data[head + 2 : length] = packet[head:]
        data[1] = packet[1] & 128 | VIDEO[track.codec].rtx
        feed.rtx_last = first_sequence() if feed.rtx_last < 0 else (feed.rtx_last + 1) & 0xFFFF
        # A repair that the sender itself sends goes on behind this one.
        feed.rtx_source_ssrc = None
        data[2:4] = feed.rtx_last.to_bytes(2, "big")
        timestamp = int.from_bytes(packet[4:8], "big") + feed.timestamp_offset
        data[4:8] = (timestamp & 0xFFFFFFFF).to_bytes(4, "big")
        data[8:12] = feed.rtx_ssrc.to_bytes(4, "big")
        if mid_at:
            data[mid_at : mid_at + 1] = feed.mid_bytes
        if twcc_at:
            assigned = to.numbering.assign(-1)
            data[twcc_at : twcc_at + 2] = assigned.to_bytes(2, "big")
            if to.departures is not None:
                to.departures.note(assigned, now, length)
        length = to.outbound.rtp(out, length)
        if not length:
            to.refused += 1
            return False
        self._send(out, length, to.destination)
        feed.packets += 1
        feed.retransmitted += 1
        to.packets_out += 1
        to.bytes_out += length
        return True

    def _bind(
        self, endpoint: Endpoint, ssrc: int, payload: int, mid: bytes | bytearray, rid: bytes
    ) -> Track | None:
        """An unknown SSRC named its m-line, and its layer where it has some: remember it."""
        name = mid.decode("ascii", "replace")
        if name == LAYERED:
            track = endpoint.layers.get(rid.decode("ascii", "replace"))
        else:
            track = endpoint.tracks.get(name)
        if track is None or not endpoint.claim(ssrc, track):
            return None
        if payload in RTX_PAYLOADS:
            track.rtx_ssrc = ssrc
        return track


def _lost(before: int, ahead: int) -> int:
    """How many packets of a stream did not come, when the next one is so far ahead of the highest."""
    if ahead >= 0x8000:
        # It was late: what an earlier jump has counted.
        return max(before - 1, 0)
    return before + ahead - 1 if 1 < ahead <= MAX_DROPOUT else before


def _heard(track: Track) -> bool:
    """Whether somebody receives this track, and will ask for what he lacks himself."""
    return any(feed.endpoint.ready and feed.wanted for feed in track.feeds)


def _repairs(data: bytearray, head: int, length: int) -> bool:
    """Whether an RTX packet repeats another one, whose number then stands first in it; what is
    all padding is a probe."""
    return length - head >= 2 and not (data[0] & 32 and data[length - 1] >= length - head)


def _begins(track: Track, data: bytearray, head: int, length: int) -> bool:
    """Whether a stream may begin here: any sound packet, or the first of a key frame."""
    return track.kind == "audio" or BEGINS[track.codec](data, head, length)
