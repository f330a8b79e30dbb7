// Opens PAGE in Chromium, gives it a file, presses its button, and prints what it wrote into its <output>.
import { output, withPage } from "./chromium.mjs";
import { answer } from "./server.mjs";

const { PAGE, FILE, FILE_TYPE } = process.env;

const seen = await withPage(PAGE, async (page) => {
  await page.setInputFiles("#file", { name: "file", mimeType: FILE_TYPE, buffer: Buffer.from(FILE) });
  await page.click("#upload");
  return output(page);
});
answer(seen);
