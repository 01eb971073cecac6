// Programs under test.
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { within } from './check.mjs';

const patience = 10_000;
const running = new Set();

// A Program is a server that says where it listens.
export class Program {
  #process;
  #log = '';
  #ended; // why, if it has
  #heard = new EventEmitter();

  // start runs a command and waits until it listens on the address.
  // The port 0 stands for any that is free.
  static async start(command, args = [], address = '127.0.0.1:0') {
    const p = new Program();
    p.#process = spawn(command, ['-addr', address, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    running.add(p);
    p.#process.stderr.setEncoding('utf8').on('data', (s) => {
      p.#log += s;
      p.#heard.emit('more');
    });
    const ended = (why) => {
      p.#ended = why;
      running.delete(p);
      p.#heard.emit('more');
    };
    p.#process.on('error', ended).on('exit', (code, signal) => ended(signal ?? `status ${code}`));
    [, p.address] = await p.says(/^\d{4}\/.*?(127\.0\.0\.1:\d+)/m); // in a line of package log
    return p;
  }

  get url() { return `http://${this.address}/`; }

  get log() { return this.#log; }

  // says waits until the log matches the pattern, and returns the match.
  async says(pattern) {
    const heard = async () => {
      for (;;) {
        const match = this.#log.match(pattern);
        if (match) return match;
        if (this.#ended) throw new Error(`${this.#process.spawnfile} ended with ${this.#ended}\n${this.#log}`);
        await once(this.#heard, 'more');
      }
    };
    return within(patience, `the log says ${pattern}`, heard());
  }

  // end sends a signal and waits until the program has ended.
  async end(signal) {
    const exit = once(this.#process, 'exit');
    this.#process.kill(signal);
    await within(patience, `end after ${signal}`, exit);
  }
}

// killAll ends what is left.
export function killAll() {
  for (const p of running) p.end('SIGKILL').catch(() => {});
}
