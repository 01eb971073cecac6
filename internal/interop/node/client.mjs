// Drives an echo server with the ws package.
//
//   node client.mjs URL             run all checks
//   node client.mjs URL going-away  print "ready", then expect the server to close with 1001
//   node client.mjs URL idle        expect the connection to be of use after 5 s without messages
//   node client.mjs URL lost        expect it to be lost in that time, with 1006
//
// Certificates are trusted as NODE_EXTRA_CA_CERTS says.
import { setTimeout } from 'node:timers/promises';
import WebSocket from 'ws';
import { check, equal, next } from './check.mjs';

const [url, mode] = process.argv.slice(2);
const label = new URL(url).protocol.replace(':', '');

async function open(signal, options) {
  const ws = new WebSocket(url, options);
  await next(ws, 'open', signal);
  return ws;
}

// echoes sends data as one message and expects it back.
async function echoes(ws, data, binary, signal) {
  const reply = next(ws, 'message', signal);
  ws.send(data, { binary });
  const [got, isBinary] = await reply;
  equal(isBinary, binary, 'binary');
  equal(got.toString('latin1'), Buffer.from(data).toString('latin1'), 'message');
}

// closes closes with code and expects the server to answer with it.
async function closes(ws, code, reason, signal) {
  const closed = next(ws, 'close', signal);
  ws.close(code, reason);
  const [got] = await closed;
  equal(got, code, 'close code');
}

if (mode === 'going-away') {
  await check(`${label}: the server closes with 1001`, async (signal) => {
    const ws = await open(signal);
    await echoes(ws, 'we are on', false, signal);
    const closed = next(ws, 'close', signal);
    console.log('ready');
    const [code] = await closed;
    equal(code, 1001, 'close code');
  });
  process.exit(0);
}

const quiet = 5_000; // ms

if (mode === 'idle') {
  await check(`${label}: idle`, async (signal) => {
    const ws = await open(signal);
    await setTimeout(quiet);
    await echoes(ws, 'still here', false, signal);
    await closes(ws, 1000, '', signal);
  });
  process.exit(0);
}

if (mode === 'lost') {
  await check(`${label}: lost`, async (signal) => {
    const ws = await open(signal);
    const [code] = await next(ws, 'close', AbortSignal.any([signal, AbortSignal.timeout(quiet)]));
    equal(code, 1006, 'close code');
  });
  process.exit(0);
}

await check(`${label}: text and binary messages`, async (signal) => {
  const ws = await open(signal);
  await echoes(ws, 'Hello, 世界 🦫', false, signal);
  await echoes(ws, Buffer.from([0, 1, 127, 128, 255]), true, signal);
  await echoes(ws, '', false, signal);
  for (const size of [125, 126, 65535, 65536]) await echoes(ws, 'x'.repeat(size), false, signal);
  await closes(ws, 1000, 'done', signal);
});

await check(`${label}: a message of 1 MiB`, async (signal) => {
  const ws = await open(signal, { perMessageDeflate: false });
  const data = Buffer.alloc(1 << 20);
  for (let i = 0; i < data.length; i++) data[i] = i % 251;
  await echoes(ws, data, true, signal);
  await closes(ws, 1000, '', signal);
});

await check(`${label}: a fragmented message with a ping inside`, async (signal) => {
  const ws = await open(signal);
  const reply = next(ws, 'message', signal);
  const pong = next(ws, 'pong', signal);
  ws.send('one ', { fin: false });
  ws.send('two ', { fin: false });
  ws.ping('between');
  const [payload] = await pong;
  equal(payload.toString(), 'between', 'pong');
  ws.send('three', { fin: true });
  const [got, isBinary] = await reply;
  equal(isBinary, false, 'binary');
  equal(got.toString(), 'one two three', 'message');
  await closes(ws, 1000, '', signal);
});

await check(`${label}: pings with and without payload`, async (signal) => {
  const ws = await open(signal);
  for (const payload of ['', 'p', 'x'.repeat(125)]) {
    const pong = next(ws, 'pong', signal);
    ws.ping(payload);
    const [got] = await pong;
    equal(got.toString(), payload, 'pong');
  }
  await closes(ws, 1000, '', signal);
});

await check(`${label}: a close is answered with its code`, async (signal) => {
  for (const [code, reason] of [[1000, ''], [1000, 'bye'], [1001, ''], [4001, 'a reason'], [4999, 'x'.repeat(123)]]) {
    await closes(await open(signal), code, reason, signal);
  }
});

await check(`${label}: a close without a code is answered without one`, async (signal) => {
  const ws = await open(signal);
  const closed = next(ws, 'close', signal);
  ws.close();
  const [code] = await closed;
  equal(code, 1005, 'close code');
});

await check(`${label}: twenty clients at once`, async (signal) => {
  await Promise.all(Array.from({ length: 20 }, async (_, i) => {
    const ws = await open(signal);
    for (let j = 0; j < 20; j++) await echoes(ws, `client ${i}, message ${j}`, false, signal);
    await closes(ws, 1000, '', signal);
  }));
});
