"""Many datagrams with one system call: recvmmsg and sendmmsg over buffers of their own.

A datagram is received, decrypted, rewritten, encrypted and sent where it lies. On a system
without these calls each datagram has a call of its own, behind the same face. It knows a socket
and bytes, not what they mean.
"""

import errno
import socket
import struct
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

import cffi

from media.wire.srtp import BUFFER_BYTES, Buffer

Address = tuple[Any, ...]
Key = int | bytes | Address
"""A sender as the kernel writes it: cheaper to get than an address, equal when that is."""

BATCH = 32
_KEPT_ADDRESSES = 4096
_NAME_BYTES = 32
_MESSAGE_BYTES = 64
_LENGTH_BYTES = 56
_MSG_DONTWAIT = 0x40

_ffi = cffi.FFI()
_ffi.cdef(
    """
    struct iovec { void *iov_base; size_t iov_len; };
    struct msghdr {
        void *msg_name; unsigned int msg_namelen;
        struct iovec *msg_iov; size_t msg_iovlen;
        void *msg_control; size_t msg_controllen; int msg_flags;
    };
    struct mmsghdr { struct msghdr msg_hdr; unsigned int msg_len; };
    int recvmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags, void *timeout);
    int sendmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags);
    """
)


class Batch(Protocol):
    """Up to `BATCH` datagrams in, and any number out.

    `receive` gives how many came: `sizes[i]` bytes in `buffers[i]` from `keys[i]`, whose address
    is `address(i)`; a size of `BUFFER_BYTES` was cut off. `put` sends the first `length` bytes of
    a buffer at the next `flush` at the latest; until then it belongs to the batch. What the
    socket does not take is lost, and counted in `dropped`.
    """

    @property
    def buffers(self) -> Sequence[Buffer]: ...
    @property
    def sizes(self) -> Sequence[int]: ...
    @property
    def keys(self) -> Sequence[Key]: ...
    def receive(self) -> int: ...
    def address(self, index: int) -> Address: ...
    def put(self, buffer: Buffer, length: int, address: Address) -> None: ...
    def flush(self) -> None: ...


class Singles:
    """A batch with a system call for each datagram."""

    def __init__(self, udp: socket.socket, dropped: Counter[str]) -> None:
        self._socket = udp
        self._dropped = dropped
        self.buffers = [Buffer() for _ in range(BATCH)]
        self.sizes: list[int] = [0] * BATCH
        self.keys: list[Key] = [0] * BATCH

    def receive(self) -> int:
        count = 0
        while count < BATCH:
            try:
                size, address = self._socket.recvfrom_into(self.buffers[count].data, BUFFER_BYTES)
            except BlockingIOError:
                break
            except OSError:
                # An ICMP error of an earlier send; the datagrams behind it are fine.
                continue
            self.sizes[count], self.keys[count] = size, address
            count += 1
        return count

    def address(self, index: int) -> Address:
        key = self.keys[index]
        assert isinstance(key, tuple)
        return key

    def put(self, buffer: Buffer, length: int, address: Address) -> None:
        try:
            self._socket.sendto(buffer.view[:length], address)
        except BlockingIOError:
            self._dropped["send_buffer_full"] += 1
        except OSError:
            # The kernel reports an unreachable peer here; its silence will tell.
            self._dropped["send_error"] += 1

    def flush(self) -> None:
        """Nothing waits."""


