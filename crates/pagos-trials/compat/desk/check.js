// The desk in a real browser, as a person would use it: `pagos serve --sandbox` and a headless
// Chromium. Every page is looked at by axe-core at two widths, in both languages.
//
// With DESK_SCREENSHOTS=FOLDER it leaves the pictures of the documentation there.
"use strict";

const { spawn, spawnSync, execFileSync } = require("node:child_process");
const fs = require("node:fs");
const { createServer } = require("node:http");
const path = require("node:path");
const { createInterface } = require("node:readline");

const PROGRAM = process.env.COMPAT_PROGRAM;
const ROOM = path.join(process.cwd(), "desk");
const MODULES = path.join(process.cwd(), "node_modules");
const PICTURES = process.env.DESK_SCREENSHOTS || path.join(ROOM, "pictures");
const EXAMPLE = path.join(__dirname, "../../../../examples/payouts.csv");
const WAIT_MS = 90_000;
/** The height of the terminal in the picture. */
const ROWS_SHOWN = 36;

function chromium() {
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  const folders = process.env.PATH.split(path.delimiter);
  const all = folders.flatMap((folder) => names.map((name) => path.join(folder, name)));
  all.push("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome");
  all.push("C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe");
  return process.env.CHROMIUM || all.find((file) => fs.existsSync(file));
}

/** Starts the service, and resolves with the settings that it prints. */
function start(database, events) {
  const service = spawn(PROGRAM, ["serve", "--sandbox", "--events", events, "--db", database], {
    cwd: ROOM, stdio: ["ignore", "pipe", fs.openSync(path.join(ROOM, "serve.log"), "w")],
  });
  const settings = { service };
  return new Promise((resolve, reject) => {
    service.once("exit", (code) => reject(new Error(`pagos serve ended with ${code}`)));
    createInterface({ input: service.stdout }).on("line", (line) => {
      const [, name, value] = /^([A-Z]+)=(.*)$/.exec(line) || [];
      if (name) settings[name] = value;
      const [, webhooks] = /^Webhooks arrive at (http:[^ ]*[^ .])/.exec(line) || [];
      if (webhooks) settings.WEBHOOKS = webhooks;
      if (line.startsWith("curl ")) resolve(settings);
    });
  });
}

function token(database, name, ...scopes) {
  const words = ["token", "create", "--name", name, "--db", database];
  const all = scopes.flatMap((scope) => ["--scope", scope]);
  return execFileSync(PROGRAM, [...words, ...all], {
    cwd: ROOM, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"],
  }).trim();
}

const HEADER = "key,provider,amount,currency,name,document_type,document,bank,account_type,account,email,phone,description";

/** One row for each remark; the twin does what a remark asks for. */
function payroll(rows) {
  const line = ([key, name, amount, remark], index) =>
    `${key},cashypro,${amount},COP,${name},cc,10123456${70 + index},20,savings,000123456${70 + index},` +
    `p${index}@example.com,+5730012345${70 + index},${remark}`;
  return [HEADER, ...rows.map(line)].join("\n") + "\n";
}

const ROWS = [
  ["nov-ana", "Ana María Restrepo", "1850000", "sim:success"],
  ["nov-luis", "Luis Fernando Mora", "450000", "sim:success-then-fail"],
  ["nov-eva", "Eva Lucía Torres", "620000", "sim:amount-echo"],
  ["nov-jose", "José Muñoz", "380000", "sim:success"],
];

