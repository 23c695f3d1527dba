//! `pagos init`: writes an annotated configuration file. It never overwrites a file and asks no
//! questions.
//!
//! The accounts come from the providers' tables of settings; only the text around them is here.

use std::{
    fs::OpenOptions,
    io::{self, Write},
};

use pagos_wire::{Form, Need, Setting, Side};

use crate::{
    accounts::{self, Known},
    arguments::InitArguments,
    console,
    exit::{Exit, Failure},
};

const HEAD: &str = include_str!("init/head.toml");
const TAIL: &str = include_str!("init/tail.toml");

/// The maximum length of a line, including the comment mark.
const LINE_LENGTH_MAX: usize = 100;

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
    file.write_all(template().as_bytes())?;
    file.sync_all()?;
    console::tell(&format!("wrote {path}; fill in the account, then run `pagos doctor`"));
    Ok(Exit::Succeeded)
}

/// The whole file. It is a valid configuration with one account to fill in.
fn template() -> String {
    let mut text = HEAD.to_owned();
    for (place, known) in accounts::providers().enumerate() {
        write_account(&mut text, known, if place == 0 { "" } else { "# " });
    }
    let first = accounts::providers().next().map_or("", |known| known.name);
    text.push('\n');
    text.push_str(&TAIL.replace("@PROVIDER@", first));
    text
}

/// Writes one account; `mark` turns it into a comment, or is empty.
fn write_account(text: &mut String, known: &Known, mark: &str) {
    text.push('\n');
    write_comment(text, known.title);
    text.push_str(&format!("{mark}[accounts.{}]\n", known.name));
    let (usual, rare) = known.settings.split_at(rare_from(known.settings));
    let mut side = None;
    for (place, setting) in usual.iter().enumerate() {
        if place > 0 {
            text.push('\n');
        }
        if let Some(begun) = setting.side.filter(|begun| Some(*begun) != side) {
            let Side { what, switch, .. } = begun;
            text.push_str(&format!("# For {what}, which {switch} switches on.\n\n"));
        }
        side = setting.side;
        let need = need(setting);
        write_setting(text, known, setting, &need, if place == 0 { mark } else { "# " });
    }
    text.push_str("\n# Wanted by few; here with their defaults, or with examples.\n");
    text.push_str(&format!("# [accounts.{}.options]\n", known.name));
    rare.iter().for_each(|setting| write_setting(text, known, setting, "", "# "));
}

/// Where the settings begin that few people need: at the first one with a default after the last
/// required one.
fn rare_from(settings: &[Setting]) -> usize {
    let is_needed = |setting: &Setting| matches!(setting.need, Need::Always | Need::When(_));
    let needed = settings.iter().rposition(is_needed).unwrap_or_default();
    let has_default = |setting: &Setting| matches!(setting.need, Need::Default(_));
    let behind = settings.iter().skip(needed).position(has_default);
    behind.map_or(settings.len(), |place| needed + place)
}

fn write_setting(text: &mut String, known: &Known, setting: &Setting, need: &str, mark: &str) {
    write_comment(text, &[setting.what, &setting.rule(), need].join(" "));
    let name = setting.name;
    let line = match (setting.form, setting.value_shown()) {
        (Form::Secret, _) => {
            let file = format!("{}-{}", known.name, name.replace('_', "-"));
            format!("{name}_file = \"secrets/{file}\"")
        }
        (Form::Number(..), number) => format!("{name} = {number}"),
        (_, word @ ("true" | "false")) => format!("{name} = {word}"),
        (_, value) => format!("{name} = \"{value}\""),
    };
    text.push_str(&format!("{mark}{line}\n"));
}

fn need(setting: &Setting) -> String {
    match setting.need {
        Need::Always | Need::Default(_) => String::new(),
        Need::When(when) => format!("Needed {when}."),
        Need::Optional => "Optional.".to_owned(),
    }
}

fn write_comment(text: &mut String, sentences: &str) {
    let mut line = "#".to_owned();
    for word in sentences.split_whitespace() {
        if line.len() + 1 + word.len() > LINE_LENGTH_MAX {
            text.push_str(&format!("{line}\n"));
            line = "#".to_owned();
        }
        line.push(' ');
        line.push_str(word);
    }
    text.push_str(&format!("{line}\n"));
}

#[cfg(test)]
mod tests {
    use pagos_engine::UtcOffset;

    use super::*;
    use crate::{
        accounts::Guards,
        config::{Configuration, Destination, Disk},
    };

    /// The lines of the end that are settings behind a comment mark.
    fn uncommented(text: &str) -> String {
        let is_setting = |line: &&str| {
            let word = line.split(' ').next().unwrap_or_default();
            let is_name = word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            line.starts_with('[') || (is_name && line.contains(" = ") && !line.ends_with('.'))
        };
        let lines = text.lines().filter_map(|line| line.strip_prefix("# "));
        lines.filter(is_setting).map(|line| format!("{line}\n")).collect()
    }

    #[test]
    fn what_the_file_offers_behind_comment_marks_is_what_is_read() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("secrets")).unwrap();
        for name in ["erp", "erp-old"] {
            let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n";
            std::fs::write(folder.path().join("secrets").join(name), secret).unwrap();
        }
        let first = accounts::providers().next().unwrap().name;
        let offered = uncommented(&TAIL.replace("@PROVIDER@", first));
        let path = folder.path().join("pagos.toml");
        std::fs::write(&path, format!("[accounts.{first}]\n{offered}")).unwrap();
        let read = Configuration::load(Some(&path), Vec::new(), &[first]).unwrap();
        assert_eq!(read.accounts.len(), 2, "{offered}");
        assert!(read.metrics.is_some() && read.api.listen.is_some() && read.retention.is_some());
        let read_all = Destination::read_all(&read.events).unwrap();
        let [destination] = &read_all[..] else { panic!("{offered}") };
        assert_eq!((destination.endpoint.secrets(), destination.endpoint.scheme()), (2, "https"));
        assert!(read.witness.is_some_and(|it| it.disk == Disk::MayBeShared), "{offered}");
        let account = read.accounts.iter().find(|it| it.name.as_str() == first).unwrap();
        let guards = Guards::read(account).unwrap();
        assert_eq!(guards.approvals.rules().len(), 1);
        let limits = [
            guards.limits.payout_max.len(),
            guards.limits.beneficiary_day_max.len(),
            guards.limits.account_day_max.len(),
            guards.limits.refused.len(),
        ];
        assert_eq!(limits, [1, 1, 1, 1]);
        assert_ne!(guards.day_offset, UtcOffset::UTC);
    }

    #[test]
    fn the_file_reads_well() {
        insta::assert_snapshot!(template());
    }
}
