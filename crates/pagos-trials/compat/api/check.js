// A TypeScript client that is generated from the OpenAPI document which `pagos serve` gives out: `scenario.ts`.
// The generator is openapi-typescript, the client is openapi-fetch, unmodified. The service works for the twin.
"use strict";

const { execFileSync, spawn } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const readline = require("node:readline");

const TIMEOUT_MS = 120_000;
const { COMPAT_TWIN_URL: TWIN, COMPAT_PROGRAM: PROGRAM } = process.env;
const ROOM = path.join(process.cwd(), "typescript-client");

function run(program, words) {
  const options = { cwd: ROOM, encoding: "utf8", timeout: TIMEOUT_MS, stdio: ["ignore", "pipe", "pipe"] };
  return execFileSync(program, words, options).trim();
}

/** Makes the types, and compiles the scenario against them. */
async function generate(api) {
  const document = await (await fetch(`${api}/openapi.json`)).text();
  fs.writeFileSync(path.join(ROOM, "openapi.json"), document);
  fs.copyFileSync(path.join(__dirname, "scenario.ts"), path.join(ROOM, "scenario.ts"));
  const tool = (name) => path.join(process.cwd(), "node_modules", name);
  run(process.execPath, [tool("openapi-typescript/bin/cli.js"), "openapi.json", "--output", "schema.ts"]);
  run(process.execPath, [tool("typescript/bin/tsc"), "scenario.ts", "--strict", "--skipLibCheck",
    "--target", "es2022", "--lib", "es2022,dom", "--module", "node16"]);
  return require(path.join(ROOM, "scenario.js"));
}

async function check(api, token) {
  const { checks } = await generate(api);
  let failed = 0;
  for (const [name, one] of Object.entries(checks(api, token))) {
    try {
      await one();
      console.log(`ok ${name} in TypeScript`);
    } catch (error) {
      failed += 1;
      console.log(`failed ${name} in TypeScript: ${error.message}`);
    }
  }
  return failed;
}

async function main() {
  fs.rmSync(ROOM, { recursive: true, force: true });
  fs.mkdirSync(ROOM);
  const token = run(PROGRAM, ["token", "create", "--name", "ana", "--scope", "read", "--scope", "submit",
    "--db", "api.db", "--new-db"]);
  const words = ["serve", "--sandbox-url", TWIN, "--api", "127.0.0.1:0", "--db", "api.db"];
  const serve = spawn(PROGRAM, words, { cwd: ROOM, stdio: ["ignore", "pipe", "ignore"] });
  const ended = new Promise((resolve) => serve.once("exit", resolve));
  try {
    const lines = readline.createInterface({ input: serve.stdout });
    const ready = new Promise((resolve, reject) => {
      lines.once("line", resolve);
      lines.once("close", () => reject(new Error("the service ended before it was ready")));
    });
    return await check(JSON.parse(await ready).api, token);
  } finally {
    serve.kill();
    await ended;
  }
}

main().then(
  (failed) => (process.exitCode = failed ? 1 : 0),
  (error) => {
    console.log(`failed ${error.message} ${error.stdout ?? ""}`);
    process.exitCode = 1;
  },
);