let failed = 0;
/** How many events our system got. */
let received = 0;
async function check(name, body) {
  try {
    await body();
    console.log(`ok ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`failed ${name}: ${String(error.message).replaceAll("\n", " | ").slice(0, 600)}`);
  }
}

function assert(is, message) {
  if (!is) throw new Error(message);
}

async function main() {
  const executablePath = chromium();
  if (!executablePath) {
    console.log("missing chromium: no Chromium is installed");
    return;
  }
  const { chromium: browserType } = require(path.join(MODULES, "playwright-core"));
  const axe = fs.readFileSync(path.join(MODULES, "axe-core", "axe.min.js"), "utf8");
  fs.rmSync(ROOM, { recursive: true, force: true });
  fs.mkdirSync(PICTURES, { recursive: true });
  fs.mkdirSync(ROOM, { recursive: true });
  // A system of ours that takes every event.
  const listener = createServer((request, answer) => {
    received += 1;
    request.resume().on("end", () => answer.writeHead(204).end());
  });
  await new Promise((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const settings = await start("desk.db", `http://127.0.0.1:${listener.address().port}/events`);
  const browser = await browserType.launch({
    executablePath,
    // A container has no sandbox of its own, and the only site is ours.
    args: ["--no-sandbox", "--no-proxy-server"],
  });
  try {
    await tour({ browser, axe, settings, origin: settings.API });
    await check("the first command of README says how every payout ended", () => terminal(browser));
  } finally {
    await browser.close();
    settings.service.removeAllListeners("exit");
    settings.service.kill("SIGTERM");
  }
}

async function tour({ browser, axe, settings, origin }) {
  const SCREENS = { wide: { width: 1280, height: 900 }, narrow: { width: 390, height: 844 } };

  async function open(secret, { locale = "en-US", screen = SCREENS.wide, scripts = true } = {}) {
    const context = await browser.newContext({
      locale, viewport: screen, javaScriptEnabled: scripts, bypassCSP: false,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(WAIT_MS);
    await page.goto(`${origin}/desk`);
    await page.fill("#token", secret);
    await page.click("main button");
    await page.waitForSelector("nav");
    return page;
  }

  const go = (page, to) => page.goto(`${origin}${to}`);
  const text = (page) => page.textContent("main");
  const picture = (page, name) => page.screenshot({ path: path.join(PICTURES, `${name}.png`) });

  /** Loads a page again until it says something. */
  async function until(page, to, sought) {
    const ends = Date.now() + WAIT_MS;
    while (Date.now() < ends) {
      await go(page, to);
      if ((await text(page)).includes(sought)) return;
      await page.waitForTimeout(200);
    }
    throw new Error(`${to} never says ${sought}: ${(await text(page)).replace(/\s+/g, " ")}`);
  }

  async function upload(page, rows) {
    await go(page, "/desk/runs");
    const buffer = Buffer.from(typeof rows === "string" ? rows : payroll(rows));
    await page.setInputFiles("#file", { name: "november.csv", mimeType: "text/csv", buffer });
    await page.click("text=Check and keep");
  }

  const press = (page, name) => page.click(`main button:text-is("${name}")`);
  const submitter = await open(settings.SUBMIT);
  const approver = await open(settings.APPROVE);
  const forged = await fetch(`${settings.WEBHOOKS}/webhooks/cashypro`, { method: "POST", body: "{}" });
  assert(forged.status === 401, `the receiver answers a forged webhook with ${forged.status}`);
  let run;

  await check("a CSV with two mistakes is refused with both lines", async () => {
    const rows = ROWS.map((row) => [...row]);
    rows[1][2] = "450.000,00";
    rows[3][0] = "nov-ana";
    await upload(submitter, rows);
    const told = await text(submitter);
    assert(told.includes("Nothing was kept"), told);
    const cells = await submitter.locator("tbody tr td:first-child").allTextContents();
    assert(cells.includes("3") && cells.includes("5"), `lines ${cells}`);
    await picture(submitter, "mistakes");
  });

  await check("the mended file is kept and waits for its release", async () => {
    await upload(submitter, ROWS);
    assert(/\/desk\/runs\/.+/.test(submitter.url()), await text(submitter));
    run = new URL(submitter.url()).pathname;
    assert((await text(submitter)).includes("held"), await text(submitter));
  });

  await check("the released run waits for an approval and nothing is sent", async () => {
    await press(submitter, "Release");
    assert((await text(submitter)).includes("waits for approval"), await text(submitter));
  });

  await check("whoever submitted a run cannot approve it", async () => {
    const own = await open(token("desk.db", "submitter", "read", "approve"));
    await go(own, run);
    await own.fill("#approve-note", "mine");
    await press(own, "Approve");
    assert((await own.locator("[role=alert]").count()) === 1, await text(own));
    await go(own, run);
    assert((await text(own)).includes("waits for approval"), await text(own));
    await own.context().close();
  });

  await check("another person approves, and the run is paid while they watch", async () => {
    await go(approver, "/desk");
    await approver.click("nav >> text=Waiting for you");
    await approver.click("tbody a");
    await picture(approver, "approval");
    await approver.fill("#approve-note", "compared with the payroll of November");
    await press(approver, "Approve");
    await until(approver, run, "released");
    await until(approver, run, "failed");
    await picture(approver, "run");
  });

  await check("a payout that came back says so", async () => {
    await until(approver, "/desk/payouts/nov-luis", "Reversed");
    await picture(approver, "reversed");
  });

  await check("a payout whose amount the provider contradicts waits for a person", async () => {
    await until(approver, "/desk/waiting", "nov-eva");
    await picture(approver, "waiting");
    const night = await open(token("desk.db", "night", "read", "resolve"));
    await go(night, "/desk/payouts/nov-eva");
    await night.check("#decision-failed");
    assert(await night.locator("#note:invalid").count(), "a note is required");
    await night.check("#decision-succeeded");
    await night.fill("#note", "statement of 30 November, line 40");
    await press(night, "Decide");
    const told = await text(night);
    assert(told.includes("Who said so: night") && told.includes("line 40"), told);
    await night.context().close();
  });

  await check("the keyboard alone logs in, finds a payout and reads it", async () => {
    const context = await browser.newContext({ locale: "es-CL", viewport: SCREENS.wide });
    const page = await context.newPage();
    const keys = page.keyboard;
    const tabTo = async (selector) => {
      for (let presses = 0; presses < 60; presses += 1) {
        await keys.press("Tab");
        if (await page.evaluate((sought) => document.activeElement.matches(sought), selector)) return;
      }
      throw new Error(`Tab never reaches ${selector}`);
    };
    await page.goto(`${origin}/desk`);
    await tabTo(".skip");
    await tabTo("#token");
    await keys.type(settings.APPROVE);
    await keys.press("Enter");
    await page.waitForSelector("nav");
    await tabTo("#find");
    await keys.type("nov-jose");
    await keys.press("Enter");
    await page.waitForURL("**/desk/payouts/nov-jose");
    assert((await text(page)).includes("José Muñoz"), await text(page));
    await context.close();
  });

  await check("filters are saved under a name, found on the overview, and forgotten", async () => {
    await go(approver, "/desk/payouts");
    await approver.selectOption("#status", "failed");
    await press(approver, "Filter");
    await approver.fill("#link-name", "What failed");
    await press(approver, "Save these filters");
    await go(approver, "/desk");
    await approver.click("main nav >> text=What failed");
    assert(new URL(approver.url()).search === "?status=failed", approver.url());
    assert((await text(approver)).includes("nov-luis"), await text(approver));
    await picture(approver, "saved-link");
    await approver.click("main button:has-text('Forget the link')");
    assert(!(await text(approver)).includes("What failed"), await text(approver));
  });

  await check("an endpoint is disabled and enabled, each after a tick, and gets its events again", async () => {
    const night = await open(token("desk.db", "night", "read", "resolve"));
    const endpoint = "/desk/endpoints/sandbox";
    await go(night, "/desk");
    await night.click("nav >> text=Events sent");
    await night.click("tbody a");
    assert(new URL(night.url()).pathname === endpoint, night.url());
    await press(night, "Disable");
    assert(await night.locator("#disable-confirmed:invalid").count(), "a tick is required");
    await night.check("#disable-confirmed");
    await press(night, "Disable");
    await until(night, endpoint, "off");
    await picture(night, "endpoint");
    await night.check("#enable-confirmed");
    await press(night, "Enable");
    await until(night, endpoint, "receives");
    const before = received;
    await night.fill("#replay-since", "2020-01-01T00:00");
    await night.check("#replay-since-confirmed");
    await night.click("form:has(#replay-since) button");
    await until(night, endpoint, "receives");
    const ends = Date.now() + WAIT_MS;
    while (received === before && Date.now() < ends) await night.waitForTimeout(100);
    assert(received > before, "nothing was sent again");
    await night.context().close();
  });

  await check("a webhook is applied again", async () => {
    const night = await open(token("desk.db", "night", "read", "resolve"));
    await until(night, "/desk/inbox?state=applied", "cashypro");
    await night.click("tbody a");
    await press(night, "Apply it again");
    await until(night, new URL(night.url()).pathname, "applied");
    await picture(night, "webhook");
    await night.context().close();
  });

  await check("a forged webhook is counted, and the page says what that means", async () => {
    // The sums are kept once a minute.
    await until(approver, "/desk/inbox", "A stranger sent it");
    await approver.locator("#refused").scrollIntoViewIfNeeded();
    await picture(approver, "refused");
  });

  await check("a token that reads nothing is told so at the login", async () => {
    const context = await browser.newContext({ locale: "en-US" });
    const page = await context.newPage();
    await page.goto(`${origin}/desk`);
    await page.fill("#token", token("desk.db", "mute", "submit"));
    await page.click("main button");
    const told = await page.textContent("[role=alert]");
    assert(told.includes("no scope `read`"), told);
    await context.close();
  });

  await check("without scripts every page is complete", async () => {
    const page = await open(settings.APPROVE, { scripts: false });
    await go(page, run);
    assert((await text(page)).includes("released"), await text(page));
    await page.context().close();
  });

  await check("five questions are answered in at most three clicks", () =>
    questions(approver, { go, text, picture }));

  const pages = ["/desk", "/desk?span=month", "/desk/waiting", "/desk/runs", run, `${run}/report`,
    "/desk/payouts", "/desk/payouts/nov-luis", "/desk/payouts/nov-eva", "/desk/accounts",
    "/desk/endpoints", "/desk/endpoints/sandbox", "/desk/inbox", "/desk/inbox/1",
    "/desk/payouts?status=failed", "/desk/no-such-page", "/desk/login"];
  for (const [width, screen] of Object.entries(SCREENS)) {
    for (const locale of ["en-US", "es-CL"]) {
      await check(`axe-core finds nothing at ${width} width in ${locale}`, async () => {
        const all = token("desk.db", "all", "read", "submit", "approve", "resolve");
        const page = await open(all, { locale, screen });
        for (const to of pages) {
          await go(page, to);
          await page.evaluate(axe);
          const found = await page.evaluate(() => globalThis.axe.run());
          const told = found.violations.map((it) => `${it.id} ${it.nodes[0].html.slice(0, 120)}`);
          assert(told.length === 0, `${to}: ${told.join("; ")}`);
          const overflows = await page.evaluate(
            () => document.documentElement.scrollWidth > document.documentElement.clientWidth);
          assert(!overflows, `${to} is wider than the screen`);
        }
        if (locale === "es-CL") await go(page, "/desk"), await picture(page, `overview-${width}`);
        await page.context().close();
      });
    }
  }

  await check("no page loads anything from elsewhere or breaks its own policy", async () => {
    const page = await open(settings.APPROVE);
    const foreign = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(origin)) foreign.push(request.url());
    });
    page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) foreign.push(message.text());
    });
    for (const to of pages) await go(page, to);
    assert(foreign.length === 0, foreign.join("; "));
    await page.context().close();
  });
}

