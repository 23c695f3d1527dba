// Verifies and makes the tokens of VirtualPOS's payouts with the package `jsonwebtoken`. Not a test
// of VirtualPOS. `check.py` looks at more of the twin; here it is another program that signs.
"use strict";

const assert = require("node:assert/strict");
const { createHmac } = require("node:crypto");
const { spawnSync } = require("node:child_process");
const { appendFileSync, writeFileSync } = require("node:fs");

const jwt = require("jsonwebtoken");

const SECONDS_MAX = 120;
const { COMPAT_TWIN_URL: TWIN, COMPAT_PROGRAM: PROGRAM, COMPAT_TOKENS: TOKENS } = process.env;
const RAW = "Devolución de compra OC 4711/2026";
const ODD = "Ñandú \"a\\b\" <&> 日本 \u{1f600} \u2028";
const ANOTHER_KEY = "an invented key of another account";
const ONLY = { algorithms: ["HS256"] };

/** The twin's invented account; found before the first check. */
let account;

async function call(method, url, body, headers) {
  const signal = AbortSignal.timeout(10_000);
  const response = await fetch(url, { method, body, headers, signal, redirect: "error" });
  return { status: response.status, answer: await response.json() };
}

function tef(key, message = RAW, amount = 12500) {
  return {
    merchant_id: key,
    message,
    amount,
    recipient: { rut: "12345678-5", name: "José Ñandú", email: "jose@example.com" },
    bank: { sbif_code: "001", account_number: "00123456789" },
  };
}

const claims = (instruction) => ({ api_key: account.api_key, tef: instruction });

/** What the package makes of an object by itself, but without the time, which it adds. */
function sign(value, key = account.secret_key, algorithm = "HS256") {
  return jwt.sign(value, key, { algorithm, noTimestamp: true });
}

/** The token of a text. The package then leaves `typ` out of the header. */
function signText(text) {
  return jwt.sign(text, account.secret_key, { algorithm: "HS256" });
}

/** JSON with every letter beyond ASCII escaped. */
function escaped(value) {
  const escape = (it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value).replace(/[\u0080-\uffff]/g, escape);
}

/** The same object with its keys the other way round, all the way down. */
function reversed(value) {
  if (typeof value !== "object") {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).reverse().map(([name, it]) => [name, reversed(it)]),
  );
}

const verify = (token, key = account.secret_key) => jwt.verify(token, key, ONLY);
const payloadOf = (token) => Buffer.from(token.split(".")[1], "base64url").toString();

/** What `pagos sign` says of an instruction. */
function pagosSign(body) {
  writeFileSync("tef.json", body);
  const env = {
    ...process.env,
    PAGOS_VIRTUALPOS_API_KEY: account.api_key,
    PAGOS_VIRTUALPOS_SECRET_KEY: account.secret_key,
  };
  const words = ["sign", "virtualpos", "--body-file", "tef.json", "--json"];
  const done = spawnSync(PROGRAM, words, { env, timeout: 30_000, encoding: "utf8" });
  assert.equal(done.status, 0, done.stderr);
  return JSON.parse(done.stdout);
}

/** Lets our own verifier judge the token, too. */
function leave(name, token, instruction, genuine) {
  const { api_key, secret_key } = account;
  const line = { name, token, tef: JSON.stringify(instruction), genuine, api_key, secret_key };
  appendFileSync(TOKENS, JSON.stringify(line) + "\n");
}

function create(token, instruction) {
  const headers = {
    Authorization: account.api_key,
    Signature: token,
    "Content-Type": "application/json",
  };
  const body = JSON.stringify({ tef: instruction });
  return call("POST", `${account.base_url}/v3/payout`, body, headers);
}

/** How many creates of the key were found to be signed. */
async function creates(key) {
  return (await call("GET", `${TWIN}/_twin/virtualpos/calls?merchant_id=${key}`)).answer.creates;
}

/** The twin and our verifier take the token. */
async function accepted(name, token, instruction) {
  const { status, answer } = await create(token, instruction);
  assert.deepEqual([status, answer.status], [200, "OK"], JSON.stringify(answer));
  assert.equal(answer.payout.message, instruction.message);
  assert.equal(await creates(instruction.merchant_id), 1);
  leave(name, token, instruction, true);
}

