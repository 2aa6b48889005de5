"""The list of rooms: whatever answers a route or goes on by itself is joined to the node, in its order."""

import ast
import asyncio
import importlib
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from aiohttp import web

from server.app import ROOMS, ROUTES
from server.edge.route import Routes
from server.node import Node
from server.settings import Settings

SERVER: Final = Path(__file__).parents[2] / "server"
EDGE: Final = {"edge", "store"}
"""Rooms below a node: what they have is used by those that join."""
APP_LINES: Final = 200


def room_of(path: Path) -> str:
    return path.relative_to(SERVER).with_suffix("").parts[0]


def goes_on(text: str) -> bool:
    """Whether a coroutine of this module says that it never returns."""
    return any(
        isinstance(node, ast.AsyncFunctionDef)
        and isinstance(node.returns, ast.Name)
        and node.returns.id == "NoReturn"
        for node in ast.walk(ast.parse(text))
    )


def declared(text: str) -> int:
    """How many nouns this module declares routes of."""
    return sum(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Routes"
        for node in ast.walk(ast.parse(text))
    )


SOURCES: Final = {path: path.read_text("utf-8") for path in sorted(SERVER.rglob("*.py"))}


def test_every_room_with_routes_or_tasks_is_joined() -> None:
    joined = {room.__name__.split(".")[1] for room in ROOMS}  # type: ignore[attr-defined]
    there = {path.parent.name for path in SOURCES if path.name == "join.py"}
    assert there == joined - {"live"}
    busy = {room_of(path) for path, text in SOURCES.items() if declared(text) or goes_on(text)}
    assert busy - EDGE - {"commands"} <= joined
    assert {"people", "case", "uploads", "neighbours", "jobs"} <= busy


def test_every_noun_has_its_routes_served_once() -> None:
    served = [id(routes) for routes in ROUTES]
    assert len(served) == len(set(served)) == sum(map(declared, SOURCES.values()))
    for path, text in SOURCES.items():
        if declared(text):
            name = ".".join(path.relative_to(SERVER.parent).with_suffix("").parts)
            found = [
                one
                for one in vars(importlib.import_module(name)).values()
                if isinstance(one, Routes)
            ]
            assert found
            assert {id(one) for one in found} <= set(served)


def test_every_room_stands_after_those_that_its_joining_knows() -> None:
    order = [room.__name__ for room in ROOMS]  # type: ignore[attr-defined]
    for at, name in enumerate(order):
        text = (SERVER.parent / f"{name.replace('.', '/')}.py").read_text("utf-8")
        named = {
            node.module for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)
        }
        assert named & set(order) <= set(order[:at]), name


def test_the_list_of_rooms_is_short() -> None:
    assert SOURCES[SERVER / "app.py"].count("\n") < APP_LINES


async def test_a_node_begins_once_all_have_joined_and_ends_the_last_first(tmp_path: Path) -> None:
    said: list[str] = []
    began = asyncio.Event()

    async def say(word: str) -> None:
        said.append(word)

    async def work() -> None:
        said.append("works")
        began.set()
        await asyncio.Event().wait()

    node = Node(web.Application(), Settings(data=tmp_path), None, media=False, keep_media=False)

    async def lives() -> None:
        async with node:
            for word in ("first", "second"):
                node.closes(say, word=f"closes {word}")
                node.hangs_up(partial(say, f"hangs up {word}"))
            node.runs("work", work)
            await asyncio.sleep(0)
            assert said == []
            await node.start()
            await began.wait()
            assert await node.checks["tasks"]()
            await node.hang_up()
            raise LookupError("fails")

    with pytest.raises(LookupError, match="fails"):
        await lives()
    assert said == [
        "works", "hangs up second", "hangs up first", "closes second", "closes first",
    ]  # fmt: skip
    assert not await node.checks["tasks"]()
