"""Many datagrams a system call and one each: the same comes in, the same goes out."""

import socket
from collections import Counter
from collections.abc import Iterator

import pytest

from media.wire.batch import BATCH, Batch, Many, Singles, batch_for
from media.wire.srtp import BUFFER_BYTES, Buffer
from tests.kit.capabilities import need

HOSTS = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}


@pytest.fixture(params=[socket.AF_INET, socket.AF_INET6], ids=["ipv4", "ipv6"])
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[socket.socket, socket.socket]]:
    if request.param is socket.AF_INET6:
        need("IPv6")
    made = [socket.socket(request.param, socket.SOCK_DGRAM) for _ in range(2)]
    try:
        for udp in made:
            udp.setblocking(False)
            udp.bind((HOSTS[request.param], 0))
        yield made[0], made[1]
    finally:
        for udp in made:
            udp.close()


@pytest.fixture(params=[Many, Singles])
def batch(request: pytest.FixtureRequest, pair: tuple[socket.socket, socket.socket]) -> Batch:
    made: Batch = request.param(pair[0], Counter())
    return made


def test_linux_has_one_call_for_many(pair: tuple[socket.socket, socket.socket]) -> None:
    assert isinstance(batch_for(pair[0], Counter()), Many)


def test_datagrams_come_whole_and_from_whom_they_are(
    batch: Batch, pair: tuple[socket.socket, socket.socket]
) -> None:
    ours, theirs = pair
    assert batch.receive() == 0
    sent = [bytes([n]) * (n * 60 + 1) for n in range(BATCH)] + [bytes(BUFFER_BYTES + 9)]
    for datagram in sent:
        theirs.sendto(datagram, ours.getsockname())
    assert batch.receive() == BATCH
    for index, datagram in enumerate(sent[:BATCH]):
        assert bytes(batch.buffers[index].view[: batch.sizes[index]]) == datagram
        assert batch.address(index) == theirs.getsockname()
        assert batch.keys[index] == batch.keys[0]
    assert batch.receive() == 1
    assert batch.sizes[0] == BUFFER_BYTES, "cut off, and told so"
    ours.sendto(b"", ours.getsockname())
    assert batch.receive() == 1
    assert batch.sizes[0] == 0
    assert batch.address(0) == ours.getsockname()


def test_what_is_put_goes_out_in_order_and_more_than_a_batch_too(
    batch: Batch, pair: tuple[socket.socket, socket.socket]
) -> None:
    _, theirs = pair
    buffers = [Buffer() for _ in range(BATCH + 3)]
    for number, buffer in enumerate(buffers):
        buffer.data[:4] = number.to_bytes(4, "big")
        batch.put(buffer, 4 + number, theirs.getsockname())
    batch.flush()
    batch.flush()
    for number in range(len(buffers)):
        datagram = theirs.recv(2048)
        assert len(datagram) == 4 + number
        assert int.from_bytes(datagram[:4], "big") == number
    with pytest.raises(BlockingIOError):
        theirs.recv(2048)


def test_what_cannot_be_sent_holds_up_nothing(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    for kind in (Many, Singles):
        dropped: Counter[str] = Counter()
        batch: Batch = kind(ours, dropped)
        host, _, *rest = theirs.getsockname()
        batch.put(Buffer(), 9, (host, 0, *rest))
        batch.put(Buffer(), 5, theirs.getsockname())
        batch.flush()
        assert dropped == {"send_error": 1}
        assert len(theirs.recv(2048)) == 5
