// The links of @aws-sdk/s3-request-presigner, for the test to use.
import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { answer, client } from "./server.mjs";

const s3 = client();
const target = { Bucket: process.env.BUCKET, Key: process.env.KEY };
const links = {};
for (const [name, command] of Object.entries({
  get: new GetObjectCommand(target),
  head: new HeadObjectCommand(target),
  put: new PutObjectCommand(target),
  putPng: new PutObjectCommand({ ...target, ContentType: "image/png" }),
  remove: new DeleteObjectCommand(target),
})) {
  const signableHeaders = name === "putPng" ? new Set(["content-type"]) : undefined;
  links[name] = await getSignedUrl(s3, command, { expiresIn: 3600, signableHeaders });
}
answer(links);
