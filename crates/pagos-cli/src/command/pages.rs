//! `pagos completions` and `pagos man`: what the command line says of itself, for shells and for
//! the manual.

use std::fs;

use clap::CommandFactory;

use crate::{
    arguments::{Arguments, CompletionsArguments, ManArguments},
    console,
    exit::{Exit, Failure},
};

pub(super) fn completions(arguments: &CompletionsArguments) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "pagos", &mut script);
    let mut out = console::stdout();
    std::io::Write::write_all(&mut out, &script)?;
    std::io::Write::flush(&mut out)?;
    Ok(Exit::Succeeded)
}

/// Writes a page for the program and for each of its commands.
pub(super) fn man(arguments: &ManArguments) -> Result<Exit, Failure> {
    let folder = &arguments.to;
    let failed = |error| Failure::new(format!("{}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(Arguments::command(), folder).map_err(failed)?;
    Ok(Exit::Succeeded)
}

#[cfg(test)]
mod tests {
    use clap::{Parser, ValueEnum};
    use clap_complete::Shell;

    use super::*;

    #[test]
    fn every_command_is_in_every_script_and_has_a_page() {
        let commands = Arguments::command();
        let names: Vec<&str> = commands.get_subcommands().map(clap::Command::get_name).collect();
        for shell in Shell::value_variants() {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Arguments::command(), "pagos", &mut script);
            let script = String::from_utf8(script).unwrap();
            for name in &names {
                assert!(script.contains(name), "{shell}: {name}");
            }
        }
        let folder = tempfile::tempdir().unwrap();
        man(&ManArguments { to: folder.path().join("man1") }).unwrap();
        for name in names {
            let page = folder.path().join(format!("man1/pagos-{name}.1"));
            let page = fs::read_to_string(&page).unwrap_or_default();
            assert!(page.contains(".SH NAME"), "{name}");
        }
        let page = fs::read_to_string(folder.path().join("man1/pagos.1")).unwrap();
        assert!(page.contains("Exit codes"), "{page}");
    }

    /// What the unit and the image start is a command line of this program.
    #[test]
    fn the_service_and_the_image_say_what_the_command_takes() {
        let ops = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ops");
        let read = |name: &str| fs::read_to_string(ops.join(name)).unwrap();
        let line = |text: &str, start: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(start));
            line.unwrap_or_else(|| panic!("{start}")).to_owned()
        };
        let unit = line(&read("systemd/pagos.service"), "ExecStart=");
        let unit = unit.replace("${PAGOS_DB}", "pagos.db").replace(" $PAGOS_OPTIONS", "");
        let image = read("Containerfile");
        let words = |start: &str| {
            let words: Vec<String> = serde_json::from_str(&line(&image, start)).unwrap();
            words.join(" ")
        };
        let image = format!("{} {}", words("ENTRYPOINT "), words("CMD "));
        for command in [unit, image] {
            let parsed = Arguments::try_parse_from(command.split(' '));
            assert!(parsed.is_ok(), "{command}: {parsed:?}");
        }
    }
}
