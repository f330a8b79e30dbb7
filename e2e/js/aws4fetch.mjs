// aws4fetch beyond its page: odd names, binary bodies, copies by header, refusals.
import { AwsClient } from "aws4fetch";
import { ACCESS_KEY_ID, CAIRN_ENDPOINT, SECRET_ACCESS_KEY, answer, bytes } from "./server.mjs";

const client = new AwsClient({
  service: "s3",
  region: "auto",
  accessKeyId: ACCESS_KEY_ID,
  secretAccessKey: SECRET_ACCESS_KEY,
  retries: 0,
});
const bucket = `${CAIRN_ENDPOINT}/${process.env.BUCKET}`;
const seen = {};

seen.created = (await client.fetch(bucket, { method: "PUT" })).status;
seen.bodies = [];
for (const key of JSON.parse(process.env.KEYS)) {
  const url = `${bucket}/${encodeURIComponent(key)}`;
  const put = await client.fetch(url, { method: "PUT", body: `body of ${key}` });
  seen.bodies.push([put.status, await (await client.fetch(url)).text()]);
}
const content = bytes(300_000);
const put = await client.fetch(`${bucket}/binary`, {
  method: "PUT",
  body: content,
  headers: { "Content-Type": "application/x-binary", "x-amz-meta-colour": "green" },
});
seen.put = put.status;
const got = await client.fetch(`${bucket}/binary`);
seen.got = {
  same: Buffer.from(await got.arrayBuffer()).equals(content),
  type: got.headers.get("content-type"),
  colour: got.headers.get("x-amz-meta-colour"),
  sameETag: got.headers.get("etag") === put.headers.get("etag"),
};
const copy = { method: "PUT", headers: { "x-amz-copy-source": `/${process.env.BUCKET}/binary` } };
seen.copied = (await client.fetch(`${bucket}/copy`, copy)).status;
const missing = await client.fetch(`${bucket}/missing`);
seen.missing = [missing.status, (await missing.text()).includes("<Code>NoSuchKey</Code>")];
const stranger = new AwsClient({ service: "s3", accessKeyId: ACCESS_KEY_ID, secretAccessKey: "wrong", retries: 0 });
seen.stranger = (await stranger.fetch(`${bucket}/binary`)).status;
seen.deleted = (await client.fetch(`${bucket}/copy`, { method: "DELETE" })).status;

answer(seen);
