// Drives Firefox over WebDriver BiDi for a Python test: one JSON order a line on stdin,
// one JSON answer a line on stdout. Ends, and the browser with it, when stdin ends.
//   {"go": url} | {"js": expression} -> {"ok": value} | {"error": text}
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../../web/package.json", import.meta.url));
const puppeteer = require("puppeteer-core");

const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: process.argv[2],
  headless: true,
  extraPrefsFirefox: {
    "media.navigator.streams.fake": true,
    "media.navigator.audio.fake_frequency": Number(process.argv[3]),
    "media.navigator.permission.disabled": true,
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    "media.autoplay.block-webaudio": false,
    "media.peerconnection.ice.obfuscate_host_addresses": false,
    "app.update.enabled": false,
  },
});
const page = (await browser.pages())[0] ?? (await browser.newPage());
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
page.on("pageerror", (error) => process.stderr.write(`page: ${error.message}\n`));
say({ ok: await browser.version() });

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  try {
    if (order.go) await page.goto(order.go);
    say({ ok: order.js ? ((await page.evaluate(order.js)) ?? null) : null });
  } catch (error) {
    say({ error: String(error.message ?? error) });
  }
}
await browser.close();
