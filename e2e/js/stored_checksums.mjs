// What the SDK and lib-storage send and verify by themselves, and what the server then says of the object's checksum.
import { GetObjectCommand, HeadObjectCommand } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { answer, bytes, client } from "./server.mjs";

const s3 = client();
const Bucket = process.env.BUCKET;
const checksums = (output) =>
  Object.fromEntries(Object.entries(output).filter(([name]) => name.startsWith("Checksum")));
const results = [];
for (const algorithm of JSON.parse(process.env.ALGORITHMS)) {
  for (const size of JSON.parse(process.env.SIZES)) {
    const Key = `${algorithm ?? "default"}/${size}`;
    const Body = bytes(size);
    const params = { Bucket, Key, Body, ...(algorithm && { ChecksumAlgorithm: algorithm }) };
    const done = await new Upload({ client: s3, params }).done();
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: "ENABLED" }));
    const got = await s3.send(new GetObjectCommand({ Bucket, Key }));
    const same = Body.equals(Buffer.from(await got.Body.transformToByteArray()));
    results.push({ key: Key, algorithm, done: checksums(done), head: checksums(head), same });
  }
}
answer(results);
