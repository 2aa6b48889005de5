"""SRTP in place and through the public interface: the same packets, the same refusals."""

from __future__ import annotations

import pytest

from media.wire.srtp import BUFFER_BYTES, PROFILES, Buffer, Inbound, Outbound

PACKET = b"\x80\x60\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03" + bytes(range(200))


def _key(profile: str) -> bytes:
    _, key, salt = PROFILES[profile]
    return bytes(range(key + salt))


def _put(buffer: Buffer, packet: bytes) -> int:
    buffer.data[: len(packet)] = packet
    return len(packet)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("sends", [True, False])
@pytest.mark.parametrize("receives", [True, False])
def test_what_one_encrypts_the_other_decrypts(profile: str, sends: bool, receives: bool) -> None:
    outbound = Outbound(profile, _key(profile), in_place=sends)
    inbound = Inbound(profile, _key(profile), in_place=receives)
    buffer = Buffer()
    length = outbound.rtp(buffer, _put(buffer, PACKET))
    wire = bytes(buffer.view[:length])
    assert length > len(PACKET)
    assert wire[12:] != PACKET[12:]
    assert outbound.rtp(buffer, _put(buffer, PACKET)) == 0, "the same index twice"
    assert inbound.rtp(buffer, _put(buffer, wire)) == len(PACKET)
    assert bytes(buffer.view[: len(PACKET)]) == PACKET
    assert inbound.rtp(buffer, _put(buffer, wire)) == 0, "a replay"
    changed = wire[:-1] + bytes((wire[-1] ^ 1,))
    assert inbound.rtp(buffer, _put(buffer, changed)) == 0
    report = b"\x81\xc9\x00\x01\x00\x00\x00\x07"
    protected = outbound.rtcp(report)
    assert inbound.rtcp(buffer, _put(buffer, protected)) == len(report)


@pytest.mark.parametrize("in_place", [True, False])
def test_the_largest_packet_leaves_its_neighbours_alone(in_place: bool) -> None:
    profile = "SRTP_AEAD_AES_256_GCM"
    outbound = Outbound(profile, _key(profile), in_place=in_place)
    buffer = Buffer()
    largest = PACKET[:12] + bytes(BUFFER_BYTES - 12)
    buffer.data[BUFFER_BYTES + 16 :] = b"\xee" * (len(buffer.data) - BUFFER_BYTES - 16)
    length = outbound.rtp(buffer, _put(buffer, largest))
    assert length in (0, BUFFER_BYTES + 16)
    assert set(buffer.data[BUFFER_BYTES + 16 :]) == {0xEE}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_report_that_fits_in_no_datagram_is_refused(profile: str) -> None:
    outbound = Outbound(profile, _key(profile))
    report = b"\x81\xc9\x00\x01\x00\x00\x00\x07"
    assert outbound.rtcp(report + bytes(2040)) == b""
    assert outbound.rtcp(report)
