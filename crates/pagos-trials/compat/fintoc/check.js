// Runs Fintoc's own package for Node.js, unmodified, against the twin. Not a test of Fintoc. Webhooks are
// `check.py`'s; here it verifies one that is made by hand.
"use strict";

const assert = require("node:assert/strict");
const crypto = require("node:crypto");

const SECONDS_MAX = 120;
const TWIN = process.env.COMPAT_TWIN_URL;
const CLABE = "072225008217746674";

async function control(name) {
  const response = await fetch(`${TWIN}/_twin/${name}`, { signal: AbortSignal.timeout(10_000) });
  assert.equal(response.status, 200);
  return response.json();
}

/** What was refused: the package hands over the error of its HTTP client. */
async function refused(status, code, call) {
  await assert.rejects(call, (error) => {
    const { response } = error;
    if (response === undefined) {
      assert.match(error.message, new RegExp(`: ${code}`));
      return true;
    }
    assert.deepEqual([response.status, response.data.error.code], [status, code]);
    return true;
  });
}

function checks(account, fintoc, stranger) {
  const { transfers } = fintoc.v2;
  const counterparty = {
    holder_id: "XAXX010101000",
    holder_name: "Zoé Núñez",
    account_number: CLABE,
    account_type: "clabe",
  };
  const order = (more = {}) => ({
    amount: 50050,
    currency: "MXN",
    account_id: account.account_id,
    counterparty,
    comment: "Nómina",
    ...more,
  });
  const pay = (key, more) => transfers.create(order({ idempotency_key: key, ...more }));

  return {
    async a_transfer() {
      const made = await pay("jsmade", { metadata: { ours: "jsmade" } });
      assert.match(made.id, /^tr_/);
      assert.deepEqual([made.amount, made.currency, made.status], [50050, "MXN", "pending"]);
      assert.equal(made.counterparty.account_number, CLABE);
      const found = await transfers.get(made.id);
      assert.deepEqual(found.serialize(), made.serialize());
    },

    async a_repeat_with_the_same_key() {
      const made = await pay("jsagain");
      const again = await pay("jsagain");
      assert.equal(again.id, made.id);
      await refused(409, "idempotency_error", () => pay("jsagain", { amount: 50051 }));
      // Without a key of ours the package draws one for each call.
      const others = [await transfers.create(order()), await transfers.create(order())];
      assert.notEqual(others[0].id, others[1].id);
    },

    async lists_across_pages() {
      const made = [];
      for (let number = 0; number < 5; number += 1) {
        made.unshift((await pay(`jslist${number}`)).id);
      }
      const listed = await transfers.list({ direction: "outbound", per_page: 2, lazy: false });
      const ids = listed.map((it) => it.id);
      assert.deepEqual(ids.slice(0, 5), made);
      assert.equal(new Set(ids).size, ids.length);
      const none = await transfers.list({ since: "2999-01-01", lazy: false });
      assert.deepEqual(none, []);
    },

    async refusals() {
      const wrong = { counterparty: { ...counterparty, account_number: "123" } };
      await refused(400, "invalid_account_number", () => pay("jswrong", wrong));
      const poor = { counterparty: { ...counterparty, account_number: "012969100000000013" } };
      await refused(409, "insufficient_balance", () => pay("jspoor", poor));
      await refused(404, "missing_resource", () => transfers.get("tr_nobody"));
    },

    async a_webhook_made_by_hand() {
      const { WebhookSignature } = require("fintoc");
      const body = '{"object":"event","data":{"comment":"Nómina"}}';
      const time = Math.floor(Date.now() / 1000);
      const hmac = crypto.createHmac("sha256", account.webhook_secret);
      const header = `t=${time},v1=${hmac.update(`${time}.${body}`).digest("hex")}`;
      WebhookSignature.verifyHeader(body, header, account.webhook_secret);
      const verify = () => WebhookSignature.verifyHeader(`${body} `, header, account.webhook_secret);
      assert.throws(verify);
    },

    // The package makes one HTTP client for all of its own, and each call brings its key along.
    async another_key() {
      await refused(401, "invalid_api_key", () => stranger.v2.transfers.create(order()));
    },
  };
}

async function main() {
  const late = () => {
    console.log("failed all: the checks take too long");
    process.exit(1);
  };
  setTimeout(late, SECONDS_MAX * 1_000).unref();
  const account = (await control("credentials")).fintoc;
  // The package knows one address, and has no setting for another.
  require("fintoc/build/main/lib/constants").API_BASE_URL = account.base_url;
  const { Fintoc } = require("fintoc");
  const fintoc = new Fintoc(account.api_key, account.jws_private_key);
  const stranger = new Fintoc("sk_test_nobody", account.jws_private_key);
  for (const [name, check] of Object.entries(checks(account, fintoc, stranger))) {
    try {
      await check();
      console.log(`ok ${name}`);
    } catch (error) {
      process.exitCode = 1;
      console.error(error.stack);
      console.log(`failed ${name}: ${String(error.message).split("\n")[0]}`);
    }
  }
}

main();
