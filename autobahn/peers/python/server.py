"""An echo server made of the websockets package, for a fuzzing client.

    server.py [--addr 127.0.0.1:0]

It prints the address it listens on.
"""

import argparse
import asyncio
import logging

import websockets

parser = argparse.ArgumentParser()
parser.add_argument("--addr", default="127.0.0.1:0")
host, port = parser.parse_args().addr.rsplit(":", 1)

# Connections that end badly are what this is for.
logging.getLogger("websockets").setLevel(logging.CRITICAL)


async def echo(ws):
    try:
        async for message in ws:
            await ws.send(message)
    except websockets.ConnectionClosed:
        pass


async def main():
    async with websockets.serve(echo, host, int(port), compression="deflate", max_size=None) as server:
        print("echoing on ws://%s:%d" % server.sockets[0].getsockname(), flush=True)
        await asyncio.Future()


asyncio.run(main())
