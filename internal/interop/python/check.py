"""Checks: a failed one ends the program, a passed one prints a line."""

import asyncio
import sys

DEADLINE = 10


async def check(name, coroutine):
    try:
        await asyncio.wait_for(coroutine, DEADLINE)
    except asyncio.TimeoutError:
        fail(name, f"not done within {DEADLINE} s")
    except Exception as err:
        fail(name, f"{type(err).__name__}: {err}")
    print(f"ok   python: {name}", flush=True)


def fail(name, why):
    print(f"FAIL python: {name}: {why}", flush=True)
    sys.exit(1)


def equal(got, want, what):
    if got != want:
        raise AssertionError(f"{what}: got {show(got)}, want {show(want)}")


def show(value):
    text = repr(value)
    return text if len(text) < 100 else f"{text[:60]}… ({len(value)} long)"
