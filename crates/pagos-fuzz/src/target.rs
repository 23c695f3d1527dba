//! The table of targets: what runs, under which name, and what it starts from.

use std::sync::OnceLock;

use pagos_kit::{KITS, Kit};

/// One target: a function over bytes, and the inputs that its mutations start from.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its name on the command line, and of its folder in the corpus.
    pub name: String,
    reader: Reader,
}

/// Who reads the bytes.
#[derive(Debug, Clone, Copy)]
enum Reader {
    Reply(Kit),
    Webhook(Kit),
    Other { run: fn(&[u8]), seeds: fn() -> Vec<Vec<u8>> },
}

impl Target {
    /// Runs one input. Panics where a rule is broken.
    pub fn run(&self, input: &[u8]) {
        match self.reader {
            Reader::Reply(kit) => crate::reply::run(kit, input),
            Reader::Webhook(kit) => crate::webhook::run(kit, input),
            Reader::Other { run, .. } => run(input),
        }
    }

    /// What mutations start from, beside the corpus.
    pub fn seeds(&self) -> Vec<Vec<u8>> {
        match self.reader {
            Reader::Reply(kit) => crate::reply::seeds(kit),
            Reader::Webhook(kit) => crate::webhook::seeds(kit),
            Reader::Other { seeds, .. } => seeds(),
        }
    }
}

/// Every target: two for each provider, and what reads bytes for all of them.
pub fn targets() -> &'static [Target] {
    static TARGETS: OnceLock<Vec<Target>> = OnceLock::new();
    TARGETS.get_or_init(|| {
        let of = |family: &str, reader: fn(Kit) -> Reader| {
            let name = |kit: &Kit| format!("{family}_{}", kit.name());
            let targets = KITS.iter().map(|kit| Target { name: name(kit), reader: reader(*kit) });
            targets.collect::<Vec<_>>()
        };
        let mut targets = of("reply", Reader::Reply);
        targets.extend(of("webhook", Reader::Webhook));
        targets.extend(OTHERS.iter().map(|(name, run, seeds)| Target {
            name: (*name).to_owned(),
            reader: Reader::Other { run: *run, seeds: *seeds },
        }));
        targets
    })
}

type Other = (&'static str, fn(&[u8]), fn() -> Vec<Vec<u8>>);

const OTHERS: &[Other] = &[
    ("settings", crate::settings::run, crate::settings::seeds),
    ("token", crate::token::run, crate::token::seeds),
    ("money", crate::money::run, crate::money::seeds),
    ("text", crate::text::run, crate::text::seeds),
    ("url", crate::url::run, crate::url::seeds),
    ("keys", crate::keys::run, crate::keys::seeds),
    ("camt", crate::statement::run_camt, crate::statement::seeds_camt),
    ("mt940", crate::statement::run_mt940, crate::statement::seeds_mt940),
    ("table", crate::statement::run_table, crate::statement::seeds_table),
    ("mapping", crate::statement::run_mapping, crate::statement::seeds_mapping),
    ("pain002", crate::bankfile::run_pain002, crate::bankfile::pain002_seeds),
    ("cep", crate::bankfile::run_cep, crate::bankfile::cep_seeds),
    #[cfg(feature = "command")]
    ("payroll", crate::payroll::run, crate::payroll::seeds),
    #[cfg(feature = "command")]
    ("configuration", crate::configuration::run, crate::configuration::seeds),
];

/// The target of that name.
pub fn find(name: &str) -> Option<&'static Target> {
    targets().iter().find(|target| target.name == name)
}
