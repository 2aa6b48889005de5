"""The control channel: who may use it, and what a worker does when its server is gone."""

from __future__ import annotations

import asyncio
import json
import stat
import sys
from contextlib import aclosing, suppress
from pathlib import Path

import pytest

from media.client import (
    MediaClient,
    MediaEvent,
    PartyDown,
    PartyUp,
    RecordingStarted,
    SegmentFinished,
    WorkerGone,
    spawn,
)
from media.control import SOCKET_NAME, TOKEN_NAME, json_frame, read_frame
from media.rejected import Rejected, Rejection
from tests.kit.peer import BLUE, GREEN, RED, Peer
from tests.kit.until import until
from tests.media.conftest import Studio


async def test_only_the_holder_of_the_token_is_heard(studio: Studio) -> None:
    socket = studio.workdir / SOCKET_NAME
    assert stat.S_IMODE(socket.stat().st_mode) == 0o600
    assert stat.S_IMODE((studio.workdir / TOKEN_NAME).stat().st_mode) == 0o600
    with pytest.raises(Rejected) as refused:
        await MediaClient.connect(socket, "a guess")
    assert refused.value.code is Rejection.BAD_TOKEN
    reader, writer = await asyncio.open_unix_connection(str(socket))
    writer.write(json_frame({"id": 1, "do": "figures"}))
    answer = await read_frame(reader)
    assert isinstance(answer, dict)
    assert answer["rejected"] == "bad_token"
    assert await reader.read() == b""
    writer.close()
    await studio.client.open_room("room")


async def test_nonsense_on_the_channel_harms_nobody_else(studio: Studio) -> None:
    socket = studio.workdir / SOCKET_NAME
    for nonsense in (
        b"GET / HTTP/1.1\r\n\r\n",
        b"\0\0\0\0J",
        json_frame({"do": 7}),
        b"\0\0\0\5Jnull",
    ):
        reader, writer = await asyncio.open_unix_connection(str(socket))
        writer.write(nonsense)
        assert await reader.read() == b""
        writer.close()
    token = (studio.workdir / TOKEN_NAME).read_text()
    reader, writer = await asyncio.open_unix_connection(str(socket))
    orders: tuple[dict[str, object], ...] = (
        {"do": "hello", "token": token},
        {"do": "dance"},
        {"do": "open_room"},
        {"do": "open_room", "room": "x" * 1000},
        {"do": "add_party", "room": "r", "party": "p", "record": 1},
        {"do": "read_segment", "segment": "../../etc/passwd", "offset": 0},
        {"do": "read_segment", "segment": "0" * 24, "offset": -1},
        {"do": "read_segment", "segment": "0" * 24, "offset": 0},
        {"do": "hello", "token": "\ud800"},
    )
    for number, order in enumerate(orders):
        writer.write(json_frame({"id": number, **order}))
    codes = []
    for _ in range(9):
        frame = await read_frame(reader)
        assert isinstance(frame, dict)
        codes.append(frame.get("rejected"))
    bad, unknown = "bad_request", "unknown_segment"
    assert codes == [None, bad, bad, bad, bad, unknown, bad, unknown, bad]
    writer.close()
    await studio.client.close()
    studio.worker.client = await MediaClient.connect(socket, token)


async def test_a_new_server_finds_the_call_that_the_old_one_left(tmp_path: Path) -> None:
    workdir = tmp_path / "media"
    old = await spawn(workdir, host="127.0.0.1")
    assert old.process is not None
    sun, li = Peer(RED, 440), Peer(GREEN, 880)
    again = Peer(BLUE, 600)
    try:
        await old.client.open_room("room")
        for name, peer in (("sun", sun), ("li", li)):
            offer = await old.client.add_party("room", name, record=True)
            await old.client.answer("room", name, await peer.answer(offer))
        await until(lambda: li.meets(RED, 440), 10)
        await old.client.close()
        new = await spawn(workdir)
        try:
            assert new.process is None, "another worker was started"
            await sun.close()
            async with asyncio.timeout(5):
                async for event in new.client.events():
                    if event == PartyDown("room", "sun", "closed"):
                        break
            await new.client.remove_party("room", "sun")
            offer = await new.client.add_party("room", "sun-2", record=False)
            await new.client.answer("room", "sun-2", await again.answer(offer))
            await until(lambda: li.meets(BLUE, 600), 10)
        finally:
            await new.stop()
        async with asyncio.timeout(10):
            assert await old.process.wait() == 0
    finally:
        for peer in (sun, li, again):
            await peer.close()
    notes = list((workdir / "segments").glob("*.json"))
    assert sorted(json.loads(note.read_text())["party"] for note in notes) == ["li", "sun"]


