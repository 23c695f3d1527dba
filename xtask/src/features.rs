//! `cargo xtask features`: every crate compiles with each of its features alone, with none, with all.
//! Checks only; what the features do is a matter of tests.

use crate::{
    failure::Failure,
    process,
    workspace::{Package, Workspace},
};

/// Checks every set of every crate.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let mut count = 0_usize;
    for package in &workspace.packages {
        for set in list_sets(package) {
            let words = ["check", "--quiet", "-p", &package.name, "--no-default-features"];
            process::run(workspace.cargo(&words).args(set))?;
            count += 1;
        }
    }
    println!("features: {count} sets of {} crates compile", workspace.packages.len());
    Ok(())
}

/// The arguments that select each set of features.
fn list_sets(package: &Package) -> Vec<Vec<&str>> {
    let mut sets = vec![Vec::new()];
    let alone = package.features.iter().filter(|feature| *feature != "default");
    sets.extend(alone.map(|feature| vec!["--features", feature]));
    if sets.len() > 2 {
        sets.push(vec!["--all-features"]);
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::tests::package;

    #[test]
    fn each_feature_is_selected_alone() {
        let mut twin = package("pagos-twin", &[]);
        assert_eq!(list_sets(&twin), [Vec::<&str>::new()]);
        twin.features = vec!["default".to_owned(), "server".to_owned()];
        assert_eq!(list_sets(&twin), [vec![], vec!["--features", "server"]]);
        twin.features.push("trace".to_owned());
        assert_eq!(list_sets(&twin).last(), Some(&vec!["--all-features"]));
        assert_eq!(list_sets(&twin).len(), 4);
    }
}
