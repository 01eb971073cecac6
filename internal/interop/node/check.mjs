// Checks: a failed one ends the program, a passed one prints a line.
import { once, setMaxListeners } from 'node:events';

const deadline = 10_000;

// check runs f, which fails by throwing and gives up when its signal says so.
export async function check(name, f) {
  try {
    const signal = AbortSignal.timeout(deadline);
    setMaxListeners(0, signal);
    await f(signal);
    console.log(`ok   node: ${name}`);
  } catch (err) {
    console.log(`FAIL node: ${name}: ${err.message}`);
    process.exit(1);
  }
}

export function equal(got, want, what) {
  if (got !== want) throw new Error(`${what}: got ${show(got)}, want ${show(want)}`);
}

// next returns the arguments of the emitter's next event of this name.
// An error event fails the check.
export async function next(emitter, event, signal) {
  try {
    return await once(emitter, event, { signal });
  } catch (err) {
    throw err.name === 'AbortError' ? new Error(`no ${event} event within ${deadline} ms`) : err;
  }
}

function show(v) {
  const s = JSON.stringify(v);
  return s.length < 100 ? s : `${s.slice(0, 60)}… (${s.length} characters)`;
}
