//! Checks that the table of settings on each provider's page matches its crate. `UPDATE_DOCS=1`
//! writes it.

use std::{fmt::Write, fs, path::Path};

use pagos_wire::{Form, Need, Setting};

use crate::accounts::providers;

const BEGIN: &str = "<!-- settings: written from the crate's table, with UPDATE_DOCS=1 -->\n";
const END: &str = "<!-- end of settings -->\n";

#[test]
fn the_page_of_every_provider_has_the_settings_of_its_crate() {
    for known in providers() {
        let page = format!("docs/providers/{}.md", known.name);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(&page);
        let text = fs::read_to_string(&path).unwrap();
        let (before, rest) = text.split_once(BEGIN).expect(&page);
        let (_, after) = rest.split_once(END).expect(&page);
        let wanted = format!("{before}{BEGIN}{}{END}{after}", table(known.settings));
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&path, &wanted).unwrap();
            continue;
        }
        assert!(text == wanted, "{page} should have this; UPDATE_DOCS=1 writes it:\n{wanted}");
    }
}

fn table(settings: &[Setting]) -> String {
    let head = "| field | needed | default | meaning |\n|---|---|---|---|\n".to_owned();
    settings.iter().fold(head, |mut table, setting| {
        let default = match setting.need {
            Need::Default(text) => format!("`{text}`"),
            Need::Always | Need::When(_) | Need::Optional => String::new(),
        };
        let secret = if setting.form == Form::Secret { "Never printed." } else { "" };
        let meaning = [setting.what, &setting.rule(), secret].join(" ");
        let need = need(setting);
        let meaning = meaning.trim();
        writeln!(table, "| `{}` | {need} | {default} | {meaning} |", setting.name).unwrap();
        table
    })
}

fn need(setting: &Setting) -> String {
    match (setting.need, setting.side) {
        (Need::Always, None) => "yes".to_owned(),
        (Need::Always, Some(side)) if setting.is_switch() => format!("switches {} on", side.what),
        (Need::Always, Some(side)) => format!("for {}", side.what),
        (Need::When(when), _) => when.to_owned(),
        (Need::Default(_) | Need::Optional, _) => "no".to_owned(),
    }
}
