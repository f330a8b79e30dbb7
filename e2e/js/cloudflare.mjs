// What harness/cloudflare_sdk.py does with the SDK for Python, with the one for JavaScript: one subject per run.
import Cloudflare from "cloudflare";
import { answer } from "./server.mjs";

const account_id = process.env.ACCOUNT_ID;
const given = JSON.parse(process.env.GIVEN);

// No retries: what fails once has failed.
const client = (apiToken = process.env.API_TOKEN) =>
  new Cloudflare({ baseURL: process.env.API_BASE, apiToken, maxRetries: 0 });

async function refusal(call) {
  let answered;
  try {
    answered = await call();
  } catch (error) {
    if (!(error instanceof Cloudflare.APIError)) throw error;
    return [error.status, error.errors[0].code];
  }
  throw new Error(`answered ${JSON.stringify(answered)} instead of a refusal`);
}

async function all(pages) {
  const items = [];
  for await (const item of pages) items.push(item);
  return items;
}

const subjects = {
  async buckets({ bucket }) {
    const calls = client().r2.buckets;
    const where = { account_id };
    const settings = { ...where, name: bucket, locationHint: "weur", storageClass: "InfrequentAccess" };
    const made = await calls.create(settings);
    const again = await refusal(() => calls.create({ ...where, name: bucket }));
    const listed = await calls.list({ ...where, name_contains: bucket.slice(2), per_page: 5 });
    const got = await calls.get(bucket, where);
    const changed = await calls.edit(bucket, { ...where, storage_class: "Standard" });
    const deleted = await calls.delete(bucket, where);
    const gone = await refusal(() => calls.get(bucket, where));
    return { made, again, listed: listed.buckets.map((item) => item.name), got, changed, deleted, gone };
  },

  async objects({ bucket, keys }) {
    const calls = client().r2.buckets.objects;
    const where = { account_id, bucket_name: bucket };
    const uploaded = [];
    for (const key of keys) uploaded.push(await calls.upload(key, `at ${key}`, where));
    const listed = await all(calls.list(bucket, { account_id, per_page: 2 }));
    const got = await calls.get(keys[0], where);
    const text = await got.text();
    const deleted = await calls.delete(keys[0], where);
    const gone = await refusal(() => calls.get(keys[0], where));
    return { uploaded, listed, text, etag: got.headers.get("etag"), deleted, gone };
  },

  async configurations({ bucket, rules }) {
    const calls = client().r2.buckets;
    const where = { account_id };
    const seen = { before: {}, after: {} };
    for (const name of ["lifecycle", "locks", "cors"]) {
      const get = () => calls[name].get(bucket, where);
      seen.before[name] = name === "cors" ? await refusal(get) : await get();
      await calls[name].update(bucket, { ...where, rules: rules[name] });
      seen.after[name] = await get();
    }
    await calls.cors.delete(bucket, where);
    seen.deleted = await refusal(() => calls.cors.get(bucket, where));
    return seen;
  },

  async tokens({ name, policies }) {
    const where = { account_id };
    const calls = client().accounts.tokens;
    const verify = (value) => client(value).accounts.tokens.verify(where);
    const made = await calls.create({ ...where, name, policies });
    const got = await calls.get(made.id, where);
    const listed = (await all(calls.list({ ...where, per_page: 50 }))).map((item) => item.name);
    const verified = await verify(made.value);
    const rolled = await calls.value.update(made.id, where);
    const old = await refusal(() => verify(made.value));
    return { made, got, listed, verified, rolled, old, verified_again: await verify(rolled) };
  },

  async end_token({ token_id, value, name, policies }) {
    const where = { account_id };
    const calls = client().accounts.tokens;
    const renamed = await calls.update(token_id, { ...where, name, policies, status: "active" });
    const deleted = await calls.delete(token_id, where);
    const gone = await refusal(() => calls.get(token_id, where));
    const refused = await refusal(() => client(value).accounts.tokens.verify(where));
    return { renamed, deleted, gone, refused };
  },

  temporary_credentials: ({ bucket, prefix }) =>
    client().r2.temporaryCredentials.create({
      account_id,
      bucket,
      parentAccessKeyId: process.env.ACCESS_KEY_ID,
      permission: "object-read-only",
      ttlSeconds: 900,
      prefixes: [prefix],
    }),

  async domains({ bucket, domain, zone }) {
    const { managed, custom } = client().r2.buckets.domains;
    const where = { account_id };
    const at = { account_id, bucket_name: bucket };
    const settings = { ...where, domain, zoneId: zone, enabled: true };
    const seen = { closed: await managed.list(bucket, where) };
    seen.opened = await managed.update(bucket, { ...where, enabled: true });
    seen.added = await custom.create(bucket, { ...settings, ciphers: ["AES128-SHA"] });
    seen.listed = await custom.list(bucket, where);
    seen.updated = await custom.update(domain, { ...at, enabled: false, minTLS: "1.2" });
    seen.got = await custom.get(domain, at);
    seen.again = await refusal(() => custom.create(bucket, settings));
    seen.deleted = await custom.delete(domain, at);
    seen.gone = await refusal(() => custom.get(domain, at));
    seen.closed_again = await managed.update(bucket, { ...where, enabled: false });
    return seen;
  },

  metrics: () => client().r2.buckets.metrics.list({ account_id }),

  async audit({ since, before }) {
    const between = { account_id, since, before };
    return {
      first: await all(client().auditLogs.list(between)),
      second: await all(client().accounts.logs.audit.list(between)),
    };
  },

  async identity() {
    const accounts = (await all(client().accounts.list())).map((item) => item.id);
    return { accounts, account: await client().accounts.get({ account_id }) };
  },
};

answer(await subjects[process.env.SUBJECT](given));
