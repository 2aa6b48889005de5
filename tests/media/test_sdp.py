"""An answer is read strictly: it ends in an `Answer` or in `Rejected`, whatever it holds."""

from __future__ import annotations

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.sdp import SessionDescription
from hypothesis import given, settings
from hypothesis import strategies as st

from media.rejected import Rejected, Rejection
from media.wire.sdp import SEAT_LINES, Answer, OfferedLine, read_answer, write_offer

LINES = [OfferedLine(mid, kind, 1000 + int(mid), 2000 + int(mid), True) for mid, kind in SEAT_LINES]
FINGERPRINT = ":".join(["AB"] * 32)


def _offer() -> str:
    return write_offer(
        LINES,
        session=1,
        version=1,
        ufrag="abcd",
        password="p" * 24,
        fingerprint=FINGERPRINT,
        candidates=[("192.0.2.1", 5000), ("2001:db8::1", 5000)],
    )


def _answer() -> str:
    media = []
    for mid, kind in SEAT_LINES:
        audio = kind == "audio"
        media += [
            f"m={kind} 9 UDP/TLS/RTP/SAVPF {'111' if audio else '96 97'}",
            f"a=mid:{mid}",
            "a=sendrecv" if mid in "01" else "a=recvonly",
            "a=setup:active",
            f"a=fingerprint:sha-256 {FINGERPRINT.lower()}",
            "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
            "a=extmap:5 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
        ]
        if mid == "1":
            media += ["a=ssrc-group:FID 11 12", "a=ssrc:11 cname:x", "a=ssrc:12 cname:x"]
    return "\r\n".join(["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", *media]) + "\r\n"


def test_the_offer_is_what_another_reader_expects() -> None:
    read = SessionDescription.parse(_offer())
    assert [media.rtp.muxId for media in read.media] == ["0", "1", "2", "3"]
    assert [media.kind for media in read.media] == ["audio", "video", "video", "video"]
    for media in read.media:
        assert media.ice.iceLite
        assert media.dtls is not None
        assert media.dtls.fingerprints[0].value == FINGERPRINT
        assert [c.ip for c in media.ice_candidates] == ["192.0.2.1", "2001:db8::1"]
    face = read.media[1]
    assert {c.payloadType: c.mimeType for c in face.rtp.codecs} == {
        96: "video/VP8",
        97: "video/rtx",
        98: "video/VP9",
        99: "video/rtx",
        100: "video/H264",
        101: "video/rtx",
        102: "video/AV1",
        103: "video/rtx",
    }
    assert {c.parameters["apt"] for c in face.rtp.codecs if c.name == "rtx"} == {96, 98, 100, 102}
    assert [s.ssrc for s in face.ssrc] == [1001, 2001]


async def test_a_real_peers_answer_is_taken() -> None:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    await peer.setRemoteDescription(RTCSessionDescription(_offer(), "offer"))
    answer = await peer.createAnswer()
    read = read_answer(answer.sdp, LINES)
    assert [line.mid for line in read.lines] == ["0", "1", "2", "3"]
    assert all(line.receives and not line.sends for line in read.lines)
    assert not read.transport_cc
    await peer.close()


def test_what_the_answer_says_is_understood() -> None:
    read = read_answer(_answer(), LINES)
    assert read.fingerprint == ("sha-256", FINGERPRINT)
    assert read.transport_cc
    face, camera = read.lines[1], read.lines[2]
    assert (face.sends, face.receives, face.ssrcs, face.rtx_of) == (True, True, (11, 12), {11: 12})
    assert (camera.sends, camera.receives) == (False, True)
    assert read.codecs == ("VP8",)
    several = _answer().replace("SAVPF 96 97", "SAVPF 102 100 96 97 103 101")
    assert read_answer(several, LINES).codecs == ("AV1", "H264", "VP8")
    one_less = several.replace("SAVPF 102 100", "SAVPF 100", 1)
    assert read_answer(one_less, LINES).codecs == ("H264", "VP8")


@pytest.mark.parametrize("payloads", ["98 99", "96 97 110 x", "120 127", "9999999999999"])
def test_a_line_of_no_codec_of_ours_carries_nothing(payloads: str) -> None:
    read = read_answer(_answer().replace("SAVPF 96 97", f"SAVPF {payloads}", 1), LINES)
    assert read.lines[1].codecs == tuple(
        name for name, number in (("VP8", "96"), ("VP9", "98")) if number in payloads.split()
    )
    assert read.lines[1].sends == bool(read.lines[1].codecs)


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("a=setup:active", "a=setup:actpass", Rejection.BAD_SDP),
        ("a=extmap:5 ", "a=extmap:6 ", Rejection.BAD_SDP),
        ("m=audio 9", "m=audio 99999", Rejection.BAD_SDP),
        ("m=audio", "m=video", Rejection.BAD_SDP),
        ("a=ssrc:11 ", "a=ssrc:-1 ", Rejection.BAD_SDP),
        ("a=ssrc:11 ", "a=ssrc:99999999999 ", Rejection.BAD_SDP),
        ("FID 11 12", "FID 11", Rejection.BAD_SDP),
        ("v=0", "v=1", Rejection.BAD_SDP),
        ("t=0 0", "nonsense", Rejection.BAD_SDP),
        ("sha-256", "md5", Rejection.FINGERPRINT_MISSING),
    ],
)
def test_a_wrong_answer_is_refused(before: str, after: str, code: Rejection) -> None:
    assert read_answer(_answer(), LINES)
    with pytest.raises(Rejected) as refused:
        read_answer(_answer().replace(before, after), LINES)
    assert refused.value.code is code


@given(
    st.lists(
        st.tuples(
            st.integers(0, 60),
            st.sampled_from(["drop", "double", "swap", "text", "cut"]),
            st.text(max_size=30),
        ),
        max_size=6,
    )
)
@settings(max_examples=150, deadline=None)
def test_whatever_is_done_to_an_answer_it_is_read_or_refused(
    changes: list[tuple[int, str, str]],
) -> None:
    rows = _answer().split("\r\n")
    for place, change, text in changes:
        at = place % len(rows)
        match change:
            case "drop":
                rows = [*rows[:at], *rows[at + 1 :]] or [""]
            case "double":
                rows.insert(at, rows[at])
            case "swap":
                rows[at], rows[-1] = rows[-1], rows[at]
            case "text":
                rows[at] = rows[at][: len(rows[at]) // 2] + text
            case _:
                rows = rows[: at + 1]
    outcome: Answer | Rejection
    try:
        outcome = read_answer("\r\n".join(rows), LINES)
    except Rejected as rejected:
        outcome = rejected.code
    assert isinstance(outcome, Answer) or outcome in (
        Rejection.BAD_SDP,
        Rejection.FINGERPRINT_MISSING,
    )


@given(st.text(max_size=300))
@settings(max_examples=80, deadline=None)
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(Rejected):
        read_answer(text, LINES)
