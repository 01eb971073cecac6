// Opens the pages of the examples in Chromium and does what a person would.
//
//   node main.mjs ECHO BROADCAST [FOLDER]
//
// ECHO and BROADCAST are the programs, which it starts, stops and kills.
// Pictures of the pages go into FOLDER, in light and dark, wide and narrow.
// CHROMIUM is the browser, /usr/bin/chromium by default.
import { chromium } from 'playwright-core';
import { mkdir } from 'node:fs/promises';
import { tryBroadcast } from './broadcast.mjs';
import { tryCompression } from './compression.mjs';
import { tryEcho } from './echo.mjs';
import { killAll } from './program.mjs';

const [echo, broadcast, folder] = process.argv.slice(2);
const wide = { width: 900, height: 640 };
const narrow = { width: 360, height: 640 };

// A Browser opens pages, whose scripts must not throw.
class Browser {
  static async launch() {
    const b = new Browser();
    b.chromium = await chromium.launch({
      executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    });
    b.context = await b.chromium.newContext({ viewport: wide, colorScheme: 'light' });
    b.context.setDefaultTimeout(20_000);
    return b;
  }

  async open(url) {
    const page = await this.context.newPage();
    page.on('pageerror', (err) => fail(new Error(`the script of ${url}: ${err.message}`)));
    await page.goto(url);
    return page;
  }

  async picture(page, name) {
    if (!folder) return;
    for (const [size, viewport] of Object.entries({ wide, narrow })) {
      await page.setViewportSize(viewport);
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme });
        await page.screenshot({ path: `${folder}/${name}-${size}-${colorScheme}.png` });
      }
    }
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize(wide);
  }
}

function fail(err) {
  console.log(`FAIL browser: ${err.message}`);
  killAll();
  process.exit(1);
}

try {
  if (folder) await mkdir(folder, { recursive: true });
  const browser = await Browser.launch();
  await tryEcho(browser, echo);
  await tryCompression(browser, echo);
  await tryBroadcast(browser, broadcast);
  await browser.chromium.close();
} catch (err) {
  fail(err);
}
