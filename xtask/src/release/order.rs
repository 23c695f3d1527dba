//! The order in which crates can be published: whatever a crate needs comes before it.

use crate::failure::Failure;
use crate::workspace::Kind;
use crate::workspace::Package;

/// Publishable crates, dependencies first. Test dependencies count too: a registry checks them.
///
/// Fails if one needs a crate that is not published, or if they need each other in a circle.
pub(super) fn sort(packages: &[Package]) -> Result<Vec<&Package>, Failure> {
    let mut waiting: Vec<&Package> = packages.iter().filter(|it| it.is_published).collect();
    let names: Vec<&str> = waiting.iter().map(|it| it.name.as_str()).collect();
    for package in &waiting {
        if let Some(name) = list_needs(package).find(|name| !names.contains(name)) {
            let message = format!("{} needs {name}, which is not published", package.name);
            return Err(Failure::new(message));
        }
    }
    let mut sorted: Vec<&Package> = Vec::new();
    while !waiting.is_empty() {
        let is_ready = |package: &Package, sorted: &[&Package]| {
            list_needs(package).all(|name| sorted.iter().any(|it| it.name == name))
        };
        let Some(at) = waiting.iter().position(|package| is_ready(package, &sorted)) else {
            let circle: Vec<&str> = waiting.iter().map(|it| it.name.as_str()).collect();
            return Err(Failure::new(format!("need each other: {}", circle.join(", "))));
        };
        sorted.push(waiting.remove(at));
    }
    Ok(sorted)
}

/// What must be in the registry before this crate. Cargo drops a test dependency without version.
fn list_needs(package: &Package) -> impl Iterator<Item = &str> {
    let counts = |kind: Kind, requirement: &str| match kind {
        Kind::Normal | Kind::Build => true,
        Kind::Dev => requirement != "*",
    };
    let internal = package.dependencies.iter().filter(|it| it.is_internal);
    internal.filter(move |it| counts(it.kind, &it.requirement)).map(|it| it.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::tests::package;

    fn names(packages: &[Package]) -> Result<Vec<&str>, Failure> {
        Ok(sort(packages)?.iter().map(|it| it.name.as_str()).collect())
    }

    #[test]
    fn dependencies_come_first() {
        let mut packages = vec![
            package("pagos", &[("pagos-cashypro", Kind::Normal), ("pagos-core", Kind::Normal)]),
            package("pagos-cashypro", &[("pagos-wire", Kind::Normal), ("pagos-twin", Kind::Dev)]),
            package("pagos-core", &[]),
            package("pagos-twin", &[("pagos-core", Kind::Normal)]),
            package("pagos-wire", &[("pagos-core", Kind::Build)]),
        ];
        let expected = ["pagos-core", "pagos-twin", "pagos-wire", "pagos-cashypro", "pagos"];
        assert_eq!(names(&packages).unwrap(), expected);
        packages.push(Package { is_published: false, ..package("xtask", &[]) });
        assert_eq!(names(&packages).unwrap(), expected);
    }

    #[test]
    fn circles_and_unpublished_needs_are_refused() {
        let circle = [package("a", &[("b", Kind::Normal)]), package("b", &[("a", Kind::Dev)])];
        assert!(sort(&circle).unwrap_err().to_string().contains("a, b"));
        let hidden = [
            package("a", &[("b", Kind::Normal)]),
            Package { is_published: false, ..package("b", &[]) },
        ];
        assert!(sort(&hidden).unwrap_err().to_string().contains("not published"));
    }

    #[test]
    fn a_test_dependency_without_version_is_no_obstacle() {
        let mut one = package("a", &[("b", Kind::Dev)]);
        one.dependencies.iter_mut().for_each(|it| it.requirement = "*".to_owned());
        let packages = [one, package("b", &[("a", Kind::Normal)])];
        assert_eq!(names(&packages).unwrap(), ["a", "b"]);
    }
}