/** Runs the first command of README, and leaves a picture of what a terminal shows at its end. */
async function terminal(browser) {
  const words = ["pay", EXAMPLE, "--sandbox", "--yes", "--lang", "en"];
  const run = spawnSync(PROGRAM, words, { cwd: ROOM, encoding: "utf8" });
  assert(run.status === 2, `it ended with ${run.status}: ${run.stderr.slice(-300)}`);
  for (const sought of ["succeeded (reversed)", "failed (reversed)"]) {
    assert(run.stdout.includes(sought), run.stdout.slice(0, 600));
  }
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  const style = "display:inline-block;margin:0;padding:16px;font:13px/1.35 monospace;background:#14181f;color:#e6e6e6";
  await page.setContent(`<pre style="${style}"></pre>`);
  await page.evaluate((said) => {
    globalThis.document.querySelector("pre").textContent = said;
  }, run.stdout.trimEnd().split("\n").slice(-ROWS_SHOWN).join("\n"));
  await page.locator("pre").screenshot({ path: path.join(PICTURES, "terminal.png") });
  await page.close();
}

/** What somebody on call asks, from the overview, click by click. */
async function questions(page, { go, text, picture }) {
  const asked = [
    ["where-is-the-money", ["fill:#name=Muñoz", "main form button", "tbody a"], "paid"],
    ["why-did-it-come-back", ["fill:#find=nov-luis", "main form button"], "Reversed"],
    ["what-waits-for-me", ["nav >> text=Waiting for you"], "If you do nothing"],
    ["is-a-provider-down", ["nav >> text=Accounts"], "In service"],
    ["did-our-system-get-told", ["nav >> text=Events sent"], "receives"],
  ];
  for (const [name, steps, sought] of asked) {
    await go(page, "/desk");
    let clicks = 0;
    for (const step of steps) {
      const [, field, value] = /^fill:([^=]+)=(.*)$/.exec(step) || [];
      if (field) {
        await page.fill(field, value);
      } else {
        clicks += 1;
        await Promise.all([page.waitForLoadState("load"), page.click(step)]);
      }
    }
    await page.waitForLoadState("load");
    assert(clicks <= 3, `${name} takes ${clicks} clicks`);
    assert((await text(page)).includes(sought), `${name}: ${(await text(page)).slice(0, 200)}`);
    await picture(page, name);
  }
}

main().then(
  () => process.exit(failed === 0 ? 0 : 1),
  (error) => {
    console.log(`failed to the end: ${error.stack}`);
    process.exit(1);
  },
);
