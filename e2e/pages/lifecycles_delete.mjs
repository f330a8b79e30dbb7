import S3 from "aws-sdk/clients/s3.js";


// Configure the S3 client to talk to R2.
const client = new S3({
  endpoint: "https://<account_id>.r2.cloudflarestorage.com",
  credentials: {
    accessKeyId: "<access_key_id>",
    secretAccessKey: "<access_key_secret>",
  },
  region: "auto",
});


// Delete lifecycle configuration for bucket
await client
  .deleteBucketLifecycle({
    Bucket: "bucketName",
  })
  .promise();
