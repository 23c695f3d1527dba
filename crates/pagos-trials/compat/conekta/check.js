// Runs Conekta's own package for Node.js of before, unmodified, against the twin. Not a test of
// Conekta. It knows payees; `check-older.py` looks at more of them. Its key comes with a colon
// behind the base64, where no standard has it.
"use strict";

const assert = require("node:assert/strict");

const conekta = require("conekta");

const SECONDS_MAX = 120;
const TWIN = process.env.COMPAT_TWIN_URL;
const CLABE = "072225008217746674";
const INVALID = "parameter_validation_error";

/** Waits for a call of the package, which takes `(error, resource)` at its end. */
function done(call) {
  return new Promise((resolve, reject) => {
    const fail = (error) => reject(Object.assign(new Error(error.type), error));
    call((error, it) => (error ? fail(error) : resolve(it)));
  });
}

// One object of the package is all payees at once; what it holds is copied before the next call.
const copy = async (call) => ({ ...(await done(call)) });
const create = (person) => copy((next) => conekta.Payee.create(person, next));
const find = (id) => copy((next) => conekta.Payee.find(id, next));
const custom = (method, path, data) =>
  done((next) => conekta.Payee.custom(method, path, { data, next }));

async function control(name, body) {
  const method = body ? "POST" : "GET";
  const signal = AbortSignal.timeout(10_000);
  const url = `${TWIN}/_twin/${name}`;
  const response = await fetch(url, { method, body: body && JSON.stringify(body), signal });
  assert.equal(response.status, 200);
  return response.json();
}

function person(key = "nobody", more = {}) {
  const destination = {
    type: "bank_account",
    account_number: CLABE,
    account_holder_name: "Zoé Núñez Muñoz",
  };
  const email = `${key}@key.invalid`;
  return { name: "Zoé Núñez", email, phone: "5512345678", destinations: [destination], ...more };
}

/** The package hands over this error, with the words that are for developers. */
async function refused(status, type, words, call) {
  await assert.rejects(call, (error) => {
    assert.deepEqual([error.http_code, error.type], [status, type]);
    assert.match(error.details[0].debug_message, words);
    return true;
  });
}

const CHECKS = {
  async payees() {
    const payee = await create(person());
    assert.match(payee._id, /^payee_/);
    const { name, phone, destinations, default_destination_id } = payee.toObject();
    assert.deepEqual([name, phone], ["Zoé Núñez", "5512345678"]);
    assert.deepEqual([destinations[0].last4, destinations[0].bank], ["6674", "banorte"]);
    assert.equal(default_destination_id, destinations[0].id);
    const found = await find(payee._id);
    assert.deepEqual(found.toObject(), payee.toObject());
  },

  async changed_payees() {
    const payee = await create(person());
    await done((next) => payee.update({ name: "Zoé Muñoz" }, next));
    const found = await find(payee._id);
    assert.deepEqual([found._json.name, found._json.phone], ["Zoé Muñoz", "5512345678"]);
    const gone = await done((next) => found.delete(next));
    assert.equal(gone._json.deleted, true);
    await refused(404, "resource_not_found_error", /could not be found/, () => find(payee._id));
  },

  async lists_of_payees() {
    const ids = [];
    for (const key of ["one", "two", "three"]) {
      ids.push((await create(person(key)))._id);
    }
    // By path: what the package makes of a list with `where` breaks off at an address that is null.
    const wish = { limit: 1, next: ids[2] };
    const page = await custom("get", "/payees", wish);
    const { object, data, has_more, next_page_url, previous_page_url } = page;
    assert.deepEqual([object, has_more], ["list", true]);
    assert.deepEqual(data.map((it) => it.id), [ids[1]]);
    assert.equal(new URL(next_page_url).searchParams.get("next"), ids[1]);
    assert.equal(new URL(previous_page_url).searchParams.get("previous"), ids[1]);
  },

  async refused_payees() {
    const [destination] = person().destinations;
    const wrong = (more) => person("nobody", { destinations: [{ ...destination, ...more }] });
    const short = wrong({ account_number: CLABE.slice(1) });
    await refused(422, INVALID, /account number was invalid/, () => create(short));
    const nameless = person("nobody", { name: undefined });
    await refused(422, INVALID, /"name" parameter is required/, () => create(nameless));
    await refused(500, "api_error", /runtime error/, () => create(wrong({ type: "swift" })));
  },

  async other_keys() {
    const { api_key } = conekta;
    conekta.api_key = "key_Nobody";
    try {
      await refused(401, "authentication_error", /Unrecognized/, () => create(person()));
    } finally {
      conekta.api_key = api_key;
    }
    await create(person());
  },

  async another_version() {
    conekta.api_version = "9.9.9";
    try {
      await refused(409, "conflict_error", /version/, () => create(person()));
    } finally {
      conekta.api_version = "2.0.0";
    }
  },

  async languages() {
    const missing = (language) => async () => {
      conekta.locale = language;
      const error = await find("nobody").catch((it) => it);
      return error.details[0].message;
    };
    assert.equal(await missing("es")(), "El recurso no ha sido encontrado.");
    assert.equal(await missing("en")(), "The resource could not be found.");
  },

  async transfers_by_path() {
    // The package has no name for them, but calls any path.
    const payee = await create(person("jspaid"));
    const order = { payee_id: payee._id, amount: 50050, currency: "MXN" };
    const transfer = await custom("post", "/transfers", order);
    assert.deepEqual([transfer.object, transfer.status], ["transfer", "pending"]);
    assert.deepEqual([transfer.amount, transfer.destination.last4], [50050, "6674"]);
    const booked = (await control("conekta/transfers")).filter((it) => it.key === "jspaid");
    assert.deepEqual(booked.map((it) => [it.id, it.account]), [[transfer.id, CLABE]]);
    const dear = { ...order, amount: 1e15 };
    const pay = (order) => () => custom("post", "/transfers", order);
    await refused(402, "processing_error", /Insufficient funds/, pay(dear));
    await refused(422, INVALID, /payee could not/, pay({ ...order, payee_id: "nobody" }));
  },

  async what_was_before() {
    const { _id } = await create(person());
    const missing = (call) => refused(404, "resource_not_found_error", /could not be found/, call);
    const order = { payee_id: _id, amount: 50050, currency: "MXN" };
    await missing(() => done((next) => conekta.Payout.create(order, next)));
    await missing(() => custom("post", `/payees/${_id}/payout_methods`, person().destinations[0]));
  },
};

async function main() {
  const late = () => {
    console.log("failed all: the checks take too long");
    process.exit(1);
  };
  setTimeout(late, SECONDS_MAX * 1_000).unref();
  const account = (await control("credentials")).conekta;
  conekta.api_key = account.api_key;
  conekta.api_base = account.base_url;
  conekta.api_version = "2.0.0";
  for (const [name, check] of Object.entries(CHECKS)) {
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
