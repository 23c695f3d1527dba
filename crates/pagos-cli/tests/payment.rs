//! `payment`: an address for the payer, the same one again, waiting for him, and what is refused.
//! What a captured notification proves is tested with `verify`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::{Value, json};

use support::{DOCUMENT, Folder, NAME, Run, Running, Twin, http};

/// A twin and a folder, with the secrets of its sessions watched over.
struct Shop {
    folder: Folder,
    twin: Twin,
}

impl Shop {
    fn open(name: &str) -> Self {
        let folder = Folder::new(name);
        let twin = Twin::start(&folder);
        Self { folder, twin }
    }

    fn create(&self, key: &str, more: &str) -> String {
        let origin = &self.twin.origin;
        format!(
            "payment create etpay --key {key} --amount 1500 --currency CLP --db p.db \
             --sandbox-url {origin} {more}"
        )
    }

    fn run(&self, arguments: &str) -> Run {
        self.no_secret_in(self.folder.run(arguments))
    }

    /// Opens a session, waits for the payer, and lets him do that.
    fn wait_while_he(&self, key: &str, does: &str) -> Run {
        let mut waiting = self.folder.start(&self.create(key, "--wait"));
        let page = waiting.next_line();
        visit(&page, does);
        self.no_secret_in(waiting.end())
    }

    /// What sessions are signed with must be seen nowhere.
    fn no_secret_in(&self, run: Run) -> Run {
        for session in self.sessions() {
            let secret = session["signature_token"].as_str().unwrap();
            assert!(secret.len() >= 32);
            assert!(!run.out.contains(secret), "{}", run.out);
            assert!(!run.err.contains(secret), "{}", run.err);
        }
        run
    }

    fn sessions(&self) -> Vec<Value> {
        self.twin.ask("etpay/sessions").as_array().unwrap().clone()
    }

    fn status(&self, key: &str) -> Value {
        self.run(&format!("payment status {key} --db p.db --json")).json()
    }
}

/// What a payer's browser does: it is redirected, or shown a page.
fn visit(page: &str, does: &str) {
    let (status, body) = http("GET", &format!("{page}?auto={does}"), &[], "");
    assert!(matches!(status, 200 | 302), "{status} {body}");
}

#[test]
fn the_address_stands_alone_and_is_the_same_again() {
    let shop = Shop::open("payment-again");
    let first = shop.run(&shop.create("oc1", "")).exits(0);
    let first = first.says("payment oc1 of 1500 CLP is open until 20").says("the payer pays here:");
    let page = first.out.trim_end();
    let funnel = shop.twin.ready["addresses"]["etpay"]["pmt_url"].as_str().unwrap();
    assert!(page.starts_with(&format!("{funnel}/session/")), "{page}");
    assert_eq!(first.out.lines().count(), 1, "{}", first.out);

    let again = shop.run(&shop.create("oc1", "")).exits(0).says("is already open");
    assert_eq!(again.out, first.out);
    let again = shop.run(&shop.create("oc1", "--json")).exits(0).json();
    assert_eq!((&again["payment"]["url"], &again["is_new"]), (&page.into(), &false.into()));
    assert_eq!(again["problems"], json!([]));
    assert_eq!(shop.sessions().len(), 1, "one order, one open session");
    assert!(!shop.folder.has("pagos.db"));

    // ETpay has one currency, which goes without saying; Cashypro has several.
    let again = shop.run(&shop.create("oc1", "").replace("--currency CLP", "")).exits(0);
    assert_eq!(again.out, first.out);
    let cashypro = shop.create("c1", "").replace("--currency CLP", "").replace("etpay", "cashypro");
    shop.run(&cashypro).exits(1).says("currency: is missing, and the provider has more than one");

    // The default store is that of the twins, as for `pay` and `serve`.
    let create = shop.create("oc2", "").replace("--db p.db", "");
    shop.run(&create).exits(0);
    assert!(shop.folder.has("pagos-twin.db"));
}

