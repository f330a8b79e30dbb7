// An OpenID provider (npm's oidc-provider, with its own login and consent pages) on a free port of this machine, until
// it is told to end. Prints its issuer once it listens. ACCOUNTS are the claims of everybody by what they log in as;
// LEAN_ID_TOKENS keeps all claims but `sub` to the userinfo endpoint, as OpenID Connect has it; TLS_CHAIN and TLS_KEY
// are files.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { Provider } from "oidc-provider";

const { ACCOUNTS, HOST, LEAN_ID_TOKENS, TLS_CHAIN, TLS_KEY } = process.env;

const accounts = JSON.parse(ACCOUNTS);
const tls = TLS_CHAIN && { cert: readFileSync(TLS_CHAIN), key: readFileSync(TLS_KEY) };

/** A key to sign ID tokens with. */
function key(kind, options) {
  return { ...generateKeyPairSync(kind, options).privateKey.export({ format: "jwk" }), use: "sig" };
}

function findAccount(_, id) {
  return Object.hasOwn(accounts, id) ? { accountId: id, claims: () => ({ sub: id, ...accounts[id] }) } : undefined;
}

const server = tls ? https.createServer(tls) : http.createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `${tls ? "https" : "http"}://${HOST}:${server.address().port}`;
  const provider = new Provider(issuer, {
    findAccount,
    claims: { openid: ["sub"], email: ["email", "email_verified"], groups: ["groups"], profile: ["name"] },
    conformIdTokenClaims: Boolean(LEAN_ID_TOKENS),
    cookies: { keys: [randomBytes(32).toString("hex")] },
    jwks: { keys: [key("rsa", { modulusLength: 2048 }), key("ec", { namedCurve: "P-256" })] },
    enabledJWA: {
      idTokenSigningAlgValues: ["RS256", "ES256", "HS256"],
      userinfoSigningAlgValues: ["RS256", "ES256"],
    },
    features: { registration: { enabled: true }, jwtUserinfo: { enabled: true } },
    pkce: { required: () => true },
  });
  server.on("request", provider.callback());
  process.stdout.write(`${issuer}\n`);
});
