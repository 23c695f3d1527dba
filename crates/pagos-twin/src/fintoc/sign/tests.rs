//! Vectors that others made: a request that Fintoc itself accepted, one of ours that OpenSSL signed, and
//! the webhook of the official package's own test.

use super::*;

fn check(header: &str, body: &str, key: &str, expected: bool) {
    let jws = Jws::read(header);
    assert_eq!(jws.is_some_and(|it| it.is_of(body.as_bytes(), key)), expected, "{header}");
}

#[test]
fn requests_that_others_signed_are_genuine_and_no_other_body_is() {
    for (header, body, key) in
        [(ACCEPTED_HEADER, ACCEPTED_BODY, ACCEPTED_KEY), (OWN_HEADER, OWN_BODY, OWN_KEY)]
    {
        check(header, body, key, true);
        check(header, &body.replacen("amount\":", "amount\":1", 1), key, false);
        check(header, &format!("{body} "), key, false);
        check(header, body, super::super::keys::SANDBOX_JWS_PUBLIC_KEY, false);
        let (protected, signature) = header.split_once('.').unwrap();
        check(
            &format!("{protected}.{}.{signature}", URL_SAFE_NO_PAD.encode(body)),
            body,
            key,
            false,
        );
        check(&format!("{protected}.{signature}="), body, key, false);
        check(protected, body, key, false);
    }
    check(ACCEPTED_HEADER, OWN_BODY, ACCEPTED_KEY, false);
}

#[test]
fn the_webhook_of_the_official_package_comes_out() {
    let secret = Secret::new("whsec_test_secret");
    let header = webhook_header(&secret, 1_743_890_251, WEBHOOK_BODY.as_bytes());
    assert_eq!(header.as_deref(), Some(WEBHOOK_HEADER));
}

/// Source: rec: transfers/_create/with_idempotency_key.
const ACCEPTED_BODY: &str = r#"{"amount":50000,"currency":"MXN","account_id":"acc_31yYL7h9LVPg121AgFtCyJPDsgM","counterparty":{"holder_id":"LFHU290523OG0","holder_name":"Jon Snow","account_number":"735969000000203297","account_type":"clabe","institution_id":"40012"},"comment":"Test payment","reference_id":"123456"}"#;

/// Answered with 201.
const ACCEPTED_HEADER: &str = "\
eyJhbGciOiJSUzI1NiIsIm5vbmNlIjoiOWEyOWY3MmI3OTMxMWE2ZDNlZjM5ZDVhMzMyNzQ1NmYiLCJ0cyI6MTc1Nzk0NDI2\
MywiY3JpdCI6WyJ0cyIsIm5vbmNlIl19.cC0eHmWgksOdwQohfq7txkpzl3BtoeH5S0dtVc7eyv81g36rqDPdgD7HAU_ValT\
5yM2ipIPtq9Nxj8PmJeVfWHWQ8v2w-Xh6ZyPSpc4sLmUIt75PqixnMxpEGd2zR9gUssQeuoZ59zpiaLZ7eXt4mRoabz0NDz8\
w_N6ytkJ5loq2XsLKF_U-wqChc3OkUt5PrZNLkIWl0F5acIRd9PuMwBv7f-O0OTyZj3_xCHQtOdORD9iflm2NajSpYb3sMnT\
73_x1D23qzSLqEUM6XXLeE0LwAuDyQowLoi0Hb7_LMVym-ioWoKKwiFFXspViY-_uzlAqsFbckRjGRnnVaZkFZQ";

/// Computed from four recorded signatures.
const ACCEPTED_KEY: &str = "\
-----BEGIN PUBLIC KEY-----\n\
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAzS8MEK/7hU6Ax/MdRh5V\n\
uYEbJ4DafCfrIPL2XOY1/nSEmYeNgjTNnjEsjzjC0mS9PMSAPSEqMYwiW66SezGP\n\
TijmXaxYXnJc/Ht8/4VXF6ZoE9CQEWCMilG9rIKIdSbB92kkCC03OCrgzHZtPliF\n\
pfbTqil5tt4/UXGC/ljlAnC2DY98YGt/Qp13ak93ctnzCDifr2cX0sT4RhAU8ler\n\
/Y6zG0bpIcZZU6g3OuFpFXbdDDr8xc3EjZBnLx0XaytcPseSIX7GBrb/vZs/n75i\n\
PPKhrG9MfKXhlQ4Fn0I8pMawf/LpqUCgDZ/W6o8msvqIEUcL9OXZmgf4JiMnLxlx\n\
OwIDAQAB\n\
-----END PUBLIC KEY-----";