class Many:
    """A batch with one system call for all, over tables that the kernel reads and writes.

    They are laid out as on Linux with 64 bits, which `batch_for` has seen to.
    """

    def __init__(self, udp: socket.socket, dropped: Counter[str]) -> None:
        self._socket = udp
        self._dropped = dropped
        self._v6 = udp.family == socket.AF_INET6
        self._lib: Any = _ffi.dlopen(None)
        self._handle = udp.fileno()
        self.buffers = [Buffer() for _ in range(BATCH)]
        self._in = _Table()
        self._out = _Table()
        for index, buffer in enumerate(self.buffers):
            self._in.places[2 * index] = buffer.address
            self._in.places[2 * index + 1] = BUFFER_BYTES
        self.sizes: Sequence[int] = self._in.lengths
        self.keys: Sequence[Key] = self._in.short_names
        self._names: dict[Address, int | bytes] = {}
        self._waiting = 0

    def receive(self) -> int:
        count = int(
            self._lib.recvmmsg(self._handle, self._in.messages, BATCH, _MSG_DONTWAIT, _ffi.NULL)
        )
        if count > 0 and self._v6:
            self.keys = [bytes(self._in.name(index)) for index in range(count)]
        return max(count, 0)

    def address(self, index: int) -> Address:
        name = self._in.name(index)
        (port,) = struct.unpack_from("!H", name, 2)
        if not self._v6:
            return socket.inet_ntop(socket.AF_INET, bytes(name[4:8])), port
        host = socket.inet_ntop(socket.AF_INET6, bytes(name[8:24]))
        (flow,) = struct.unpack_from("!I", name, 4)
        (scope,) = struct.unpack_from("=I", name, 24)
        return host, port, flow, scope

    def put(self, buffer: Buffer, length: int, address: Address) -> None:
        index = self._waiting
        out = self._out
        name = self._names.get(address)
        if name is None:
            name = self._name(address)
        if isinstance(name, int):
            out.short_names[index] = name
        else:
            out.name(index)[:] = name
        out.places[2 * index] = buffer.address
        out.places[2 * index + 1] = length
        self._waiting = index + 1
        if index + 1 == BATCH:
            self.flush()

    def flush(self) -> None:
        waiting, self._waiting = self._waiting, 0
        done = 0
        while done < waiting:
            count = self._lib.sendmmsg(
                self._handle, self._out.messages + done, waiting - done, _MSG_DONTWAIT
            )
            if count > 0:
                done += count
            elif _ffi.errno in (errno.EAGAIN, errno.ENOBUFS):
                self._dropped["send_buffer_full"] += waiting - done
                return
            elif _ffi.errno != errno.EINTR:
                self._dropped["send_error"] += 1
                done += 1

    def _name(self, address: Address) -> int | bytes:
        """The address as sockaddr; that of IPv4, whose rest is zero, as one number."""
        if len(self._names) >= _KEPT_ADDRESSES:
            self._names.clear()
        host, port = address[:2]
        name: int | bytes
        if self._v6:
            flow, scope = address[2:] if len(address) == 4 else (0, 0)
            packed = socket.inet_pton(socket.AF_INET6, str(host).partition("%")[0])
            name = struct.pack("=H", socket.AF_INET6) + struct.pack("!HI", port, flow) + packed
            name += struct.pack("=I", scope)
            name += bytes(_NAME_BYTES - len(name))
        else:
            packed = socket.inet_pton(socket.AF_INET, str(host))
            sockaddr = struct.pack("=H", socket.AF_INET) + struct.pack("!H", port) + packed
            (name,) = struct.unpack("=Q", sockaddr)
        self._names[address] = name
        return name


class _Table:
    """The messages of one direction: places and lengths of the datagrams, and whose they are."""

    def __init__(self) -> None:
        self.messages = _ffi.new("struct mmsghdr[]", BATCH)
        parts = _ffi.new("struct iovec[]", BATCH)
        names = _ffi.new("char[]", BATCH * _NAME_BYTES)
        self._owned = (parts, names)
        for index in range(BATCH):
            header = self.messages[index].msg_hdr
            header.msg_name = names + index * _NAME_BYTES
            header.msg_namelen = 28
            header.msg_iov = parts + index
            header.msg_iovlen = 1
        self._names = memoryview(_ffi.buffer(names)).cast("B")
        self.short_names: memoryview[int] = self._names.cast("Q")[:: _NAME_BYTES // 8]
        self.places = memoryview(_ffi.buffer(parts)).cast("B").cast("Q")
        lengths = memoryview(_ffi.buffer(self.messages)).cast("B").cast("I")
        self.lengths: memoryview[int] = lengths[_LENGTH_BYTES // 4 :: _MESSAGE_BYTES // 4]

    def name(self, index: int) -> memoryview:
        return self._names[index * _NAME_BYTES : (index + 1) * _NAME_BYTES]


def batch_for(udp: socket.socket, dropped: Counter[str]) -> Batch:
    """The best batch that this system has for a socket."""
    laid_out = (
        _ffi.sizeof("struct mmsghdr") == _MESSAGE_BYTES
        and _ffi.offsetof("struct mmsghdr", "msg_len") == _LENGTH_BYTES
        and _ffi.sizeof("struct iovec") == 16
    )
    if laid_out and sys.platform == "linux" and udp.family in (socket.AF_INET, socket.AF_INET6):
        return Many(udp, dropped)
    return Singles(udp, dropped)
