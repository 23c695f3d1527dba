//! Target: `pagos.toml`. Read, or refused with texts that can be printed and show no value.

use pagos_cli::untrusted;
use pagos_kit::{KITS, Kit};

use crate::payroll::{can_be_printed, input_file};

/// The input is a file. Values that begin with `canary` are secrets.
pub(crate) fn run(input: &[u8]) {
    let file = input_file("toml", input);
    match untrusted::read_configuration(file.path()) {
        Ok(names) => {
            let mut sorted = names.clone();
            sorted.sort();
            sorted.dedup();
            assert_eq!(names, sorted, "accounts twice, or in no order");
        }
        Err(problems) => {
            assert!(!problems.is_empty(), "refused, and nobody says why");
            // The name of a file, a variable or a field is no value, and has to be told.
            let text = String::from_utf8_lossy(input);
            let is_name = |line: &str| line.split('=').next().is_some_and(|it| it.contains(CANARY));
            let is_named_elsewhere =
                text.contains("_file") || text.contains("_env") || text.lines().any(is_name);
            for problem in &problems {
                can_be_printed(problem);
                let is_shown = problem.contains(CANARY);
                assert!(!is_shown || is_named_elsewhere, "a value is shown: {problem}");
            }
        }
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        "[accounts.a]\nprovider = \"PROVIDER\"\nmerchant_id = \"1002001\"\napi_key = \"canary-0123456789\"\n",
        "[accounts.a]\nprovider = \"PROVIDER\"\nenvironment = \"live\"\npassword_env = \"HOME\"\n",
        "[accounts.a]\nenvironment = \"canary-0123456789\"\n[accounts.a.options]\nbase_url = 7\n",
        "[accounts.a]\napi_key_file = \"/nonexistent/canary-0123456789\"\n",
        "accounts = []\n",
        "[accounts]\nPROVIDER = \"canary-0123456789\"\n",
        "[accounts.a]\napi_key = \"canary-0123456789\n",
        "",
    ];
    let of = |kit: &Kit| texts.map(|text| text.replace("PROVIDER", kit.name()).into_bytes());
    KITS.iter().flat_map(of).collect()
}

const CANARY: &str = "canary-0123456789";
