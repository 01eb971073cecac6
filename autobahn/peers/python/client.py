"""Takes the websockets package through the cases of a fuzzing server.

    client.py --url ws://127.0.0.1:9001 --agent python [--parallel N] [--stop]

It echoes in every case and then asks for the reports. The exit status is 1
if it could not do that: a case that fails is no reason.
"""

import argparse
import asyncio
import sys
from urllib.parse import quote

import websockets

parser = argparse.ArgumentParser()
parser.add_argument("--url", default="ws://127.0.0.1:9001")
parser.add_argument("--agent", default="python")
parser.add_argument("--parallel", type=int, default=1)
parser.add_argument("--stop", action="store_true")
args = parser.parse_args()
agent = quote(args.agent, safe="")


def connect(path):
    return websockets.connect(args.url + path, compression="deflate", max_size=None)


async def run_case(n):
    try:
        async with connect(f"/runCase?case={n}&agent={agent}") as ws:
            async for message in ws:
                await ws.send(message)
    except websockets.ConnectionClosed:
        pass
    except ConnectionRefusedError:
        raise
    except (websockets.WebSocketException, asyncio.TimeoutError, OSError) as err:
        print(f"case {n}: {type(err).__name__}: {err}", file=sys.stderr)


async def worker(cases):
    for n in cases:  # an iterator that the workers share
        await run_case(n)


async def main():
    async with connect("/getCaseCount") as ws:
        cases = iter(range(1, int(await ws.recv()) + 1))
    await asyncio.gather(*(worker(cases) for _ in range(args.parallel)))
    async with connect(f"/updateReports?agent={agent}" + "&shutdownOnComplete=true" * args.stop) as ws:
        await ws.wait_closed()


try:
    asyncio.run(main())
except (websockets.WebSocketException, OSError) as err:
    sys.exit(f"client.py: {type(err).__name__}: {err}")
