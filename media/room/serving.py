"""What each receiver of a larger room gets: as much as his way carries, sound first and documents before faces."""

from media.forwarding.streams import Feed, Track
from media.room.feedback import Requests
from media.room.parties import Party

MEASURE_S = 0.5


class Serving:
    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    def serve(self, party: Party, now: float) -> None:
        """Choose for one receiver: sound always, documents before faces, the earlier place first."""
        found: dict[str, list[Track]] = {}
        sound_bps = 0.0
        for feed in party.feeds.values():
            base = feed.base
            if base is None or not feed.wanted:
                continue
            owner = base.endpoint
            assert isinstance(owner, Party)
            if base.kind == "audio":
                sound_bps += 0.0 if base.muted else base.rate_bps
            elif not base.muted:
                found[feed.mid] = owner.candidates(base.mid, now)
        order = sorted(found, key=lambda mid: (party.feeds[mid].is_face, mid))
        estimate = party.estimate
        estimate.forget_limit(now)
        budget = estimate.target_bps - sound_bps if estimate.bounded else None
        rates = {mid: [stream.rate_bps for stream in found[mid]] for mid in order}
        chosen = party.share.decide(now, budget, rates, pausing=estimate.loses(now))
        party.share.sent_bps = sound_bps
        for mid in order:
            feed, at = party.feeds[mid], chosen[mid]
            if at is not None:
                party.share.sent_bps += rates[mid][at]
            self._aim(feed, found[mid][at] if at is not None else None, now, bool(found[mid]))

    def _aim(self, feed: Feed, track: Track | None, now: float, coming: bool) -> None:
        """Let the feed bring this stream: at its next key frame while there is something else."""
        if track is None:
            # Nothing comes in: it begins with the first packet. Too much comes in: nothing is sent.
            if coming:
                feed.take(None)
            elif feed.source is None:
                feed.take(feed.base)
            return
        if track is feed.source:
            feed.wait_for(None)
            return
        before = feed.source
        if before is None or feed.waiting or now - before.active_at > MEASURE_S / 2:
            feed.take(track)
        else:
            feed.wait_for(track)
        self._requests.ask_key_frame(track, now)
