// The scenario, by openapi-fetch with the types that openapi-typescript makes.

import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./accolade.js";

type Schemas = components["schemas"];

const client = createClient<paths>({
  baseUrl: process.env["SDK_SERVER"]!,
  headers: { Authorization: `Basic ${btoa("demo:demo-secret")}` },
});
const owner = { ownerType: "Loyalty", referenceId: "sdk-typescript" } as const;
const root = "/api_gateway/v1/badges";

const created = await client.POST(`${root}/badgeMeta`, {
  params: { header: { "X-CAP-BADGES-MIGRATION": "migration" } },
  body: {
    name: "SDK TypeScript",
    startOn: 1_700_000_000,
    expiresOnISO: "2090-01-01T00:00:00Z",
    earnType: "ISSUE_EARN",
    issuedBadgeExpiry: { expiryType: "NEVER" },
    earnedBadgeExpiry: { expiryType: "NEVER" },
    ownership: { restrictedToOwners: ["Loyalty"] },
  },
});
const definition: Schemas["BadgeMeta"] = created.data!.data;
const badge: string = definition.id;
assert.equal(definition.status, "LIVE");
const claimed = await client.POST(`${root}/badgeMeta/{id}/claim`, {
  params: { path: { id: badge } },
  body: owner,
});
assert.equal(claimed.data!.data.badgeMetaId, badge);

const registered = await client.POST(`${root}/customers/bulk`, {
  body: { customers: [{ customerId: "7301", email: "typescript@example.org" }] },
});
assert.equal(registered.data!.data.customers[0]!.customerId, 7301);

/** What became of each of those customers: its number or identifier, its code, its status. */
async function enrol(
  customers: Schemas["CustomerReferences"],
  requestId: string | number,
  kind?: string,
) {
  const answer = await client.POST(`${root}/badgeMeta/customer/issueBulk`, {
    params: kind === undefined ? {} : { header: { "X-CAP-CUSTOMER-IDENTIFIER": kind } },
    body: { badgeMetaId: badge, customers, requestId, triggeredBy: owner },
  });
  // 202 would tell of a change that waits for approval.
  assert.equal(answer.response.status, 200);
  const data = answer.data!.data as Schemas["Enrolment"];
  return data.issuedBadges.map((it) => [it.customerId, it.error?.code, it.status]);
}

assert.deepEqual(await enrol([7302, "7303"], 7302), [
  [7302, undefined, "ACTIVE"],
  [7303, undefined, "ACTIVE"],
]);
assert.deepEqual(await enrol(7304, "typescript-1"), [[7304, undefined, "ACTIVE"]]);
const emails = ["typescript@example.org", "nobody@example.org"];
const [found, unknown] = await enrol(emails, "typescript-2", "email");
assert.deepEqual(found, [7301, undefined, "ACTIVE"]);
assert.equal(unknown![0], "nobody@example.org");
assert.ok(unknown![1]);
assert.equal(unknown![2], undefined);

const earned = await client.POST(`${root}/customer/earnBulk`, {
  body: { badgeMetaId: badge, customerIds: [7301, 9], requestId: "typescript-3" },
});
assert.equal(earned.response.status, 200);
const [earner, stranger] = (earned.data!.data as Schemas["EarnedBulk"]).issuedBadges;
assert.ok(earner!.issuedId);
assert.equal(earner!.error, undefined);
assert.equal(stranger!.error!.code, 811);

const imported = await client.POST(`${root}/import/customerBadges`, {
  params: { header: { requestId: "typescript-4" } },
  body: [
    {
      badgeMetaId: badge,
      customerId: 7305,
      earnEventDate: 1_710_000_000,
      earnExpiresOn: "2080-01-01T00:00:00Z",
    },
  ],
});
assert.ok(Array.isArray(imported.data));
assert.equal(imported.data[0]!.data!.customerId, 7305);

const shown = await client.GET(`${root}/customer/{customerId}`, {
  params: { path: { customerId: "7301" }, query: { badgeType: "EARNED" } },
});
assert.equal(shown.data!.data.badges[0]!.badgeMetaId, badge);
const details = await client.GET(`${root}/management/{customerId}/badge/{badgeId}`, {
  params: { path: { customerId: "7301", badgeId: badge }, query: { includeStatistics: true } },
});
assert.equal(details.data!.data.earnDetails!.earnCount, 1);

/** The answer that this request got. */
async function recorded(requestId: string): Promise<Schemas["RecordedAnswer"]> {
  const answer = await client.GET(`${root}/requests/{requestId}`, {
    params: { path: { requestId } },
  });
  return answer.data!.data.requests[0]!.answer;
}

const again = await recorded("typescript-2");
assert.ok(again && !Array.isArray(again) && "issuedBadges" in again);
const rows = await recorded("typescript-4");
assert.ok(Array.isArray(rows));
assert.equal(rows[0]!.data!.customerId, 7305);

const refused = await client.GET(`${root}/badgeMeta/{id}`, {
  params: { path: { id: "0".repeat(24) } },
});
assert.equal(refused.response.status, 404);
assert.equal(refused.error!.errors[0]!.code, 404);
console.log("openapi-typescript: passed");
