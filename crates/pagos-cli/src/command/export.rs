//! `pagos export`: writes the rows of a payroll as a file for a bank, and reads the bank's answer. It
//! sends and stores nothing, so Pagos does not know what the bank pays.

mod answer;
mod payer;

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use clap::ValueEnum;
use pagos_bankfile::{Agent, Debtor, Problem, Transfer, Written, pab, pain001};
use pagos_core::{AccountType, Clock, Day, PayoutOrder, Timestamp};
use pagos_engine::UtcOffset;
use pagos_system::System;

use crate::{
    accounts::{self, Accounts},
    arguments::{BankFormat, ExportArguments},
    command::plan,
    console,
    exit::{Exit, Failure},
    input::{Accounts as _, Orders, Payroll, Plan, RowError, path_text},
    output::PrivateFile,
    run::{
        self,
        database::{self, Database},
    },
};

/// How many days ahead a bank is told to pay at most.
const DAYS_MAX: i32 = 366;

/// How many problems or changes of one kind are named.
const NAMED_MAX: usize = 20;

/// Colombia's distance from UTC, which has no summer time.
const COLOMBIA_MINUTES: i16 = -300;

pub(super) fn run(arguments: &ExportArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    match (&arguments.read, &arguments.file) {
        (Some(answer), _) => answer::read(answer, arguments.json),
        (None, Some(file)) => export(file, arguments, config),
        (None, None) => Err(Failure::new("name the file to export, or the answer to --read")),
    }
}

fn export(
    file: &Path,
    arguments: &ExportArguments,
    config: Option<&Path>,
) -> Result<Exit, Failure> {
    let (Some(format), Some(payer), Some(execution)) =
        (arguments.format, &arguments.payer, arguments.execution)
    else {
        return Err(Failure::new("--format, --payer and --execution are needed"));
    };
    if let Some(option) = arguments.foreign_to(format) {
        let format = format.to_possible_value();
        let name = format.as_ref().map_or("this format", |it| it.get_name());
        return Err(Failure::new(format!("{option} is not an option of {name}; leave it out")));
    }
    let now = System.now();
    check_day(execution, today(format, now, config)?, format)?;
    let debtor = payer::read(payer)?;
    let accounts = plan::open_accounts(config)?;
    let payroll = Payroll::open(file)?;
    let planned = plan::report(&payroll, &accounts, &mut |_| Ok(()))?;
    if !planned.is_good() || (arguments.strict && !planned.is_clean()) {
        console::tell("nothing was written: correct the rows");
        return Ok(Exit::Refused);
    }
    let transfers = transfers(&payroll, &planned, &accounts)?;
    let compared = compare(&transfers, arguments)?;
    let id = match &arguments.message_id {
        Some(id) => id.clone(),
        None => format!("pagos-{}", planned.digest.to_string().get(..24).unwrap_or_default()),
    };
    let written = format_for_bank(format, arguments, now, execution, debtor, &id, &transfers);
    let written = written.map_err(|problems| {
        let problems = problems.iter().map(|it| format!("{}: {it}", path_text(file)));
        Failure::many(problems.chain(["nothing was written".to_owned()]).collect())
    })?;
    put(&written, arguments.out.as_deref())?;
    tell(&written, &id, format, &compared);
    Ok(Exit::Succeeded)
}

/// The day where the bank is: a PAB file is for Colombia, and any other is for where the days of the
/// configuration begin.
fn today(format: BankFormat, now: Timestamp, config: Option<&Path>) -> Result<Day, Failure> {
    let offset = match (format, accounts::load(config)?.day_offset) {
        (BankFormat::Pab, _) => return Ok(Day::at(now, COLOMBIA_MINUTES)),
        (BankFormat::Pain001, Some(text)) => text.parse()?,
        (BankFormat::Pain001, None) => UtcOffset::UTC,
    };
    Ok(offset.day_of(now))
}

