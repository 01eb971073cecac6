// What there is to say and to see of permessage-deflate, by the names that RFC 7692 gives its parameters.
import { createCipheriv } from 'node:crypto';
import { equal } from './check.mjs';

// params returns the parameters in a text such as "server_max_window_bits=9; client_max_window_bits".
export function params(text) {
  const pairs = text.split(';').map((p) => p.trim().split('=')).filter(([name]) => name !== '');
  return Object.fromEntries(pairs.map(([name, value]) => [name, value === undefined ? true : Number(value)]));
}

// serverOptions returns the perMessageDeflate of package ws with these parameters; false for "none".
export function serverOptions(text) {
  if (text === 'none') return false;
  const p = params(text);
  return {
    threshold: 0,
    serverNoContextTakeover: p.server_no_context_takeover,
    clientNoContextTakeover: p.client_no_context_takeover,
    serverMaxWindowBits: p.server_max_window_bits,
    clientMaxWindowBits: p.client_max_window_bits,
  };
}

// clientOptions is serverOptions for a client, which offers client_max_window_bits unless told not to.
export function clientOptions(text) {
  const o = serverOptions(text);
  return o && { ...o, clientMaxWindowBits: o.clientMaxWindowBits ?? false };
}

// header returns the Sec-WebSocket-Extensions that a text stands for.
export function header(text) {
  if (text === 'none') return '';
  return text === '' ? 'permessage-deflate' : `permessage-deflate; ${text}`;
}

// directions returns how messages are compressed that leave a client and that come in.
// Its server sends with a window of so many bits, if it is not told to take a smaller one.
export function directions(answer, serverWindow) {
  const plain = answer === 'none';
  const p = params(answer);
  return {
    out: { plain, takeover: !p.client_no_context_takeover, bits: p.client_max_window_bits ?? 15 },
    in: { plain, takeover: !p.server_no_context_takeover, bits: Math.min(p.server_max_window_bits ?? 15, serverWindow) },
  };
}

// noise returns bytes that cannot be compressed, the same ones each time.
export const noise = (size) => createCipheriv('aes-128-ctr', 'interop, 16 byte', Buffer.alloc(16)).update(Buffer.alloc(size));

// json returns an object of roughly that size, different for each seed, and with characters beyond ASCII.
export function json(size, seed) {
  const line = (i) => ({ id: i * 7919 + seed, from: `user${(i * seed) % 17}`, text: `Grüße Nr. ${i} an die 世界 🦫` });
  return JSON.stringify(Array.from({ length: size / 80 }, (_, i) => line(i)));
}

// texts and binaries are messages of several kinds.
export const texts = [
  '', '', 'a', '世', '🦫', ...Array(3).fill('Hello, 世界 🦫'),
  ...Array.from({ length: 8 }, (_, i) => json(1024, i)),
  'x'.repeat(65536), json(1 << 17, 1), 'Grüße, 世界. '.repeat(1 << 16),
];
export const binaries = [
  Buffer.alloc(0), Buffer.alloc(1), noise(100), noise(100), noise(300), noise(300), noise(33_000), noise(33_000),
  Buffer.alloc(1 << 20), noise(1 << 20),
];

// weigh finds out by the bytes on the wire how messages are compressed, and expects what directions says.
// echoes sends a text and expects it back; count returns how many bytes have passed each way, as { out, in }.
export async function weigh(echoes, count, want) {
  const weight = async (text) => {
    const before = count();
    await echoes(text);
    const after = count();
    return { out: after.out - before.out, in: after.in - before.in };
  };
  const text = json(8192, 3);
  const once = await weight(text);
  const hex = noise(1075).toString('hex');
  const [near, far] = [hex.slice(0, 150), hex.slice(150)]; // distances to the same text when it comes again
  await weight(near);
  const again = await weight(near);
  await weight(far);
  const later = await weight(far);
  for (const side of ['out', 'in']) {
    const { plain, takeover, bits } = want[side];
    equal(once[side] < Buffer.byteLength(text) / 3, !plain, `${once[side]} bytes ${side} are few for ${text.length}`);
    equal(again[side] < 50, !plain && takeover, `${again[side]} bytes ${side} are few for 150 that come again`);
    equal(later[side] < 200, !plain && takeover && bits > 11, `${later[side]} bytes ${side} are few for 2000 that come again`);
  }
}
