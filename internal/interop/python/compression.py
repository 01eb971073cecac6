"""Exchanges compressed messages with an echo server, by the websockets package.

    compression.py URL WINDOW [OFFER ANSWER]...

The server's own window has WINDOW bits. Each OFFER of permessage-deflate gets the ANSWER:
both are parameters as they stand in the header, and there is none of either if it is "none".
"""

import asyncio
import sys

import websockets

from check import check, equal
from deflate import BINARIES, TEXTS, ClientFactory, directions, expected, header, weigh

url, window, *rows = sys.argv[1:]


async def echoes(ws, data):
    """Sends data as one message, or in fragments if it is a list, and expects it back."""
    await ws.send(data)
    pieces = data if isinstance(data, list) else [data]
    got = await ws.recv()
    equal(got == type(pieces[0])().join(pieces), True, f"a message of {len(pieces)} pieces is the same")


async def exchange(offer, answer):
    factories = None if offer == "none" else [ClientFactory(offer)]
    async with websockets.connect(url, compression=None, extensions=factories, max_size=None) as ws:
        equal(ws.response_headers.get("Sec-WebSocket-Extensions"), header(answer), "Sec-WebSocket-Extensions")
        equal(len(ws.extensions), int(answer != "none"), "extensions")
        for counted in ws.extensions:
            equal(repr(counted.extension), expected(answer), "what was agreed on")
            await weigh(lambda text: echoes(ws, text), counted, directions(answer, int(window)))
        for data in TEXTS + BINARIES:
            await echoes(ws, data)
        await echoes(ws, TEXTS)
        await echoes(ws, BINARIES)
        await ws.close(1000)
        equal(ws.close_code, 1000, "close code")


async def main():
    for offer, answer in zip(rows[::2], rows[1::2]):
        await check(f"compression: {offer or 'no parameters'} → {answer or 'no parameters'}", exchange(offer, answer))


asyncio.run(main())
