//! The arguments of `twin`.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;

use super::FaultProfile;

/// Arguments of `twin`.
#[derive(Debug, Args)]
pub(crate) struct TwinArguments {
    /// The address of the simulators; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// The seed of their faults
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// The fault profile of the simulators
    #[arg(long, value_enum, default_value = "none")]
    pub(crate) faults: FaultProfile,
    /// How many times faster than real time their time runs
    #[arg(long, value_name = "N", default_value_t = crate::sandbox::SPEED)]
    pub(crate) speed: u32,
    /// A file with their memory, so that they can be killed and started again
    #[arg(long, value_name = "PATH")]
    pub(crate) journal: Option<PathBuf>,
}
