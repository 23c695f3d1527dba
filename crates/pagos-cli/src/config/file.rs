//! Reads `pagos.toml`: tables `[accounts.NAME]` with plain values, `[accounts.NAME.options]`,
//! `[accounts.NAME.limits]`, `[[accounts.NAME.approval]]`, `[books.NAME]`, `[days]`, `[events.NAME]`,
//! `[receiver]`, `[api]`, `[retention]`, `[metrics]` and `[witness]`, which can be one line as well. The providers interpret the fields of accounts.

use std::{
    ffi::OsString,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use pagos_core::{AccountName, BookName};
use pagos_webhook::Settings;
use toml::{
    Spanned,
    de::{DeArray, DeTable, DeValue},
};

use crate::config::{
    AccountSettings, ApiSettings, BookSettings, ConfigProblem, MappingName, Origin, Retention,
    Variables, WitnessPlace, WitnessSettings, api, books, receiver, retention, witness,
};

/// The content of a file.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) accounts: Vec<AccountSettings>,
    pub(super) events: Vec<AccountSettings>,
    pub(super) books: Vec<BookSettings>,
    pub(super) day_offset: Option<String>,
    pub(super) limits: Settings,
    pub(super) retention: Option<Retention>,
    pub(super) metrics: Option<SocketAddr>,
    pub(super) api: ApiSettings,
    pub(super) witness: Option<WitnessSettings>,
}

/// Reads a file, with all of its problems.
pub(super) fn read(path: &Path, variables: &Variables) -> (Read, Vec<ConfigProblem>) {
    let origin = Origin::File { path: path.to_owned(), line: 1 };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            let because = format!("cannot be read ({error})");
            let remedy = "write one with `pagos init`, or name another with --config";
            return (
                Read::default(),
                vec![ConfigProblem::new(origin, "the file", because, remedy)],
            );
        }
    };
    let mut reader = Reader {
        path,
        text: &text,
        variables,
        accounts: Vec::new(),
        events: Vec::new(),
        books: Vec::new(),
        limits: Settings::default(),
        retention: None,
        metrics: None,
        api: ApiSettings::default(),
        witness: None,
        day_offset: None,
        problems: Vec::new(),
    };
    match DeTable::parse(&text) {
        Ok(table) => reader.root(table.get_ref()),
        // Not the error's own Display, which quotes the line and may show a key.
        Err(error) => {
            let start = error.span().map_or(0, |span| span.start);
            let because = format!("is not TOML ({})", error.message());
            reader.refuse(start, "the file", because, "compare it with what `pagos init` writes");
        }
    }
    let Reader {
        mut accounts,
        events,
        books,
        limits,
        retention,
        metrics,
        api,
        witness,
        day_offset,
        problems,
        ..
    } = reader;
    for (text, origin) in day_offset.iter() {
        accounts.iter_mut().for_each(|it| it.set("days.offset", text.clone(), origin.clone()));
    }
    let day_offset = day_offset.map(|(text, _)| text);
    let read =
        Read { accounts, events, books, day_offset, limits, retention, metrics, api, witness };
    (read, problems)
}

/// The text of a file with one value, without the line break at its end.
pub(super) fn read_secret(path: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("names {}, which cannot be read ({error})", path.display()))?;
    let text = text.trim_end_matches(['\r', '\n']);
    let because = match text {
        "" => "is empty",
        _ if text.contains("-----BEGIN") => {
            "holds a PEM text, whose path is written without `_file` in the field's name"
        }
        _ if text.contains('\n') => "does not hold one line",
        _ => return Ok(text.to_owned()),
    };
    Err(format!("names {}, which {because}", path.display()))
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    variables: &'a Variables,
    accounts: Vec<AccountSettings>,
    events: Vec<AccountSettings>,
    books: Vec<BookSettings>,
    limits: Settings,
    retention: Option<Retention>,
    metrics: Option<SocketAddr>,
    api: ApiSettings,
    witness: Option<WitnessSettings>,
    day_offset: Option<(String, Origin)>,
    problems: Vec<ConfigProblem>,
}

