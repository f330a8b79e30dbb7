// The tour of tests/test_every_sdk.py with `aws-sdk`, version 2 of the SDK for JavaScript.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import S3 from "aws-sdk/clients/s3.js";
import { ACCESS_KEY_ID, CAIRN_ENDPOINT, SECRET_ACCESS_KEY, answer } from "./server.mjs";

// As R2's aws-sdk-js page configures it; the path style, because no name below the tests' host is looked up.
const s3 = new S3({
  endpoint: CAIRN_ENDPOINT,
  accessKeyId: ACCESS_KEY_ID,
  secretAccessKey: SECRET_ACCESS_KEY,
  signatureVersion: "v4",
  s3ForcePathStyle: true,
  maxRetries: 0,
});
const Bucket = process.env.BUCKET;
const keys = JSON.parse(process.env.KEYS);
const seen = {};

const text = async (Key, options = {}) => {
  const got = await s3.getObject({ Bucket, Key, ...options }).promise();
  return got.Body.toString();
};

const refusal = async (request) => {
  try {
    await request.promise();
  } catch (error) {
    return { code: error.code, status: error.statusCode };
  }
  return { code: "accepted", status: 200 };
};

const listed = async (parameters) => {
  const all = { keys: [], prefixes: [], pages: 0 };
  let ContinuationToken;
  do {
    const page = await s3.listObjectsV2({ Bucket, ContinuationToken, ...parameters }).promise();
    all.keys.push(...page.Contents.map((entry) => entry.Key));
    all.prefixes.push(...page.CommonPrefixes.map((entry) => entry.Prefix));
    all.pages += 1;
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken);
  return all;
};

await s3.createBucket({ Bucket }).promise();
for (const Key of keys) {
  await s3.putObject({ Bucket, Key, Body: `body of ${Key}` }).promise();
}
seen.bodies = [];
for (const Key of keys) {
  seen.bodies.push(await text(Key));
}
seen.listed = await listed({ MaxKeys: 3 });
for (const Key of ["tree/leaf", "tree/left/leaf", "tree/right/leaf"]) {
  await s3.putObject({ Bucket, Key, Body: "" }).promise();
}
seen.tree = await listed({ Prefix: "tree/", Delimiter: "/" });

const put = await s3
  .putObject({
    Bucket,
    Key: "described",
    Body: "0123456789",
    ContentType: "text/x-digits",
    CacheControl: "no-cache",
    Metadata: { colour: "green" },
  })
  .promise();
const describe = async (Key) => {
  const head = await s3.headObject({ Bucket, Key }).promise();
  return { type: head.ContentType, cache: head.CacheControl, length: head.ContentLength, metadata: head.Metadata };
};
seen.etag = put.ETag;
seen.head = await describe("described");
const range = await s3.getObject({ Bucket, Key: "described", Range: "bytes=-3" }).promise();
seen.range = { body: range.Body.toString(), range: range.ContentRange };

const copy = { Bucket, CopySource: `${Bucket}/described` };
await s3.copyObject({ ...copy, Key: "copy" }).promise();
seen.copy = { body: await text("copy"), head: await describe("copy") };
await s3
  .copyObject({
    ...copy,
    Key: "replaced",
    MetadataDirective: "REPLACE",
    ContentType: "text/x-other",
    Metadata: { colour: "red" },
  })
  .promise();
const { cache = null, ...replaced } = await describe("replaced");
seen.replaced = { cache, ...replaced };

const large = await s3
  .upload({ Bucket, Key: "large", Body: createReadStream(process.env.FILE) }, { partSize: 5 * 1024 * 1024 })
  .promise();
const back = await s3.getObject({ Bucket, Key: "large" }).promise();
seen.large = { etag: large.ETag, sha256: createHash("sha256").update(back.Body).digest("hex") };

seen.refusals = {
  missingKey: await refusal(s3.getObject({ Bucket, Key: "missing" })),
  missingHead: await refusal(s3.headObject({ Bucket, Key: "missing" })),
  notModified: await refusal(s3.getObject({ Bucket, Key: "described", IfNoneMatch: put.ETag })),
  failedMatch: await refusal(s3.getObject({ Bucket, Key: "described", IfMatch: '"other"' })),
  notEmpty: await refusal(s3.deleteBucket({ Bucket })),
  missingBucket: await refusal(s3.getObject({ Bucket: `${Bucket}-missing`, Key: "key" })),
};

const Objects = [...keys, "never/was"].map((Key) => ({ Key }));
const deleted = await s3.deleteObjects({ Bucket, Delete: { Objects } }).promise();
seen.deleted = deleted.Deleted.length;
seen.left = (await listed({})).keys;

const link = { Bucket, Key: process.env.LINKED, Expires: 3600 };
seen.links = {
  get: await s3.getSignedUrlPromise("getObject", link),
  put: await s3.getSignedUrlPromise("putObject", link),
};
answer(seen);
