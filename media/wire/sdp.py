"""SDP with fixed numbers: the worker writes every offer, a page's answer is read strictly.

Payload types, header-extension ids and m-lines are the same for all seats, so
that forwarding rewrites little (RFC 3264: an answer uses the offerer's numbers).
The answer is read line by line here instead of by a library: the worker loads no
codec, and whatever a page sends ends in an `Answer` or in `Rejected`.
"""

from dataclasses import dataclass, field

from media.rejected import Rejected, Rejection
from media.wire.dtls import knows_digest

OPUS = 111


@dataclass(frozen=True, slots=True)
class Codec:
    """A video codec of our offers: its name, payload types (its own, of its RTX) and `fmtp`."""

    name: str
    payload: int
    rtx: int
    parameters: str


VIDEO: dict[str, Codec] = {
    codec.name: codec
    for codec in (
        Codec("VP8", 96, 97, ""),
        Codec("VP9", 98, 99, "profile-id=0"),
        Codec(
            "H264",
            100,
            101,
            "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
        ),
        Codec("AV1", 102, 103, "level-idx=5;profile=0;tier=0"),
    )
}
"""The codecs that are forwarded, by name, in the order in which they are preferred by default."""

CODEC_NAMES: tuple[str, ...] = tuple(VIDEO)
CODEC_BY_PAYLOAD: dict[int, str] = {codec.payload: codec.name for codec in VIDEO.values()}
RTX_PAYLOADS: frozenset[int] = frozenset(codec.rtx for codec in VIDEO.values())
VP8 = VIDEO["VP8"].payload
RTX = VIDEO["VP8"].rtx
MID_EXTENSION = 4
TWCC_EXTENSION = 5
RID_EXTENSION = 6
REPAIRED_RID_EXTENSION = 7
MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid"
TWCC_URI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
RID_URI = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID_URI = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
EXTENSIONS: dict[str, int] = {
    MID_URI: MID_EXTENSION,
    TWCC_URI: TWCC_EXTENSION,
    RID_URI: RID_EXTENSION,
    REPAIRED_RID_URI: REPAIRED_RID_EXTENSION,
}
CLOCKS = {"audio": 48_000, "video": 90_000}

MAX_SDP_BYTES = 64 << 10
MAX_SSRCS = 8

# The seat's own m-lines: microphone, face, document camera, screen. They also bring what the first
# other seat sends; further groups like them, which are never sent on, bring the next other seats.
SEAT_LINES: tuple[tuple[str, str], ...] = (
    ("0", "audio"),
    ("1", "video"),
    ("2", "video"),
    ("3", "video"),
)
GROUPS = 2
"""How many other seats a page receives in a room of up to three."""
MAX_GROUPS = 5
"""And in a larger one."""
_MIDS = "0123456789abcdefghijklmnopqrstuvwxyz"

FACE = "1"
LAYERED = "k"
"""The m-line on which a face comes in layers of several sizes (RFC 8853), in a room of three and
more. It has one of its own, since browsers take no layers on a line that once had none."""
LAYERS: tuple[str, ...] = ("q", "h", "f")
"""A quarter, half and full size, as the rids of the layered line."""
LAYERED_CODECS = ("VP8", "H264")
"""Of the others browsers send layers inside one stream, which cannot be told apart here."""


def mid_in(group: int, mid: str) -> str:
    """The m-line on which a page gets what another seat sends on its own m-line `mid`.

    One character each, so that a packet's mid is changed in its place.
    """
    return _MIDS[int(mid) + group * len(SEAT_LINES)]


def group_of(mid: str) -> int:
    """Which of the other seats comes on this m-line."""
    return _MIDS.index(mid) // len(SEAT_LINES)


def lines_in(group: int) -> tuple[tuple[str, str], ...]:
    """The m-lines, each a mid and a kind, on which one other seat is received."""
    return tuple((mid_in(group, mid), kind) for mid, kind in SEAT_LINES)


@dataclass(frozen=True, slots=True)
class OfferedLine:
    """One m-line of an offer: what the worker will send there, and whether it also receives.

    The layered one is received only.
    """

    mid: str
    kind: str
    ssrc: int
    rtx_ssrc: int
    receives: bool

    @property
    def sends(self) -> bool:
        return self.mid != LAYERED


