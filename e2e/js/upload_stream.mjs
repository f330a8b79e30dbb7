// lib-storage's Upload: a stream whose length nobody knows, sent in one request or in parts as it turns out.
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { answer, bytes, client } from "./server.mjs";

const s3 = client();
const Bucket = process.env.BUCKET;
const sha256 = (data) => createHash("sha256").update(data).digest("hex");
const results = [];
for (const size of JSON.parse(process.env.SIZES)) {
  const content = bytes(size);
  const Body = Readable.from(
    (function* () {
      for (let at = 0; at < size; at += 65_521) yield content.subarray(at, at + 65_521);
    })(),
  );
  const Key = `upload/${size}`;
  const upload = new Upload({ client: s3, params: { Bucket, Key, Body, ContentType: "video/mp4" } });
  const done = await upload.done();
  const got = await s3.send(new GetObjectCommand({ Bucket, Key }));
  results.push({
    size,
    etag: done.ETag,
    sameETag: done.ETag === got.ETag,
    contentType: got.ContentType,
    same: sha256(await got.Body.transformToByteArray()) === sha256(content),
  });
}
answer(results);