/** The twin and our verifier refuse the token. */
async function refused(name, token, instruction) {
  const { status, answer } = await create(token, instruction);
  assert.deepEqual([status, answer.error?.error_code], [401, "E-016"], name);
  assert.equal(await creates(instruction.merchant_id), 0, name);
  leave(name, token, instruction, false);
}

/** Another letter in the middle of one part: all six bits of it count. */
function flip(token, part) {
  const parts = token.split(".");
  const text = parts[part];
  const at = Math.floor(text.length / 2);
  parts[part] = text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
  return parts.join(".");
}

const CHECKS = {
  async tokens_of_pagos() {
    for (const [key, message] of [["jsours1", RAW], ["jsours2", ODD], ["jsours3", "plain"]]) {
      const instruction = tef(key, message);
      const { token, headers, string_to_sign } = pagosSign(JSON.stringify(instruction));
      assert.deepEqual(verify(token), claims(instruction));
      assert.deepEqual(headers, { Authorization: account.api_key, Signature: token });
      assert.equal(string_to_sign, token.slice(0, token.lastIndexOf(".")));
      // Both write JSON in the same way; the order of the header differs, and with it the code.
      assert.equal(sign(claims(instruction)).split(".")[1], token.split(".")[1]);
      await accepted(`ours ${key}`, token, instruction);
    }
  },

  async changed_tokens_of_pagos() {
    const { token } = pagosSign(JSON.stringify(tef("jschanged")));
    verify(token);
    for (const part of [0, 1, 2]) {
      assert.throws(() => verify(flip(token, part)), `part ${part}`);
    }
    assert.throws(() => verify(token, ANOTHER_KEY), jwt.JsonWebTokenError);
  },

  async letters_as_they_are() {
    const instruction = tef("jsraw");
    const token = sign(claims(instruction));
    assert.ok(payloadOf(token).includes("Devolución"));
    await accepted("raw letters", token, instruction);
  },

  async escaped_letters() {
    const instruction = tef("jsescapes");
    const token = signText(escaped(claims(instruction)));
    assert.ok(payloadOf(token).includes("Devoluci\\u00f3n"));
    await accepted("escaped letters", token, instruction);
  },

  async another_order() {
    const instruction = tef("jsorder");
    const token = sign(reversed(claims(instruction)));
    assert.ok(payloadOf(token).startsWith('{"tef":{"bank":{"account_number"'));
    await accepted("another order", token, instruction);
  },

  async the_time_that_the_package_adds() {
    const instruction = tef("jstime");
    const token = jwt.sign(claims(instruction), account.secret_key);
    assert.ok(Number.isInteger(verify(token).iat));
    await accepted("with a time", token, instruction);
  },

  async changed_tokens() {
    const instruction = tef("jsforged");
    for (const part of [0, 1, 2]) {
      await refused(`changed in part ${part}`, flip(sign(claims(instruction)), part), instruction);
    }
  },

  async another_key() {
    const instruction = tef("jsstranger");
    await refused("another key", sign(claims(instruction), ANOTHER_KEY), instruction);
  },

  async other_algorithms() {
    const instruction = tef("jsalgorithm");
    for (const algorithm of ["HS384", "HS512"]) {
      const token = sign(claims(instruction), account.secret_key, algorithm);
      await refused(algorithm, token, instruction);
    }
    const none = sign(claims(instruction), "", "none");
    assert.ok(none.endsWith("."));
    await refused("no algorithm", none, instruction);
  },

  async padding() {
    const instruction = tef("jspadded");
    const good = sign(claims(instruction));
    await refused("a padded code", `${good}=`, instruction);
    const head = good.slice(0, good.lastIndexOf(".")) + "=".repeat(-good.split(".")[1].length & 3);
    assert.ok(head.endsWith("="), "this payload needs no padding; take another key");
    const tag = createHmac("sha256", account.secret_key).update(head).digest("base64url");
    await refused("a padded payload", `${head}.${tag}`, instruction);
  },

  async what_is_signed_is_what_is_sent() {
    const instruction = tef("jsother");
    const dearer = sign(claims(tef("jsother", RAW, 12501)));
    await refused("another amount", dearer, instruction);
    const strange = sign({ api_key: "nobody", tef: instruction });
    await refused("another api key", strange, instruction);
  },
};

async function main() {
  const late = () => {
    console.log("failed all: the checks take too long");
    process.exit(1);
  };
  setTimeout(late, SECONDS_MAX * 1_000).unref();
  account = (await call("GET", `${TWIN}/_twin/credentials`)).answer.virtualpos;
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
