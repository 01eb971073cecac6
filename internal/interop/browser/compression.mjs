// Compressed messages between a script and our echo server.
import { binaries, directions, header, texts, weigh } from '../node/deflate.mjs';
import { check, equal } from './check.mjs';
import { Program } from './program.mjs';
import { Relay } from './relay.mjs';

// What the server answers when a browser offers client_max_window_bits, as Chromium does.
const servers = [
  { args: [], answer: 'server_no_context_takeover; client_no_context_takeover' },
  { args: ['-takeover'], answer: '' },
  { args: ['-window', '9'], answer: 'server_no_context_takeover; client_no_context_takeover; client_max_window_bits=9' },
  { args: ['-takeover', '-window', '9'], answer: 'client_max_window_bits=9' },
  { args: ['-takeover', '-window', '8'], answer: 'client_max_window_bits=8' },
  { args: ['-compress=false'], answer: 'none' },
];

export async function tryCompression(browser, command) {
  for (const { args, answer } of servers) {
    await check(`compression: ${args.join(' ') || 'no flags'} → ${answer || 'no parameters'}`, async () => {
      const server = await Program.start(command, args);
      const relay = await Relay.start(server.address);
      const page = await browser.open(relay.url);
      equal(await page.evaluate(connect), header(answer), 'extensions');
      const window = args.includes('-window') ? Number(args.at(-1)) : 15;
      await weigh((text) => echoes(page, text), () => relay.count(), directions(answer, window));
      for (const text of texts) await echoes(page, text);
      for (const data of binaries) await echoes(page, data);
      equal(await page.evaluate(close), 1000, 'close code');
      await page.close();
      relay.stop();
      await server.end('SIGTERM');
    });
  }
}

async function echoes(page, data) {
  const text = typeof data === 'string';
  const same = await page.evaluate(echo, { text, data: text ? data : data.toString('base64') });
  equal(same, true, `a message of ${data.length} comes back the same`);
}

// The rest runs in the page.

// connect opens a connection, peer, and returns its extensions.
const connect = () => new Promise((resolve, reject) => {
  globalThis.peer = new WebSocket(location.href.replace('http', 'ws'));
  peer.binaryType = 'arraybuffer';
  peer.onopen = () => resolve(peer.extensions);
  peer.onclose = (e) => reject(new Error(`closed with ${e.code}`));
});

// echo sends a message and returns whether it comes back the same.
const echo = ({ text, data }) => new Promise((resolve, reject) => {
  const sent = text ? data : Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  peer.onclose = (e) => reject(new Error(`closed with ${e.code}`));
  peer.onmessage = ({ data: got }) => {
    if (text) resolve(got === sent);
    else resolve(got.byteLength === sent.length && new Uint8Array(got).every((b, i) => b === sent[i]));
  };
  peer.send(sent);
});

// close closes the connection and returns the code that the server closed with.
const close = () => new Promise((resolve) => {
  peer.onclose = (e) => resolve(e.code);
  peer.close(1000);
});
