//! Words of states and what is shown of texts. Whole answers are fixtures.

use proptest::prelude::*;

use pagos_core::{Environment, FailReason, Secret};

use super::*;
use crate::{VirtualPosConfig, config::Settings};

fn settings() -> Settings {
    let config = VirtualPosConfig::new(
        Environment::Sandbox,
        "https://payout-api.sandbox.example",
        Secret::new("canary-api-key"),
        Secret::new("canary-secret-key"),
    );
    config.check().unwrap()
}

#[test]
fn words_are_read_without_case_and_accents() {
    let failed = Status::Failed;
    let cases = [
        ("pendiente", Status::Pending),
        ("CREADA", Status::Pending),
        ("En Proceso", Status::Pending),
        ("reintentando", Status::Pending),
        (" Pagado\n", Status::Succeeded),
        ("pagáda", Status::Succeeded),
        ("paga\u{301}do", Status::Succeeded),
        ("éxitoso", Status::Succeeded),
        ("rechazado", failed(FailReason::Declined)),
        ("fallida", failed(FailReason::Declined)),
        ("expirado", failed(FailReason::Expired)),
        ("anulado", failed(FailReason::Cancelled)),
        ("reversada", failed(FailReason::Returned)),
    ];
    let words = settings().words;
    for (word, expected) in cases {
        assert_eq!(status(&words, word), Some(expected), "{word:?}");
    }
    for word in ["en_revision", "pagado parcialmente", "no pagado", "OK", ""] {
        assert_eq!(status(&words, word), None, "{word:?}");
    }
}

#[test]
fn texts_are_masked() {
    let settings = settings();
    let shown = Shown { credentials: &settings.credentials, tef: None };
    let cases = [
        ("cuenta 0012345678 cerrada", "cuenta ****** cerrada"),
        ("RUT 12.345.678-5", "RUT ******"),
        ("avise a jose@example.com por favor", "avise a ****** por favor"),
        ("key canary-api-key, canary-secret-key", "key ******, ******"),
        ("E-016", "E-016"),
        ("eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJh.x is bad", "****** is bad"),
        ("línea\nnueva", "línea nueva"),
    ];
    for (text, expected) in cases {
        assert_eq!(shown.text(text), expected);
    }
}

proptest! {
    #[test]
    fn no_body_makes_it_panic(http in 100_u16..600, body in ".{0,80}") {
        let body = Bytes::from(body);
        let response = Response::builder().status(http).body(body).unwrap();
        let _ = read(&response, Noun::Payout);
        let _ = read(&response, Noun::Payment);
    }

    #[test]
    fn only_words_of_the_table_are_final(word in "[a-zA-ZñÑáé_ ]{0,20}") {
        let words = settings().words;
        let is_known = words.states.iter().any(|(known, _)| *known == fold(&word));
        prop_assert_eq!(is_known, status(&words, &word).is_some());
    }
}
