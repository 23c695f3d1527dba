//! The table of targets: what runs, under which name, and what it starts from.

/// One target: a function over bytes, and the inputs that its mutations start from.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name on the command line, and of its folder in the corpus.
    pub name: &'static str,
    /// Runs one input. Panics where a rule is broken.
    pub run: fn(&[u8]),
    /// What mutations start from, beside the corpus.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    target(
        "reply_cashypro",
        |bytes| crate::reply::run("cashypro", bytes),
        || crate::reply::seeds("cashypro"),
    ),
    target(
        "reply_conekta",
        |bytes| crate::reply::run("conekta", bytes),
        || crate::reply::seeds("conekta"),
    ),
    target(
        "reply_etpay",
        |bytes| crate::reply::run("etpay", bytes),
        || crate::reply::seeds("etpay"),
    ),
    target(
        "reply_virtualpos",
        |bytes| crate::reply::run("virtualpos", bytes),
        || crate::reply::seeds("virtualpos"),
    ),
    target(
        "webhook_cashypro",
        |bytes| crate::webhook::run("cashypro", bytes),
        || crate::webhook::seeds("cashypro"),
    ),
    target(
        "webhook_conekta",
        |bytes| crate::webhook::run("conekta", bytes),
        || crate::webhook::seeds("conekta"),
    ),
    target(
        "webhook_etpay",
        |bytes| crate::webhook::run("etpay", bytes),
        || crate::webhook::seeds("etpay"),
    ),
    target(
        "webhook_virtualpos",
        |bytes| crate::webhook::run("virtualpos", bytes),
        || crate::webhook::seeds("virtualpos"),
    ),
    target("settings", crate::settings::run, crate::settings::seeds),
    target("token", crate::token::run, crate::token::seeds),
    target("money", crate::money::run, crate::money::seeds),
    target("text", crate::text::run, crate::text::seeds),
    target("url", crate::url::run, crate::url::seeds),
    target("keys", crate::keys::run, crate::keys::seeds),
    #[cfg(feature = "command")]
    target("payroll", crate::payroll::run, crate::payroll::seeds),
    #[cfg(feature = "command")]
    target("configuration", crate::configuration::run, crate::configuration::seeds),
];

const fn target(name: &'static str, run: fn(&[u8]), seeds: fn() -> Vec<Vec<u8>>) -> Target {
    Target { name, run, seeds }
}

/// The target of that name.
pub fn find(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
