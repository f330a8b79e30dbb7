import {
  UploadPartCommand,
  PutObjectCommand, S3Client,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type UploadPartCommandOutput
} from "@aws-sdk/client-s3";


const s3 = new S3Client({
  endpoint: process.env.R2_ENDPOINT,
  credentials: {
    accessKeyId: process.env.R2_ACCESS_KEY_ID,
    secretAccessKey: process.env.R2_SECRET_ACCESS_KEY,
  },
});


const SSECustomerAlgorithm = "AES256";
const SSECustomerKey = process.env.R2_SSEC_KEY;
const SSECustomerKeyMD5 = process.env.R2_SSEC_KEY_MD5;


await s3.send(
  new PutObjectCommand({
    Bucket: "your-bucket",
    Key: "single-part",
    Body: "BeepBoop",
    SSECustomerAlgorithm,
    SSECustomerKey,
    SSECustomerKeyMD5,
  }),
);


const multi = await s3.send(
  new CreateMultipartUploadCommand({
    Bucket: "your-bucket",
    Key: "multi-part",
    SSECustomerAlgorithm,
    SSECustomerKey,
    SSECustomerKeyMD5,
  }),
);
const UploadId = multi.UploadId;


const parts: UploadPartCommandOutput[] = [];


parts.push(
  await s3.send(
    new UploadPartCommand({
      Bucket: "your-bucket",
      Key: "multi-part",
      UploadId,
      //   filledBuf()` generates some random data.
      // Replace with a function/body of your choice.
      Body: filledBuf(),
      PartNumber: 1,
      SSECustomerAlgorithm,
      SSECustomerKey,
      SSECustomerKeyMD5,
    }),
  ),
);
parts.push(
  await s3.send(
    new UploadPartCommand({
      Bucket: "your-bucket",
      Key: "multi-part",
      UploadId,
      //   filledBuf()` generates some random data.
      // Replace with a function/body of your choice.
      Body: filledBuf(),
      PartNumber: 2,
      SSECustomerAlgorithm,
      SSECustomerKey,
      SSECustomerKeyMD5,
    }),
  ),
);
await s3.send(
  new CompleteMultipartUploadCommand({
    Bucket: "your-bucket",
    Key: "multi-part",
    UploadId,
    MultipartUpload: {
      Parts: parts.map(({ ETag }, PartNumber) => ({
        ETag,
        PartNumber: PartNumber + 1,
      })),
    },
    SSECustomerAlgorithm,
    SSECustomerKey,
    SSECustomerKeyMD5,
  }),
);


const HeadObjectOutput = await s3.send(
  new HeadObjectCommand({
    Bucket: "your-bucket",
    Key: "multi-part",
    SSECustomerAlgorithm,
    SSECustomerKey,
    SSECustomerKeyMD5,
  }),
);


const GetObjectOutput = await s3.send(
  new GetObjectCommand({
    Bucket: "your-bucket",
    Key: "single-part",
    SSECustomerAlgorithm,
    SSECustomerKey,
    SSECustomerKeyMD5,
  }),
);
