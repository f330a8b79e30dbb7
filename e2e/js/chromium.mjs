// Chromium: the one that CHROMIUM names, or the one of an npm package.
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

/** The Chromium of an npm package, and the libraries it needs, unpacked into TMPDIR. */
async function unpacked() {
  // Outside the place it is made for the package keeps its libraries to itself; this names that place.
  process.env.AWS_EXECUTION_ENV = "AWS_Lambda_nodejs20.x";
  const { default: packed } = await import("@sparticuz/chromium");
  packed.setGraphicsMode = false;
  // Its own arguments are not used: they switch off what is tested here, the browser's same-origin policy.
  const executable = await packed.executablePath();
  // Its fonts lie in TMPDIR, but its configuration looks for them in /tmp; without a font Chromium crashes.
  const configuration = join(tmpdir(), "fonts.conf");
  const directories = `<dir>${join(tmpdir(), "fonts")}</dir><cachedir>${join(tmpdir(), "fonts-cache")}</cachedir>`;
  await writeFile(configuration, `<?xml version="1.0"?><fontconfig>${directories}</fontconfig>`);
  process.env.FONTCONFIG_FILE = configuration;
  return executable;
}

/** Opens `address` in a page of its own, and answers what `work` makes of it. */
export async function withPage(address, work, options = {}) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || (await unpacked()),
    // Root, as in containers, may not run a sandboxed Chromium.
    chromiumSandbox: false,
    args: ["--disable-gpu", "--no-zygote"],
  });
  try {
    const page = await browser.newPage(options);
    // Playwright's own half a minute is little on a busy machine.
    page.setDefaultTimeout(120_000);
    await page.goto(address);
    return await work(page);
  } finally {
    await browser.close();
  }
}

/** The value that a page wrote into its <output>. */
export async function output(page) {
  const written = await page.waitForSelector("output:not(:empty)");
  return JSON.parse(await written.textContent());
}
