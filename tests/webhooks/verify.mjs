// Verifies deliveries by the official JavaScript library, and ed25519, which that does not know, by
// what Node brings: `node verify.mjs deliveries.json`.
import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const libraries = createRequire(`${process.env.WEBHOOKS_LIBRARIES}/package.json`);
const { Webhook } = libraries("standardwebhooks");

const deliveries = JSON.parse(readFileSync(process.argv[2], "utf8"));
assert.ok(deliveries.length > 0);
for (const { headers, body, right, wrong, publicKey } of deliveries) {
  for (const secret of right) {
    assert.deepEqual(new Webhook(secret).verify(body, headers), JSON.parse(body));
    assert.throws(() => new Webhook(secret).verify(`${body} `, headers));
  }
  assert.throws(() => new Webhook(wrong).verify(body, headers));
  if (publicKey) {
    const raw = Buffer.from(publicKey.replace("whpk_", ""), "base64").toString("base64url");
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: raw }, format: "jwk" });
    const [version, signature] = headers["webhook-signature"].split(",");
    const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
    assert.equal(version, "v1a");
    assert.ok(verify(null, Buffer.from(signed), key, Buffer.from(signature, "base64")));
  }
}
