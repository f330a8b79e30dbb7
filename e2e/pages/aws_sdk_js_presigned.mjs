// Use the expires property to determine how long the presigned link is valid.
console.log(
  await s3.getSignedUrlPromise("getObject", {
    Bucket: "my-bucket-name",
    Key: "dog.png",
    Expires: 3600,
  }),
);
// https://my-bucket-name.<accountid>.r2.cloudflarestorage.com/dog.png?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=<credential>&X-Amz-Date=<timestamp>&X-Amz-Expires=3600&X-Amz-Signature=<signature>&X-Amz-SignedHeaders=host


// You can also create links for operations such as putObject to allow temporary write access to a specific key.
console.log(
  await s3.getSignedUrlPromise("putObject", {
    Bucket: "my-bucket-name",
    Key: "dog.png",
    Expires: 3600,
  }),
);
