// What a person does on the page of examples/echo.
import { check, equal } from './check.mjs';
import { Program } from './program.mjs';

export async function tryEcho(browser, command) {
  let server = await Program.start(command, ['-v']);
  const { address, url } = server;
  const page = await browser.open(url);
  const state = (text) => page.waitForFunction((want) => document.getElementById('state').textContent === want, text);
  const last = (kind) => page.innerText(`li.${kind} >> nth=0`); // the latest is on top
  const count = (kind, n) => page.waitForFunction(([k, n]) => document.querySelectorAll(`li.${k}`).length === n, [kind, n]);

  await check('echo: what is typed comes back', async () => {
    await state('open');
    let n = 0;
    for (const text of ['Grüße, 世界 👋', '', '<b onclick=alert(1)>no markup</b>']) {
      await page.fill('#text', text);
      await page.press('#text', 'Enter');
      await count('in', ++n);
      const bytes = Buffer.byteLength(text);
      if (!(await last('in')).includes(`text, ${bytes} bytes: ${text}`)) throw new Error(`shown is ${await last('in')}`);
    }
    await page.click('#binary');
    await count('in', ++n);
    if (!(await last('in')).includes('binary, 256 bytes: ')) throw new Error(`shown is ${await last('in')}`);
    await browser.picture(page, 'echo');
  });

  await check('echo: the page closes with 1000, stays closed, and connects again', async () => {
    await page.click('#toggle');
    await state('closed');
    if (!/closed with 1000 "bye", cleanly/.test(await last('note'))) throw new Error(`shown is ${await last('note')}`);
    await server.says(/closed by the peer with 1000 \(normal closure\) "bye"/);
    equal(await page.isDisabled('#send'), true, 'the button is off');
    await page.click('#toggle');
    await state('open');
  });

  await check('echo: a server that stops says so with 1001, and the page comes back', async () => {
    await server.end('SIGTERM');
    await page.waitForFunction(() => /closed with 1001/.test(document.querySelector('li.note').innerText));
    await page.waitForFunction(() => /^closed, next try in \d+ s$/.test(document.getElementById('state').textContent));
    await browser.picture(page, 'echo-stopped');
    server = await Program.start(command, ['-v'], address);
    await state('open');
  });

  await check('echo: a server that is killed is missed', async () => {
    await server.end('SIGKILL');
    await page.waitForFunction(() => /closed with 1006/.test(document.querySelector('li.note').innerText));
    server = await Program.start(command, ['-v'], address);
    await state('open');
  });

  await check('echo: the server sees 1001 when the tab is closed', async () => {
    await page.close();
    await server.says(/closed by the peer with 1001/);
  });
  await server.end('SIGTERM');
}
