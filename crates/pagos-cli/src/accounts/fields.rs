//! The fields of one account for its provider: the configured ones, and the stand-ins of the
//! settings table for those that may be missing. The provider's crate interprets them.

use pagos_core::Error;
use pagos_wire::{Form, MissingFields, Setting, Side, SideKind};

use crate::{
    accounts::problem,
    config::{AccountSettings, ConfigProblem},
};

/// The fields of one account.
pub(crate) struct Fields<'a> {
    pub(super) settings: &'a AccountSettings,
    pub(super) missing_fields: MissingFields,
    table: &'static [Setting],
}

impl<'a> Fields<'a> {
    pub(super) fn new(
        settings: &'a AccountSettings,
        table: &'static [Setting],
        missing_fields: MissingFields,
    ) -> Self {
        Self { settings, missing_fields, table }
    }

    /// Calls `read` with the fields, which it looks up by their names in upper case.
    ///
    /// # Errors
    /// The problem of a field, with its place.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&dyn Fn(&str) -> Option<String>) -> Result<T, Error>,
    ) -> Result<T, Vec<ConfigProblem>> {
        read(&|name| self.lookup(name)).map_err(|error| vec![problem(self.settings, &error)])
    }

    /// Whether the provider has settings for certificates.
    pub(super) fn has_certificates(&self) -> bool {
        self.table.iter().any(|setting| setting.form == Form::Pem)
    }

    /// Refuses fields without effect, because their side of the account is not switched on.
    /// Commands that send nothing ignore this.
    ///
    /// # Errors
    /// All of them.
    pub(super) fn check_sides(&self) -> Result<(), Vec<ConfigProblem>> {
        if self.missing_fields > MissingFields::Refused {
            return Ok(());
        }
        let misplaced = self.table.iter().filter_map(|setting| self.misplaced(setting));
        match misplaced.collect::<Vec<_>>() {
            misplaced if misplaced.is_empty() => Ok(()),
            misplaced => Err(misplaced),
        }
    }

    fn misplaced(&self, setting: &Setting) -> Option<ConfigProblem> {
        let (name, Side { what, switch, .. }) = (setting.name, setting.side?);
        self.settings.lookup(name)?;
        if self.settings.lookup(switch).is_some() {
            return None;
        }
        let because = format!("is about {what}, and {switch}, which brings them, is not set");
        let remedy = format!("set {switch} too, or remove {name}");
        Some(ConfigProblem::new(self.settings.origin_of(name).clone(), name, because, remedy))
    }

    fn lookup(&self, name: &str) -> Option<String> {
        let told = self.settings.lookup(name);
        if name == "ENVIRONMENT" {
            // This field has a default of its own.
            return Some(self.settings.environment.to_string());
        }
        let setting = self.table.iter().find(|it| it.name.eq_ignore_ascii_case(name))?;
        if self.missing_fields > MissingFields::Refused && setting.form == Form::Pem {
            // Nothing is sent, so no certificate is needed.
            return None;
        }
        told.or_else(|| self.stand_in(setting).map(str::to_owned))
    }

    fn stand_in(&self, setting: &Setting) -> Option<&'static str> {
        let (from, text) = setting.stand_in?;
        let is_wanted = match setting.side {
            // Only a side that the account does not use stays absent.
            Some(side) if setting.is_switch() => self.is_for(side),
            _ => true,
        };
        (self.missing_fields >= from && is_wanted).then_some(text)
    }

    /// Whether the configuration mentions this side, or mentions none although one is required.
    fn is_for(&self, side: Side) -> bool {
        let is_named = |setting: &&Setting| self.settings.lookup(setting.name).is_some();
        let named = self.table.iter().filter(is_named).filter_map(|setting| setting.side);
        let named: Vec<Side> = named.collect();
        named.contains(&side) || (side.kind == SideKind::Alternative && named.is_empty())
    }
}
