// Exchanges compressed messages with an echo server, by the ws package.
//
//   node compression.mjs URL WINDOW [OFFER ANSWER]...
//
// The server's own window has WINDOW bits. Each OFFER of permessage-deflate gets the ANSWER:
// both are parameters as they stand in the header, and there is none of either if it is "none".
import WebSocket from 'ws';
import { check, equal, next } from './check.mjs';
import { binaries, clientOptions, directions, header, texts, weigh } from './deflate.mjs';

const [url, window, ...rows] = process.argv.slice(2);

// open returns a connection, the header of the response, and the socket, which counts bytes.
async function open(offer, signal) {
  const ws = new WebSocket(url, { perMessageDeflate: clientOptions(offer) });
  const upgraded = next(ws, 'upgrade', signal);
  await next(ws, 'open', signal);
  const [response] = await upgraded;
  return { ws, agreed: response.headers['sec-websocket-extensions'] ?? '', socket: response.socket };
}

// echoes sends data as one message, or in fragments if it is an array, and expects it back.
async function echoes(ws, data, signal) {
  const pieces = [data].flat();
  const reply = next(ws, 'message', signal);
  pieces.forEach((piece, i) => ws.send(piece, { fin: i === pieces.length - 1 }));
  const [got, isBinary] = await reply;
  equal(isBinary, typeof pieces[0] !== 'string', 'binary');
  equal(got.equals(Buffer.concat(pieces.map((p) => Buffer.from(p)))), true, `a message of ${pieces.length} pieces is the same`);
}

async function exchange(offer, answer, signal) {
  const { ws, agreed, socket } = await open(offer, signal);
  equal(agreed, header(answer), 'Sec-WebSocket-Extensions');
  equal(ws.extensions, answer === 'none' ? '' : 'permessage-deflate', 'extensions');
  const count = () => ({ out: socket.bytesWritten, in: socket.bytesRead });
  await weigh((text) => echoes(ws, text, signal), count, directions(answer, Number(window)));
  for (const data of [...texts, ...binaries]) await echoes(ws, data, signal);
  await echoes(ws, texts, signal);
  await echoes(ws, binaries, signal);
  const closed = next(ws, 'close', signal);
  ws.close(1000);
  const [code] = await closed;
  equal(code, 1000, 'close code');
}

for (let i = 0; i < rows.length; i += 2) {
  const [offer, answer] = rows.slice(i, i + 2);
  await check(`compression: ${offer || 'no parameters'} → ${answer || 'no parameters'}`, (signal) => exchange(offer, answer, signal));
}
