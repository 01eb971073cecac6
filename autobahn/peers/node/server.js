// An echo server made of the ws package, for a fuzzing client.
//
//   node server.js [--addr 127.0.0.1:0]
//
// It prints the address it listens on.
import { parseArgs } from 'node:util';
import { WebSocketServer } from 'ws';

const { values: { addr } } = parseArgs({ options: { addr: { type: 'string', default: '127.0.0.1:0' } } });
const [, host, port] = addr.match(/^(.*):(\d+)$/);

const wss = new WebSocketServer({
  host,
  port: Number(port),
  perMessageDeflate: true,
  maxPayload: 64 << 20,
  maxFragments: 1 << 17,
});
wss.on('connection', (ws) => {
  ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
  ws.on('error', () => {}); // the package has closed the connection
});
wss.on('listening', () => {
  const { address, port } = wss.address();
  console.log(`echoing on ws://${address}:${port}`);
});
