//! `cargo xtask bench`: the benches of every crate that has some, one crate after the other, so
//! that they do not disturb each other. Each bench prints its figures, floors and budgets; what is
//! over budget is repeated at the end, and is no failure: figures move with the machine.

use crate::failure::Failure;
use crate::flags::Flags;
use crate::process;
use crate::process::build_cargo;
use crate::workspace::Workspace;

/// Runs all benches, or those of `--package NAME`.
pub(crate) fn run(workspace: &Workspace, mut flags: Flags) -> Result<(), Failure> {
    let wanted = flags.take_text("package", "")?;
    flags.end()?;
    let is_wanted = |name: &str| wanted.is_empty() || wanted == name;
    let mut summary = Summary::default();
    for package in workspace.packages.iter().filter(|package| is_wanted(&package.name)) {
        for bench in &package.benches {
            let words = ["bench", "-p", &package.name, "--all-features", "--bench", bench];
            let heard = process::overhear(&mut build_cargo(workspace, &words))?;
            if !heard.is_success {
                return Err(Failure::new(format!("bench {bench} of {} failed", package.name)));
            }
            summary.add(&package.name, &heard.text);
        }
    }
    summary.print();
    Ok(())
}

/// What the benches said of their budgets.
#[derive(Debug, Default, PartialEq, Eq)]
struct Summary {
    benches: usize,
    within: usize,
    over: Vec<String>,
}

impl Summary {
    /// Takes in what one bench said. A line about a budget ends with its verdict.
    fn add(&mut self, package: &str, text: &str) {
        self.benches += 1;
        for line in text.lines().filter(|line| line.contains("(budget ")) {
            if line.ends_with(": within") {
                self.within += 1;
            } else if line.ends_with(": over") {
                self.over.push(format!("{package}: {}", line.trim()));
            }
        }
    }

    fn print(&self) {
        let Self { benches, within, over } = self;
        println!(
            "bench: {benches} benches ran; {within} figures within budget, {} over",
            over.len()
        );
        for line in over {
            println!("bench: {line}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_counted_and_what_is_over_is_kept() {
        let mut summary = Summary::default();
        summary.add("pagos-wire", "a  1 us\nb  2 us  0.45x a (budget 0.5x): within\n");
        summary.add("pagos-http", "c  3 /s  0.80x d (budget 0.85x): over\n");
        let over = vec!["pagos-http: c  3 /s  0.80x d (budget 0.85x): over".to_owned()];
        assert_eq!(summary, Summary { benches: 2, within: 1, over });
    }
}
