//! Signatures that others made, and what is refused. Whole deliveries are in the fixtures.

use pagos_core::ErrorKind;

use super::*;

/// A request that Fintoc's server took, its signature, and the public key. Source: recorded:
/// transfers/create with_idempotency_key; the key is not in the recording, it was computed from four recorded
/// signatures, all of which it confirms.
const RECORDED: Vector = Vector {
    body: r#"{"amount":50000,"currency":"MXN","account_id":"acc_31yYL7h9LVPg121AgFtCyJPDsgM","counterparty":{"holder_id":"LFHU290523OG0","holder_name":"Jon Snow","account_number":"735969000000203297","account_type":"clabe","institution_id":"40012"},"comment":"Test payment","reference_id":"123456"}"#,
    nonce: 0x9a29f72b79311a6d3ef39d5a3327456f,
    ts: 1_757_944_263,
    header: "eyJhbGciOiJSUzI1NiIsIm5vbmNlIjoiOWEyOWY3MmI3OTMxMWE2ZDNlZjM5ZDVhMzMyNzQ1NmYiLCJ0cyI6MTc1Nzk0NDI2MywiY3JpdCI6WyJ0cyIsIm5vbmNlIl19.cC0eHmWgksOdwQohfq7txkpzl3BtoeH5S0dtVc7eyv81g36rqDPdgD7HAU_ValT5yM2ipIPtq9Nxj8PmJeVfWHWQ8v2w-Xh6ZyPSpc4sLmUIt75PqixnMxpEGd2zR9gUssQeuoZ59zpiaLZ7eXt4mRoabz0NDz8w_N6ytkJ5loq2XsLKF_U-wqChc3OkUt5PrZNLkIWl0F5acIRd9PuMwBv7f-O0OTyZj3_xCHQtOdORD9iflm2NajSpYb3sMnT73_x1D23qzSLqEUM6XXLeE0LwAuDyQowLoi0Hb7_LMVym-ioWoKKwiFFXspViY-_uzlAqsFbckRjGRnnVaZkFZQ",
    public_key: "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAzS8MEK/7hU6Ax/MdRh5VuYEbJ4DafCfrIPL2XOY1/nSEmYeNgjTNnjEsjzjC0mS9PMSAPSEqMYwiW66SezGPTijmXaxYXnJc/Ht8/4VXF6ZoE9CQEWCMilG9rIKIdSbB92kkCC03OCrgzHZtPliFpfbTqil5tt4/UXGC/ljlAnC2DY98YGt/Qp13ak93ctnzCDifr2cX0sT4RhAU8ler/Y6zG0bpIcZZU6g3OuFpFXbdDDr8xc3EjZBnLx0XaytcPseSIX7GBrb/vZs/n75iPPKhrG9MfKXhlQ4Fn0I8pMawf/LpqUCgDZ/W6o8msvqIEUcL9OXZmgf4JiMnLxlxOwIDAQAB",
};

/// A body beyond ASCII, signed by a program that is not ours, under a throw-away key.
const BEYOND_ASCII: Vector = Vector {
    body: r#"{"amount":12500,"currency":"CLP","account_id":"acc_sim","counterparty":{"holder_id":"11111111-1","holder_name":"Ana Muñoz","account_number":"12345678","account_type":"checking_account","institution_id":"cl_banco_de_chile"},"comment":"pago 4711"}"#,
    nonce: 0x00112233445566778899aabbccddeeff,
    ts: 1_767_225_600,
    header: "eyJhbGciOiJSUzI1NiIsIm5vbmNlIjoiMDAxMTIyMzM0NDU1NjY3Nzg4OTlhYWJiY2NkZGVlZmYiLCJ0cyI6MTc2NzIyNTYwMCwiY3JpdCI6WyJ0cyIsIm5vbmNlIl19.oNRlOiXC6uI6qLVGTStMzx67ICBQtMpLPlTcKBDZkSCEizVA3-zqCwCRCXHR2HwPdxf5J2DN4kLMObYpStPx76m8VmaS8QsoFQjyL4jXSjbKrVzvtsGD5fSM5vhp1IEaP18CPrf6DFRB2lUS8XWOPxKbg_5Wv9KfI8kjFrNqt-eXIltTAgDW6FhEeLKNxRIPEhLbqFB3a5V64lnL2eYAdkkcsTUfw34BO8n0enQXm5UwczYYP49dZ5Hnk8-QVLoIaefiBou6UfgIMlFFwWSZDIGP_gShHR6218MnqPWuZdA9A4mi1ar7k87dV22f6ISwF8VjPrMINXpkctXlw9R9vQ",
    public_key: "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA2A21Hk78rzfBSEdub8xNJPA9VjtG62S6uLquqBLeqNqBStiVAJV5YnOihsGnK/d4yO/L/j8XI/+xXuxsUWwE5zgOl3YAPXFXqTbBHaTTZM9FV6u7t6InxH3FKzjkb6zX/8Iad4DZBKv2ZcqNPy0+rf4bpndJ+hM9FoahlU8gthnUXlj3VjmbfxYPbBW3UcImlyO8sKAI7uQiZng7vB9Q8QmX+j//r29dyQAd2rTNaGuHSxW/RWeEBjLPgKrU8Kqaa6TslSCA8ht3RukgheNDbJbYzzhqUznnBah2zHNBGcPsuyLUUxsc9w3mRQOEDDMaEsNrNy/3XD0ET4bin3N0tQIDAQAB",
};

struct Vector {
    body: &'static str,
    nonce: u128,
    ts: i64,
    header: &'static str,
    public_key: &'static str,
}

