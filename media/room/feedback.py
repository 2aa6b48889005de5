"""RTCP of a room: what receivers say of what they get, in the numbers of its sender, or answered here.

Of two, feedback passes end to end. Among three and more, and where a face comes in layers, it ends here: the worker
repairs, reports and asks for key frames itself.
"""

from collections.abc import Callable

from media.forwarding.estimate import Sent
from media.forwarding.forwarder import KEY_AGAIN_S
from media.forwarding.streams import Endpoint, Feed, Track
from media.room.parties import Party
from media.wire import rtcp
from media.wire.dtls import Address
from media.wire.srtp import Buffer

AGAIN_A_TICK = 200
"""So many packets a party gets sent again in a tenth of a second; a NACK can name thousands."""


class Requests:
    """What is said to a sender: key frames, repairs, reports. `send` takes what is encrypted already."""

    def __init__(self, send: Callable[[bytes, Address], None]) -> None:
        self._send = send

    def send(self, endpoint: Endpoint, packet: bytes) -> bool:
        if not endpoint.ready or endpoint.outbound is None or endpoint.destination is None:
            return False
        protected = endpoint.outbound.rtcp(packet)
        if protected:
            self._send(protected, endpoint.destination)
        return bool(protected)

    def send_feedback(self, endpoint: Endpoint, feedback: rtcp.TransportFeedback) -> None:
        ssrc = next((t.ssrc for t in endpoint.tracks.values() if t.ssrc is not None), 0)
        self.send(endpoint, rtcp.write_feedback(feedback, ssrc, endpoint.feedback_count))
        endpoint.feedback_count += 1

    def ask_key_frame(self, track: Track, now: float) -> None:
        """Nobody can be asked before his stream has a name; whoever waits asks again then."""
        if track.kind != "video" or track.ssrc is None:
            return
        if self.send(track.endpoint, rtcp.picture_loss(track.ssrc)):
            track.key_asked_at = now
            track.endpoint.plis_out += 1

    def ask_again(self, track: Track, first: int, count: int, now: float) -> None:
        if track.kind == "video" and track.ssrc is not None:
            for number in range(first, first + count):
                track.asks(number & 0xFFFF, now)
            track.endpoint.nacks_out += count
            self.send(track.endpoint, rtcp.ask_again(track.ssrc, first, count))

    def report(self, party: Party, now: float) -> None:
        """Tell a sender what came in of it: among three and more nobody else does."""
        self.send(
            party,
            rtcp.receiver_report(
                [
                    s.report.block(s.ssrc, s.highest, s.packets - s.repaired, now)
                    for mid in party.tracks
                    for s in party.streams(mid)
                    if s.ssrc is not None and s.highest >= 0
                ]
            ),
        )


