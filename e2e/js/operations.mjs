// The everyday operations of @aws-sdk/client-s3, in one bucket from its creation to its deletion.
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
} from "@aws-sdk/client-s3";
import { answer, client, refusal } from "./server.mjs";

const s3 = client();
const Bucket = process.env.BUCKET;
const keys = JSON.parse(process.env.KEYS);
const seen = {};

await s3.send(new CreateBucketCommand({ Bucket }));
seen.region = (await s3.send(new HeadBucketCommand({ Bucket }))).BucketRegion;

for (const Key of keys) {
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: `body of ${Key}` }));
}
// This SDK asks for no URL encoding: the names must survive XML itself.
seen.listed = [];
for await (const page of paginateListObjectsV2({ client: s3, pageSize: 3 }, { Bucket })) {
  seen.listed.push(...page.Contents.map((entry) => entry.Key));
}
seen.bodies = [];
for (const Key of keys) {
  seen.bodies.push(await (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body.transformToString());
}

const described = {
  Body: Buffer.from("0123456789"),
  ContentType: "text/x-digits",
  CacheControl: "no-cache",
  Metadata: { colour: "green" },
};
const put = await s3.send(new PutObjectCommand({ Bucket, Key: "described", ...described }));
const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "described" }));
seen.sameETag = put.ETag === head.ETag;
seen.head = {
  ContentType: head.ContentType,
  CacheControl: head.CacheControl,
  Metadata: head.Metadata,
  ContentLength: head.ContentLength,
};
const range = await s3.send(new GetObjectCommand({ Bucket, Key: "described", Range: "bytes=-3" }));
seen.range = { body: await range.Body.transformToString(), ContentRange: range.ContentRange };

await s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${Bucket}/described` }));
seen.copy = await (await s3.send(new GetObjectCommand({ Bucket, Key: "copy" }))).Body.transformToString();

seen.refusals = {
  missingKey: await refusal(s3.send(new GetObjectCommand({ Bucket, Key: "missing" }))),
  missingHead: await refusal(s3.send(new HeadObjectCommand({ Bucket, Key: "missing" }))),
  notModified: await refusal(s3.send(new GetObjectCommand({ Bucket, Key: "described", IfNoneMatch: put.ETag }))),
  failedMatch: await refusal(s3.send(new GetObjectCommand({ Bucket, Key: "described", IfMatch: '"other"' }))),
  notEmpty: await refusal(s3.send(new DeleteBucketCommand({ Bucket }))),
  missingBucket: await refusal(s3.send(new GetObjectCommand({ Bucket: `${Bucket}-missing`, Key: "k" }))),
};

await s3.send(new DeleteObjectCommand({ Bucket, Key: "copy" }));
const Objects = [...keys, "described"].map((Key) => ({ Key }));
const deleted = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
seen.deleted = deleted.Deleted.length;
await s3.send(new DeleteBucketCommand({ Bucket }));
seen.afterDeletion = await refusal(s3.send(new HeadBucketCommand({ Bucket })));

answer(seen);