#[test]
fn waiting_ends_when_it_is_paid() {
    let shop = Shop::open("payment-paid");
    let mut waiting = shop.folder.start(&shop.create("oc1", "--wait --json"));
    let opened: Value = serde_json::from_str(&waiting.next_line()).unwrap();
    assert_eq!(
        (&opened["is_new"], &opened["payment"]["status"]),
        (&true.into(), &"pending".into())
    );
    visit(opened["payment"]["url"].as_str().unwrap(), "paid");
    let run = shop.no_secret_in(waiting.end()).exits(0).says("payment oc1 is succeeded");
    let ended: Value = serde_json::from_str(run.out.lines().nth(1).unwrap()).unwrap();
    assert_eq!(ended["payment"]["status"], "succeeded");
    assert_eq!(ended["payment"]["times_paid"], 1);
    assert_eq!(
        (&ended["payment"]["is_open"], &ended["payment"]["url"]),
        (&false.into(), &Value::Null)
    );

    // The notification told it, not only the query.
    let history = shop.run("payment history oc1 --db p.db").exits(0).out;
    assert!(history.contains("session 1 asked for"), "{history}");
    assert!(history.contains("verified_event: succeeded"), "{history}");

    // What is paid is not asked for again.
    let again = shop.run(&shop.create("oc1", "")).exits(0).says("payment oc1 is succeeded");
    assert_eq!(again.out, "");
    let again = shop.run(&shop.create("oc1", "--wait")).exits(0);
    assert_eq!(again.out, "");
    assert_eq!(shop.sessions().len(), 1);
}

#[test]
fn a_failed_try_ends_the_waiting_and_not_the_session() {
    let shop = Shop::open("payment-failed");
    let run = shop.wait_while_he("oc1", "failed").exits(2);
    let page = run.out.trim_end().to_owned();
    run.says("payment oc1 is failed: declined").says("the payer can try again at the same address");
    let failed = shop.run("payment status oc1 --db p.db").exits(2).out;
    assert!(failed.contains(&format!("pay here   {page}")), "{failed}");

    // He comes back, and the store learns it when it is told to ask.
    visit(&page, "paid");
    let ask = format!("payment status oc1 --ask --db p.db --sandbox-url {}", shop.twin.origin);
    let paid = shop.run(&ask).exits(0).out;
    assert!(paid.contains("status     succeeded"), "{paid}");
    let tries = shop.status("oc1")["sessions"][0]["tries"].as_array().unwrap().clone();
    let told: Vec<&Value> = tries.iter().map(|one| &one["status"]).collect();
    assert_eq!(told, ["pending", "failed", "succeeded"]);
}

#[test]
fn nobody_pays_and_somebody_loses_patience() {
    let shop = Shop::open("payment-open");
    let mut waiting = shop.folder.start(&shop.create("oc1", "--wait"));
    let page = waiting.next_line();
    visit(&page, "abandon");
    waiting.waits_until_it_says("waiting for the payer");
    interrupt(waiting, &shop);
    shop.run("payment status oc1 --db p.db").exits(3);
}

#[cfg(unix)]
fn interrupt(waiting: Running, shop: &Shop) {
    waiting.signal("INT");
    let run = shop.no_secret_in(waiting.end()).exits(3).says("payment oc1 is pending");
    run.says("nothing is lost");
}

#[cfg(not(unix))]
fn interrupt(waiting: Running, _shop: &Shop) {
    waiting.kill();
}