/// Refuses a day that is past, which a bank cannot keep, and one that is probably a slip of the pen.
fn check_day(execution: Day, today: Day, format: BankFormat) -> Result<(), Failure> {
    let last = today.plus(DAYS_MAX);
    if execution < today {
        let place = match format {
            BankFormat::Pain001 => "`offset` of [days] in pagos.toml says where a day begins",
            BankFormat::Pab => "in Colombia",
        };
        return Err(Failure::new(format!(
            "--execution {execution} is in the past, since today is {today} ({place}); write today or a later day"
        )));
    }
    if execution > last {
        return Err(Failure::new(format!(
            "--execution {execution} is more than a year ahead; write a day until {last}"
        )));
    }
    Ok(())
}

fn format_for_bank(
    format: BankFormat,
    arguments: &ExportArguments,
    now: Timestamp,
    execution: Day,
    debtor: Debtor,
    message_id: &str,
    transfers: &[Transfer],
) -> Result<Written, Vec<Problem>> {
    let charset = arguments.charset.into();
    match format {
        BankFormat::Pain001 => {
            let options = pain001::Options {
                version: arguments.pain_version.unwrap_or_default().into(),
                message_id: message_id.to_owned(),
                created_at: now,
                execution,
                debtor,
                charset,
            };
            pain001::write(&options, transfers)
        }
        BankFormat::Pab => {
            let options = pab::Options {
                kind: arguments.kind.unwrap_or_default().into(),
                purpose: arguments.purpose.clone().unwrap_or_default(),
                transmission: Day::at(now, COLOMBIA_MINUTES),
                sequence: arguments.sequence.unwrap_or(1),
                execution,
                debtor,
                charset,
            };
            pab::write(&options, transfers)
        }
    }
}

/// The orders of a planned file, with the banks that their providers' tables have for them.
fn transfers(
    payroll: &Payroll,
    planned: &Plan,
    accounts: &Accounts,
) -> Result<Vec<Transfer>, Failure> {
    let mut transfers = Vec::new();
    for row in Orders::open(payroll, planned, accounts)? {
        match row {
            Ok(row) => {
                let bank = agent(&row.order, accounts);
                transfers.push(Transfer { order: row.order, bank });
            }
            Err(RowError::File(error)) => return Err(error.into()),
            Err(RowError::Bad) => return Err(Failure::new("the file changed while it was read")),
        }
    }
    Ok(transfers)
}

/// The codes of the providers' tables are those of the countries' clearing houses and central banks.
/// Where no table has the bank, digits of the row are not taken for a code: they may be a provider's
/// id.
fn agent(order: &PayoutOrder, accounts: &Accounts) -> Agent {
    let written = order.beneficiary.bank.as_ref().map(|bank| bank.as_str());
    let is_name = |text: &&str| !text.bytes().all(|byte| byte.is_ascii_digit());
    match accounts.bank(order) {
        Some(bank) => Agent { bic: None, code: bank.code, name: Some(bank.name) },
        None if order.beneficiary.account_type == AccountType::Clabe => {
            let code = order.beneficiary.account_number.as_str().get(..3).map(str::to_owned);
            Agent { bic: None, code, name: None }
        }
        None => Agent { name: written.filter(is_name).map(str::to_owned), ..Agent::default() },
    }
}

/// Refuses keys that a database knows, since those are paid by Pagos; returns what was compared.
fn compare(transfers: &[Transfer], arguments: &ExportArguments) -> Result<String, Failure> {
    let (mut compared, mut known) = (Vec::new(), Vec::new());
    run::block_on(async {
        for db in databases(arguments).await? {
            known.extend(known_keys(&db, transfers).await?);
            compared.push(db.to_string());
        }
        Ok::<(), Failure>(())
    })?;
    if known.is_empty() {
        return Ok(match compared[..] {
            [] => {
                "no database was compared, since none was named and there is none here".to_owned()
            }
            [ref db] => format!("{db} knows none of these keys"),
            _ => format!("{} know none of these keys", compared.join(" and ")),
        });
    }
    let more = known.len().saturating_sub(NAMED_MAX);
    let mut messages: Vec<String> = known.into_iter().take(NAMED_MAX).collect();
    if more > 0 {
        messages.push(format!("... and {more} more"));
    }
    messages.push(
        "nothing was written: whoever is paid by Pagos and by the bank is paid twice; leave these rows out"
            .to_owned(),
    );
    if arguments.store.db.is_none() {
        messages.push(
            "if these rows were only tried out, name the database of your payouts with --db"
                .to_owned(),
        );
    }
    Err(Failure::many(messages))
}

