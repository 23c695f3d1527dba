// Runs the official package of Standard Webhooks for Node.js, unmodified, on the signatures that our events
// have. `crates/pagos-events/tests/oracle.rs` checks that we make these very signatures.
"use strict";

const fs = require("node:fs");
const path = require("node:path");

const { Webhook } = require("standardwebhooks");

const CASES = path.join(__dirname, "../../../pagos-events/tests/signatures.json");

let failed = 0;
for (const { secret, id, timestamp, body, signature } of JSON.parse(fs.readFileSync(CASES, "utf8"))) {
  const isGood = new Webhook(secret).sign(id, new Date(timestamp * 1000), body) === signature;
  failed += isGood ? 0 : 1;
  console.log(`${isGood ? "ok" : "failed"} sign ${id}`);
}
process.exitCode = failed ? 1 : 0;
