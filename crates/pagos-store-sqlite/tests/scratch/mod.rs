//! A directory of its own for every test, gone when the test ends. Not for the crate's users.

use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use pagos_core::AccountName;
use pagos_core::AccountNumber;
use pagos_core::AccountType;
use pagos_core::Beneficiary;
use pagos_core::Currency;
use pagos_core::Money;
use pagos_core::OrderKey;
use pagos_core::PayoutOrder;
use pagos_core::Timestamp;
use pagos_engine::Intent;
use pagos_engine::RunId;

static NUMBER: AtomicU32 = AtomicU32::new(0);

pub(crate) struct Scratch {
    directory: PathBuf,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("pagos-store-sqlite-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&directory).unwrap();
        Self { directory }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.join("pagos.db")
    }

    #[allow(dead_code)]
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

#[allow(dead_code)]
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[allow(dead_code)]
pub(crate) fn intent(key: &str) -> Intent {
    let order = PayoutOrder {
        key: OrderKey::new(key).unwrap(),
        account: AccountName::new("cashypro").unwrap(),
        amount: Money::new(15_000_000, Currency::Cop),
        beneficiary: Beneficiary {
            name: "María Ñuñez".to_owned(),
            document: None,
            bank: None,
            account_type: AccountType::Savings,
            account_number: AccountNumber::new("00012345678").unwrap(),
            email: None,
            phone: None,
        },
        description: None,
    };
    Intent { order, run: RunId("run".to_owned()), created_at: Timestamp::from_millis(0) }
}
