// Use the presigned URL to upload the file
const response = await fetch(signed.url, {
  method: "PUT",
  body: file,
  headers: {
    "If-Unmodified-Since": "Tue, 28 Sep 2021 16:00:00 GMT",
  },
});