@dataclass(frozen=True, slots=True)
class AnsweredLine:
    """One m-line of an answer: whether the page sends and wants to receive, and its SSRCs.

    `codecs` are those of a picture that it takes, the one that it sends first.
    """

    mid: str
    sends: bool
    receives: bool
    ssrcs: tuple[int, ...]
    rtx_of: dict[int, int]
    codecs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """A page's answer: `fingerprint` is (digest name, upper-case hex pairs with colons)."""

    fingerprint: tuple[str, str]
    lines: tuple[AnsweredLine, ...]
    transport_cc: bool

    @property
    def codecs(self) -> tuple[str, ...]:
        """The codecs that the page takes and sends on every picture line that it uses."""
        taken = [line.codecs for line in self.lines if line.codecs and line.mid != LAYERED]
        return tuple(name for name in (taken[0] if taken else ()) if all(name in t for t in taken))


def write_offer(
    lines: list[OfferedLine],
    *,
    session: int,
    version: int,
    ufrag: str,
    password: str,
    fingerprint: str,
    candidates: list[tuple[str, int]],
    codecs: tuple[str, ...] = CODEC_NAMES,
) -> str:
    """Write the worker's offer: BUNDLE, ice-lite, actpass, one host candidate per address.

    `codecs` of `VIDEO` are offered for pictures; the page sends the first that it has.
    """
    out = [
        "v=0",
        f"o=- {session} {version} IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        "a=group:BUNDLE " + " ".join(line.mid for line in lines),
        "a=msid-semantic: WMS *",
    ]
    host, port = candidates[0]
    for line in lines:
        names = codecs if line.sends else [c for c in codecs if c in LAYERED_CODECS] or ["VP8"]
        offered = [VIDEO[name] for name in names]
        payloads = " ".join(f"{codec.payload} {codec.rtx}" for codec in offered)
        if line.kind == "audio":
            payloads = str(OPUS)
        out += [
            f"m={line.kind} {port} UDP/TLS/RTP/SAVPF {payloads}",
            f"c=IN {'IP6' if ':' in host else 'IP4'} {host}",
            "a=rtcp-mux",
            "a=rtcp-rsize",
            f"a=mid:{line.mid}",
            ("a=sendrecv" if line.receives else "a=sendonly") if line.sends else "a=recvonly",
            f"a=ice-ufrag:{ufrag}",
            f"a=ice-pwd:{password}",
            f"a=fingerprint:sha-256 {fingerprint}",
            "a=setup:actpass",
        ]
        for index, (address, number) in enumerate(candidates):
            priority = (126 << 24) + ((65535 - index) << 8) + 255
            out.append(f"a=candidate:{index + 1} 1 udp {priority} {address} {number} typ host")
        out += [
            "a=end-of-candidates",
            f"a=extmap:{MID_EXTENSION} {MID_URI}",
            f"a=extmap:{TWCC_EXTENSION} {TWCC_URI}",
        ]
        if line.kind == "audio":
            out += [
                f"a=rtpmap:{OPUS} opus/48000/2",
                f"a=fmtp:{OPUS} minptime=10;useinbandfec=1",
                f"a=rtcp-fb:{OPUS} transport-cc",
            ]
        else:
            for codec in offered:
                out.append(f"a=rtpmap:{codec.payload} {codec.name}/90000")
                if codec.parameters:
                    out.append(f"a=fmtp:{codec.payload} {codec.parameters}")
                out += [
                    f"a=rtcp-fb:{codec.payload} {feedback}"
                    for feedback in ("nack", "nack pli", "ccm fir", "transport-cc")
                ]
                out += [
                    f"a=rtpmap:{codec.rtx} rtx/90000",
                    f"a=fmtp:{codec.rtx} apt={codec.payload}",
                ]
        if not line.sends:
            out += [
                f"a=extmap:{RID_EXTENSION} {RID_URI}",
                f"a=extmap:{REPAIRED_RID_EXTENSION} {REPAIRED_RID_URI}",
                *(f"a=rid:{rid} recv" for rid in LAYERS),
                f"a=simulcast:recv {';'.join(LAYERS)}",
            ]
            continue
        # Microphone and face share a stream, or the browser would not keep them in step.
        group, own = divmod(_MIDS.index(line.mid), len(SEAT_LINES))
        stream = f"face{group}" if own < 2 else f"s{line.mid}"
        out.append(f"a=msid:{stream} t{line.mid}")
        # Both SSRCs with their FID group, or a browser recovers nothing by RTX.
        if line.kind == "video":
            out.append(f"a=ssrc-group:FID {line.ssrc} {line.rtx_ssrc}")
        out.append(f"a=ssrc:{line.ssrc} cname:w")
        if line.kind == "video":
            out.append(f"a=ssrc:{line.rtx_ssrc} cname:w")
    return "\r\n".join(out) + "\r\n"


