//! `pagos plan`: checks every row of a file, tells everything that is wrong, shows totals. Sends
//! nothing and stores nothing.

use std::io;
use std::io::Write;
use std::path::Path;

use pagos_core::AccountName;
use pagos_core::PayoutOrder;
use pagos_core::Violation;

use crate::accounts::Accounts;
use crate::accounts::Gaps;
use crate::arguments::PlanArguments;
use crate::command;
use crate::console;
use crate::exit::Exit;
use crate::exit::Failure;
use crate::input;
use crate::input::Orders;
use crate::input::Plan;
use crate::input::Problem;
use crate::input::RowError;
use crate::offline;
use crate::output::Colour;
use crate::output::Outcome;
use crate::output::PayoutsJson;
use crate::output::Row;
use crate::output::Totals;
use crate::output::write_plan_totals;

/// So many problems are printed for people; a script gets all of them.
const PROBLEMS_PRINTED_MAX: u64 = 100;

pub(crate) fn run(arguments: &PlanArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    let accounts = open_accounts(config)?;
    let plan = match arguments.json {
        true => print_json(&arguments.file, &accounts)?,
        false => print_text(&arguments.file, &accounts)?,
    };
    match plan.is_good() {
        true => Ok(Exit::Succeeded),
        false => Ok(Exit::Refused),
    }
}

/// The configured accounts, whose credentials are not needed; without any, the providers' rules.
fn open_accounts(config: Option<&Path>) -> Result<Accounts, Failure> {
    let (configuration, seams) = (command::load(config)?, offline::seams());
    if configuration.accounts.is_empty() {
        console::tell("no account is configured: rows are checked by each provider's own rules");
        return Ok(Accounts::without_configuration(&seams)?);
    }
    Ok(Accounts::open(&configuration, Gaps::Credentials, &seams)?)
}

/// Plans a file and tells people what is wrong with it and what looks odd. `keep` gets every
/// problem too.
pub(super) fn report(
    file: &Path,
    accounts: &Accounts,
    keep: &mut dyn FnMut(&Problem) -> io::Result<()>,
) -> Result<Plan, Failure> {
    let mut printer = ProblemPrinter::new(file);
    let plan = input::plan(file, accounts, &mut |problem| {
        printer.print(&problem);
        keep(&problem)
    })?;
    printer.finish();
    for warning in &plan.warnings {
        console::tell_patiently(&format!("warning: {}: {warning}", file.display()));
    }
    Ok(plan)
}

fn print_text(file: &Path, accounts: &Accounts) -> Result<Plan, Failure> {
    let plan = report(file, accounts, &mut |_| Ok(()))?;
    let mut out = console::stdout();
    writeln!(
        out,
        "{}: {}, fields separated by {}s, sha256 {}",
        file.display(),
        count_text(plan.rows + plan.rows_bad, "row"),
        plan.delimiter.word(),
        plan.digest
    )?;
    if !plan.is_good() {
        let bad = count_text(plan.rows_bad, "bad row");
        writeln!(out, "{bad}: nothing of this file can be paid until every row is good")?;
    }
    let totals = Totals::of_plan(&plan.totals);
    write_plan_totals(&mut out, Colour::of(&io::stdout()), totals.sums())?;
    out.flush()?;
    Ok(plan)
}

/// Two passes: the payouts of a file with problems are not listed, and whether it has any is known
/// at its end.
fn print_json(file: &Path, accounts: &Accounts) -> Result<Plan, Failure> {
    let mut json = PayoutsJson::new(console::stdout());
    let plan = input::plan(file, accounts, &mut |problem| json.problem(&problem))?;
    if plan.is_good() {
        for row in Orders::open(file, &plan, &AlreadyChecked)? {
            match row {
                Ok(row) => json.payout(&Row {
                    key: row.order.key.as_str(),
                    account: &row.order.account,
                    outcome: Outcome::Created,
                    reason: None,
                    amount: row.order.amount,
                    reference: None,
                    attempts: 0,
                    reversals: 0,
                })?,
                Err(RowError::File(error)) => return Err(error.into()),
                Err(RowError::Bad) => {
                    return Err(Failure::new("the file changed while it was read"));
                }
            }
        }
    }
    let totals = Totals::of_plan(&plan.totals);
    json.finish(totals.sums(), Some(&plan))?;
    Ok(plan)
}

/// For the second look at a file whose every row was good, and which is the same byte for byte.
struct AlreadyChecked;

impl input::Accounts for AlreadyChecked {
    fn contains(&self, _name: &AccountName) -> bool {
        true
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }

    fn check(&self, _order: &PayoutOrder) -> Result<(), Vec<Violation>> {
        Ok(())
    }
}

/// Prints problems as they are found, up to a limit, and counts the rest.
struct ProblemPrinter<'a> {
    file: &'a Path,
    count: u64,
}

impl<'a> ProblemPrinter<'a> {
    fn new(file: &'a Path) -> Self {
        Self { file, count: 0 }
    }

    fn print(&mut self, problem: &Problem) {
        self.count += 1;
        if self.count <= PROBLEMS_PRINTED_MAX {
            console::tell_patiently(&format!("{}: {problem}", self.file.display()));
        }
    }

    fn finish(self) {
        let more = self.count.saturating_sub(PROBLEMS_PRINTED_MAX);
        if more > 0 {
            let more = count_text(more, "more problem");
            let text = format!("... and {more}; `pagos plan --json` lists all of them");
            console::tell_patiently(&text);
        }
    }
}

fn count_text(count: u64, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}