class Feedback:
    """What parties say of what they get. `send_again(feed, number, now)` repairs from here, False where it cannot;
    `report(track, ntp, timestamp, now)` gets the sender reports of what is recorded."""

    def __init__(
        self,
        requests: Requests,
        send_again: Callable[[Feed, int, float], bool],
        report: Callable[[Track, int, int, float], None],
    ) -> None:
        self._requests = requests
        self._send_again = send_again
        self._report = report

    def receive(self, party: Party, buffer: Buffer, length: int, now: float) -> None:
        if party.inbound is None or not party.ready:
            party.refused += 1
            return
        length = party.inbound.rtcp(buffer, length)
        if not length:
            party.refused += 1
            return
        party.heard_at = now
        reports: dict[Endpoint, list[bytes]] = {}
        for block in rtcp.split(bytes(buffer.view[:length])):
            if len(block.data) < 8:
                continue
            if block.kind in (rtcp.SR, rtcp.RR):
                if block.kind == rtcp.SR and len(block.data) >= 28:
                    self._pass_sender_report(party, block, now)
                self._gather_reports(party, block, reports, now)
            elif len(block.data) < 12:
                continue
            elif block.kind == rtcp.PSFB and block.count == rtcp.PLI:
                party.plis_in += 1
                self._pass_key_request(party, rtcp.ssrc_at(block.data, 8), now)
            elif block.kind == rtcp.PSFB and block.count == rtcp.FIR and len(block.data) >= 20:
                party.plis_in += 1
                self._pass_key_request(party, rtcp.ssrc_at(block.data, 12), now)
            elif block.kind == rtcp.RTPFB and block.count == rtcp.NACK:
                asked = sum(1 for _ in rtcp.nacked(block))
                party.nacks_in += asked
                feed, source = _source(party, rtcp.ssrc_at(block.data, 8))
                if feed is not None and source is not None and feed.source_ssrc is not None:
                    if source.endpoint.end_to_end:
                        source.endpoint.nacks_out += asked
                        self._requests.send(
                            source.endpoint,
                            rtcp.rewrite_nack(block, feed.source_ssrc, feed.sequence_offset),
                        )
                    else:
                        self._repair(party, feed, source, block, now)
            elif block.kind == rtcp.RTPFB and block.count == rtcp.TWCC:
                self._pass_feedback(party, block, now)
            elif block.kind == rtcp.PSFB and block.count == rtcp.AFB and not party.end_to_end:
                limit = rtcp.read_remb(block.data)
                # One below what comes to it says that this is too much; any other says little.
                if limit is not None and not party.reports and limit < party.share.sent_bps:
                    party.estimate.limit(limit, now)
        for publisher, blocks in reports.items():
            self._requests.send(publisher, rtcp.receiver_report(blocks))

    def _repair(
        self, party: Party, feed: Feed, source: Track, block: rtcp.Block, now: float
    ) -> None:
        """Send again what a receiver lacks; what is not here its sender is asked for."""
        lacking: list[int] = []
        for number in rtcp.nacked(block):
            if party.sent_again >= AGAIN_A_TICK:
                break
            party.sent_again += 1
            if self._send_again(feed, number, now):
                continue
            original = feed.original(number)
            if original is not None:
                feed.ask(original)
                if source.asks(original, now):
                    lacking.append(original)
        if lacking and source.ssrc is not None and source.ssrc == feed.source_ssrc:
            source.endpoint.nacks_out += len(lacking)
            self._requests.send(source.endpoint, rtcp.ask_for(source.ssrc, lacking))

    def _pass_sender_report(self, party: Party, block: rtcp.Block, now: float) -> None:
        ssrc = rtcp.ssrc_at(block.data, 4)
        track = party.by_ssrc.get(ssrc)
        if track is None or track.ssrc != ssrc:
            return
        ntp = int.from_bytes(block.data[8:16], "big")
        track.report.heard(ntp, now)
        if track.segment:
            self._report(track, ntp, rtcp.ssrc_at(block.data, 16), now)
        for feed in track.feeds:
            if feed.source is track and feed.source_ssrc == ssrc and not feed.waiting:
                self._requests.send(
                    feed.endpoint, rtcp.sender_report(block, feed.ssrc, feed.timestamp_offset)
                )

    def _gather_reports(
        self,
        party: Party,
        block: rtcp.Block,
        reports: dict[Endpoint, list[bytes]],
        now: float,
    ) -> None:
        for report in rtcp.report_blocks(block):
            ssrc = rtcp.ssrc_at(report, 0)
            feed, source = _source(party, ssrc)
            if feed is None or source is None:
                continue
            publisher = source.endpoint
            if not publisher.end_to_end:
                if ssrc == feed.ssrc and not party.reports:
                    party.estimate.report(rtcp.lost_share(report), now)
                continue
            if not isinstance(publisher, Party) or party.room.reporter(publisher) is not party:
                continue
            highest = rtcp.ssrc_at(report, 8)
            if ssrc == feed.ssrc and feed.source_ssrc is not None and source.highest >= 0:
                number = (highest - feed.sequence_offset) & 0xFFFF
                told = rtcp.rewrite_report(
                    report, feed.source_ssrc, rtcp.nearest(number, source.highest)
                )
            elif ssrc == feed.rtx_ssrc and feed.rtx_source_ssrc is not None:
                told = rtcp.rewrite_report(report, feed.rtx_source_ssrc, highest - feed.rtx_offset)
            else:
                continue
            reports.setdefault(source.endpoint, []).append(told)

    def _pass_key_request(self, party: Party, ssrc: int, now: float) -> None:
        _, source = _source(party, ssrc)
        if source is None:
            return
        # Several receivers may ask at once.
        if source.endpoint.end_to_end or now - source.key_asked_at >= KEY_AGAIN_S:
            self._requests.ask_key_frame(source, now)

    def _pass_feedback(self, party: Party, block: rtcp.Block, now: float) -> None:
        """The single subscriber's feedback, in the publisher's numbers.

        Exactly one source of feedback a publisher: this one, or the worker. Among three and more
        it ends here and says what this receiver's way carries.
        """
        if party.departures is not None:
            feedback = rtcp.read_feedback(block.data)
            if feedback is not None:
                packets = [Sent(*packet) for packet in party.departures.match(feedback)]
                if packets:
                    party.estimate.feedback(packets, now)
            return
        source = next((f.source for f in party.feeds.values() if f.source is not None), None)
        if source is None or not source.endpoint.end_to_end:
            return
        feedback = rtcp.read_feedback(block.data)
        if feedback is None:
            return
        translated = party.numbering.translate(feedback)
        if translated is not None and not source.endpoint.self_reporting:
            self._requests.send_feedback(source.endpoint, translated)


def _source(party: Party, ssrc: int) -> tuple[Feed | None, Track | None]:
    """The feed with this SSRC and the track behind it."""
    feed = party.by_feed_ssrc.get(ssrc)
    return feed, feed.source if feed is not None else None
