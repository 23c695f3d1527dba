//! The two headers of every call of payouts: worked vectors, forgeries, and what counts as equal.
//! Not what the fields of an instruction hold.

use base64::{
    Engine,
    engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD},
};
use bytes::Bytes;
use http::{Method, Request};
use pagos_twin::virtualpos::{KeyPair, Switches, VirtualPosSettings};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{
    answer,
    virtualpos::{CREATE, Pos, refusal, refused, signed, switches, tef, token},
    whole,
};

const API_KEY: &str = "a1b2c3-d4e5f6-0718a9-b2c3d4-e5f607";
const SECRET: &str = "00112233445566778899aabbccddeeff";
const HEADER: &str = r#"{"typ":"JWT","alg":"HS256"}"#;

/// A twin with the keys of the vectors.
fn pos() -> Pos {
    with_keys(&[(API_KEY, SECRET)], switches())
}

fn with_keys(keys: &[(&str, &str)], switches: Switches) -> Pos {
    let accounts = keys.iter().map(|(api_key, secret)| KeyPair::new(api_key, secret)).collect();
    Pos::of(VirtualPosSettings { accounts, switches, ..VirtualPosSettings::default() })
}

/// What a token says, whoever signed it.
fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn create(api_key: &str, signature: &str, body: &Value) -> Request<Bytes> {
    signed(Method::POST, CREATE, api_key, signature, &body.to_string())
}

/// The create that a vector is of.
fn vector(token: &str) -> Request<Bytes> {
    create(API_KEY, token, &json!({"tef": claims(token)["tef"]}))
}

#[test]
fn the_vectors_of_whole_instructions_are_paid() {
    for (name, token) in [("V1", V1), ("V2", V2), ("V3", V3), ("V4", V4)] {
        let mut pos = pos();
        assert_eq!(answer(pos.send(&vector(token)))["status"], "OK", "{name}");
        let tef = claims(token)["tef"].clone();
        pos.settle();
        assert_eq!(pos.movements(tef["merchant_id"].as_str().unwrap()), ["out"], "{name}");
    }
}

/// Other bytes, the same values: each of them signs what the others send.
#[test]
fn order_and_escapes_do_not_count() {
    for claimed in [V2, V3, V4] {
        for sent in [V2, V3, V4] {
            let request = create(API_KEY, claimed, &json!({"tef": claims(sent)["tef"]}));
            assert_eq!(answer(pos().send(&request))["status"], "OK");
        }
    }
    let mut pos = pos();
    let created = answer(pos.send(&vector(V2)))["payout"].clone();
    for (nth, token) in [V3, V4, V2].into_iter().enumerate() {
        let path = format!("{CREATE}/{}", created["id"].as_str().unwrap());
        let asked = answer(pos.send(&signed(Method::GET, &path, API_KEY, token, "")));
        assert_eq!(asked["payout"]["id"], created["id"], "{nth}");
    }
}

/// They are rightly signed, and refused for what they lack: after the signature come the fields.
#[test]
fn the_vectors_of_fragments_have_a_right_signature() {
    for (name, token) in [("V7", V7), ("V7b", V7B)] {
        for sent in [V7, V7B] {
            let request = create(API_KEY, token, &json!({"tef": claims(sent)["tef"]}));
            assert_eq!(refusal(pos().send(&request)), refused(400, "SIM-VALIDATION"), "{name}");
        }
    }
}

#[test]
fn the_api_key_alone_signs_queries_only_where_switched() {
    for (is_strict, expected) in [(true, 401), (false, 200)] {
        let switches = Switches { strict_query_signature: is_strict, ..switches() };
        let mut pos = with_keys(&[(API_KEY, SECRET)], switches);
        let id = answer(pos.send(&vector(V1)))["payout"]["id"].as_str().unwrap().to_owned();
        for name in [id.as_str(), "merchant/tef-00001-01"] {
            let path = format!("{CREATE}/{name}");
            let asked = pos.send(&signed(Method::GET, &path, API_KEY, V5, ""));
            assert_eq!(whole(asked).status(), expected, "{name}");
            let asked = pos.send(&signed(Method::GET, &path, API_KEY, V2, ""));
            assert_eq!(
                refusal(asked),
                refused(401, "E-016"),
                "another instruction is wrong always"
            );
        }
        let bare = create(API_KEY, V5, &json!({"tef": claims(V1)["tef"]}));
        assert_eq!(refusal(pos.send(&bare)), refused(401, "E-016"));
    }
}

