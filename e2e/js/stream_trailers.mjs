// PutObject of a stream: the SDK cannot hash it beforehand, so it sends an aws-chunked body with the checksum in a
// trailer, and no Content-Length of its own.
import { Readable } from "node:stream";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { answer, bytes, client, rememberHeaders } from "./server.mjs";

const Bucket = process.env.BUCKET;
const results = [];
for (const ChecksumAlgorithm of JSON.parse(process.env.ALGORITHMS)) {
  for (const size of JSON.parse(process.env.SIZES)) {
    const s3 = client();
    const sent = rememberHeaders(s3, [
      "x-amz-content-sha256",
      "x-amz-trailer",
      "x-amz-decoded-content-length",
      "content-length",
      "content-encoding",
    ]);
    const content = bytes(size);
    // Blocks of an odd size, so that chunks never fall on borders the server might expect.
    const blocks = [];
    for (let at = 0; at < size; at += 10_007) blocks.push(content.subarray(at, at + 10_007));
    const Key = `${ChecksumAlgorithm}/${size}`;
    await s3.send(
      new PutObjectCommand({ Bucket, Key, Body: Readable.from(blocks), ContentLength: size, ChecksumAlgorithm }),
    );
    const got = await s3.send(new GetObjectCommand({ Bucket, Key }));
    const back = Buffer.from(await got.Body.transformToByteArray());
    results.push({ Key, size, headers: sent[0], same: back.equals(content), coding: got.ContentEncoding ?? null });
    s3.destroy();
  }
}
answer(results);
