// Opens PAGE in Chromium and prints what it wrote into its <output> by itself.
import { output, withPage } from "./chromium.mjs";
import { answer } from "./server.mjs";

answer(await withPage(process.env.PAGE, output));