#[test]
fn what_is_wrong_is_said_in_one_go_and_nothing_is_sent() {
    let shop = Shop::open("payment-wrong");
    // Arguments first: a document that is none is not repeated.
    let create = shop.create("oc1", &format!("--document rut:{DOCUMENT}-0"));
    let run = shop.run(&create).exits(1);
    let run = run.says("payment \"oc1\": document: the RUT's check digit is wrong");
    assert_eq!(run.out, "");
    // Then everything that the provider has against it.
    let create = shop.create("oc_1", "--email nobody --bank cl_nobody");
    let run = shop.run(&create).exits(1).says("key: ETpay takes letters and digits only; choose");
    run.says("email: ").says("bank: ");
    let document = shop.run(&format!("{create} --json")).exits(1).json();
    let fields: Vec<&Value> =
        document["problems"].as_array().unwrap().iter().map(|it| &it["field"]).collect();
    assert_eq!(fields, ["key", "email", "bank"]);
    assert_eq!((&document["payment"], &document["is_new"]), (&Value::Null, &false.into()));
    assert!(!shop.folder.has("p.db"));

    let cases = [
        ("--amount 1500", "--amount 1500.5", "amount: \"1500.5\" has 1 decimal "),
        ("--amount 1500", "--amount 0", "amount: there is nothing to pay"),
        ("--currency CLP", "--currency XXX", "currency: "),
        ("--currency CLP", "--currency COP", "amount: ETpay collects CLP"),
        ("--key oc1", "--key oc1 --document 123", "document: has no type; write its type, a colon"),
        ("--key oc1", "--key oc1 --document ine:123", "document: its type is not known"),
        ("--key oc1", "--key oc1 --show Invoice", "show: has no name; write NAME=VALUE"),
        ("create etpay", "create nobody", "provider: account nobody is not configured"),
    ];
    for (from, to, expected) in cases {
        shop.run(&shop.create("oc1", "").replace(from, to)).exits(1).says(expected);
    }
    assert!(!shop.folder.has("p.db"));
    assert!(shop.sessions().is_empty());
}

#[test]
fn a_key_names_one_payment() {
    let shop = Shop::open("payment-conflict");
    shop.run(&shop.create("oc1", "")).exits(0);
    for (from, to) in
        [("--amount 1500", "--amount 1501"), ("--key oc1", "--key oc1 --email a@b.cl")]
    {
        let create = shop.create("oc1", "").replace(from, to);
        let run = shop.run(&create).exits(1);
        assert_eq!(run.says("oc1 names a payment with another body; use another key").out, "");
        let document = shop.run(&format!("{create} --json")).exits(1).json();
        assert_eq!(document["problems"].as_array().unwrap().len(), 1, "{document}");
    }
    assert_eq!(shop.sessions().len(), 1);
    // A payout may have the same key: they do not meet.
    shop.folder.write("payouts.csv", support::payouts([("oc1", "salary")]));
    let pay = format!("pay payouts.csv --sandbox-url {} --yes --db p.db --json", shop.twin.origin);
    shop.run(&pay).exits(0);
    assert_eq!(shop.status("oc1")["status"], "pending");
    assert_eq!(shop.folder.payout("p.db", "oc1")["status"], "succeeded");
}

#[test]
fn all_that_is_known_of_the_payer_goes_to_the_provider_and_to_no_output() {
    let shop = Shop::open("payment-options");
    let create = shop.create("oc1", "--lock-document --bank cl_estado --phone 56911112222");
    let mut arguments: Vec<&str> = create.split_whitespace().collect();
    let document = format!("rut:{DOCUMENT}-K");
    arguments.extend([
        "--name",
        NAME,
        "--email",
        "zoraida@canaria.example",
        "--document",
        &document,
    ]);
    arguments.extend(["--show", "Invoice=30.215", "--keep", "cart=a=b", "--description", "Shoes"]);
    arguments.extend([
        "--return-url",
        "http://127.0.0.1:1/ok",
        "--cancel-url",
        "http://127.0.0.1:1/no",
    ]);
    let run = shop.folder.start_with(arguments.iter().copied(), &[]).end().exits(0);
    let page = shop.no_secret_in(run).out;
    let (_, shown) = http("GET", page.trim_end(), &[], "");
    assert!(shown.contains("30.215") && !shown.contains("a=b"), "{shown}");
    visit(page.trim_end(), "paid");
    for command in [
        "status oc1",
        "status oc1 --json",
        "history oc1",
        "history oc1 --json",
        "list",
        "list --json",
    ] {
        let run = shop.run(&format!("payment {command} --db p.db"));
        assert!(!run.out.contains("zoraida@"), "{}", run.out);
    }
}

