//! Target: addresses. A base keeps its host whatever is appended; live bases are https; a webhook
//! address of the live world is public as far as its spelling tells.

use http::Uri;
use pagos_core::Environment;
use pagos_wire::{BaseUrl, WebhookUrl};

/// The first line is an address, the second a path that is appended.
pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let (url, path) = text.split_once('\n').unwrap_or((text, "/v1/payouts"));
    for environment in [Environment::Live, Environment::Sandbox] {
        let is_live = environment == Environment::Live;
        if let Ok(base) = BaseUrl::parse(url, environment) {
            let whole: Uri = base.to_string().parse().expect("a base that is no URL");
            assert!(!is_live || whole.scheme_str() == Some("https"), "{url:?} in live");
            let authority = whole.authority().expect("a base without a host");
            assert!(!authority.as_str().contains('@'), "{url:?} holds credentials");
            if let Some(joined) = path.starts_with('/').then(|| base.join(path).ok()).flatten() {
                assert_eq!(joined.authority(), whole.authority(), "{url:?} and {path:?}");
                assert_eq!(joined.scheme(), whole.scheme(), "{url:?} and {path:?}");
            }
        }
        if let Ok(webhook) = WebhookUrl::parse(url, environment, 200) {
            assert_eq!(webhook.as_str(), url);
            assert!(url.len() <= 200);
            let whole: Uri = url.parse().expect("an address that is no URL");
            let host = whole.host().unwrap_or_default().to_ascii_lowercase();
            let is_private = ["localhost", "127.", "10.", "192.168.", "[::1]", "169.254.", "0."];
            let is_private = is_private.iter().any(|start| host.starts_with(start));
            // What begins like an address and ends in a word is a name.
            let top = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
            let is_name = top.contains(|letter: char| !letter.is_ascii_digit());
            assert!(!is_live || !is_private || is_name, "{host:?} is taken for public");
        }
    }
    let _ = pagos_etpay::read_redirect(url);
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        "https://client.example/prod-api/\n/api/payOut",
        "http://127.0.0.1:8080/x\n/v1/payouts?from=1&to=2",
        "https://merchant.example/webhooks/etpay",
        "https://[::1]/a",
        "https://[::ffff:10.0.0.1]/a",
        "https://user:word@host.example/",
        "https://host.example/?a=b#c",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://localhost./",
        "https://host.example\n/@evil.example/",
        "https://host.example\n//evil.example/",
        "https://shop.test/ok?jwt=eyJhbGciOiJIUzI1NiJ9.e30.c2ln%2e",
    ];
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}
