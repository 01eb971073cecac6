// Takes the ws package through the cases of a fuzzing server.
//
//   node client.js --url ws://127.0.0.1:9001 --agent node [--parallel N] [--stop]
//
// It echoes in every case and then asks for the reports. The exit status is 1
// if it could not do that: a case that fails is no reason.
import { parseArgs } from 'node:util';
import WebSocket from 'ws';

const { values: { url, agent, parallel, stop } } = parseArgs({
  options: {
    url: { type: 'string', default: 'ws://127.0.0.1:9001' },
    agent: { type: 'string', default: 'node' },
    parallel: { type: 'string', default: '1' },
    stop: { type: 'boolean', default: false },
  },
});

const name = encodeURIComponent(agent);
const options = { perMessageDeflate: true, maxPayload: 64 << 20, maxFragments: 1 << 17 };

// converse calls receive for each message and is done when the connection has ended.
// It throws if there was no connection.
function converse(path, receive) {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(url + path, options);
    ws.on('message', (data, isBinary) => receive(ws, data, isBinary));
    let opened = false;
    ws.on('open', () => { opened = true; });
    ws.on('error', (err) => { if (!opened) reject(err); }); // the package closes the connection
    ws.on('close', resolve);
  });
}

async function runCase(n) {
  try {
    await converse(`/runCase?case=${n}&agent=${name}`, (ws, data, isBinary) => ws.send(data, { binary: isBinary }));
  } catch (err) {
    if (err.code === 'ECONNREFUSED') throw err;
    console.error(`case ${n}: ${err.message}`);
  }
}

async function runAll() {
  let count;
  await converse('/getCaseCount', (ws, data) => { count = Number(data); });
  if (count === undefined) throw new Error('no answer to getCaseCount');
  let started = 0;
  const worker = async () => { while (started < count) await runCase(++started); };
  await Promise.all(Array.from({ length: Number(parallel) }, worker));
  await converse(`/updateReports?agent=${name}${stop ? '&shutdownOnComplete=true' : ''}`, () => {});
}

runAll().catch((err) => {
  console.error(`client.js: ${err.message}`);
  process.exit(1);
});
