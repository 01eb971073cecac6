// Checks: a failed one throws, a passed one prints a line.

export async function check(name, f) {
  try {
    await f();
  } catch (err) {
    throw new Error(`${name}: ${err.message}`);
  }
  console.log(`ok   browser: ${name}`);
}

export function equal(got, want, what) {
  if (got !== want) throw new Error(`${what}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
}

// within waits for a promise, but not longer than a check may take.
export async function within(ms, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
