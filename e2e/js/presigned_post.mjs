// A form of @aws-sdk/s3-presigned-post, for the test to fill in.
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
import { answer, client } from "./server.mjs";

const form = await createPresignedPost(client(), {
  Bucket: process.env.BUCKET,
  Key: process.env.KEY,
  Conditions: [["content-length-range", 1, 100]],
  Expires: 600,
});
answer(form);
