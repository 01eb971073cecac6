"""What there is to say and to see of permessage-deflate, by the names that RFC 7692 gives its parameters."""

import json
import random

from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, ServerPerMessageDeflateFactory

from check import equal

SERVER_FORGETS, CLIENT_FORGETS = "server_no_context_takeover", "client_no_context_takeover"
SERVER_WINDOW, CLIENT_WINDOW = "server_max_window_bits", "client_max_window_bits"


def params(text):
    """The parameters in a text such as "server_max_window_bits=9; client_max_window_bits"."""
    pairs = [part.strip().partition("=") for part in text.split(";") if part.strip()]
    return {name: int(value) if value else True for name, _, value in pairs}


def header(text):
    """The Sec-WebSocket-Extensions that a text stands for."""
    if text == "none":
        return None
    return "; ".join(["permessage-deflate"] + [text] * bool(text))


class Counted:
    """An extension that counts the bytes of payload that another one sends and receives."""

    def __init__(self, extension):
        self.extension = extension
        self.name = extension.name
        self.out = self.inn = 0

    def encode(self, frame):
        frame = self.extension.encode(frame)
        self.out += len(frame.data)
        return frame

    def decode(self, frame, *, max_size=None):
        self.inn += len(frame.data)
        return self.extension.decode(frame, max_size=max_size)


class ClientFactory(ClientPerMessageDeflateFactory):
    def __init__(self, text):
        super().__init__(**{CLIENT_WINDOW: None, **params(text)})

    def process_response_params(self, *args):
        return Counted(super().process_response_params(*args))


def server_factory(text):
    return ServerPerMessageDeflateFactory(**params(text))


def directions(answer, server_window):
    """How messages are compressed that leave a client and that come in: takeover and bits.

    Its server sends with a window of so many bits, if it is not told to take a smaller one.
    """
    p = params(answer)
    return {
        "out": (CLIENT_FORGETS not in p, p.get(CLIENT_WINDOW, 15)),
        "in": (SERVER_FORGETS not in p, min(p.get(SERVER_WINDOW, 15), server_window)),
    }


def expected(answer):
    """The repr of the extension of a client that agrees to an answer."""
    p = params(answer)
    return (
        f"PerMessageDeflate(remote_no_context_takeover={SERVER_FORGETS in p}, "
        f"local_no_context_takeover={CLIENT_FORGETS in p}, "
        f"remote_max_window_bits={p.get(SERVER_WINDOW, 15)}, "
        f"local_max_window_bits={p.get(CLIENT_WINDOW, 15)})"
    )


def noise(size):
    """Bytes that cannot be compressed, the same ones each time."""
    return random.Random(7692).randbytes(size)


def objects(size, seed):
    """JSON of roughly that size, different for each seed, and with characters beyond ASCII."""
    lines = [
        {"id": i * 7919 + seed, "from": f"user{i * seed % 17}", "text": f"Grüße Nr. {i} an die 世界 🦫"}
        for i in range(size // 80)
    ]
    return json.dumps(lines, ensure_ascii=False)


TEXTS = ["", "", "a", "世", "🦫", *["Hello, 世界 🦫"] * 3, *(objects(1024, i) for i in range(8))]
TEXTS += ["x" * 65536, objects(1 << 17, 1), "Grüße, 世界. " * (1 << 16)]
BINARIES = [b"", b"\0", *[noise(100)] * 2, *[noise(300)] * 2, *[noise(33_000)] * 2]
BINARIES += [bytes(1 << 20), noise(1 << 20)]


async def weigh(echoes, counted, want):
    """Finds out by the bytes on the wire how messages are compressed, and expects what directions says.

    echoes sends a text and expects it back.
    """

    async def weight(text):
        out, inn = counted.out, counted.inn
        await echoes(text)
        return {"out": counted.out - out, "in": counted.inn - inn}

    text = objects(8192, 3)
    once = await weight(text)
    digits = noise(1075).hex()
    near, far = digits[:150], digits[150:]  # distances to the same text when it comes again
    await weight(near)
    again = await weight(near)
    await weight(far)
    later = await weight(far)
    for side in ("out", "in"):
        takeover, bits = want[side]
        equal(once[side] < len(text.encode()) / 3, True, f"{once[side]} bytes {side} are few for {len(text)}")
        equal(again[side] < 50, takeover, f"{again[side]} bytes {side} are few for 150 that come again")
        equal(later[side] < 200, takeover and bits > 11, f"{later[side]} bytes {side} are few for 2000 that come again")
