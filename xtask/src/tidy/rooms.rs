//! The rooms of a provider crate: the same files, by the same names, in every one of them.

use std::collections::BTreeSet;

use crate::{
    tidy::{Check, source::Source},
    workspace::{Workspace, is_provider},
};

const REQUIRED: [&str; 9] = [
    "src/lib.rs",
    "src/config.rs",
    "src/settings.rs",
    "src/sign.rs",
    "src/wire.rs",
    "src/payout.rs",
    "src/status.rs",
    "src/webhook.rs",
    "tests/conformance.rs",
];

/// `payment.rs` where the provider collects, `session.rs` where it logs in, `country.rs` where
/// countries differ, `bank.rs` where it lists no banks and a table stands in, `contract.rs` where it
/// does not publish how it is called: everything that is assumed stands there and nowhere else.
/// `manage.rs` where it keeps things that a payout needs and people look after: payees, webhooks.
const OPTIONAL: [&str; 6] = [
    "src/payment.rs",
    "src/session.rs",
    "src/country.rs",
    "src/bank.rs",
    "src/contract.rs",
    "src/manage.rs",
];

/// Judges every provider crate.
pub(super) fn check(workspace: &Workspace, sources: &[Source]) -> Check {
    let providers = workspace.packages.iter().filter(|package| is_provider(&package.name));
    let mut findings = Vec::new();
    let mut examined = 0;
    for package in providers {
        let own = sources.iter().filter(|source| source.package == package.name);
        let files: BTreeSet<&str> = own.map(|source| source.inner_path()).collect();
        examined += files.len();
        findings.extend(judge(&package.name, &files));
    }
    Check { name: "rooms", examined, findings }
}

fn judge(name: &str, files: &BTreeSet<&str>) -> Vec<String> {
    let missing = REQUIRED.iter().filter(|room| !files.contains(*room));
    let strange = files.iter().filter(|file| file.starts_with("src/") && !is_room(file));
    missing
        .map(|room| format!("{name} has no {room}"))
        .chain(strange.map(|file| {
            format!("{name}/{file} is a new kind of room; see docs/ARCHITECTURE.md, Rooms")
        }))
        .collect()
}

/// A room, or a file in the folder of a room.
fn is_room(file: &str) -> bool {
    REQUIRED.iter().chain(&OPTIONAL).any(|room| {
        let folder = room.strip_suffix(".rs").unwrap_or(room);
        file == *room || file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fixed_rooms_pass_and_may_have_folders() {
        let mut files: BTreeSet<&str> = REQUIRED.into_iter().collect();
        files.extend(["src/session.rs", "src/country.rs", "src/country/colombia.rs"]);
        files.extend(["src/payment.rs", "src/bank.rs", "src/contract.rs", "src/manage.rs"]);
        files.extend([
            "src/payout/request.rs",
            "src/manage/payee.rs",
            "tests/negative.rs",
            "benches/sign.rs",
        ]);
        assert_eq!(judge("pagos-x", &files), Vec::<String>::new());
    }

    #[test]
    fn missing_and_strange_rooms_are_found() {
        let mut files: BTreeSet<&str> = REQUIRED.into_iter().collect();
        files.remove("src/status.rs");
        files.insert("src/amounts.rs");
        let findings = judge("pagos-x", &files);
        assert_eq!(findings.len(), 2);
        assert!(findings[0].contains("no src/status.rs"), "{findings:?}");
        assert!(findings[1].contains("src/amounts.rs"), "{findings:?}");
    }
}
