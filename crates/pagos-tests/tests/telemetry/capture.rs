//! Keeps everything that is emitted through `tracing`, at every level, by the whole process.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{Mutex, OnceLock},
};

use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
    registry::LookupSpan,
};

/// A span or an event as a subscriber sees it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Record {
    /// A span's name, an event's message.
    pub(crate) name: String,
    pub(crate) target: &'static str,
    pub(crate) level: String,
    pub(crate) kind: &'static str,
    /// The declared fields, with a value or without.
    pub(crate) declared: Vec<&'static str>,
    pub(crate) fields: BTreeMap<&'static str, String>,
}

impl Record {
    fn of(metadata: &'static Metadata<'static>) -> Self {
        let declared = metadata.fields().iter().map(|field| field.name());
        Self {
            name: metadata.name().to_owned(),
            target: metadata.target(),
            level: metadata.level().to_string(),
            kind: if metadata.is_span() { "Span" } else { "Event" },
            declared: declared.filter(|name| *name != MESSAGE).collect(),
            fields: BTreeMap::new(),
        }
    }
}

const MESSAGE: &str = "message";

struct Reading<'a>(&'a mut Record);

impl Visit for Reading<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.note(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.note(field, value.to_owned());
    }
}

impl Reading<'_> {
    fn note(&mut self, field: &Field, value: String) {
        match field.name() {
            MESSAGE => self.0.name = value,
            name => drop(self.0.fields.insert(name, value)),
        }
    }
}

static HEARD: Mutex<Vec<Record>> = Mutex::new(Vec::new());

struct Capture;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Capture {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, all: Context<'_, S>) {
        let mut record = Record::of(attributes.metadata());
        attributes.record(&mut Reading(&mut record));
        all.span(id).unwrap().extensions_mut().insert(record);
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, all: Context<'_, S>) {
        let span = all.span(id).unwrap();
        values.record(&mut Reading(span.extensions_mut().get_mut::<Record>().unwrap()));
    }

    fn on_close(&self, id: span::Id, all: Context<'_, S>) {
        let record = all.span(&id).unwrap().extensions_mut().remove::<Record>().unwrap();
        HEARD.lock().unwrap().push(record);
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut record = Record::of(event.metadata());
        event.record(&mut Reading(&mut record));
        HEARD.lock().unwrap().push(record);
    }
}

/// Listens from here on, once for the whole process.
pub(crate) fn listen() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        let subscriber = tracing_subscriber::registry().with(Capture);
        tracing::subscriber::set_global_default(subscriber).unwrap();
    });
}

/// What was heard so far, from every crate of ours or not.
pub(crate) fn heard() -> Vec<Record> {
    HEARD.lock().unwrap().clone()
}
