// Opens PAGE in Chromium, gives it a file, presses its button, and prints what it wrote into its <output>.
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { answer } from "./server.mjs";

const { PAGE, FILE, FILE_TYPE, CHROMIUM } = process.env;

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

const browser = await chromium.launch({
  executablePath: CHROMIUM || (await unpacked()),
  // Root, as in containers, may not run a sandboxed Chromium.
  chromiumSandbox: false,
  args: ["--disable-gpu", "--no-zygote"],
});
try {
  const page = await browser.newPage();
  await page.goto(PAGE);
  await page.setInputFiles("#file", { name: "file", mimeType: FILE_TYPE, buffer: Buffer.from(FILE) });
  await page.click("#upload");
  const output = await page.waitForSelector("output:not(:empty)");
  answer(JSON.parse(await output.textContent()));
} finally {
  await browser.close();
}
