//! The transport of an account that has a proxy, or that waits for its provider longer than others.
//! Proxies in the environment are ignored. No message contains a proxy's credentials.

use pagos_http::{HttpOptions, Proxy};
use pagos_wire::{Form, Setting};

use crate::{
    accounts::{Limits, known},
    config::{AccountSettings, ConfigProblem},
    seams::Seams,
};

pub(super) const PROXY: &str = "proxy";

/// The account's transport: the shared one or one of its own.
///
/// # Errors
/// What is wrong with the proxy, or with an address of the account that the proxy could read.
pub(crate) fn seams_of(
    settings: &AccountSettings,
    limits: &Limits,
    seams: &Seams,
) -> Result<Seams, Vec<ConfigProblem>> {
    let (proxy, shared) = (proxy_of(settings)?, &seams.options);
    let patience = limits.deadline().filter(|deadline| *deadline > shared.total_timeout);
    if proxy.is_none() && patience.is_none() {
        return Ok(seams.clone());
    }
    if proxy.is_some() {
        let table = known(settings).map_err(|problem| vec![problem])?.settings;
        let is_plain = |setting: &&Setting| {
            let url = settings.lookup(setting.name).filter(|_| setting.form == Form::Address);
            url.is_some_and(|url| url.starts_with("http://"))
        };
        let plain = table.iter().filter(is_plain);
        let readable: Vec<_> = plain.map(|setting| readable(settings, setting.name)).collect();
        if !readable.is_empty() {
            return Err(readable);
        }
    }
    let total_timeout = patience.unwrap_or(shared.total_timeout);
    let options = HttpOptions { proxy, total_timeout, ..shared.clone() };
    let transport = (seams.connect)(&options).map_err(|error| {
        vec![ConfigProblem::new(
            settings.origin_of(PROXY).clone(),
            PROXY,
            error.message(),
            "correct it, or remove it",
        )]
    })?;
    Ok(Seams { transport, options, ..seams.clone() })
}

fn proxy_of(settings: &AccountSettings) -> Result<Option<Proxy>, Vec<ConfigProblem>> {
    let Some(url) = settings.lookup(PROXY) else { return Ok(None) };
    Proxy::parse(&url).map(Some).map_err(|error| {
        let remedy = "write http://HOST:PORT, and keep credentials out of the file with proxy_env or \
                      proxy_file";
        let origin = settings.origin_of(PROXY).clone();
        vec![ConfigProblem::new(origin, PROXY, error.message(), remedy)]
    })
}

fn readable(settings: &AccountSettings, field: &str) -> ConfigProblem {
    ConfigProblem::new(
        settings.origin_of(field).clone(),
        field,
        "is plain http, and a proxy could answer in the provider's place",
        format!("use https, or remove {PROXY}"),
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pagos_core::{Error, Transport};
    use pagos_http::HttpTransport;
    use pagos_system::System;

    use crate::{
        accounts::{MissingFields, build, tests::account},
        seams,
    };

    use super::*;

    fn make(options: &HttpOptions) -> Result<Arc<dyn Transport>, Error> {
        Ok(Arc::new(HttpTransport::new(options, Arc::new(System))?))
    }

    /// The account as it would be used, in words.
    fn used(provider: &str, fields: &[(&str, &str)]) -> Result<String, String> {
        let seams = Seams { connect: make, ..seams::offline() };
        match build(&account(provider, fields), MissingFields::Credentials, &seams) {
            Ok(account) => Ok(format!("{:?} {account:?}", account.proxy)),
            Err(problems) => Err(problems.iter().map(ToString::to_string).collect()),
        }
    }

    const GOOD: (&str, &str) = ("proxy", "http://pagos:canary@proxy.internal:3128");

    #[test]
    fn an_account_that_waits_longer_has_a_transport_of_its_own() {
        let seams = Seams { connect: make, ..seams::offline() };
        let own = |seconds: &str| {
            let settings = account("etpay", &[("deadline_s", seconds)]);
            seams_of(&settings, &Limits::read(&settings).unwrap(), &seams).unwrap()
        };
        assert_eq!(own("500").options.total_timeout.as_secs(), 500);
        assert!(Arc::ptr_eq(&own("1").transport, &seams.transport));
    }

    #[test]
    fn world_20_every_provider_goes_through_the_proxy_of_its_account() {
        for provider in crate::accounts::providers().map(|known| known.name) {
            let told = used(provider, &[GOOD]).unwrap();
            assert!(told.starts_with("Some(\"proxy.internal:3128\")"), "{told}");
            assert!(!told.contains("canary"), "{told}");
            assert!(used(provider, &[]).unwrap().starts_with("None"));
        }
    }

    #[test]
    fn world_20_a_proxy_that_does_not_do_is_refused_without_its_text() {
        let told = used("cashypro", &[("proxy", "https://u:canary@proxy:1")]).unwrap_err();
        assert!(told.starts_with("pagos.toml:3: proxy does not begin with http://"), "{told}");
        assert!(!told.contains("canary"), "{told}");
        let plain = [("base_url", "http://127.0.0.1:8080/stage-api"), GOOD];
        let told = used("cashypro", &plain).unwrap_err();
        assert!(told.contains("base_url is plain http"), "{told}");
    }
}
