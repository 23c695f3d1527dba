//! One of several things that an account can do, as far as its fields tell. What the fields mean is
//! the provider's own crate.

use crate::config::{AccountSettings, ConfigProblem};

/// The field that brings a thing, and those that have no meaning without it.
pub(super) struct Side {
    pub(super) what: &'static str,
    pub(super) switch: &'static str,
    pub(super) fields: &'static [&'static str],
}

impl Side {
    /// Does the configuration speak of it?
    pub(super) fn is_named(&self, settings: &AccountSettings) -> bool {
        let mut names = self.fields.iter().chain([&self.switch]);
        names.any(|name| settings.lookup(name).is_some())
    }

    /// The fields that would have no effect, since what they are about is not switched on.
    pub(super) fn misplaced(&self, settings: &AccountSettings) -> Vec<ConfigProblem> {
        if settings.lookup(self.switch).is_some() {
            return Vec::new();
        }
        let set = self.fields.iter().filter(|name| settings.lookup(name).is_some());
        let problem = |name: &&str| {
            let because = format!(
                "is about {}, and {}, which brings them, is not set",
                self.what, self.switch
            );
            let remedy = format!("set {} too, or remove {name}", self.switch);
            ConfigProblem::new(settings.origin_of(name).clone(), *name, because, remedy)
        };
        set.map(problem).collect()
    }
}
