//! A recorded CEP, with another seal and other people, and what is refused.

use pagos_core::{Currency, Money};

use super::*;

/// The form of a recorded answer: GitHub cuenca-mx/cep-python,
/// tests/cassettes/test_validar_transferencia_tipo_1.yaml. Names, numbers and seal are ours.
fn text() -> String {
    let chain = "||1|08112024|08112024|105336|90723|BaBien|Acme SA|40|166180026480316602|ACM931011I41|\
                 Cuenca|Ana Castillo|40|723969000011000077|CAAA890619HCSPRL05|JULIO|0.00|3414.95|NA|NA|\
                 0|0|NA|0|0.00|00000100000100014853||c2VhbA==";
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<SPEI_Tercero FechaOperacion=\"2024-11-08\" \
         Hora=\"10:53:36\" ClaveSPEI=\"90723\" sello=\"c2VhbA==\" \
         numeroCertificado=\"00000100000100014853\" cadenaCDA=\"{chain}\" \
         claveRastreo=\"BiB202411081016248360\">\r\n    <Beneficiario BancoReceptor=\"Cuenca\" \
         Nombre=\"Ana Castillo\" TipoCuenta=\"40\" Cuenta=\"723969000011000077\" \
         RFC=\"CAAA890619HCSPRL05\" Concepto=\"JULIO\" IVA=\"0.00\" MontoPago=\"3414.95\"/>\r\n    \
         <Ordenante BancoEmisor=\"BaBien\" Nombre=\"Acme SA\" TipoCuenta=\"40\" \
         Cuenta=\"166180026480316602\" RFC=\"ACM931011I41\"/>\r\n</SPEI_Tercero>"
    )
}

fn expected() -> Expected {
    let day = "2024-11-08".parse().unwrap();
    Expected {
        amount: Money::new(341_495, Currency::Mxn),
        account: "723969000011000077".to_owned(),
        days: (day, day),
        tracking_key: Some("BiB202411081016248360".to_owned()),
    }
}

#[test]
fn a_cep_is_read_in_whatever_order_its_parts_come() {
    let cep = read(text().as_bytes()).unwrap();
    assert_eq!(cep.amount, expected().amount);
    assert_eq!((cep.date, cep.institution.as_str()), (expected().days.0, "90723"));
    assert_eq!(cep.payer.account.as_deref(), Some("166180026480316602"));
    assert_eq!(cep.beneficiary.account.as_deref(), Some("723969000011000077"));
    assert_eq!(format!("{cep:?} {:?} {:?}", cep.payer, expected()).matches("7239").count(), 0);
    let (before, rest) =
        text().split_once("<Beneficiario").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let (beneficiary, payer) = rest.split_once("<Ordenante").unwrap();
    let (payer, end) = payer.split_once("/>").unwrap();
    let turned = format!("{before}<Ordenante{payer}/><Beneficiario{beneficiary}{end}");
    assert_eq!(read(turned.as_bytes()).unwrap(), cep);
}

#[test]
fn each_field_is_compared() {
    let cep = read(text().as_bytes()).unwrap();
    let differing = |expected: &Expected| -> Vec<&'static str> {
        let compared = cep.compare(expected);
        let differs =
            compared.fields().map(|(name, found)| (name, matches!(found, Found::Differs(_))));
        assert_eq!(compared.agrees(), differs.iter().all(|(_, differs)| !differs));
        differs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
    };
    assert!(differing(&expected()).is_empty());
    let day = |text: &str| text.parse().unwrap();
    for (changed, names) in [
        (Expected { amount: Money::new(341_494, Currency::Mxn), ..expected() }, &["amount"][..]),
        (Expected { account: "723969000011000078".to_owned(), ..expected() }, &["account"]),
        (Expected { tracking_key: Some("other".to_owned()), ..expected() }, &["tracking key"]),
        (Expected { tracking_key: None, ..expected() }, &[]),
        // The evening before a long weekend.
        (Expected { days: (day("2024-11-03"), day("2024-11-03")), ..expected() }, &[]),
        (Expected { days: (day("2024-11-01"), day("2024-11-02")), ..expected() }, &["date"]),
        (Expected { days: (day("2024-11-09"), day("2024-11-09")), ..expected() }, &["date"]),
    ] {
        assert_eq!(differing(&changed), names);
    }
}

#[test]
fn what_is_shown_must_be_what_is_sealed() {
    for (from, to, name) in [
        ("MontoPago=\"3414.95\"", "MontoPago=\"9414.95\"", "MontoPago"),
        (
            "Cuenta=\"723969000011000077\"",
            "Cuenta=\"723969000011000078\"",
            "Cuenta of Beneficiario",
        ),
        ("FechaOperacion=\"2024-11-08\"", "FechaOperacion=\"2024-11-09\"", "FechaOperacion"),
    ] {
        let changed = text().replace(from, to);
        let problems = read(changed.as_bytes()).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert_eq!(
            problems[0].because,
            format!("{name} is not in cadenaCDA, which is what is sealed")
        );
    }
}

#[test]
fn all_that_is_missing_is_told() {
    let problems = read(b"<SPEI_Tercero/>").unwrap_err();
    let told: Vec<String> = problems.iter().map(|problem| problem.because.clone()).collect();
    for name in ["FechaOperacion", "ClaveSPEI", "MontoPago", "cadenaCDA", "Cuenta of Beneficiario"]
    {
        assert!(told.contains(&format!("{name} is missing")), "{told:?}");
    }
    let bad = text().replace("3414.95", "3,414.95").replace("2024-11-08", "08/11/2024");
    let told: Vec<String> =
        read(bad.as_bytes()).unwrap_err().into_iter().map(|it| it.because).collect();
    assert_eq!(told, ["FechaOperacion cannot be read", "MontoPago cannot be read"]);
    assert!(read(b"<html/>").unwrap_err()[0].because.contains("begins with html"));
    assert!(read(b"<!DOCTYPE x><SPEI_Tercero/>").unwrap_err()[0].because.contains("document type"));
}

#[test]
fn a_request_says_what_is_not_known() {
    let mut request = Request {
        key: "k-1".to_owned(),
        date: Some("2026-07-02".parse().unwrap()),
        tracking_key: Some("a,\"b".to_owned()),
        reference: None,
        sender: None,
        receiver: Some("723".to_owned()),
        account: "723969000011000077".to_owned(),
        amount: Money::new(5, Currency::Mxn),
    };
    assert_eq!(request.unknown(), ["referencia", "emisor"]);
    assert!(!request.is_complete());
    request.sender = Some("646".to_owned());
    assert!(request.is_complete());
    let text = String::from_utf8(write_requests(&[request])).unwrap();
    let line = "k-1,02-07-2026,\"a,\"\"b\",,646,723,723969000011000077,0.05";
    assert_eq!(text.lines().nth(1), Some(line));
}