async def test_a_worker_left_alone_finishes_its_files_and_exits(tmp_path: Path) -> None:
    workdir = tmp_path / "media"
    workdir.mkdir()
    (workdir / TOKEN_NAME).write_text("secret")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "media.node", "--workdir", str(workdir), "--host", "127.0.0.1", "--linger", "3"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    client = await MediaClient.connect(workdir / SOCKET_NAME, "secret")
    await client.open_room("room")
    offer = await client.add_party("room", "sun", record=True)
    sun = Peer(RED, 440)
    await client.answer("room", "sun", await sun.answer(offer))

    async def recording() -> str | None:
        track = (await client.figures())["rooms"]["room"]["sun"]["tracks"]["1"]
        return None if track["packets"] > 10 else f"{track['packets']} packets"

    await until(recording, 8)
    await client.close()
    async with asyncio.timeout(10):
        assert await process.wait() == 0
    await sun.close()
    (note,) = (workdir / "segments").glob("*.json")
    assert json.loads(note.read_text())["party"] == "sun"
    assert not (workdir / SOCKET_NAME).exists()


async def test_a_dead_worker_is_told_once_and_refused_after(studio: Studio) -> None:
    assert studio.worker.process is not None
    studio.worker.process.kill()
    await studio.worker.process.wait()

    def told() -> str | None:
        return None if studio.heard[-1:] == [WorkerGone()] else f"{studio.heard}"

    await until(told, 5)
    with pytest.raises(Rejected) as refused:
        await studio.client.open_room("room")
    assert refused.value.code is Rejection.WORKER_GONE


async def test_a_worker_that_breaks_the_framing_counts_as_gone(tmp_path: Path) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_frame(reader)
        writer.write(json_frame({"id": 1, "ok": {}}) + b"\xff\xff\xff\xffJ")
        await reader.read()
        writer.close()

    async with await asyncio.start_unix_server(babble, str(tmp_path / SOCKET_NAME)):
        client = await MediaClient.connect(tmp_path / SOCKET_NAME, "token")
        async with asyncio.timeout(5):
            assert [event async for event in client.events()] == [WorkerGone()]
            with pytest.raises(Rejected) as refused:
                await client.open_room("room")
            await client.close()
    assert refused.value.code is Rejection.WORKER_GONE


async def test_an_event_that_a_dying_server_took_unread_is_told_to_the_next(
    studio: Studio,
) -> None:
    socket, token = studio.workdir / SOCKET_NAME, (studio.workdir / TOKEN_NAME).read_text()
    await studio.client.close()
    # A server that reads and never says that it heard: killed between the two.
    reader, writer = await asyncio.open_unix_connection(str(socket))
    writer.write(json_frame({"id": 1, "do": "hello", "token": token}))
    writer.write(json_frame({"id": 2, "do": "open_room", "room": "room"}))
    writer.write(
        json_frame({"id": 3, "do": "add_party", "room": "room", "party": "sun", "record": False})
    )
    sun = studio.peer(RED, 440)
    unheard = None
    while unheard is None:
        frame = await read_frame(reader)
        assert isinstance(frame, dict)
        if frame.get("id") == 3:
            answer = await sun.answer(frame["ok"]["sdp"])
            order = {"do": "answer", "room": "room", "party": "sun", "sdp": answer}
            writer.write(json_frame({"id": 4, **order}))
        unheard = frame if "event" in frame else None
    writer.close()
    up = PartyUp("room", "sun")
    # One that was taken and not dealt with, since nobody asked for the next, comes again.
    for _ in range(2):
        studio.worker.client = await MediaClient.connect(socket, token)
        async with asyncio.timeout(5), aclosing(studio.client.events()) as events:
            assert await anext(events) == up
        await studio.client.close()
    studio.worker.client = await MediaClient.connect(socket, token)
    async with asyncio.timeout(5), aclosing(studio.client.events()) as events:
        assert await anext(events) == up
        # Asking for the next says that this one was heard; the figures come behind that word.
        with suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                await anext(events)
        await studio.client.figures()
    await studio.client.close()
    studio.worker.client = await MediaClient.connect(socket, token)
    await sun.close()
    async with asyncio.timeout(5), aclosing(studio.client.events()) as events:
        assert await anext(events) == PartyDown("room", "sun", "closed")


