"""Drives an echo server with the websockets package.

    client.py URL [CA]             run all checks
    client.py URL [CA] going-away  print "ready", then expect the server to close with 1001
"""

import asyncio
import ssl
import sys

import websockets

from check import check, equal

url, *options = sys.argv[1:]
label = url.split(":")[0]
going_away = options[-1:] == ["going-away"]
ca = options[0] if url.startswith("wss:") else None


def connect(**kwargs):
    context = ssl.create_default_context(cafile=ca) if ca else None
    return websockets.connect(url, ssl=context, max_size=None, **kwargs)


async def echoes(ws, data):
    await ws.send(data)
    equal(await ws.recv(), data, "message")


async def closes(ws, code, reason=""):
    await ws.close(code, reason)
    equal(ws.close_code, code, "close code")


async def messages():
    async with connect() as ws:
        await echoes(ws, "Hello, 世界 🦫")
        await echoes(ws, bytes([0, 1, 127, 128, 255]))
        await echoes(ws, "")
        for size in (125, 126, 65535, 65536):
            await echoes(ws, "x" * size)
        await closes(ws, 1000, "done")


async def big():
    async with connect(compression=None) as ws:
        await echoes(ws, bytes(i % 251 for i in range(1 << 20)))
        await closes(ws, 1000)


async def fragments():
    async with connect() as ws:
        await ws.send(["one ", "two ", "three"])
        equal(await ws.recv(), "one two three", "message")

        async def pieces():
            yield b"one "
            pong = await ws.ping("between")
            await pong
            yield b"two"

        await ws.send(pieces())
        equal(await ws.recv(), b"one two", "message")
        await closes(ws, 1000)


async def pings():
    async with connect() as ws:
        for payload in (b"p", b"x" * 125):
            # The future is done when a pong with this payload arrives.
            pong = await ws.ping(payload)
            await pong
        await closes(ws, 1000)


async def close_codes():
    for code, reason in ((1000, ""), (1000, "bye"), (1001, ""), (4001, "a reason"), (4999, "x" * 123)):
        async with connect() as ws:
            await closes(ws, code, reason)


async def many():
    async def one(i):
        async with connect() as ws:
            for j in range(20):
                await echoes(ws, f"client {i}, message {j}")
            await closes(ws, 1000)

    await asyncio.gather(*(one(i) for i in range(20)))


async def closed_with_1001():
    async with connect() as ws:
        await echoes(ws, "we are on")
        print("ready", flush=True)
        await ws.wait_closed()
        equal(ws.close_code, 1001, "close code")


async def main():
    if going_away:
        await check(f"{label}: the server closes with 1001", closed_with_1001())
        return
    await check(f"{label}: text and binary messages", messages())
    await check(f"{label}: a message of 1 MiB", big())
    await check(f"{label}: fragmented messages, with a ping inside", fragments())
    await check(f"{label}: pings with payload", pings())
    await check(f"{label}: a close is answered with its code", close_codes())
    await check(f"{label}: twenty clients at once", many())


asyncio.run(main())
