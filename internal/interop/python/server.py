"""A WebSocket server made of the websockets package, for a client under test.

    server.py [-deflate PARAMETERS] [CERT KEY]

It prints the address it listens on. PARAMETERS are what it wants of permessage-deflate,
as they stand in the header; "none" is to do without. What it does depends on the path:

    /echo         echoes messages
    /last-close   sends "CODE REASON" of the connection that closed last
    /close-CODE   closes with 1000, 1001 or 4002, and "bye"
    /ping         pings, waits for the pong, then sends "pong: PAYLOAD"
    /fragments    sends "one two three" in three fragments, with a ping between
    /subprotocol  picks v1.chat and sends the name of what it picked
    /extensions   sends the Sec-WebSocket-Extensions that it answered with
"""

import asyncio
import ssl
import sys

import websockets

from deflate import server_factory

last_close = "none"


async def echo(ws):
    global last_close
    try:
        async for message in ws:
            await ws.send(message)
    except websockets.ConnectionClosed:
        pass
    last_close = f"{ws.close_code} {ws.close_reason}"


async def send_last_close(ws):
    await ws.send(last_close)
    await ws.wait_closed()


def closing(code):
    return lambda ws: ws.close(code, "bye")


async def ping(ws):
    await (await ws.ping("are you there"))
    await ws.send("pong: are you there")
    await ws.wait_closed()


async def fragments(ws):
    async def pieces():
        yield "one "
        await ws.ping("between")
        yield "two "
        yield "three"

    await ws.send(pieces())
    await ws.wait_closed()


async def subprotocol(ws):
    await ws.send(f"subprotocol: {ws.subprotocol}")
    await ws.wait_closed()


async def extensions(ws):
    await ws.send(f"extensions: {ws.response_headers.get('Sec-WebSocket-Extensions', '')}")
    await ws.wait_closed()


PATHS = {
    "/echo": echo,
    "/last-close": send_last_close,
    "/close-1000": closing(1000),
    "/close-1001": closing(1001),
    "/close-4002": closing(4002),
    "/ping": ping,
    "/fragments": fragments,
    "/subprotocol": subprotocol,
    "/extensions": extensions,
}


async def serve(ws):
    if ws.path in PATHS:
        await PATHS[ws.path](ws)
    else:
        await ws.close(4004, "no such path")


async def main():
    args = sys.argv[1:]
    deflate = {}
    if args[:1] == ["-deflate"]:
        factories = [] if args[1] == "none" else [server_factory(args[1])]
        deflate = {"compression": None, "extensions": factories}
        del args[:2]
    context = None
    if args:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*args)
    async with websockets.serve(
        serve, "127.0.0.1", 0, ssl=context, max_size=None, subprotocols=["v1.chat"], **deflate
    ) as server:
        address, port = server.sockets[0].getsockname()
        print(f"listening on {address}:{port}", flush=True)
        await asyncio.Future()


asyncio.run(main())
