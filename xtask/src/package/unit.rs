//! Judges the systemd units with systemd's own programs, which need no running systemd.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{failure::Failure, process, workspace::Workspace};

/// How exposed the unit may be, in tenths, as `systemd-analyze security` counts: 100 is a service
/// without any restriction.
const EXPOSURE_MAX: u32 = 15;

/// What systemd runs, each with what it verifies only.
const UNITS: [(&str, &[&str]); 2] =
    [("pagos.service", &[]), ("pagos-backup.service", &["pagos-backup.timer"])];

/// Verifies the units, and prints how exposed they are. Without systemd it says that it is skipped,
/// which is a failure on CI.
pub(super) fn judge(workspace: &Workspace) -> Result<(), Failure> {
    if !process::is_available(Command::new("systemd-analyze").arg("--version")) {
        if process::is_ci() {
            return Err(Failure::new("systemd-analyze is not installed, and CI skips nothing"));
        }
        println!("skipped: systemd-analyze is not installed");
        return Ok(());
    }
    for (unit, others) in UNITS {
        let path = copy(workspace, unit)?;
        for other in others {
            verify(&copy(workspace, other)?)?;
        }
        verify(&path)?;
        judge_exposure(unit, &path)?;
    }
    Ok(())
}

/// A copy that needs no program that this machine lacks.
fn copy(workspace: &Workspace, unit: &str) -> Result<PathBuf, Failure> {
    let path = workspace.root.join("ops/systemd").join(unit);
    let text = fs::read_to_string(&path).map_err(Failure::while_doing(path.display()))?;
    let folder = workspace.target.join("unit");
    fs::create_dir_all(&folder).map_err(Failure::while_doing(folder.display()))?;
    let copy = folder.join(unit);
    let text = text.replace("/usr/bin/pagos", "/bin/true");
    fs::write(&copy, text).map_err(Failure::while_doing(copy.display()))?;
    Ok(copy)
}

fn analyze(words: &[&str], unit: &Path) -> Result<process::Heard, Failure> {
    let mut command = Command::new("systemd-analyze");
    process::overhear(command.args(words).arg(unit))
}

fn verify(unit: &Path) -> Result<(), Failure> {
    let verified = analyze(&["verify", "--man=no", "--no-pager"], unit)?;
    let speaks_of_ours = verified.text.lines().any(|line| line.contains("pagos"));
    match verified.is_success && !speaks_of_ours {
        true => Ok(()),
        false => Err(Failure::new(format!("the unit is not as it should be:\n{}", verified.text))),
    }
}

fn judge_exposure(unit: &str, path: &Path) -> Result<(), Failure> {
    let heard = analyze(&["security", "--offline=true", "--no-pager"], path)?;
    if heard.text.contains("unrecognized option") {
        let because = "systemd counts the exposure of a file from version 250 on";
        if process::is_ci() {
            return Err(Failure::new(format!("{because}, and CI skips nothing")));
        }
        println!("skipped: {because}");
        return Ok(());
    }
    let exposure = read_exposure(&heard.text)
        .ok_or_else(|| Failure::new(format!("no exposure level:\n{}", heard.text)))?;
    println!("{unit}: exposure {}.{} of 10", exposure / 10, exposure % 10);
    match exposure <= EXPOSURE_MAX {
        true => Ok(()),
        false => Err(Failure::new(format!(
            "{unit} is more exposed than it was; see systemd-analyze security"
        ))),
    }
}

/// The level in tenths, as in `Overall exposure level for pagos.service: 1.2 OK`.
fn read_exposure(text: &str) -> Option<u32> {
    let line = text.lines().find(|line| line.contains("Overall exposure level"))?;
    let (_, level) = line.split_once(": ")?;
    let (whole, tenths) = level.split_whitespace().next()?.split_once('.')?;
    Some(whole.parse::<u32>().ok()? * 10 + tenths.parse::<u32>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_is_read() {
        let text = "noise\n→ Overall exposure level for pagos.service: 1.2 OK 🙂\n";
        assert_eq!(read_exposure(text), Some(12));
        assert_eq!(read_exposure("nothing"), None);
    }

    // No other system has systemd.
    #[cfg(target_os = "linux")]
    #[test]
    fn the_units_are_sound_and_hardly_exposed() {
        judge(&Workspace::read().unwrap()).unwrap();
    }
}
