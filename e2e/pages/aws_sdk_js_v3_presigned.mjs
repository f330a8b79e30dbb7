import { getSignedUrl } from "@aws-sdk/s3-request-presigner";


// Use the expiresIn property to determine how long the presigned link is valid.
console.log(
  await getSignedUrl(
    S3,
    new GetObjectCommand({ Bucket: "my-bucket-name", Key: "dog.png" }),
    { expiresIn: 3600 },
  ),
);
// https://my-bucket-name.<accountid>.r2.cloudflarestorage.com/dog.png?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD&X-Amz-Credential<credential>&X-Amz-Date=<timestamp>&X-Amz-Expires=3600&X-Amz-Signature=<signature>&X-Amz-SignedHeaders=host&x-id=GetObject


// You can also create links for operations such as putObject to allow temporary write access to a specific key.
console.log(
  await getSignedUrl(
    S3,
    new PutObjectCommand({ Bucket: "my-bucket-name", Key: "dog.png" }),
    { expiresIn: 3600 },
  ),
);
