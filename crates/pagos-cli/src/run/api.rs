//! The HTTP API beside the engine of `serve`: its socket, its uploads, its end.

use std::{
    convert::Infallible,
    future::Future,
    io::Write,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use pagos_api::{Api, Fault, Limits, Parts, Upload, UploadError, Uploads, token};
use pagos_core::Clock;
use pagos_desk::Desk;
use pagos_engine::{RunId, Store};
use pagos_system::System;

use crate::{
    accounts::Accounts,
    console,
    exit::Failure,
    input::{self, InputError, Orders, Payroll, Problem, RowError},
    run::{
        instance::Instance,
        listen::{self, Serving},
        target::Target,
    },
};

/// A running API.
#[derive(Debug)]
pub(crate) struct Running {
    serving: Serving,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

/// Opens the socket of the API, which other machines may reach only if there is a token.
///
/// # Errors
/// If they could and there is none; if nobody can listen there.
pub(crate) async fn open(address: SocketAddr, store: &dyn Store) -> Result<TcpListener, Failure> {
    let now = System.now();
    let is_valid = |token: &token::Token| {
        token.revoked_at.is_none() && token.expires_at.is_none_or(|at| at > now)
    };
    let has_token = token::list(store).await?.iter().any(is_valid);
    if !has_token && !address.ip().is_loopback() {
        return Err(Failure::new(format!(
            "the API refuses to listen on {address}, which other machines can reach, while no token \
             is valid: make one with `pagos token create`, or listen on 127.0.0.1"
        )));
    }
    if !has_token {
        console::tell("no token is valid, so the API refuses everybody: `pagos token create`");
    }
    if !address.ip().is_loopback() {
        console::tell(&format!(
            "other machines can reach the API at {address}, over plain HTTP: put a proxy with TLS \
             in front of it (docs/OPERATIONS.md)"
        ));
    }
    listen::open(address)
}

/// Serves the API in a task of its own, until the returned handle is stopped.
///
/// # Errors
/// If the address of the socket cannot be read.
pub(crate) fn spawn(
    listener: TcpListener,
    instance: &Instance,
    target: &Target,
) -> Result<Running, Failure> {
    let address = listener.local_addr()?;
    let (limits, connections) = (target.api.limits.clone(), target.api.connections.clone());
    let api = build(instance, target.accounts.clone(), limits);
    let serving = Serving::spawn(|until| async move {
        let desk = Desk::new(&api).router();
        tokio::select! {
            served = api.serve_beside(desk, listener, connections, until) => served,
            never = take_samples(&api) => match never {},
        }
    });
    Ok(Running { serving, address })
}

/// Keeps how the payouts stand, for the charts of the desk. One that cannot be kept is left out.
async fn take_samples(api: &Api) -> Infallible {
    loop {
        // The store fails for everybody else too, who tell it.
        drop(api.take_sample().await);
        tokio::time::sleep(BETWEEN_SAMPLES).await;
    }
}

const BETWEEN_SAMPLES: Duration = Duration::from_secs(60);

fn build(instance: &Instance, accounts: Accounts, limits: Limits) -> Api {
    let parts = Parts {
        engine: Arc::clone(&instance.engine),
        store: Arc::clone(&instance.store),
        writer: instance.instrumented_store(),
        clock: Arc::new(System),
        random: Arc::new(System),
        uploads: Arc::new(Files { accounts, rows_max: limits.orders_max }),
        limits,
    };
    Api::new(parts, instance.behind())
}

impl Running {
    /// Lets current requests and changes finish, but waits for none of them after `hurry`.
    pub(crate) async fn shut_down(self, hurry: impl Future<Output = ()>) {
        // Whoever got no answer repeats the request with the same key.
        self.serving.shut_down(hurry).await;
    }
}

/// Reads uploaded payrolls with the accounts of the service.
#[derive(Debug)]
struct Files {
    accounts: Accounts,
    rows_max: usize,
}

#[async_trait]
impl Uploads for Files {
    async fn read(&self, bytes: Bytes) -> Result<Upload, UploadError> {
        let (accounts, rows_max) = (self.accounts.clone(), self.rows_max);
        // Reading a file blocks.
        let reading = tokio::task::spawn_blocking(move || read(&bytes, &accounts, rows_max));
        let failed = |_| UploadError::Failed("the file could not be read to its end".to_owned());
        reading.await.map_err(failed)?
    }
}

/// Plans a file and reads its orders. The bytes are in a file that only this user can open, and only
/// as long as it takes.
fn read(bytes: &[u8], accounts: &Accounts, rows_max: usize) -> Result<Upload, UploadError> {
    let failed = |_| UploadError::Failed("the file cannot be kept on this machine".to_owned());
    let mut file = tempfile::NamedTempFile::new().map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.flush()).map_err(failed)?;
    let payroll = Payroll::open(file.path()).map_err(unread)?;
    let (mut faults, mut more) = (Vec::new(), 0);
    let planned = input::plan(&payroll, accounts, &mut |problem| {
        match faults.len() < FAULTS_MAX {
            true => faults.push(fault(&problem)),
            false => more += 1,
        }
        Ok(())
    });
    let plan = planned.map_err(unread)?;
    if !plan.is_good() {
        return Err(UploadError::Refused { faults, more });
    }
    if usize::try_from(plan.rows).is_ok_and(|rows| rows > rows_max) {
        let because = format!("the file has {} rows; an upload has at most {rows_max}", plan.rows);
        let faults = vec![Fault { because, ..Fault::default() }];
        return Err(UploadError::Refused { faults, more: 0 });
    }
    let mut orders = Vec::new();
    for row in Orders::open(&payroll, &plan, accounts).map_err(unread)? {
        match row {
            Ok(numbered) => orders.push((numbered.line, numbered.order)),
            Err(RowError::File(error)) => return Err(unread(error)),
            Err(RowError::Bad) => {
                return Err(UploadError::Failed("the file changed while it was read".to_owned()));
            }
        }
    }
    let warnings = plan.warnings.iter().map(fault).collect();
    Ok(Upload { run: RunId(plan.digest.to_string()), orders, warnings })
}

/// The path of the temporary file is nobody's business.
fn unread(_: InputError) -> UploadError {
    UploadError::Failed("the file could not be read to its end".to_owned())
}

/// In English, like every answer of the API.
fn fault(problem: &Problem) -> Fault {
    let value = problem.value.as_ref().map(|value| format!("{value:?} ")).unwrap_or_default();
    Fault {
        pointer: None,
        field: problem.column.clone(),
        line: Some(problem.line),
        cell: problem.cell.as_ref().map(ToString::to_string),
        because: format!("{value}{}", problem.because.english()),
        remedy: Some(problem.remedy.english().to_owned()),
    }
}

const FAULTS_MAX: usize = 1_000;