impl Reader<'_> {
    fn root(&mut self, table: &DeTable<'_>) {
        for (name, value) in table.iter() {
            let place = name.span().start;
            let name: &str = name.get_ref();
            match value.get_ref() {
                DeValue::Table(accounts) if name == "accounts" => self.accounts(accounts),
                DeValue::Table(endpoints) if name == "events" => self.events(endpoints),
                DeValue::Table(books) if name == "books" => self.books(books),
                DeValue::Table(limits) if name == "receiver" => self.receiver(limits),
                DeValue::Table(fields) if name == "days" => self.days(fields),
                DeValue::Table(fields) if name == "retention" => self.retention(place, fields),
                DeValue::Table(fields) if name == "metrics" => self.metrics(fields),
                DeValue::Table(fields) if name == "api" => self.api(fields),
                DeValue::Table(fields) if name == "witness" => self.witness(place, fields),
                DeValue::String(text) if name == "witness" && !text.is_empty() => {
                    self.witness = Some(WitnessSettings::at(self.witness_at(text)));
                }
                _ => {
                    let because = "is not known at the top of the file";
                    let remedy = "the file has tables [accounts.NAME], [books.NAME], [days], [events.NAME], [receiver], \
                                  [api], [retention], [metrics] and [witness] only, and the line witness = \"PLACE\"";
                    self.refuse(place, name, because, remedy);
                }
            }
        }
    }

    /// Where a calendar day begins; the same for all accounts.
    fn days(&mut self, fields: &DeTable<'_>) {
        for (name, value) in fields.iter() {
            let (field, place): (&str, usize) = (name.get_ref(), name.span().start);
            match value.get_ref() {
                DeValue::String(text) if field == "offset" => {
                    self.day_offset = Some((text.to_string(), self.origin(place)));
                }
                _ => {
                    let remedy = "write offset = \"-03:00\", or remove the table";
                    self.refuse(place, field, "is not known in [days]", remedy);
                }
            }
        }
    }

    fn receiver(&mut self, limits: &DeTable<'_>) {
        for (name, value) in limits.iter() {
            let place = name.span().start;
            let name: &str = name.get_ref();
            let number = match value.get_ref() {
                DeValue::Integer(number) if number.radix() == 10 => number.as_str().parse().ok(),
                _ => None,
            };
            let set = number
                .ok_or_else(|| "is not a whole number that fits".to_owned())
                .and_then(|number| receiver::set(&mut self.limits, name, number));
            if let Err(because) = set {
                let remedy = "`pagos init` writes the limits with their defaults";
                self.refuse(place, name, because, remedy);
            }
        }
    }

    fn metrics(&mut self, fields: &DeTable<'_>) {
        for (name, value) in fields.iter() {
            let place = name.span().start;
            let field: &str = name.get_ref();
            if field != "listen" {
                self.refuse(place, field, "is no field of [metrics]", "it has listen only");
                continue;
            }
            match plain_text(value.get_ref()).unwrap_or_default().parse() {
                Ok(address) => self.metrics = Some(address),
                Err(_) => {
                    let because = "is not an address with a port";
                    self.refuse(place, field, because, "write listen = \"127.0.0.1:9187\"");
                }
            }
        }
    }

    fn retention(&mut self, place: usize, fields: &DeTable<'_>) {
        let mut retention = retention::Fields::default();
        for (name, value) in fields.iter() {
            let field: &str = name.get_ref();
            let text = plain_text(value.get_ref()).unwrap_or_default();
            if let Err((because, remedy)) = retention.set(field, &text) {
                self.refuse(name.span().start, field, because, remedy);
            }
        }
        match retention.finish() {
            Ok(read) => {
                let archive = self.beside(&read.archive.to_string_lossy());
                self.retention = Some(Retention { archive, ..read });
            }
            Err(missing) => self.refuse(place, missing, "is missing in [retention]", FILL_IN),
        }
    }

    fn witness(&mut self, place: usize, fields: &DeTable<'_>) {
        let mut witness = witness::Fields::default();
        for (name, value) in fields.iter() {
            let field: &str = name.get_ref();
            let text = plain_text(value.get_ref()).unwrap_or_default();
            if let Err((because, remedy)) = witness.set(field, &text) {
                self.refuse(name.span().start, field, because, remedy);
            }
        }
        match witness.finish(|text| self.witness_at(text)) {
            Ok(witness) => self.witness = Some(witness),
            Err(missing) => {
                self.refuse(place, missing, "is missing in [witness]", witness::PLACE);
            }
        }
    }

    fn witness_at(&self, text: &str) -> WitnessPlace {
        match WitnessPlace::from(OsString::from(text)) {
            WitnessPlace::File(path) => WitnessPlace::File(self.beside(&path.to_string_lossy())),
            server @ WitnessPlace::Server(_) => server,
        }
    }

    fn api(&mut self, fields: &DeTable<'_>) {
        for (name, value) in fields.iter() {
            let field: &str = name.get_ref();
            let text = plain_text(value.get_ref()).unwrap_or_default();
            if let Err((because, remedy)) = api::set(&mut self.api, field, &text) {
                self.refuse(name.span().start, field, because, remedy);
            }
        }
    }

    fn accounts(&mut self, accounts: &DeTable<'_>) {
        for (name, value) in accounts.iter() {
            let place = name.span().start;
            let name: &str = name.get_ref();
            let (Ok(account), DeValue::Table(fields)) = (AccountName::new(name), value.get_ref())
            else {
                let because = "is not an account";
                let remedy = "write a table [accounts.NAME] with a name of 1 to 32 of a-z 0-9 _ -";
                self.refuse(place, name, because, remedy);
                continue;
            };
            let mut settings = AccountSettings::new(account, self.origin(place));
            self.fields(&mut settings, fields, Level::Account);
            self.accounts.push(settings);
        }
    }

    /// An endpoint is named and configured as an account is.
    fn events(&mut self, endpoints: &DeTable<'_>) {
        for (name, value) in endpoints.iter() {
            let place = name.span().start;
            let name: &str = name.get_ref();
            let (Ok(endpoint), DeValue::Table(fields)) = (AccountName::new(name), value.get_ref())
            else {
                let because = "is not an endpoint";
                let remedy = "write a table [events.NAME] with a name of 1 to 32 of a-z 0-9 _ -";
                self.refuse(place, name, because, remedy);
                continue;
            };
            let mut settings = AccountSettings::new(endpoint, self.origin(place));
            self.fields(&mut settings, fields, Level::Options);
            self.events.push(settings);
        }
    }

    fn books(&mut self, books: &DeTable<'_>) {
        for (name, value) in books.iter() {
            let place = name.span().start;
            let name: &str = name.get_ref();
            let (Ok(book), DeValue::Table(fields)) = (BookName::new(name), value.get_ref()) else {
                let remedy = "write a table [books.NAME] with a name of 1 to 32 of a-z 0-9 _ -";
                self.refuse(place, name, "is not a book", remedy);
                continue;
            };
            let mut read = books::Fields::default();
            for (name, value) in fields.iter() {
                let field: &str = name.get_ref();
                let text = plain_text(value.get_ref()).unwrap_or_default();
                if let Err((because, remedy)) = read.set(field, &text) {
                    self.refuse(name.span().start, field, because, remedy);
                }
            }
            match read.finish(book) {
                Ok(mut book) => {
                    if let Some(MappingName::File { path, .. }) = &mut book.mapping {
                        *path = self.beside(&path.to_string_lossy());
                    }
                    self.books.push(book);
                }
                Err((field, because)) => {
                    let remedy =
                        "write accounts = [\"NAME\"], currency = \"CLP\", fee_max = \"5000\"";
                    self.refuse(place, field, because, remedy);
                }
            }
        }
    }

    fn fields(&mut self, settings: &mut AccountSettings, fields: &DeTable<'_>, level: Level) {
        for (name, value) in fields.iter() {
            let field: &str = name.get_ref();
            match value.get_ref() {
                DeValue::Table(options) if field == "options" && level == Level::Account => {
                    self.fields(settings, options, Level::Options);
                }
                DeValue::Table(limits) if field == "limits" && level == Level::Account => {
                    self.prefixed(settings, "limits", limits);
                }
                DeValue::Array(rules) if field == "approval" && level == Level::Account => {
                    self.rules(settings, name.span().start, rules);
                }
                _ => self.field(settings, name, value),
            }
        }
    }

    /// Rules of approval. One that is no table is a problem: nothing may pass because of it.
    fn rules(&mut self, settings: &mut AccountSettings, place: usize, rules: &DeArray<'_>) {
        for (number, rule) in rules.iter().enumerate() {
            match rule.get_ref() {
                DeValue::Table(fields) if !fields.is_empty() => {
                    self.prefixed(settings, &format!("approval.{number}"), fields);
                }
                _ => {
                    let remedy = "write tables [[accounts.NAME.approval]] with of, over, approvers";
                    self.refuse(place, "approval", "is not a list of rules", remedy);
                }
            }
        }
    }

    /// The fields of a table inside an account, as `TABLE.FIELD`.
    fn prefixed(&mut self, settings: &mut AccountSettings, table: &str, fields: &DeTable<'_>) {
        for (name, value) in fields.iter() {
            let field = format!("{table}.{}", name.get_ref());
            match plain_text(value.get_ref()).filter(|text| !text.is_empty()) {
                Some(text) => settings.set(&field, text, self.origin(name.span().start)),
                None => {
                    let because = "is empty, or not a text, a whole number or a list of them";
                    self.refuse(name.span().start, &field, because, "write it in double quotes");
                }
            }
        }
    }

    fn field(
        &mut self,
        settings: &mut AccountSettings,
        name: &Spanned<toml::de::DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
    ) {
        let (field, place): (&str, usize) = (name.get_ref(), name.span().start);
        let Some(text) = plain_text(value.get_ref()) else {
            let because = "is not a text, a whole number, true or false, or a list of them";
            return self.refuse(place, field, because, "write it in double quotes");
        };
        if text.is_empty() {
            return self.refuse(place, field, "is empty", "fill it in, or remove the line");
        }
        match self.resolve(field, text) {
            Ok((field, text)) => settings.set(&field, text, self.origin(place)),
            Err((because, remedy)) => self.refuse(place, field, because, remedy),
        }
    }

    /// Follows `_file` and `_env` to the value.
    fn resolve(
        &self,
        field: &str,
        text: String,
    ) -> Result<(String, String), (String, &'static str)> {
        if let Some(stem) = field.strip_suffix("_file") {
            let secret = read_secret(&self.beside(&text));
            let secret = secret.map_err(|because| (because, "name a readable file of one line"))?;
            return Ok((stem.to_owned(), secret));
        }
        if let Some(stem) = field.strip_suffix("_env") {
            let value = self.variables.value(&text).filter(|value| !value.is_empty());
            let because = || (format!("names the variable {text}"), "set that variable");
            return Ok((stem.to_owned(), value.ok_or_else(because)?.to_owned()));
        }
        Ok((field.to_owned(), text))
    }

    /// A relative path is relative to the folder of the configuration file.
    fn beside(&self, path: &str) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(path)
    }

    fn origin(&self, place: usize) -> Origin {
        let before = self.text.as_bytes().iter().take(place);
        let line = 1 + before.filter(|byte| **byte == b'\n').count();
        Origin::File { path: self.path.to_owned(), line }
    }

    fn refuse(&mut self, place: usize, field: &str, because: impl Into<String>, remedy: &str) {
        self.problems.push(ConfigProblem::new(self.origin(place), field, because, remedy));
    }
}

const FILL_IN: &str = "write keep_days = DAYS and archive = \"DIR\", or remove the table";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Account,
    Options,
}

/// A plain value as text; a list as its values separated by commas.
fn plain_text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Boolean(is_true) => Some(is_true.to_string()),
        DeValue::Array(values) => {
            let texts = values.iter().map(|value| plain_text(value.get_ref()));
            texts.collect::<Option<Vec<String>>>().map(|texts| texts.join(","))
        }
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}
