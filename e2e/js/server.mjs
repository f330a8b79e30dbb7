// What every script here begins with: the server's endpoint and credentials, as the tests hand them over.
import { S3Client } from "@aws-sdk/client-s3";

export const { CAIRN_ENDPOINT, ACCESS_KEY_ID, SECRET_ACCESS_KEY } = process.env;

/** An S3 client as R2's aws-sdk-js-v3 page configures it. No retries: what fails once has failed. */
export function client() {
  return new S3Client({
    region: "auto",
    endpoint: CAIRN_ENDPOINT,
    credentials: { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY },
    maxAttempts: 1,
  });
}

/** Remembers, for each request `s3` sends, the headers named, as they are on the wire. */
export function rememberHeaders(s3, names) {
  const sent = [];
  s3.middlewareStack.add(
    (next) => (args) => {
      const lower = Object.fromEntries(Object.entries(args.request.headers).map(([k, v]) => [k.toLowerCase(), v]));
      sent.push(Object.fromEntries(names.filter((name) => name in lower).map((name) => [name, lower[name]])));
      return next(args);
    },
    { step: "finalizeRequest", priority: "low", name: "rememberHeaders" },
  );
  return sent;
}

/** The name and status a request was refused with. */
export async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return { name: error.name, status: error.$metadata?.httpStatusCode };
  }
  return { name: "accepted", status: 200 };
}

/** `size` bytes, different at every place; Python's test makes the same ones. */
export function bytes(size) {
  const made = Buffer.alloc(size);
  for (let at = 0, state = 1; at < size; at++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    made[at] = state >>> 24;
  }
  return made;
}

/** The test reads one JSON value from standard output. */
export function answer(value) {
  process.stdout.write(JSON.stringify(value));
}