impl Vector {
    fn stamp(&self) -> Stamp {
        let at = Timestamp::from_millis(self.ts * 1_000);
        Stamp { nonce: self.nonce.to_be_bytes(), at }
    }

    /// Does `header` sign `body`, by the public key?
    fn verifies(&self, header: &str, body: &str) -> bool {
        let (protected, signature) = header.split_once('.').unwrap();
        let text = format!("{protected}.{}", URL_SAFE_NO_PAD.encode(body));
        let key = base64::engine::general_purpose::STANDARD.decode(self.public_key).unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        // The first 24 bytes wrap the key.
        SignatureMatch::of_rsa_sha256(&key[24..], text.as_bytes(), &signature).is_some()
    }
}

#[test]
fn what_is_signed_is_what_fintoc_took() {
    for vector in [RECORDED, BEYOND_ASCII] {
        let (protected, _) = vector.header.split_once('.').unwrap();
        let expected = format!("{protected}.{}", URL_SAFE_NO_PAD.encode(vector.body));
        assert_eq!(string_to_sign(vector.body.as_bytes(), vector.stamp()), expected);
        assert!(vector.verifies(vector.header, vector.body));
        assert!(!vector.verifies(vector.header, &vector.body[1..]));
    }
}

/// Source: sdk: py tests/test_webhook.py.
#[test]
fn the_webhook_of_the_package_is_genuine_for_five_minutes() {
    let body = r#"{"id":"evt_2AaZeLCz0GjOW5zj","type":"payment_intent.succeeded","mode":"test","created_at":"2025-04-05T21:57:31.834Z","data":{"id":"pi_2vKOKniSGXRhXTKrJ67VXZxGCVt","mode":"test","amount":1,"object":"payment_intent","status":"succeeded","currency":"MXN","metadata":{},"created_at":"2025-04-05T21:57:17Z","expires_at":null,"error_reason":null,"payment_type":"bank_transfer","reference_id":null,"widget_token":null,"customer_email":null,"sender_account":{"type":"checking_account","number":"501514890244223279","holder_id":"mfiu593501oe4","institution_id":"mx_stp"},"business_profile":null,"transaction_date":null,"recipient_account":{"type":"checking_account","number":"646180357600000000","holder_id":"fsm211008hz9","institution_id":"mx_stp"},"payment_type_options":{}},"object":"event"}"#;
    let header = "t=1743890251,v1=11b98dd8f5500109246aa4d9875fad2e97d462560b012a5f50ff924411de0b0f";
    let secret = Secret::new("whsec_test_secret");
    for (late_s, expected) in [(-3_600, true), (0, true), (300, true), (301, false)] {
        let now = Timestamp::from_millis((1_743_890_251 + late_s) * 1_000);
        assert_eq!(verify(body.as_bytes(), header, &secret, now).is_ok(), expected, "{late_s}");
    }
}

#[test]
fn a_key_belongs_to_its_environment() {
    let read = |text: &str, environment| Credentials::new(Secret::new(text), environment);
    let cases = [
        ("sk_test_a", true, false),
        ("sk_live_a", false, true),
        // What stands in where nothing is sent.
        (NOT_CONFIGURED, true, true),
        ("sk_test_", false, false),
        ("pk_test_a", false, false),
        ("sk_test_a\n", false, false),
        ("sk_test_a b", false, false),
        ("Bearer sk_test_a", false, false),
        ("", false, false),
    ];
    for (text, sandbox, live) in cases {
        for (environment, expected) in [(Environment::Sandbox, sandbox), (Environment::Live, live)]
        {
            let read = read(text, environment);
            assert_eq!(read.is_ok(), expected, "{text} in {environment}");
            let Err(error) = read else { continue };
            assert_eq!(error.field(), Some("api_key"));
            assert!(text.len() < 9 || !error.to_string().contains(text), "{error}");
        }
    }
    let told = read("sk_live_a", Environment::Sandbox).unwrap_err().to_string();
    assert!(told.contains("belongs to the other environment"), "{told}");
}

#[test]
fn only_the_secret_of_an_endpoint_verifies() {
    for text in ["", "whsec_", "sk_test_a", "whsec_a\n", "WHSEC_a"] {
        let error = WebhookSecret::new(Secret::new(text)).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Invalid, Some("webhook_secret")));
    }
    assert_eq!(
        format!("{:?}", WebhookSecret::new(Secret::new("whsec_a"))),
        "Ok(WebhookSecret(..))"
    );
}

/// Genuine keys are in the fixtures, in each of their forms.
#[test]
fn what_is_no_private_key_is_refused_without_a_word_of_it() {
    let not_rsa = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----";
    let cases = [
        "",
        "canary",
        "-----BEGIN PUBLIC KEY-----\ncanary\n-----END PUBLIC KEY-----",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\ncanary\n-----END ENCRYPTED PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\ncanary!\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\ncanary",
        "-----BEGIN RSA PRIVATE KEY-----\nY2FuYXJ5\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----",
        not_rsa,
    ];
    for text in cases {
        let error = SigningKey::parse(&Secret::new(text)).unwrap_err();
        assert_eq!(error.field(), Some("jws_private_key"), "{text}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}

#[test]
fn nothing_is_signed_with_a_key_that_is_not_configured() {
    let key = SigningKey::parse(&Secret::new(NOT_CONFIGURED)).unwrap();
    let stamp = Stamp { nonce: [0; 16], at: Timestamp::default() };
    let error = signature(b"{}", stamp, &key).unwrap_err();
    assert_eq!(error.to_string(), "jws_private_key: it is not configured");
    assert_eq!(format!("{key:?}"), "SigningKey(..)");
}
