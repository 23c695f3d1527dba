//! Tries the package in a root of its own: installed, upgraded over a former version with a database
//! of it, removed, purged. Needs root, as dpkg does, and touches nothing of this machine.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::make;
use crate::{failure::Failure, process, workspace::Workspace};

/// Tries it; the former version is the same program under a lower number.
pub(super) fn run(workspace: &Workspace, program: &Path, version: &str) -> Result<(), Failure> {
    let root = Root::make(workspace)?;
    let former = make(workspace, program, &format!("{version}~former"))?;
    root.dpkg("--install", &former)?;
    for (path, mode) in [
        ("usr/bin/pagos", "755 0"),
        ("etc/pagos/environment", "600 0"),
        ("etc/pagos/pagos.toml", "640 0"),
        ("var/lib/pagos", "700"),
        ("usr/share/man/man1/pagos.1.gz", "644 0"),
    ] {
        let found = root.mode(path)?;
        if !found.starts_with(mode) {
            return Err(Failure::new(format!("/{path} has mode and owner {found}, not {mode}")));
        }
    }
    let users = root.read("etc/passwd")?;
    let is_there = |line: &str| line.starts_with("pagos:") && line.ends_with("nologin");
    expect(users.lines().any(is_there), "the user is made, without a shell")?;
    println!("installed: files, modes and user are as they should be");

    root.pay()?;
    let database = root.read_bytes("var/lib/pagos/pagos.db")?;
    append(&root.path("etc/pagos/pagos.toml"), "# mine\n")?;
    root.dpkg("--install", &make(workspace, program, version)?)?;
    let is_kept = root.read_bytes("var/lib/pagos/pagos.db")? == database;
    expect(is_kept, "an upgrade leaves the database")?;
    let config = root.read("etc/pagos/pagos.toml")?;
    expect(config.ends_with("# mine\n"), "an upgrade leaves the configuration")?;
    expect(root.list()?.contains("T-1"), "the new program reads the former database")?;
    println!("upgraded: the database and the configuration are as they were");

    root.dpkg("--remove", Path::new("pagos"))?;
    expect(!root.path("usr/bin/pagos").exists(), "the program is removed")?;
    expect(root.path("etc/pagos/pagos.toml").exists(), "the configuration stays")?;
    root.dpkg("--purge", Path::new("pagos"))?;
    expect(!root.path("etc/pagos/pagos.toml").exists(), "a purge removes the configuration")?;
    let is_kept = root.read_bytes("var/lib/pagos/pagos.db")? == database;
    expect(is_kept, "a purge leaves the database")?;
    println!("removed and purged: the database is as it was");
    Ok(())
}

pub(super) fn expect(is_so: bool, what: &str) -> Result<(), Failure> {
    if is_so { Ok(()) } else { Err(Failure::new(format!("not so: {what}"))) }
}

fn append(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = || Failure::while_doing(path.display());
    let content = fs::read_to_string(path).map_err(failed())?;
    fs::write(path, content + text).map_err(failed())
}

/// A root with dpkg's records and nothing else. It is removed when it is dropped.
struct Root(PathBuf);

impl Root {
    fn make(workspace: &Workspace) -> Result<Self, Failure> {
        let root = workspace.target.join("package-root");
        let _ = fs::remove_dir_all(&root);
        let records = root.join("var/lib/dpkg");
        for folder in ["info", "updates", "triggers"] {
            let folder = records.join(folder);
            fs::create_dir_all(&folder).map_err(Failure::while_doing(folder.display()))?;
        }
        let status = records.join("status");
        fs::write(&status, "").map_err(Failure::while_doing(status.display()))?;
        Ok(Self(root))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The scripts run outside the root, which has no shell, and are told where it is.
    fn dpkg(&self, what: &str, name: &Path) -> Result<(), Failure> {
        let mut command = Command::new("dpkg");
        command.arg(format!("--root={}", self.0.display()));
        command.args(["--force-script-chrootless", "--force-depends", "--force-confold"]);
        let heard = process::overhear(command.arg(what).arg(name))?;
        match heard.is_success {
            true => Ok(()),
            false => Err(Failure::new(format!("dpkg {what}:\n{}", heard.text))),
        }
    }

    /// The mode and the owner.
    fn mode(&self, name: &str) -> Result<String, Failure> {
        process::read_stdout(Command::new("stat").args(["-c", "%a %u"]).arg(self.path(name)))
    }

    fn read(&self, name: &str) -> Result<String, Failure> {
        fs::read_to_string(self.path(name)).map_err(Failure::while_doing(name))
    }

    fn read_bytes(&self, name: &str) -> Result<Vec<u8>, Failure> {
        fs::read(self.path(name)).map_err(Failure::while_doing(name))
    }

    /// The installed program, in the folder of its database.
    fn pagos(&self, words: &[&str]) -> Command {
        let mut command = Command::new(self.path("usr/bin/pagos"));
        command.args(words).args(["--db", "pagos.db"]).current_dir(self.path("var/lib/pagos"));
        command
    }

    /// Pays one payout in the sandbox.
    fn pay(&self) -> Result<(), Failure> {
        let path = self.path("var/lib/pagos/payouts.csv");
        fs::write(&path, PAYOUTS).map_err(Failure::while_doing(path.display()))?;
        let heard =
            process::overhear(&mut self.pagos(&["pay", "payouts.csv", "--sandbox", "--yes"]))?;
        match heard.is_success {
            true => Ok(()),
            false => Err(Failure::new(heard.text)),
        }
    }

    fn list(&self) -> Result<String, Failure> {
        process::read_stdout(&mut self.pagos(&["list", "--json"]))
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        // What stays is in the target folder.
        let _ = fs::remove_dir_all(&self.0);
    }
}

const PAYOUTS: &str = "\
key,provider,amount,currency,name,document_type,document,bank,account_type,account,description
T-1,cashypro,150000,COP,Ana,cc,1020304050,20,savings,00123456789,trial
";
