//! A database that was emptied, removed or replaced between two runs, with each trace that it leaves.
//! None of them is a new database.

use std::{fs, path::Path};

use crate::{
    failure::Failure,
    surroundings::{
        site::{Expected, Harness, Site},
        table::Told,
    },
};

const NAME: &str = "truncations";

/// What happens to the database itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Harm {
    Emptied,
    Removed,
    ReplacedByAnEmptyFile,
    ReplacedByText,
}

const HARMS: [Harm; 4] =
    [Harm::Emptied, Harm::Removed, Harm::ReplacedByAnEmptyFile, Harm::ReplacedByText];

/// What is left beside it.
const TRACES: [&str; 4] = [".lock", "-wal", "-journal", ".bank"];

pub(super) fn play(harness: &Harness) -> Result<Vec<Told>, Failure> {
    let paid = harness.site(NAME, 2)?;
    let mut told = vec![paid.try_out(NAME, "nothing", &mut paid.pay("a.db"), Expected::Paid)?];
    for harm in HARMS {
        for trace in TRACES {
            // A sandbox makes its bank before its database, so a bank alone shows nothing.
            if (harm, trace) == (Harm::Removed, ".bank") {
                continue;
            }
            let site = paid.copy()?;
            spoil(&site, harm, trace)?;
            let what = format!("{}, {trace} is left", harm.words());
            told.push(site.try_out(NAME, &what, &mut site.pay("a.db"), Expected::Refused)?);
        }
    }
    Ok(told)
}

fn spoil(site: &Site<'_>, harm: Harm, trace: &str) -> Result<(), Failure> {
    let db = site.work.join("a.db");
    let failed = || Failure::while_doing(db.display().to_string());
    for beside in TRACES.map(|trace| site.work.join(format!("a.db{trace}"))) {
        let is_kept = beside.to_string_lossy().ends_with(trace);
        match (is_kept, beside.exists()) {
            (true, true) | (false, false) => {}
            (false, true) => fs::remove_file(&beside).map_err(failed())?,
            // A run that was killed would have left it.
            (true, false) => write(&beside, "a trace")?,
        }
    }
    match harm {
        Harm::Emptied => write(&db, ""),
        Harm::Removed => fs::remove_file(&db).map_err(failed()),
        Harm::ReplacedByAnEmptyFile | Harm::ReplacedByText => {
            fs::remove_file(&db).map_err(failed())?;
            let is_text = harm == Harm::ReplacedByText;
            write(&db, if is_text { "this is no database of pagos\n" } else { "" })
        }
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(Failure::while_doing(path.display()))
}

impl Harm {
    fn words(self) -> &'static str {
        match self {
            Self::Emptied => "emptied",
            Self::Removed => "removed",
            Self::ReplacedByAnEmptyFile => "replaced by an empty file",
            Self::ReplacedByText => "replaced by a text",
        }
    }
}