/// The database that is named, or else every default file that is here. One that was here and is
/// gone is an error.
async fn databases(arguments: &ExportArguments) -> Result<Vec<Database>, Failure> {
    if let Some(named) = &arguments.store.db {
        return Ok(vec![named.clone()]);
    }
    let mut here = Vec::new();
    for db in database::DEFAULT_FILES.map(Database::usual) {
        if !db.is_new().await? {
            here.push(db);
        }
    }
    Ok(here)
}

/// The keys that a database knows, each in words.
async fn known_keys(db: &Database, transfers: &[Transfer]) -> Result<Vec<String>, Failure> {
    let (store, mut known) = (db.open_to_read().await?, Vec::new());
    for key in transfers.iter().map(|transfer| &transfer.order.key) {
        let stored = store.payout(key).await?.map(|payout| payout.progress.word());
        let status = match stored {
            Some(word) => Some(word),
            None => store.sealed(key).await?.map(|_| "in the archive"),
        };
        known.extend(status.map(|status| format!("{key}: {db} knows this key ({status})")));
    }
    Ok(known)
}

fn put(written: &Written, out: Option<&Path>) -> Result<(), Failure> {
    match out {
        Some(path) => {
            let mut file = PrivateFile::create(path)?;
            file.write_all(&written.bytes)?;
            file.keep()
        }
        None => {
            let mut out = console::stdout();
            out.write_all(&written.bytes)?;
            Ok(out.flush()?)
        }
    }
}

fn tell(written: &Written, id: &str, format: BankFormat, compared: &str) {
    for change in written.changes.iter().take(NAMED_MAX) {
        let replaced: Vec<String> = change.replaced.iter().map(char::to_string).collect();
        let (place, field) = (&change.place, change.field);
        console::tell(&format!("{place}: {field}: replaced {}", replaced.join(" ")));
    }
    if let Some(more) = written.changes.len().checked_sub(NAMED_MAX).filter(|more| *more > 0) {
        console::tell(&format!("... and {more} more texts with replaced characters"));
    }
    let name = match format {
        BankFormat::Pain001 => format!("pain.001, message id {id}"),
        BankFormat::Pab => "PAB, made from public descriptions and not seen by the bank".to_owned(),
    };
    console::tell(&format!("{} payouts, {}: {name}; {compared}", written.count, written.sum));
    console::tell(
        "Pagos does not know that the bank pays these: `pagos pay` with any of these rows would pay them \
         a second time",
    );
}

/// The bytes of a file of at most this many bytes.
fn read_bytes(path: &PathBuf) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::new(format!("{}: {error}", path_text(path))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bank_pays_today_or_within_a_year() {
        let is_taken = |execution: &str, today: &str| {
            let (execution, today) = (execution.parse().unwrap(), today.parse().unwrap());
            check_day(execution, today, BankFormat::Pain001).is_ok()
        };
        for (execution, today, expected) in [
            ("2026-07-01", "2026-07-01", true),
            ("2026-06-30", "2026-07-01", false),
            ("2025-07-02", "2026-07-01", false),
            ("2027-07-01", "2026-07-01", true),
            ("2027-07-02", "2026-07-01", true),
            ("2027-07-03", "2026-07-01", false),
            ("2206-07-02", "2026-07-01", false),
        ] {
            assert_eq!(is_taken(execution, today), expected, "{execution} on {today}");
        }
    }

    #[test]
    fn today_is_the_day_where_the_bank_is() {
        let (now, folder) = ("2026-07-02T03:00:00Z".parse().unwrap(), tempfile::tempdir().unwrap());
        let config = folder.path().join("pagos.toml");
        for (offset, format, expected) in [
            ("UTC", BankFormat::Pain001, "2026-07-02"),
            ("-03:00", BankFormat::Pain001, "2026-07-02"),
            ("-06:00", BankFormat::Pain001, "2026-07-01"),
            ("UTC", BankFormat::Pab, "2026-07-01"),
        ] {
            std::fs::write(&config, format!("[days]\noffset = \"{offset}\"\n")).unwrap();
            let day = today(format, now, Some(&config)).unwrap();
            assert_eq!(day.to_string(), expected, "{offset}");
        }
    }
}
