//! Which crate may need which. The arrows of `docs/ARCHITECTURE.md`, as a table and nothing else.

use crate::{
    tidy::Check,
    workspace::{Kind, Package, is_provider},
};

/// What a crate of the workspace may need, tests aside.
enum Allowed {
    /// These and no other.
    Only(&'static [&'static str]),
    /// Whatever it re-exports: every library but the suites.
    Libraries,
    /// The whole product.
    Product,
    /// Everything.
    All,
}

/// Judges the dependencies of every crate.
pub(super) fn check(packages: &[Package]) -> Check {
    let mut findings = Vec::new();
    let providers: Vec<&str> =
        packages.iter().map(|it| it.name.as_str()).filter(|name| is_provider(name)).collect();
    for package in packages {
        let Some(allowed) = allowed(package) else {
            findings.push(format!(
                "{}: a crate without arrows; add it to xtask/src/tidy/arrows.rs and to the docs",
                package.name
            ));
            continue;
        };
        let needed = package.internal(&[Kind::Normal, Kind::Build]);
        let wrong = needed.iter().filter(|name| !permits(&allowed, name));
        findings.extend(wrong.map(|name| format!("{} must not need {name}", package.name)));
        findings.extend(judge_tests(package, &allowed, &providers));
    }
    Check { name: "arrows", examined: packages.len(), findings }
}

fn allowed(package: &Package) -> Option<Allowed> {
    Some(match package.name.as_str() {
        "pagos-core" => Allowed::Only(&[]),
        // It is compared with the engine; what it shared with it, it could not be compared in.
        "pagos-model" if !package.is_published => Allowed::Only(&[]),
        "pagos-wire" | "pagos-http" | "pagos-engine" | "pagos-twin" | "pagos-statement"
        | "pagos-bankfile" => Allowed::Only(&["pagos-core"]),
        "pagos-reconcile" => Allowed::Only(&["pagos-core", "pagos-engine", "pagos-statement"]),
        "pagos-conformance" => Allowed::Only(&["pagos-core", "pagos-wire"]),
        "pagos-system"
        | "pagos-webhook"
        | "pagos-events"
        | "pagos-store-sqlite"
        | "pagos-store-postgres"
        | "pagos-witness" => Allowed::Only(&["pagos-core", "pagos-engine"]),
        // It serves connections as the receiver does.
        "pagos-api" => Allowed::Only(&[
            "pagos-core",
            "pagos-engine",
            "pagos-events",
            "pagos-reconcile",
            "pagos-webhook",
        ]),
        "pagos-desk" => Allowed::Only(&["pagos-core", "pagos-engine", "pagos-api"]),
        "pagos" => Allowed::Libraries,
        "pagos-cli" => Allowed::Product,
        name if PROOF.contains(&name) && !package.is_published => Allowed::All,
        // Built in seconds: what needs the product is a trial.
        "xtask" => Allowed::Only(&[]),
        name if is_provider(name) => Allowed::Only(&["pagos-core", "pagos-wire"]),
        _ => return None,
    })
}

fn permits(allowed: &Allowed, name: &str) -> bool {
    match allowed {
        Allowed::Only(names) => names.contains(&name),
        Allowed::Libraries => {
            !is_proof(name) && !["pagos-cli", "pagos-conformance"].contains(&name)
        }
        Allowed::Product => !is_proof(name),
        Allowed::All => true,
    }
}

/// What judges the product. The product never sees it.
const PROOF: [&str; 5] = ["pagos-fuzz", "pagos-kit", "pagos-model", "pagos-tests", "pagos-trials"];

fn is_proof(name: &str) -> bool {
    PROOF.contains(&name) || name == "xtask"
}

