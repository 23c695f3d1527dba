//! Which fields of an account may be missing when, and that what is wrong is told with its place.

use pagos_wire::{NOWHERE, Need};

use super::*;

/// An account with these fields, as if `pagos.toml` had them.
pub(super) fn account(provider: &str, fields: &[(&str, &str)]) -> AccountSettings {
    let origin = || Origin::File { path: "pagos.toml".into(), line: 3 };
    let mut settings = AccountSettings::new(AccountName::new(provider).unwrap(), origin());
    for (name, value) in fields {
        settings.set(name, (*value).to_owned(), origin());
    }
    settings
}

pub(super) fn built(
    settings: &AccountSettings,
    missing_fields: MissingFields,
) -> Result<Account, Vec<String>> {
    let told = |problems: Vec<ConfigProblem>| problems.iter().map(ToString::to_string).collect();
    build(settings, missing_fields, &seams::offline()).map_err(told)
}

#[test]
fn what_nothing_rests_on_may_be_missing() {
    for provider in providers().map(|known| known.name) {
        let bare = account(provider, &[]);
        assert!(built(&bare, MissingFields::Credentials).is_ok(), "{provider}");
        assert!(built(&bare, MissingFields::Refused).is_err(), "{provider}");
    }
    // Cashypro's webhooks are checked with the account's key, Conekta's with public keys, ETpay's
    // with the key of a session, and VirtualPOS's not at all.
    assert!(built(&account("cashypro", &[]), MissingFields::Unsigned).is_err());
    for provider in ["conekta", "etpay", "virtualpos"] {
        assert!(built(&account(provider, &[]), MissingFields::Unsigned).is_ok(), "{provider}");
    }
}

/// Defaults stand in the tables for people, and in the crates for the configuration.
#[test]
fn a_default_of_the_table_is_what_is_taken_without_it() {
    for known in providers() {
        let with = |fields: &[(&str, &str)]| {
            let account = built(&account(known.name, fields), MissingFields::Credentials).unwrap();
            format!("{:?}", account.provider)
        };
        for setting in known.settings {
            let Need::Default(text) = setting.need else { continue };
            // A field of one side brings that side alone.
            let switch = setting.side.map(|side| (side.switch, NOWHERE));
            let bare: Vec<_> = switch.into_iter().collect();
            let whole = [&bare[..], &[(setting.name, text)]].concat();
            assert_eq!(with(&whole), with(&bare), "{} of {}", setting.name, known.name);
        }
    }
}

#[test]
fn a_segment_is_part_of_the_path_and_is_never_shown() {
    let plain =
        built(&account("etpay", &[]), MissingFields::Credentials).unwrap().endpoint.unwrap();
    assert_eq!((plain.path(), plain.path_shown()), ("/webhooks/etpay", "/webhooks/etpay"));
    for (provider, path) in
        [("etpay", "/webhooks/etpay/canary_9-Z"), ("cashypro", "/webhooks/cashypro/canary_9-Z")]
    {
        let settings = account(provider, &[("webhook_segment", "canary_9-Z")]);
        let account = built(&settings, MissingFields::Credentials).unwrap();
        assert!(!format!("{account:?}").contains("canary"), "{account:?}");
        let endpoint = account.endpoint.unwrap();
        assert_eq!(endpoint.path(), path);
        assert_eq!(endpoint.path_shown(), format!("/webhooks/{provider}/…"));
    }
    let (longest, too_long) = ("s".repeat(64), "s".repeat(65));
    for segment in [too_long.as_str(), "a b", "a/b", "…", longest.as_str()] {
        let is_legal = segment == longest;
        let settings = account("etpay", &[("webhook_segment", segment)]);
        assert_eq!(built(&settings, MissingFields::Credentials).is_ok(), is_legal, "{segment}");
    }
}

#[test]
fn a_provider_that_nobody_knows_is_told_with_those_that_are_known() {
    let settings = account("virtualpay", &[]);
    let problems = built(&settings, MissingFields::Credentials).unwrap_err();
    let first = providers().next().unwrap().name;
    assert!(problems[0].contains(&format!("write one of {first}, ")), "{}", problems[0]);
}
