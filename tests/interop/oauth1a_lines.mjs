// Signs or verifies request lines with the npm package oauth-1.0a; see README.md.
//
// The package has no verifying half. It verifies as RFC 5849 section 3.2 says:
// by computing the signature again from what it received and comparing.

import { createHmac } from "node:crypto";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

// The packages are installed outside the checkout, in the folder given.
const [, , task, packages] = process.argv;
const OAuth = createRequire(`${packages}/`)("oauth-1.0a");

function provider(line) {
  return new OAuth({
    consumer: { key: line.consumer_key, secret: line.consumer_secret },
    signature_method: "HMAC-SHA1",
    hash_function: (text, key) => createHmac("sha1", key).update(text).digest("base64"),
  });
}

// The package takes decoded form parameters as an object, a repeated name as an array.
function formData(form) {
  const data = {};
  for (const [name, value] of new URLSearchParams(form ?? "")) {
    data[name] = name in data ? [data[name], value].flat() : value;
  }
  return data;
}

function request(line) {
  return { url: line.url, method: line.method, data: formData(line.form) };
}

function token(line) {
  return { key: line.token, secret: line.token_secret };
}

function sign(line) {
  const oauth = provider(line);
  oauth.getNonce = () => line.nonce;
  oauth.getTimeStamp = () => line.timestamp;
  const signed = oauth.authorize(request(line), token(line));
  const header = Object.fromEntries(
    Object.entries(signed).filter(([name]) => name.startsWith("oauth_")),
  );
  return { ...line, authorization: oauth.toHeader(header).Authorization };
}

function verify(line) {
  const received = {};
  for (const part of line.authorization.replace(/^OAuth\s+/, "").split(/,\s*/)) {
    const [, name, value] = part.match(/^([^=]+)="([^"]*)"$/);
    received[decodeURIComponent(name)] = decodeURIComponent(value);
  }
  const { oauth_signature: signature, realm, ...parameters } = received;
  if (parameters.oauth_consumer_key !== line.consumer_key) {
    return { verified: false, reason: "consumer key" };
  }
  if (parameters.oauth_token !== line.token) {
    return { verified: false, reason: "token" };
  }
  const computed = provider(line).getSignature(request(line), line.token_secret, parameters);
  return computed === signature ? { verified: true } : { verified: false, reason: "signature" };
}

// A changed byte can make an escape that is no UTF-8, which the package does not take.
function verdict(line) {
  try {
    return verify(line);
  } catch (error) {
    return { verified: false, reason: error.message };
  }
}

const answer = { sign, verify: verdict }[task];
for await (const text of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(answer(JSON.parse(text))));
}
