import { AwsClient } from "aws4fetch";


// Create a new client
// Replace with your own access key ID and secret access key
// Make sure to store these securely and not expose them
const client = new AwsClient({
  accessKeyId: "",
  secretAccessKey: "",
});


export default {
  async fetch(req): Promise<Response> {
    // This is just an example to demonstrating using aws4fetch to generate a presigned URL.
    // This Worker should not be used as-is as it does not authenticate the request, meaning
    // that anyone can upload to your bucket.
    //
    // Consider implementing authorization, such as a preshared secret in a request header.
    const requestPath = new URL(req.url).pathname;


    // Cannot upload to the root of a bucket
    if (requestPath === "/") {
      return new Response("Missing a filepath", { status: 400 });
    }


    // Replace with your bucket name and account ID
    const bucketName = "";
    const accountId = "";


    const url = new URL(
      `https://${bucketName}.${accountId}.r2.cloudflarestorage.com`,
    );


    // preserve the original path
    url.pathname = requestPath;


    // Specify a custom expiry for the presigned URL, in seconds
    url.searchParams.set("X-Amz-Expires", "3600");


    const signed = await client.sign(
      new Request(url, {
        method: "PUT",
      }),
      {
        aws: { signQuery: true },
      },
    );


    // Caller can now use this URL to upload to that object.
    return new Response(signed.url, { status: 200 });
  },


  // ... handle other kinds of requests
} satisfies ExportedHandler;
