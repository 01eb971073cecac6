// A WebSocket server made of the ws package, for a client under test.
//
//   node server.mjs [-deflate PARAMETERS] [CERT KEY]
//
// It prints the address it listens on. PARAMETERS are what it wants of permessage-deflate,
// as they stand in the header; "none" is to do without. What it does depends on the path:
//
//   /echo         echoes messages
//   /last-close   sends "CODE REASON" of the connection that closed last
//   /close-CODE   closes with 1000, 1001 or 4002, and "bye"
//   /ping         pings, waits for the pong, then sends "pong: PAYLOAD"
//   /fragments    sends "one two three" in three fragments, with a ping between
//   /subprotocol  picks v1.chat and sends the name of what it picked
//   /extensions   sends the Sec-WebSocket-Extensions that it answered with
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { WebSocketServer } from 'ws';
import { serverOptions } from './deflate.mjs';

const args = process.argv.slice(2);
const [, wanted] = args[0] === '-deflate' ? args.splice(0, 2) : [];
const [cert, key] = args;
const server = cert
  ? https.createServer({ cert: readFileSync(cert), key: readFileSync(key) })
  : http.createServer();

let lastClose = 'none';
const answers = new WeakMap(); // Sec-WebSocket-Extensions, by request

const paths = {
  '/echo': (ws) => {
    ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
    ws.on('close', (code, reason) => { lastClose = `${code} ${reason}`; });
  },
  '/last-close': (ws) => ws.send(lastClose),
  '/close-1000': (ws) => ws.close(1000, 'bye'),
  '/close-1001': (ws) => ws.close(1001, 'bye'),
  '/close-4002': (ws) => ws.close(4002, 'bye'),
  '/ping': (ws) => {
    ws.on('pong', (data) => ws.send(`pong: ${data}`));
    ws.ping('are you there');
  },
  '/fragments': (ws) => {
    ws.send('one ', { fin: false });
    ws.ping('between');
    ws.send('two ', { fin: false });
    ws.send('three', { fin: true });
  },
  '/subprotocol': (ws) => ws.send(`subprotocol: ${ws.protocol}`),
  '/extensions': (ws, req) => ws.send(`extensions: ${answers.get(req) ?? ''}`),
};

const wss = new WebSocketServer({
  server,
  perMessageDeflate: wanted === undefined ? true : serverOptions(wanted),
  handleProtocols: (offered) => (offered.has('v1.chat') ? 'v1.chat' : false),
});
wss.on('headers', (headers, req) => {
  const prefix = 'Sec-WebSocket-Extensions: ';
  answers.set(req, headers.find((h) => h.startsWith(prefix))?.slice(prefix.length));
});
wss.on('connection', (ws, req) => {
  const serve = paths[req.url];
  if (serve) serve(ws, req);
  else ws.close(4004, 'no such path');
});
server.listen(0, '127.0.0.1', () => {
  const { address, port } = server.address();
  console.log(`listening on ${address}:${port}`);
});