#[test]
fn the_sample_of_the_manual_is_taken_unless_ruts_are_strict() {
    for (strict_rut, expected) in [(false, 200), (true, 400)] {
        let switches = Switches { strict_rut, ..switches() };
        let mut pos = with_keys(&[("yourApiKey", "yourSecretKey")], switches);
        let request = create("yourApiKey", V6, &json!({"tef": claims(V6)["tef"]}));
        assert_eq!(whole(pos.send(&request)).status(), expected);
    }
}

#[test]
fn every_negative_vector_is_refused() {
    let body = json!({"tef": claims(V1)["tef"]});
    let mut parts = V1.split('.');
    let (header, payload, tag) =
        (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    let none = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none"}"#);
    let padded = URL_SAFE.encode(URL_SAFE_NO_PAD.decode(tag).unwrap());
    assert!(padded.ends_with('='));
    let halves: Vec<u8> = (0..16).map(|nth| nth * 0x11).collect();
    for (name, secret, signature) in [
        ("another secret", "00112233445566778899aabbccddeefe", V1.to_owned()),
        ("no algorithm", SECRET, format!("{none}.{payload}.")),
        ("no algorithm, and the tag", SECRET, format!("{none}.{payload}.{tag}")),
        ("padding", SECRET, format!("{header}.{payload}.{padded}")),
        ("padding of the payload", SECRET, format!("{header}.{payload}=.{tag}")),
        ("no tag", SECRET, format!("{header}.{payload}.")),
        ("two parts", SECRET, format!("{header}.{payload}")),
        ("four parts", SECRET, format!("{V1}.{tag}")),
        ("no token", SECRET, "x".to_owned()),
        ("empty", SECRET, String::new()),
        ("a word before", SECRET, format!("Bearer {V1}")),
    ] {
        let mut pos = with_keys(&[(API_KEY, secret)], switches());
        let found = refusal(pos.send(&create(API_KEY, &signature, &body)));
        assert_eq!(found, refused(401, "E-016"), "{name}");
        assert_eq!(pos.count(), 0, "{name}");
    }
    // The key is the text, not the sixteen bytes that it may be read as.
    let decoded = token(HEADER, &claims(V1).to_string(), &halves);
    assert_eq!(refusal(pos().send(&create(API_KEY, &decoded, &body))), refused(401, "E-016"));
    let mut other = body;
    other["tef"]["amount"] = json!(12_501);
    assert_eq!(refusal(pos().send(&create(API_KEY, V1, &other))), refused(401, "E-016"));
}

#[test]
fn a_character_more_or_less_is_another_token() {
    let body = json!({"tef": claims(V1)["tef"]});
    for place in 0..V1.len() {
        let mut forged = V1.to_owned().into_bytes();
        forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        let found = refusal(pos().send(&create(API_KEY, &forged, &body)));
        assert_eq!(found, refused(401, "E-016"), "{place}");
    }
}

#[test]
fn other_algorithms_are_refused_however_well_they_sign() {
    let payload = claims(V1).to_string();
    let body = json!({"tef": claims(V1)["tef"]});
    for header in [
        r#"{"typ":"JWT","alg":"HS384"}"#,
        r#"{"typ":"JWT","alg":"RS256"}"#,
        r#"{"typ":"JWT","alg":"hs256"}"#,
        r#"{"typ":"JWT","alg":"none"}"#,
        r#"{"typ":"JWT"}"#,
        r#"{"typ":"JWT","alg":"HS256","alg":"none"}"#,
        r#"["HS256"]"#,
        "HS256",
    ] {
        let signature = token(header, &payload, SECRET);
        let found = refusal(pos().send(&create(API_KEY, &signature, &body)));
        assert_eq!(found, refused(401, "E-016"), "{header}");
    }
    for header in [r#"{"alg":"HS256","typ":"JWT"}"#, r#"{ "alg" : "HS256", "kid": 1 }"#] {
        let signature = token(header, &payload, SECRET);
        assert_eq!(answer(pos().send(&create(API_KEY, &signature, &body)))["status"], "OK");
    }
}

/// What else a token may say: nothing that matters, but for two times.
#[test]
fn unknown_claims_are_ignored_and_times_are_honoured() {
    let now = crate::support::START_MS / 1_000;
    for (name, value, expected) in [
        ("iat", json!(now + 9_999), 200),
        ("jti", json!("x"), 200),
        ("uuid", json!({"a": 1}), 200),
        ("exp", json!(now + 1), 200),
        ("exp", json!(now), 401),
        ("exp", json!(0), 401),
        ("exp", json!("soon"), 401),
        ("exp", json!(null), 401),
        ("nbf", json!(now), 200),
        ("nbf", json!(now + 1), 401),
        ("nbf", json!([]), 401),
        ("api_key", json!("another"), 401),
        ("api_key", json!(null), 401),
    ] {
        let mut said = claims(V1);
        said[name] = value.clone();
        let signature = token(HEADER, &said.to_string(), SECRET);
        let reply = pos().send(&create(API_KEY, &signature, &json!({"tef": said["tef"]})));
        assert_eq!(whole(reply).status(), expected, "{name} = {value}");
    }
    for payload in ["[]", "\"x\"", "{", "7"] {
        let signature = token(HEADER, payload, SECRET);
        let reply = pos().send(&create(API_KEY, &signature, &json!({"tef": {}})));
        assert_eq!(refusal(reply), refused(401, "E-016"), "{payload}");
    }
}

#[test]
fn the_key_comes_bare_and_is_looked_at_first() {
    let body = json!({"tef": claims(V1)["tef"]}).to_string();
    let request = |api_key: Option<&str>, signature: Option<&str>| {
        let mut request = Request::post(CREATE);
        if let Some(api_key) = api_key {
            request = request.header("Authorization", api_key);
        }
        if let Some(signature) = signature {
            request = request.header("Signature", signature);
        }
        request.body(Bytes::from(body.clone())).unwrap()
    };
    let bearer = format!("Bearer {API_KEY}");
    for (api_key, signature, code) in [
        (None, None, "E-001"),
        (None, Some(V1), "E-001"),
        (Some("nobody"), Some(V1), "E-001"),
        (Some("nobody"), Some("x"), "E-001"),
        (Some(bearer.as_str()), Some(V1), "E-001"),
        (Some(""), Some(V1), "E-001"),
        (Some(API_KEY), None, "E-016"),
    ] {
        let found = refusal(pos().send(&request(api_key, signature)));
        assert_eq!(found, refused(401, code), "{api_key:?}");
    }
}

#[test]
fn a_token_of_one_account_opens_no_other() {
    let body = json!({"tef": claims(V1)["tef"]});
    // The same secret: then only the claim tells them apart.
    for secret in [SECRET, "another-secret-of-thirty-two-byte"] {
        let mut pos = with_keys(&[(API_KEY, SECRET), ("second", secret)], switches());
        let found = refusal(pos.send(&create("second", V1, &body)));
        assert_eq!(found, refused(401, "E-016"), "{secret}");
    }
}

/// `é` in one character and in two looks the same and is not.
#[test]
fn a_decomposed_letter_is_another_value() {
    let composed = tef("k", "Devoluci\u{f3}n");
    let decomposed = tef("k", "Devolucio\u{301}n");
    let said = json!({"api_key": API_KEY, "tef": composed});
    let signature = token(HEADER, &said.to_string(), SECRET);
    let right = create(API_KEY, &signature, &json!({"tef": composed}));
    let wrong = create(API_KEY, &signature, &json!({"tef": decomposed}));
    assert_eq!(refusal(pos().send(&wrong)), refused(401, "E-016"));
    assert_eq!(answer(pos().send(&right))["status"], "OK");
}

#[test]
fn an_amount_is_equal_as_an_integer_only() {
    let payload = |amount: &str| {
        let tef = tef("k", "x").to_string().replace("12500", amount);
        (format!(r#"{{"api_key":"{API_KEY}","tef":{tef}}}"#), format!(r#"{{"tef":{tef}}}"#))
    };
    for (claimed, sent, status) in [
        ("12500", "12500", 200),
        ("12500", "12500.0", 401),
        ("12500.0", "12500", 401),
        ("12500", "\"12500\"", 401),
        ("12500.0", "12500.0", 400),
        ("\"12500\"", "\"12500\"", 400),
        ("1.25e4", "1.25e4", 400),
        ("-0", "-0", 400),
    ] {
        let signature = token(HEADER, &payload(claimed).0, SECRET);
        let request = signed(Method::POST, CREATE, API_KEY, &signature, &payload(sent).1);
        assert_eq!(whole(pos().send(&request)).status(), status, "{claimed} {sent}");
    }
}

proptest! {
    #[test]
    fn no_header_makes_it_panic(key in "[ -~]{0,40}", signature in "[ -~]{0,80}", body in "\\PC{0,80}") {
        let reply = pos().send(&signed(Method::POST, CREATE, &key, &signature, &body));
        prop_assert_eq!(whole(reply).status(), 401);
    }
}

const V1: &str = "\
    eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJhcGlfa2V5IjoiYTFiMmMzLWQ0ZTVmNi0wNzE4YTktYjJjM2Q\
    0LWU1ZjYwNyIsInRlZiI6eyJtZXJjaGFudF9pZCI6InRlZi0wMDAwMS0wMSIsIm1lc3NhZ2UiOiJQYWdvIHByb3Z\
    lZWRvciA0NzExIiwiYW1vdW50IjoxMjUwMCwicmVjaXBpZW50Ijp7InJ1dCI6IjExMTExMTExLTEiLCJuYW1lIjo\
    iSm9obiBEb2UiLCJlbWFpbCI6ImpvaG4uZG9lQGV4YW1wbGUuY29tIn0sImJhbmsiOnsic2JpZl9jb2RlIjoiMDE\
    yIiwiYWNjb3VudF9udW1iZXIiOiIxMTExMTExMSJ9fX0.nchWlnHOiIpKFdwo9jZq7SGeE3E6aEN_5L0SNmmIXJo";
const V2: &str = "\
    eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJhcGlfa2V5IjoiYTFiMmMzLWQ0ZTVmNi0wNzE4YTktYjJjM2Q\
    0LWU1ZjYwNyIsInRlZiI6eyJtZXJjaGFudF9pZCI6InRlZi0wMDAwMi0wMSIsIm1lc3NhZ2UiOiJEZXZvbHVjacO\
    zbiBkZSBjb21wcmEgT0MgNDcxMSIsImFtb3VudCI6OTkwLCJyZWNpcGllbnQiOnsicnV0IjoiMTIzNDU2NzgtNSI\
    sIm5hbWUiOiJKb3PDqSDDkWFuZMO6IiwiZW1haWwiOiJqb3NlQGV4YW1wbGUuY29tIn0sImJhbmsiOnsic2JpZl9\
    jb2RlIjoiMDAxIiwiYWNjb3VudF9udW1iZXIiOiIwMDEyMzQ1Njc4OSJ9fX0.PyvgSKWPhw9k_sXEJC1Ae90_3Hv\
    bG_yp5XusOYbseFA";
const V3: &str = "\
    eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJhcGlfa2V5IjoiYTFiMmMzLWQ0ZTVmNi0wNzE4YTktYjJjM2Q\
    0LWU1ZjYwNyIsInRlZiI6eyJtZXJjaGFudF9pZCI6InRlZi0wMDAwMi0wMSIsIm1lc3NhZ2UiOiJEZXZvbHVjaVx\
    1MDBmM24gZGUgY29tcHJhIE9DIDQ3MTEiLCJhbW91bnQiOjk5MCwicmVjaXBpZW50Ijp7InJ1dCI6IjEyMzQ1Njc\
    4LTUiLCJuYW1lIjoiSm9zXHUwMGU5IFx1MDBkMWFuZFx1MDBmYSIsImVtYWlsIjoiam9zZUBleGFtcGxlLmNvbSJ\
    9LCJiYW5rIjp7InNiaWZfY29kZSI6IjAwMSIsImFjY291bnRfbnVtYmVyIjoiMDAxMjM0NTY3ODkifX19.QdijDe\
    fZ9dxdZY1o4JIGrGetQUgK-itVmcGFkuyPEvo";
const V4: &str = "\
    eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhcGlfa2V5IjoiYTFiMmMzLWQ0ZTVmNi0wNzE4YTktYjJjM2Q\
    0LWU1ZjYwNyIsInRlZiI6eyJhbW91bnQiOjk5MCwiYmFuayI6eyJhY2NvdW50X251bWJlciI6IjAwMTIzNDU2Nzg\
    5Iiwic2JpZl9jb2RlIjoiMDAxIn0sIm1lcmNoYW50X2lkIjoidGVmLTAwMDAyLTAxIiwibWVzc2FnZSI6IkRldm9\
    sdWNpw7NuIGRlIGNvbXByYSBPQyA0NzExIiwicmVjaXBpZW50Ijp7ImVtYWlsIjoiam9zZUBleGFtcGxlLmNvbSI\
    sIm5hbWUiOiJKb3PDqSDDkWFuZMO6IiwicnV0IjoiMTIzNDU2NzgtNSJ9fX0.GZVsaFwMEPn3s0J2K_R6Qo2o6RF\
    yQ0I-zcFOecPaebo";
const V5: &str = "\
    eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJhcGlfa2V5IjoiYTFiMmMzLWQ0ZTVmNi0wNzE4YTktYjJjM2Q\
    0LWU1ZjYwNyJ9.DbjINyz1QurwGCAMH4m2wpRWb5zEkpgGBX4ALtDwbRw";
const V6: &str = "\
    eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJhcGlfa2V5IjoieW91ckFwaUtleSIsInRlZiI6eyJtZXJjaGF\
    udF9pZCI6InRlZi1YWFhYWC1YWCIsIm1lc3NhZ2UiOiJEZXZvbHVjacOzbiBkZSBjb21wcmEgT0MgWFhYIiwiYW1\
    vdW50IjoxMjUwMCwicmVjaXBpZW50Ijp7InJ1dCI6IjExMTExMTEtMSIsIm5hbWUiOiJKb2huIERvZSIsImVtYWl\
    sIjoiam9obkBleGFtcGxlLmNvbSJ9LCJiYW5rIjp7InNiaWZfY29kZSI6IjExMSIsImFjY291bnRfbnVtYmVyIjo\
    iMTExMTExMTEifX19.pXVZfAhdbz_2hucESeb6P8zCY5cBGsSho0US5NIZpGg";
const V7: &str = "\
    eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJhcGlfa2V5IjoiYTFiMmMzLWQ0ZTVmNi0wNzE4YTktYjJjM2Q\
    0LWU1ZjYwNyIsInRlZiI6eyJtZXNzYWdlIjoiT0MgNDcxMS8yMDI2In19.QVPRFzD7N0L4Sw7O_4p8S5ESlhY5uN\
    KGSszEvmPUZZM";
const V7B: &str = "\
    eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJhcGlfa2V5IjoiYTFiMmMzLWQ0ZTVmNi0wNzE4YTktYjJjM2Q\
    0LWU1ZjYwNyIsInRlZiI6eyJtZXNzYWdlIjoiT0MgNDcxMVwvMjAyNiJ9fQ.51ZWWXeRZISp64MTao_xROMRjJ8B\
    ESN23FR7nW7sdNI";