async def test_several_servers_lead_one_worker(studio: Studio) -> None:
    """Orders come from any; an event goes to one, and to the next when that one dies."""
    socket, token = studio.workdir / SOCKET_NAME, (studio.workdir / TOKEN_NAME).read_text()
    second = await MediaClient.connect(socket, token)
    told: list[MediaEvent] = []

    async def listen() -> None:
        async for event in second.events():
            told.append(event)

    listening = asyncio.create_task(listen())
    try:
        sun, li = studio.peer(RED, 440), studio.peer(GREEN, 880)
        await studio.seat("room", "sun", sun, record=True)
        offer = await second.add_party("room", "li", record=True)
        await second.answer("room", "li", await li.answer(offer))
        await until(lambda: sun.meets(GREEN, 880), 10)
        await until(lambda: li.meets(RED, 440), 10)

        def both_begun() -> str | None:
            begun = [e.party for e in studio.heard if isinstance(e, RecordingStarted)]
            return None if len(begun) == 2 else f"begun: {begun}"

        await until(both_begun, 10)
        assert told == []
        # What is to be kept of a party is told to one of them too.
        assert await second.counters() is None
        counted = await studio.client.counters()
        assert counted is not None
        assert all(counted["room"][name]["packets_in"] for name in ("sun", "li"))
        assert await second.open_segments() == {
            e.segment for e in studio.heard if isinstance(e, RecordingStarted)
        }

        # The first goes; nobody's picture notices, and the second is told from now on.
        await studio.client.close()
        sun.forget()
        await until(lambda: sun.meets(GREEN, 880), 10)

        async def counts() -> str | None:
            return None if await second.counters() else "the first is still told"

        await until(counts, 10)
        await second.remove_party("room", "li")

        def sealed() -> str | None:
            finished = [e.party for e in told if isinstance(e, SegmentFinished)]
            return None if finished == ["li"] else f"told {told}"

        await until(sealed, 10)
        assert await second.open_segments() < {
            e.segment for e in studio.heard if isinstance(e, RecordingStarted)
        }
        studio.worker.client = await MediaClient.connect(socket, token)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await second.close()


async def test_a_segment_whose_sealer_dies_is_given_to_the_next_server(studio: Studio) -> None:
    socket, token = studio.workdir / SOCKET_NAME, (studio.workdir / TOKEN_NAME).read_text()
    sun = studio.peer(RED, 440)
    await studio.seat("room", "sun", sun, record=True)

    async def recording() -> str | None:
        return None if await studio.client.open_segments() else "nothing is written"

    await until(recording, 10)
    await studio.client.close_room("room")
    (finished,) = await studio.finished("sun")
    # It was told and heard, and not dropped: the first server dies while it pulls.
    second = await MediaClient.connect(socket, token)
    await studio.client.close()
    async with asyncio.timeout(5), aclosing(second.events()) as events:
        assert await anext(events) == finished
    await second.drop_segment(finished.segment)
    await second.close()
    studio.worker.client = await MediaClient.connect(socket, token)
    assert await studio.client.list_segments() == []
