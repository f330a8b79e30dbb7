// Goes through STEPS in one Chromium, as one person does, and prints what is to be seen after each.
import { withPage } from "./chromium.mjs";
import { answer } from "./server.mjs";

const steps = JSON.parse(process.env.STEPS);

/** Does what leads to another page, and waits for that page. */
async function leave(page, act) {
  const here = page.url();
  await act();
  await page.waitForURL((url) => url.href !== here);
}

/** What a step does. */
const deeds = {
  visit: (page, url) => page.goto(url),
  follow: (page, link) => leave(page, () => page.getByRole("link", { name: link }).click()),
  // The pages of oidc-provider: who somebody is, then whether they agree. One who agreed before is not asked again.
  async login(page, account) {
    await page.fill("input[name=login]", account);
    await page.fill("input[name=password]", "any");
    await leave(page, () => page.click("button[type=submit]"));
    const agree = page.getByRole("button", { name: "Continue" });
    if (await agree.count()) await leave(page, () => agree.click());
  },
  // Forgets the cookies of a site.
  forget: (page, url) => page.context().clearCookies({ domain: new URL(url).hostname }),
  // Shows the cookies of the site that is seen to another one.
  async carry(page, url) {
    const kept = await page.context().cookies(page.url());
    await page.context().addCookies(kept.map(({ name, value }) => ({ name, value, url })));
    await page.goto(url);
  },
};

/** What the page shows, what its scripts can read, and what the browser keeps for it. */
async function sight(page, status) {
  const shown = await page.evaluate(() => ({
    text: document.body.innerText,
    form: Boolean(document.querySelector("input[name=login]")),
    pictures: [...document.images].map((image) => image.naturalWidth),
    readable: document.cookie,
  }));
  const cookies = await page.context().cookies(page.url());
  return { url: page.url(), status, ...shown, cookies: Object.fromEntries(cookies.map((it) => [it.name, it])) };
}

async function go(page) {
  let status = 0;
  page.on("response", (response) => {
    if (response.request().isNavigationRequest()) status = response.status();
  });
  const sights = [];
  for (const [deed, argument] of steps) {
    await deeds[deed](page, argument);
    sights.push(await sight(page, status));
  }
  return sights;
}

// Whether the certificate of a provider is a browser's to trust is not asked here.
answer(await withPage("about:blank", go, { ignoreHTTPSErrors: true }));