/// Ours, with a letter that is not ASCII.
const OWN_BODY: &str = r#"{"amount":12500,"currency":"CLP","account_id":"acc_sim","counterparty":{"holder_id":"11111111-1","holder_name":"Ana Muñoz","account_number":"12345678","account_type":"checking_account","institution_id":"cl_banco_de_chile"},"comment":"pago 4711"}"#;

/// Signed with OpenSSL.
const OWN_HEADER: &str = "\
eyJhbGciOiJSUzI1NiIsIm5vbmNlIjoiMDAxMTIyMzM0NDU1NjY3Nzg4OTlhYWJiY2NkZGVlZmYiLCJ0cyI6MTc2NzIyNTYw\
MCwiY3JpdCI6WyJ0cyIsIm5vbmNlIl19.oNRlOiXC6uI6qLVGTStMzx67ICBQtMpLPlTcKBDZkSCEizVA3-zqCwCRCXHR2Hw\
Pdxf5J2DN4kLMObYpStPx76m8VmaS8QsoFQjyL4jXSjbKrVzvtsGD5fSM5vhp1IEaP18CPrf6DFRB2lUS8XWOPxKbg_5Wv9K\
fI8kjFrNqt-eXIltTAgDW6FhEeLKNxRIPEhLbqFB3a5V64lnL2eYAdkkcsTUfw34BO8n0enQXm5UwczYYP49dZ5Hnk8-QVLo\
IaefiBou6UfgIMlFFwWSZDIGP_gShHR6218MnqPWuZdA9A4mi1ar7k87dV22f6ISwF8VjPrMINXpkctXlw9R9vQ";

/// Thrown away.
const OWN_KEY: &str = "\
-----BEGIN PUBLIC KEY-----\n\
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA2A21Hk78rzfBSEdub8xN\n\
JPA9VjtG62S6uLquqBLeqNqBStiVAJV5YnOihsGnK/d4yO/L/j8XI/+xXuxsUWwE\n\
5zgOl3YAPXFXqTbBHaTTZM9FV6u7t6InxH3FKzjkb6zX/8Iad4DZBKv2ZcqNPy0+\n\
rf4bpndJ+hM9FoahlU8gthnUXlj3VjmbfxYPbBW3UcImlyO8sKAI7uQiZng7vB9Q\n\
8QmX+j//r29dyQAd2rTNaGuHSxW/RWeEBjLPgKrU8Kqaa6TslSCA8ht3RukgheND\n\
bJbYzzhqUznnBah2zHNBGcPsuyLUUxsc9w3mRQOEDDMaEsNrNy/3XD0ET4bin3N0\n\
tQIDAQAB\n\
-----END PUBLIC KEY-----";

/// Source: sdk: py tests/test_webhook.py.
const WEBHOOK_BODY: &str = r#"{"id":"evt_2AaZeLCz0GjOW5zj","type":"payment_intent.succeeded","mode":"test","created_at":"2025-04-05T21:57:31.834Z","data":{"id":"pi_2vKOKniSGXRhXTKrJ67VXZxGCVt","mode":"test","amount":1,"object":"payment_intent","status":"succeeded","currency":"MXN","metadata":{},"created_at":"2025-04-05T21:57:17Z","expires_at":null,"error_reason":null,"payment_type":"bank_transfer","reference_id":null,"widget_token":null,"customer_email":null,"sender_account":{"type":"checking_account","number":"501514890244223279","holder_id":"mfiu593501oe4","institution_id":"mx_stp"},"business_profile":null,"transaction_date":null,"recipient_account":{"type":"checking_account","number":"646180357600000000","holder_id":"fsm211008hz9","institution_id":"mx_stp"},"payment_type_options":{}},"object":"event"}"#;

/// Source: the same.
const WEBHOOK_HEADER: &str = "\
t=1743890251,v1=11b98dd8f5500109246aa4d9875fad2e97d462560b012a5f50ff924411de0b0f";
