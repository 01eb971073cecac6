import { once } from 'node:events';
import net from 'node:net';

// A Relay passes connections on to an address and counts what passes: out of the clients, and in to them.
export class Relay {
  #server;
  out = 0;
  in = 0;

  static async start(address) {
    const r = new Relay();
    const [host, port] = address.split(':');
    r.#server = net.createServer((client) => {
      const server = net.connect(port, host);
      for (const socket of [client, server]) socket.setNoDelay(true).on('error', () => {});
      client.on('data', (b) => { r.out += b.length; });
      server.on('data', (b) => { r.in += b.length; });
      client.pipe(server).pipe(client);
    });
    r.#server.listen(0, '127.0.0.1');
    await once(r.#server, 'listening');
    r.url = `http://127.0.0.1:${r.#server.address().port}/`;
    return r;
  }

  count() { return { out: this.out, in: this.in }; }

  stop() { this.#server.close(); }
}
