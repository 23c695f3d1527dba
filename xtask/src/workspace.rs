//! What cargo knows about the workspace: its crates, their dependencies, features and targets.
//! Reads `cargo metadata`; what only the manifest's text tells is in `tidy/manifests.rs`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use serde_json::Value;

use crate::{failure::Failure, process};

/// The workspace as cargo sees it.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// Where the root manifest lies.
    pub root: PathBuf,
    /// Where cargo builds.
    pub target: PathBuf,
    /// The members, by name.
    pub packages: Vec<Package>,
}

/// One crate of the workspace.
#[derive(Debug, Clone, Default)]
pub struct Package {
    /// The crate's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The folder of its manifest.
    pub folder: PathBuf,
    /// May it be published?
    pub is_published: bool,
    /// Does it have a library with a page of documentation?
    pub is_documented: bool,
    /// What it names under its dependency tables.
    pub dependencies: Vec<Dependency>,
    /// Its features, `default` included.
    pub features: Vec<String>,
    /// The names of its bench targets.
    pub benches: Vec<String>,
    /// The `[package]` fields that registries show, by cargo's name, as they are in the metadata.
    pub fields: BTreeMap<String, Value>,
}

/// One dependency of a crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The crate that is needed.
    pub name: String,
    /// What for.
    pub kind: Kind,
    /// Does it lie in this workspace?
    pub is_internal: bool,
}

/// What a dependency is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The crate itself.
    Normal,
    /// Its build script.
    Build,
    /// Its tests, examples and benches.
    Dev,
}

/// The providers of Pagos, which are those of the facade's feature `all-providers`;
/// `pagos-<provider>` is the crate.
pub static PROVIDERS: LazyLock<Vec<String>> =
    LazyLock::new(|| read_providers(include_str!("../../crates/pagos/Cargo.toml")));

/// Is this crate one of the providers?
pub fn is_provider(name: &str) -> bool {
    name.strip_prefix("pagos-").is_some_and(|rest| PROVIDERS.iter().any(|it| it == rest))
}

/// The feature `all-providers` of a manifest; nothing where there is none.
fn read_providers(manifest: &str) -> Vec<String> {
    let manifest: toml::Table = manifest.parse().unwrap_or_default();
    let features = manifest.get("features");
    let list = features.and_then(|it| it.get("all-providers")).and_then(toml::Value::as_array);
    let names = list.into_iter().flatten().filter_map(toml::Value::as_str);
    names.map(str::to_owned).collect()
}

const FIELDS: [&str; 8] = [
    "description",
    "license",
    "repository",
    "readme",
    "keywords",
    "categories",
    "rust_version",
    "metadata",
];

impl Workspace {
    /// Asks cargo.
    pub fn read() -> Result<Self, Failure> {
        let words = ["metadata", "--format-version", "1", "--no-deps"];
        let text = process::read_stdout(Command::new(process::cargo()).args(words))?;
        let metadata: Value =
            serde_json::from_str(&text).map_err(Failure::while_doing("reading cargo metadata"))?;
        Self::parse(&metadata)
    }

    fn parse(metadata: &Value) -> Result<Self, Failure> {
        let path = |name: &str| text(metadata, name).map(PathBuf::from);
        let packages = list(metadata, "packages").iter().map(Package::parse);
        let mut packages = packages.collect::<Result<Vec<_>, _>>()?;
        packages.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Self { root: path("workspace_root")?, target: path("target_directory")?, packages })
    }

    /// A cargo command in the root of the workspace.
    pub fn cargo(&self, words: &[&str]) -> Command {
        let mut command = Command::new(process::cargo());
        command.args(words).current_dir(&self.root);
        command
    }

    /// Is a tool of cargo here that a user's machine may lack? If not, says so in one line: skipped on
    /// a user's machine, a failure where `CI=true`.
    pub fn has_tool(&self, tool: &str, what: &str) -> Result<bool, Failure> {
        if process::is_available(&mut self.cargo(&[tool, "--version"])) {
            return Ok(true);
        }
        let message = format!("{what}: cargo {tool} is not installed");
        if process::is_ci() {
            return Err(Failure::new(message));
        }
        println!("skipped: {message}");
        Ok(false)
    }

    /// The crate of that name.
    pub fn find(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.name == name)
    }

    /// A path as people write it: relative to the root, with slashes.
    pub fn shorten(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy().replace('\\', "/")
    }
}