/// Tests may see more, with three limits: the product does not see what judges it; a twin never sees a
/// provider, so that one mistake cannot hide in both; and only the crates that may need everything list
/// all providers.
fn judge_tests(package: &Package, allowed: &Allowed, providers: &[&str]) -> Vec<String> {
    let seen = package.internal(&[Kind::Normal, Kind::Build, Kind::Dev]);
    let of_tests = package.internal(&[Kind::Dev]);
    let proof = of_tests.iter().find(|name| !is_proof(&package.name) && is_proof(name));
    if let Some(proof) = proof {
        return vec![format!("{} must not see {proof}, which judges it", package.name)];
    }
    let listed: Vec<&&str> = seen.iter().filter(|name| providers.contains(name)).collect();
    if package.name == "pagos-twin" {
        return listed.iter().map(|it| format!("pagos-twin must not test with {it}")).collect();
    }
    let lists_all = providers.len() > 1 && listed.len() == providers.len();
    if lists_all && matches!(allowed, Allowed::Only(_)) {
        return vec![format!("{} must not list all providers", package.name)];
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::tests::package;

    fn findings(packages: &[Package]) -> Vec<String> {
        check(packages).findings
    }

    #[test]
    fn the_drawn_arrows_are_allowed() {
        let packages = [
            package("pagos-core", &[]),
            package("pagos-wire", &[("pagos-core", Kind::Normal)]),
            package("pagos-cashypro", &[("pagos-wire", Kind::Normal), ("pagos-core", Kind::Build)]),
            package("pagos-engine", &[("pagos-core", Kind::Normal), ("pagos-twin", Kind::Dev)]),
            package("pagos-store-sqlite", &[("pagos-engine", Kind::Normal)]),
            package("pagos-twin", &[("pagos-core", Kind::Normal)]),
            package("pagos", &[("pagos-cashypro", Kind::Normal), ("pagos-twin", Kind::Normal)]),
            package("pagos-cli", &[("pagos-conformance", Kind::Normal)]),
        ];
        assert_eq!(findings(&packages), Vec::<String>::new());
    }

    #[test]
    fn any_other_arrow_is_found() {
        let cases: [(&str, &str, Kind); 9] = [
            ("pagos-core", "pagos-wire", Kind::Normal),
            ("pagos-wire", "pagos-http", Kind::Normal),
            ("pagos-cashypro", "pagos-http", Kind::Normal),
            ("pagos-cashypro", "pagos-engine", Kind::Build),
            ("pagos-http", "pagos-wire", Kind::Normal),
            ("pagos-engine", "pagos-cashypro", Kind::Normal),
            ("pagos-webhook", "pagos-twin", Kind::Normal),
            ("pagos", "pagos-cli", Kind::Normal),
            ("pagos-new", "pagos-core", Kind::Normal),
        ];
        for (from, to, kind) in cases {
            assert_eq!(findings(&[package(from, &[(to, kind)])]).len(), 1, "{from} -> {to}");
        }
    }

    #[test]
    fn a_twin_sees_no_provider_even_in_tests() {
        let packages = [
            package("pagos-cashypro", &[]),
            package("pagos-twin", &[("pagos-cashypro", Kind::Dev)]),
        ];
        assert_eq!(findings(&packages), ["pagos-twin must not test with pagos-cashypro"]);
    }

    #[test]
    fn the_product_sees_no_proof_and_xtask_needs_nothing() {
        let mut trials = package("pagos-trials", &[("pagos-kit", Kind::Normal)]);
        trials.is_published = false;
        assert_eq!(findings(&[trials]), Vec::<String>::new());
        for (kind, expected) in [
            (Kind::Normal, "pagos-cli must not need pagos-kit"),
            (Kind::Dev, "pagos-cli must not see pagos-kit, which judges it"),
        ] {
            assert_eq!(findings(&[package("pagos-cli", &[("pagos-kit", kind)])]), [expected]);
        }
        let xtask = package("xtask", &[("pagos-core", Kind::Normal)]);
        assert_eq!(findings(&[xtask]), ["xtask must not need pagos-core"]);
    }

    #[test]
    fn a_library_does_not_list_all_providers() {
        let both = [("pagos-cashypro", Kind::Dev), ("pagos-conekta", Kind::Dev)];
        let mut packages = vec![
            package("pagos-cashypro", &[]),
            package("pagos-conekta", &[]),
            package("pagos-engine", &both),
        ];
        assert_eq!(findings(&packages), ["pagos-engine must not list all providers"]);
        packages.pop();
        packages.push(package("pagos-cli", &both));
        assert_eq!(findings(&packages), Vec::<String>::new());
    }

    #[test]
    fn the_test_crate_must_not_be_published() {
        let mut tests = package("pagos-tests", &[("pagos-twin", Kind::Normal)]);
        assert_eq!(findings(&[tests.clone()]).len(), 1);
        tests.is_published = false;
        assert_eq!(findings(&[tests]), Vec::<String>::new());
    }
}
