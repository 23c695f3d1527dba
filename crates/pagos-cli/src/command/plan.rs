//! `pagos plan`: checks every row of a file, reports all problems, shows totals. It sends and
//! stores nothing.

use std::{
    io::{self, Write},
    path::Path,
};

use pagos_core::{AccountName, Bank, PayoutOrder, Violation};

use crate::{
    accounts::{self, Account, Accounts, MissingFields},
    arguments::PlanArguments,
    console,
    exit::{Exit, Failure},
    input::{self, Delimiter, Folded, Format, Orders, Payroll, Plan, Problem, RowError},
    output::{
        Outcome, PayoutsJson, Row, Screen, Totals, write_banks, write_plan_totals, write_sentence,
    },
    run::need::Need,
    seams,
    words::{Text, file, pay},
};

pub(crate) fn run(arguments: &PlanArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    let accounts = open_accounts(config)?;
    let payroll = Payroll::open(&arguments.file)?;
    let plan = match arguments.json {
        true => print_json(&payroll, &accounts)?,
        false => print_text(&payroll, &accounts)?,
    };
    tell_cautions(&plan, &accounts);
    if arguments.strict && !plan.is_clean() {
        console::tell(&pay::strict_warning());
        return Ok(Exit::Refused);
    }
    match plan.is_good() {
        true => Ok(Exit::Succeeded),
        false => Ok(Exit::Refused),
    }
}

/// What must be known about the accounts that the file pays with.
pub(super) fn tell_cautions(plan: &Plan, accounts: &Accounts) {
    let is_used = |account: &&Account| plan.totals.iter().any(|it| it.account == account.name);
    for account in accounts.all().iter().filter(is_used) {
        if let Some(caution) = &account.caution {
            console::tell(&pay::account_caution(account.name.as_str(), caution));
        }
    }
}

/// The configured accounts, without their credentials; if there are none, the providers' rules.
pub(super) fn open_accounts(config: Option<&Path>) -> Result<Accounts, Failure> {
    let (configuration, seams) = (accounts::load(config)?, seams::offline());
    if configuration.accounts.is_empty() {
        console::tell(&pay::no_account_configured());
        return Ok(Accounts::without_configuration(&seams)?);
    }
    Ok(Accounts::open(&configuration, MissingFields::Credentials, &seams)?)
}

/// Plans a file and prints its problems and warnings. `keep` gets every problem too.
pub(super) fn report(
    payroll: &Payroll,
    accounts: &Accounts,
    keep: &mut dyn FnMut(&Problem) -> io::Result<()>,
) -> Result<Plan, Failure> {
    let name = input::path_text(&payroll.name);
    let mut problems = Folded::default();
    let plan = input::plan(payroll, accounts, &mut |problem| {
        keep(&problem)?;
        problems.add(problem);
        Ok(())
    })?;
    problems.lines().for_each(|line| console::tell_patiently(&format!("{name}: {line}")));
    let mut warnings = Folded::default();
    plan.warnings.iter().for_each(|warning| warnings.add(warning.clone()));
    let lines = warnings.lines();
    lines.for_each(|line| console::tell_patiently(&pay::warning_about(&name, line)));
    match plan.warnings_more {
        0 => {}
        1 => console::tell_patiently(&pay::warning_about(&name, file::one_more_warning())),
        more => console::tell_patiently(&pay::warning_about(&name, file::more_warnings(more))),
    }
    Ok(plan)
}

fn print_text(payroll: &Payroll, accounts: &Accounts) -> Result<Plan, Failure> {
    let plan = report(payroll, accounts, &mut |_| Ok(()))?;
    let mut out = console::stdout();
    let rows = match plan.is_unreadable {
        true => pay::refused_as_a_whole(),
        false => match plan.rows + plan.rows_bad {
            1 => pay::one_row(),
            rows => pay::rows(rows),
        },
    };
    let format = plan.format.as_ref().map_or_else(String::new, |format| format_text(format).into());
    let screen = Screen::of_stdout();
    let text =
        format!("{}: {rows}, {format}sha256 {}", input::path_text(&payroll.name), plan.digest);
    write_sentence(&mut out, screen, &text)?;
    if !plan.is_good() && !plan.is_unreadable {
        let text = match plan.rows_bad {
            1 => pay::one_bad_row(),
            bad => pay::bad_rows(bad),
        };
        write_sentence(&mut out, screen, &text)?;
    }
    write_banks(&mut out, screen, &plan.banks)?;
    let totals = Totals::of_plan(&plan.totals);
    write_plan_totals(&mut out, screen, totals.sums())?;
    if let Some(need) = need_of(payroll, &plan, accounts)? {
        need.lines().iter().try_for_each(|line| write_sentence(&mut out, screen, line))?;
    }
    out.flush()?;
    Ok(plan)
}

/// What of a good file needs approval, as far as that can be told without the database.
fn need_of(payroll: &Payroll, plan: &Plan, accounts: &Accounts) -> Result<Option<Need>, Failure> {
    if plan.is_good() { Need::of(payroll, plan, accounts) } else { Ok(None) }
}

/// The format of the file, in words.
fn format_text(format: &Format) -> Text {
    match format {
        Format::Text { delimiter, encoding } => {
            let separator = match delimiter {
                Delimiter::Comma => pay::commas(),
                Delimiter::Semicolon => pay::semicolons(),
                Delimiter::Tab => pay::tabs(),
                Delimiter::Pipe => pay::pipes(),
            };
            pay::separated_by(encoding.word(), separator)
        }
        Format::Sheet { name } => pay::sheet(name),
    }
}

/// Makes two passes: the payouts of a file with problems are not listed, and only its end shows
/// whether it has any.
fn print_json(payroll: &Payroll, accounts: &Accounts) -> Result<Plan, Failure> {
    let mut json = PayoutsJson::new(console::stdout());
    let plan = input::plan(payroll, accounts, &mut |problem| json.problem(&problem))?;
    if plan.is_good() {
        for row in Orders::open(payroll, &plan, &AlreadyChecked)? {
            match row {
                Ok(row) => json.payout(&Row {
                    key: row.order.key.as_str(),
                    account: &row.order.account,
                    outcome: Outcome::Created,
                    reason: None,
                    attention: false,
                    amount: row.order.amount,
                    reference: None,
                    attempts: 0,
                    reversals: 0,
                    created_at: None,
                })?,
                Err(RowError::File(error)) => return Err(error.into()),
                Err(RowError::Bad) => {
                    return Err(Failure::new(pay::file_changed()));
                }
            }
        }
    }
    if let Some(need) = need_of(payroll, &plan, accounts)? {
        json.approval(need.json(None));
    }
    let totals = Totals::of_plan(&plan.totals);
    json.finish(totals.sums(), Some(&plan))?;
    Ok(plan)
}

/// For the second pass over a file whose rows were all good, and which has the same bytes.
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

    fn bank(&self, _order: &PayoutOrder) -> Option<Bank> {
        None
    }
}
