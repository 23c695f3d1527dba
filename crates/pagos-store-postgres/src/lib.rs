//! The PostgreSQL store of the Pagos engine: any number of workers on any number of machines.

mod options;
#[cfg(feature = "scratch")]
mod scratch;
mod settings;
mod store;

pub use options::PostgresOptions;
#[cfg(feature = "scratch")]
pub use scratch::Scratch;
#[cfg(feature = "scratch")]
pub use scratch::ScratchDatabase;
pub use settings::Finding;
pub use settings::ServerSettings;
pub use settings::Severity;
pub use store::PostgresStore;
