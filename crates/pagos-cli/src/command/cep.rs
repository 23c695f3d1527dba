//! `pagos cep`: writes what Banco de México's page asks for to give out proofs of payment, and
//! compares proofs with payouts. It changes nothing that is stored and asks nobody.

mod check;

use std::{io::Write, sync::Arc};

use pagos_bankfile::cep::{Expected, Request, write_requests};
use pagos_core::{Clabe, Currency, Day, PayoutOrder, Status, Timestamp};
use pagos_engine::{Entry, Payout, Store};

use crate::{
    accounts::Accounts,
    arguments::{CepCommand, CepPayouts, CepRequestArguments},
    command::audit,
    console,
    exit::{Exit, Failure},
    output::PrivateFile,
    run::{self, database::Database, report::Pages},
    seams,
};

/// Mexico's distance from UTC. It has had no summer time since 2022, but for places at its borders.
const MEXICO_MINUTES: i16 = -360;

/// How a message of an observation begins that has a tracking key.
const TRACKING: &str = "tracking key ";

/// How many incomplete payouts are named.
const NAMED_MAX: usize = 20;

pub(super) fn run(command: &CepCommand) -> Result<Exit, Failure> {
    match command {
        CepCommand::Request(arguments) => run::block_on(request(arguments)),
        CepCommand::Check(arguments) => run::block_on(check::check(arguments)),
    }
}

/// A payout that succeeded, and what is known for its proof.
struct Paid {
    order: PayoutOrder,
    clabe: Clabe,
    /// The first day on which it can have been sent.
    begun: Day,
    /// The day on which it succeeded, by the provider's clock if that is known.
    succeeded: Day,
    tracking_key: Option<String>,
}

impl Paid {
    fn expected(&self) -> Expected {
        Expected {
            amount: self.order.amount,
            account: self.clabe.as_str().to_owned(),
            days: (self.begun, self.succeeded),
            tracking_key: self.tracking_key.clone(),
        }
    }
}

/// Payouts of the selection that have no proof of this kind.
#[derive(Default)]
struct LeftOut {
    unfinished: u64,
    others: u64,
}

async fn request(arguments: &CepRequestArguments) -> Result<Exit, Failure> {
    let (paid, left_out) = paid(&arguments.payouts).await?;
    let tables = Accounts::without_configuration(&seams::offline())?;
    let requests: Vec<Request> = paid
        .iter()
        .map(|paid| Request {
            key: paid.order.key.to_string(),
            date: Some(paid.succeeded),
            tracking_key: paid.tracking_key.clone(),
            // No provider tells it.
            reference: None,
            sender: arguments.sender.clone(),
            receiver: Some(receiver(paid, &tables)),
            account: paid.clabe.as_str().to_owned(),
            amount: paid.order.amount,
        })
        .collect();
    let mut file = PrivateFile::create(&arguments.to_file)?;
    file.write_all(&write_requests(&requests))?;
    file.keep()?;
    tell(&requests, &left_out);
    Ok(Exit::Succeeded)
}

/// The code of the institution, which ends with the first three digits of the CLABE; those alone if no
/// table has the institution.
fn receiver(paid: &Paid, tables: &Accounts) -> String {
    let bank = paid.clabe.bank();
    let codes =
        tables.all().iter().filter_map(|known| known.provider.payee_bank(&paid.order)?.code);
    let mut codes = codes.filter(|code| code.len() == 5 && code.ends_with(bank));
    codes.next().unwrap_or_else(|| bank.to_owned())
}

fn tell(requests: &[Request], left_out: &LeftOut) {
    let incomplete: Vec<&Request> = requests.iter().filter(|it| !it.is_complete()).collect();
    for request in incomplete.iter().take(NAMED_MAX) {
        let unknown = request.unknown().join(", ");
        console::tell(&format!("{}: not known: {unknown}", request.key));
    }
    if let Some(more) = incomplete.len().checked_sub(NAMED_MAX).filter(|more| *more > 0) {
        console::tell(&format!("... and {more} more of which something is not known"));
    }
    console::tell(&format!(
        "{} payouts, of which {} have all that the page asks for; left out: {} that did not succeed, {} \
         that are not in MXN to a CLABE",
        requests.len(),
        requests.len() - incomplete.len(),
        left_out.unfinished,
        left_out.others
    ));
}

/// The payouts of a selection that succeeded, in MXN and to a CLABE.
async fn paid(arguments: &CepPayouts) -> Result<(Vec<Paid>, LeftOut), Failure> {
    let selection = audit::selection(arguments.run.as_deref(), arguments.from, arguments.to)?;
    let db = Database::existing(arguments.store.db.as_ref());
    let store = db.open_to_read().await?;
    audit::check_run(store.as_ref(), &db, &selection).await?;
    let (filter, mut found, mut left_out) = (selection.filter(), Vec::new(), LeftOut::default());
    let mut pages = Pages::new(&store, &filter);
    while let Some(page) = pages.next().await? {
        for payout in page {
            let clabe = payout.order.beneficiary.account_number.as_str().parse::<Clabe>().ok();
            match clabe.filter(|_| payout.order.amount.currency == Currency::Mxn) {
                None => left_out.others += 1,
                Some(_) if payout.status() != Status::Succeeded => left_out.unfinished += 1,
                Some(clabe) => found.push(known(&store, payout, clabe).await?),
            }
        }
    }
    Ok((found, left_out))
}

async fn known(store: &Arc<dyn Store>, payout: Payout, clabe: Clabe) -> Result<Paid, Failure> {
    let history = store.history(&payout.order.key).await?;
    let seen = history.iter().filter_map(|entry| match entry {
        Entry::Observed { observation, .. } => Some(observation),
        _ => None,
    });
    let (mut succeeded, mut tracking_key) = (payout.created_at, None);
    for observation in seen.chain([payout.progress.standing.held()]) {
        if let Some(key) = observation.message.as_deref().and_then(|it| it.strip_prefix(TRACKING)) {
            tracking_key = Some(key.to_owned());
        }
        if observation.status == Status::Succeeded {
            succeeded = observation.provider_at.unwrap_or(observation.seen_at);
        }
    }
    let begun = payout.progress.first_begun_at.unwrap_or(payout.created_at);
    let day = |moment: Timestamp| Day::at(moment, MEXICO_MINUTES);
    Ok(Paid {
        order: payout.order,
        clabe,
        // By two clocks, the end can be before the beginning.
        begun: day(begun).min(day(succeeded)),
        succeeded: day(succeeded),
        tracking_key,
    })
}
