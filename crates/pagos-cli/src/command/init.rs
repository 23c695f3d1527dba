//! `pagos init`: writes an annotated configuration file. Never overwrites one, asks nothing.

use std::{
    fs::OpenOptions,
    io::{self, Write},
};

use crate::{
    arguments::InitArguments,
    console,
    exit::{Exit, Failure},
};

const TEMPLATE: &str = include_str!("init.toml");

pub(crate) fn run(arguments: &InitArguments) -> Result<Exit, Failure> {
    let path = arguments.path.display();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;

        options.mode(0o600);
    }
    let mut file = options.open(&arguments.path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Failure::new(format!("{path} exists and is left as it is; name another file"))
        }
        _ => Failure::new(format!("{path}: {error}")),
    })?;
    file.write_all(TEMPLATE.as_bytes())?;
    file.sync_all()?;
    console::tell(&format!("wrote {path}; fill in the account, then run `pagos doctor`"));
    Ok(Exit::Succeeded)
}