#[test]
fn payments_are_listed_with_their_sums() {
    let shop = Shop::open("payment-list");
    shop.wait_while_he("oc1", "paid").exits(0);
    shop.run(&shop.create("oc2", "")).exits(0);
    let listed = shop.run("payment list --db p.db --json").exits(0).json();
    assert_eq!(listed["payments"][0], shop.status("oc1"));
    let sums = [("succeeded", 1), ("pending", 1)].map(|(status, count)| {
        json!({"provider": "etpay", "currency": "CLP", "status": status, "count": count,
               "amount_minor": 1500})
    });
    let told = listed["totals"].as_array().unwrap();
    assert!(told.len() == 2 && sums.iter().all(|sum| told.contains(sum)), "{listed}");
    let open = shop.run("payment list --db p.db --status pending --json").exits(0).json();
    assert_eq!(open["payments"].as_array().unwrap().len(), 1);
    assert_eq!(open["payments"][0]["key"], "oc2");
    let table = shop.run("payment list --db p.db").exits(0).out;
    assert!(
        table.contains("oc1") && table.contains("oc2") && table.contains("succeeded"),
        "{table}"
    );
    // The list of payouts is another one.
    let payouts = shop.run("list --db p.db --json").exits(0).json();
    assert_eq!(payouts["payouts"], json!([]));

    shop.run("payment status oc9 --db p.db").exits(1).says("no payment has the key oc9");
    shop.run("payment history oc9 --db p.db").exits(1).says("no payment has the key oc9");
    shop.run("payment status oc1 --db none.db").exits(1).says("none.db: does not exist");
    assert!(!shop.folder.has("none.db"));
}

/// Exactly what is documented, no field more or less: scripts depend on it.
#[test]
fn the_document_has_its_shape() {
    let shop = Shop::open("payment-shape");
    shop.wait_while_he("oc1", "failed").exits(2);
    let mut document = shop.status("oc1");
    steady(&mut document);
    insta::assert_snapshot!(serde_json::to_string_pretty(&document).unwrap());
    let help = shop.folder.run("help payment create").exits(0).out;
    insta::assert_snapshot!(help.replace("pagos.exe", "pagos"));
}

/// Replaces what differs from run to run by what kind of value it is.
fn steady(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(steady),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::Number(_) if name.ends_with("_at") => *value = "<ms>".into(),
                    Value::String(_)
                        if ["url", "reference", "transfer"].contains(&name.as_str()) =>
                    {
                        *value = "<text>".into();
                    }
                    other => steady(other),
                }
            }
        }
        _ => {}
    }
}

#[test]
fn a_contradiction_calls_a_person_who_takes_note_of_it() {
    let shop = Shop::open("payment-person");
    // The provider cannot be asked, so that its word about the amount comes first.
    let lost =
        |times: u32| json!({"triggers": [{"key": "oc1", "fault": "query_lost", "times": times}]});
    shop.twin.tell("faults", &lost(100_000));
    let run = shop.wait_while_he("oc1", "paid&notice=wrong-amount").exits(3);
    let run = run.says("payment oc1 is quarantined: the provider speaks of 150000 CLP");
    run.says("a person must look");
    assert_eq!(shop.status("oc1")["attention"]["kind"], "quarantine");
    shop.run(&shop.create("oc1", "")).exits(1).says("oc1: a contradiction waits for a person");

    let resolve = |note: &str| {
        let arguments = ["payment", "resolve", "oc1", "--note", note, "--db", "p.db", "--json"];
        shop.no_secret_in(shop.folder.start_with(arguments, &[]).end())
    };
    resolve(" ").exits(1).says("a decision needs a note");
    let looked = resolve("the panel shows 1500, checked by Ana").exits(0).json();
    assert_eq!((&looked["attention"], &looked["status"]), (&Value::Null, &"pending".into()));
    resolve("again").exits(1).says("payment oc1 calls for nobody");
    let history = shop.run("payment history oc1 --db p.db").exits(0).out;
    assert!(history.contains("operator: the panel shows 1500, checked by Ana"), "{history}");
}
