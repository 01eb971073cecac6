// What people do on the page of examples/broadcast.
import { check, equal, within } from './check.mjs';
import { Program } from './program.mjs';

// matches returns a function that waits until the text of an element of a page matches.
const matches = (id, pattern) => async (page) => {
  const text = ([id, source]) => new RegExp(source).test(document.getElementById(id).innerText);
  await page.waitForFunction(text, [id, pattern.source]).catch(async (err) => {
    const got = await page.evaluate((id) => document.getElementById(id).innerText, id);
    throw new Error(`#${id} shows ${JSON.stringify(got)}, want ${pattern}: ${err.message}`);
  });
};
const open = matches('state', /^open$/);
const tabs = (n) => matches('people', new RegExp(`^${n} tabs?\\b`));
const lineOf = (page) => page.innerText('#lines li:not(.note) >> nth=-1');

export async function tryBroadcast(browser, command) {
  let server = await Program.start(command);
  const { address, url } = server;
  const ali = await browser.open(url);
  const bea = await browser.open(url);

  await check('broadcast: every tab sees what one types', async () => {
    await tabs(2)(ali);
    await tabs(2)(bea);
    await ali.fill('#name', 'Ali');
    await ali.locator('#text').pressSequentially('Hello, w');
    await matches('drafts', /Ali\s+Hello, w$/)(bea);
    await browser.picture(bea, 'broadcast-draft');
    await ali.locator('#text').pressSequentially('orld');
    await ali.press('#text', 'Enter');
    for (const page of [ali, bea]) await matches('lines', /Ali\s+Hello, world/)(page);
    equal(await bea.innerText('#drafts'), '', 'what is done is no draft');
    equal(await ali.inputValue('#text'), '', 'the field');
  });

  await check('broadcast: what is typed is text, without a name too', async () => {
    const text = '<img src=x onerror="document.title = 1"> & 世界 👋';
    await bea.fill('#text', text);
    await bea.click('#send');
    for (const page of [ali, bea]) {
      await page.waitForFunction((want) => document.querySelector('#lines li:last-child span').textContent === want, text);
      equal(await page.title(), 'WebSocket broadcast', 'the title');
      if (!/^tab \d+\s/.test(await lineOf(page))) throw new Error(`the name is in ${await lineOf(page)}`);
    }
    await browser.picture(ali, 'broadcast');
  });

  await check('broadcast: a tab that is closed is counted no more', async () => {
    const third = await browser.open(url);
    for (const page of [ali, bea, third]) await tabs(3)(page);
    await third.close();
    for (const page of [ali, bea]) await tabs(2)(page);
  });

  await check('broadcast: a server that stops says so, and all come back', async () => {
    await server.end('SIGTERM');
    await matches('why', /^The server has stopped\. Reconnecting in \d+ s\.$/)(ali);
    for (const page of [ali, bea]) await matches('lines', /closed with 1001/)(page);
    await browser.picture(ali, 'broadcast-stopped');
    await matches('why', /^The server cannot be reached\. Reconnecting in \d+ s\.$/)(ali);
    server = await Program.start(command, [], address);
    for (const page of [ali, bea]) await tabs(2)(page);
    equal(await ali.isVisible('#notice'), false, 'the notice is shown');
  });

  await check('broadcast: a server that is killed is missed, and found at once on demand', async () => {
    await server.end('SIGKILL');
    await matches('why', /^The connection is lost\./)(ali);
    server = await Program.start(command, [], address);
    for (const page of [ali, bea]) {
      await page.click('#now', { timeout: 1000 }).catch(() => {}); // it may have come back by itself
    }
    for (const page of [ali, bea]) await tabs(2)(page);
  });
  await server.end('SIGTERM');
  await ali.close();
  await bea.close();
  await trySlow(browser, command);
}

// trySlow makes one of two tabs so busy that it does not read.
async function trySlow(browser, command) {
  const server = await Program.start(command, ['-flood', '200']);
  const fast = await browser.open(server.url);
  const slow = await browser.open(server.url);
  await check('broadcast: a tab that is too slow is dropped, learns why, and comes back', async () => {
    for (const page of [fast, slow]) await tabs(2)(page);
    const dialog = within(10_000, 'a dialog', new Promise((resolve) => slow.once('dialog', resolve)));
    const clicked = slow.click('#slow'); // which returns when the dialog is closed
    const shown = await dialog;
    await matches('people', /^1 tab, 1 dropped$/)(fast);
    await shown.accept();
    await clicked;
    await matches('why', /^This tab was too slow, and the server has dropped it\. Reconnecting in \d+ s\.$/)(slow);
    await browser.picture(slow, 'broadcast-slow');
    await matches('lines', /closed with 1008/)(slow);
    await open(slow);
    for (const page of [fast, slow]) await matches('people', /^2 tabs, 1 dropped$/)(page);
  });
  await fast.close();
  await slow.close();
  await server.end('SIGTERM');
}