@dataclass(slots=True)
class _Section:
    kind: str
    port: int
    payloads: list[str]
    mid: str = ""
    direction: str = "sendrecv"
    setup: str = ""
    fingerprint: str = ""
    ssrcs: list[int] = field(default_factory=list)
    rtx_of: dict[int, int] = field(default_factory=dict)
    twcc: bool = False


def read_answer(sdp: str, lines: list[OfferedLine]) -> Answer:
    """Read the answer to an offer of `lines`.

    Refused as bad_sdp: another number or kind or mid of m-lines, other extension
    ids than the offered ones, a DTLS role other than active, anything that is not
    SDP; as fingerprint_missing: no fingerprint with a digest that we compute.
    """
    if len(sdp) > MAX_SDP_BYTES:
        raise _bad("too long")
    rows = sdp.replace("\r\n", "\n").split("\n")
    if rows[0] != "v=0":
        raise _bad("no version line")
    session = _Section("session", 0, [])
    sections: list[_Section] = []
    for row in rows[1:]:
        if not row:
            continue
        if len(row) < 2 or row[1] != "=":
            raise _bad("not a line of SDP")
        if row.startswith("m="):
            sections.append(_media_line(row))
        elif row.startswith("a="):
            _attribute(sections[-1] if sections else session, row[2:])
    if len(sections) != len(lines):
        raise _bad("number of m-lines")
    fingerprint = ""
    for section, line in zip(sections, lines, strict=True):
        if section.kind != line.kind or (section.mid or line.mid) != line.mid:
            raise _bad("m-lines differ from the offer")
        if section.port == 0 and section is not sections[0]:
            continue
        if (section.setup or session.setup) != "active":
            raise _bad("setup is not active")
        fingerprint = fingerprint or section.fingerprint
    fingerprint = fingerprint or session.fingerprint
    if not fingerprint:
        raise Rejected(Rejection.FINGERPRINT_MISSING, "no usable fingerprint in the answer")
    digest, _, value = fingerprint.partition(" ")
    return Answer(
        (digest, value),
        tuple(_answered(s, o) for s, o in zip(sections, lines, strict=True)),
        any(s.twcc for s in sections),
    )


def _answered(section: _Section, line: OfferedLine) -> AnsweredLine:
    codecs: tuple[str, ...] = ()
    if line.kind == "video":
        named = [CODEC_BY_PAYLOAD.get(int(p)) for p in section.payloads if _number(p, 127)]
        codecs = tuple(dict.fromkeys(name for name in named if name is not None))
    knows = bool(codecs) if line.kind == "video" else str(OPUS) in section.payloads
    usable = section.port != 0 and knows
    return AnsweredLine(
        line.mid,
        usable and line.receives and section.direction in ("sendrecv", "sendonly"),
        usable and section.direction in ("sendrecv", "recvonly"),
        tuple(section.ssrcs),
        section.rtx_of,
        codecs if usable else (),
    )


def _media_line(row: str) -> _Section:
    parts = row[2:].split(" ")
    if len(parts) < 4 or not _number(parts[1], 65535):
        raise _bad("m-line")
    return _Section(parts[0], int(parts[1]), parts[3:])


def _attribute(section: _Section, attribute: str) -> None:
    name, _, value = attribute.partition(":")
    match name:
        case "mid":
            section.mid = value
        case "sendrecv" | "sendonly" | "recvonly" | "inactive":
            section.direction = name
        case "setup":
            section.setup = value
        case "fingerprint":
            digest, _, hexes = value.partition(" ")
            if knows_digest(digest.lower()) and not section.fingerprint:
                section.fingerprint = f"{digest.lower()} {hexes.strip().upper()}"
        case "extmap":
            number, _, uri = value.partition(" ")
            uri = uri.split(" ")[0]
            offered = EXTENSIONS.get(uri)
            if offered is None:
                return
            if number.partition("/")[0] != str(offered):
                raise _bad("extension ids differ from the offer")
            section.twcc = section.twcc or uri == TWCC_URI
        case "ssrc-group":
            parts = value.split(" ")
            if parts[0] == "FID":
                if len(parts) != 3 or not all(_number(p, 0xFFFFFFFF) for p in parts[1:]):
                    raise _bad("FID group")
                section.rtx_of[int(parts[1])] = int(parts[2])
        case "ssrc":
            ssrc = value.partition(" ")[0]
            if not _number(ssrc, 0xFFFFFFFF):
                raise _bad("ssrc")
            if int(ssrc) not in section.ssrcs:
                section.ssrcs.append(int(ssrc))
            if len(section.ssrcs) > MAX_SSRCS:
                raise _bad("too many ssrcs")
        case _:
            pass


def _number(text: str, largest: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= largest


def _bad(why: str) -> Rejected:
    return Rejected(Rejection.BAD_SDP, why)
