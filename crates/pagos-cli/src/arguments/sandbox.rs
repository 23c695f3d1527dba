//! The arguments of `serve` for a sandbox of its own.

use clap::Args;

/// A sandbox that `serve` starts.
#[derive(Debug, Args)]
pub(crate) struct SandboxArguments {
    /// Try everything without configuration: simulators in this process, no credentials, no money
    ///
    /// The HTTP API, the metrics and the webhooks get free ports of this machine, and the database
    /// is a new temporary one unless --db names a file. Addresses and two new tokens are printed
    /// instead of the JSON line: one token submits, the other one approves.
    #[arg(long, conflicts_with_all = ["sandbox_url", "listen"])]
    pub(crate) sandbox: bool,
    /// Post signed events of the sandbox to this address of this machine; the secret is printed
    #[arg(long, value_name = "URL", requires = "sandbox")]
    pub(crate) events: Option<String>,
}
