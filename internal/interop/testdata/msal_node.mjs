// MSAL for Node, driven line by line: JSON in, JSON out, as msal_python.py is.
// MSAL_NODE is the folder in which it is installed.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import fs from "node:fs";

const { CryptoProvider, PublicClientApplication } = createRequire(process.env.MSAL_NODE + "/")("@azure/msal-node");

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const hear = async () => JSON.parse((await lines.next()).value);
const say = (what) => process.stdout.write(JSON.stringify(what) + "\n");

// client makes an application; knownAuthorities takes the place of asking
// Microsoft whether the authority is one.
function client(task, more) {
  const knownAuthorities = task.known ? [new URL(task.authority).host] : [];
  return new PublicClientApplication({
    auth: { clientId: task.client_id, authority: task.authority, knownAuthorities, clientCapabilities: ["CP1"] },
    ...more,
  });
}

// noNetwork refuses every request but what every MSAL asks of a host that it does
// not know by heart.
function noNetwork(authority) {
  const refuse = (url) => { throw new Error("asked for " + url); };
  return {
    sendGetRequestAsync: async (url) => url.includes("/.well-known/openid-configuration") ? { status: 200, headers: {}, body: {
      issuer: authority + "/v2.0",
      authorization_endpoint: authority + "/oauth2/v2.0/authorize",
      token_endpoint: authority + "/oauth2/v2.0/token",
      jwks_uri: authority + "/discovery/v2.0/keys",
    } } : refuse(url),
    sendPostRequestAsync: async (url) => refuse(url),
  };
}

async function read(task) {
  const app = client(task, { system: { networkClient: noNetwork(task.authority) } });
  const cache = app.getTokenCache();
  cache.deserialize(fs.readFileSync(task.cache, "utf8"));
  const accounts = await cache.getAllAccounts();
  const token = accounts.length ? await app.acquireTokenSilent({ account: accounts[0], scopes: task.scopes }) : undefined;
  say({ accounts: accounts.map((a) => [a.username, a.homeAccountId]), token: token?.accessToken, cached: token?.fromCache });
}

async function signIn(task) {
  const app = client(task);
  const scopes = task.scopes, redirectUri = "http://localhost:5000";
  const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
  say({ open: await app.getAuthCodeUrl({
    scopes, redirectUri, codeChallenge: challenge, codeChallengeMethod: "S256", responseMode: "query", loginHint: task.people[0],
  }) });
  const { code } = await hear();
  const first = await app.acquireTokenByCode({ scopes, redirectUri, code, codeVerifier: verifier });
  say({ token: first.accessToken, username: first.account.username });

  let entered;
  const second = await app.acquireTokenByDeviceCode({ scopes, deviceCodeCallback: (d) => {
    say({ page: d.verificationUri, code: d.userCode });
    entered = hear();
  } });
  await entered;
  say({ token: second.accessToken, username: second.account.username });

  const account = first.account;
  const renewed = await app.acquireTokenSilent({ account, scopes, forceRefresh: true });
  say({ token: renewed.accessToken, username: account.username });

  fs.writeFileSync(task.cache, app.getTokenCache().serialize());
  say({ revoke: account.username });
  await hear();
  try {
    await app.acquireTokenSilent({ account, scopes, forceRefresh: true });
    say({ error: "" });
  } catch (e) {
    say({ error: e.errorCode, suberror: e.subError });
  }
}

const task = await hear();
try {
  await { read, "sign-in": signIn }[task.do](task);
} catch (e) {
  say({ error: e.errorCode ?? e.name, why: e.message });
  process.exitCode = 1;
}
process.stdin.destroy();