impl Package {
    fn parse(value: &Value) -> Result<Self, Failure> {
        let manifest = PathBuf::from(text(value, "manifest_path")?);
        let dependencies = list(value, "dependencies").iter().map(Dependency::parse);
        let features = value.get("features").and_then(Value::as_object);
        let benches = list(value, "targets").iter().filter(|target| is_bench(target));
        let fields = FIELDS.iter().filter_map(|name| {
            let field = value.get(name).filter(|field| !field.is_null())?;
            Some(((*name).to_owned(), field.clone()))
        });
        Ok(Self {
            name: text(value, "name")?,
            version: text(value, "version")?,
            folder: manifest.parent().map(Path::to_path_buf).unwrap_or_default(),
            is_published: !value.get("publish").is_some_and(Value::is_array),
            is_documented: list(value, "targets").iter().any(is_documented_library),
            dependencies: dependencies.collect::<Result<_, _>>()?,
            features: features.map(|map| map.keys().cloned().collect()).unwrap_or_default(),
            benches: benches.filter_map(|target| text(target, "name").ok()).collect(),
            fields: fields.collect(),
        })
    }

    /// The members of this workspace that it needs for the given purposes, each once.
    pub fn internal(&self, kinds: &[Kind]) -> Vec<&str> {
        let wanted = |it: &&Dependency| it.is_internal && kinds.contains(&it.kind);
        let mut names: Vec<&str> =
            self.dependencies.iter().filter(wanted).map(|it| it.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

impl Dependency {
    fn parse(value: &Value) -> Result<Self, Failure> {
        let kind = match value.get("kind").and_then(Value::as_str) {
            None => Kind::Normal,
            Some("build") => Kind::Build,
            Some("dev") => Kind::Dev,
            Some(other) => return Err(Failure::new(format!("a dependency of kind {other:?}"))),
        };
        Ok(Self {
            name: text(value, "name")?,
            kind,
            is_internal: value.get("path").is_some_and(Value::is_string),
        })
    }
}

fn is_documented_library(target: &Value) -> bool {
    let is_library = list(target, "kind").iter().any(|kind| kind == "lib");
    is_library && target.get("doc").and_then(Value::as_bool) == Some(true)
}

fn is_bench(target: &Value) -> bool {
    list(target, "kind").iter().any(|kind| kind == "bench")
}

fn text(value: &Value, name: &str) -> Result<String, Failure> {
    let field = value.get(name).and_then(Value::as_str);
    field.map(str::to_owned).ok_or_else(|| Failure::new(format!("cargo metadata has no {name}")))
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    /// A crate of that name that needs the given members.
    pub(crate) fn package(name: &str, needs: &[(&str, Kind)]) -> Package {
        let dependency = |&(name, kind): &(&str, Kind)| Dependency {
            name: name.to_owned(),
            kind,
            is_internal: true,
        };
        Package {
            name: name.to_owned(),
            version: "0.1.0".to_owned(),
            is_published: true,
            dependencies: needs.iter().map(dependency).collect(),
            ..Package::default()
        }
    }

    #[test]
    fn providers_are_those_of_the_facade() {
        assert!(PROVIDERS.len() > 1 && PROVIDERS.is_sorted(), "{PROVIDERS:?}");
        assert!(is_provider(&format!("pagos-{}", PROVIDERS[0])));
        for other in ["pagos-core", "pagos-", &PROVIDERS[0]] {
            assert!(!is_provider(other), "{other}");
        }
        assert_eq!(read_providers("[features]\ndefault = []\n"), [""; 0]);
    }

    #[test]
    fn kinds_publishing_and_benches_are_read() {
        let value = json!({
            "name": "a", "version": "1.2.3", "manifest_path": "/w/crates/a/Cargo.toml",
            "publish": [], "features": {"default": [], "http": []},
            "description": "words", "readme": null,
            "targets": [
                {"name": "a", "kind": ["lib"], "doc": true},
                {"name": "speed", "kind": ["bench"], "doc": false},
            ],
            "dependencies": [
                {"name": "b", "kind": null, "path": "/w/crates/b"},
                {"name": "c", "kind": "dev"},
            ],
        });
        let package = Package::parse(&value).unwrap();
        assert!(!package.is_published);
        assert!(package.is_documented);
        assert_eq!(package.benches, ["speed"]);
        assert_eq!(package.features, ["default", "http"]);
        assert_eq!(package.internal(&[Kind::Normal, Kind::Dev]), ["b"]);
        assert_eq!(package.folder, Path::new("/w/crates/a"));
        assert!(package.fields.contains_key("description"));
        assert!(!package.fields.contains_key("readme"));
    }

    #[test]
    fn a_library_without_pages_is_not_documented() {
        for (kind, doc) in [("lib", false), ("bin", true)] {
            let targets = json!([{"name": "a", "kind": [kind], "doc": doc}]);
            let value = json!({
                "name": "a", "version": "1.2.3", "manifest_path": "/w/Cargo.toml", "targets": targets
            });
            assert!(!Package::parse(&value).unwrap().is_documented, "{kind} {doc}");
        }
    }

    #[test]
    fn what_cargo_does_not_say_is_a_failure() {
        assert!(Package::parse(&json!({"name": "a"})).is_err());
        let odd = json!({"name": "b", "kind": "other"});
        assert!(Dependency::parse(&odd).is_err());
    }
}
