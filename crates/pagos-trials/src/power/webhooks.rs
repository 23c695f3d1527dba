//! Genuine webhooks of the provider of examples, and which of them were acknowledged. Each is about an
//! order of its own that nobody made, so that it can be found again and pays nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::{failure::Failure, trial::wire};

/// How long an acknowledgement is waited for. After a cut there is none, and the connection breaks.
const ANSWER_MAX: Duration = Duration::from_secs(20);

const PAUSE: Duration = Duration::from_millis(20);

/// More than any life takes.
const WEBHOOKS_MAX: u64 = 500;

/// Who sends them.
#[derive(Debug)]
pub(super) struct Sender {
    /// The settings of the twins' account, with its key.
    settings: BTreeMap<String, String>,
}

impl Sender {
    /// With the credentials that the twins have handed out.
    pub(super) fn new(credentials: &str) -> Result<Self, Failure> {
        let credentials: Value =
            serde_json::from_str(credentials).map_err(Failure::while_doing("the credentials"))?;
        let fields = credentials.get(pagos_kit::example().name()).and_then(Value::as_object);
        let fields = fields.ok_or_else(|| Failure::new("no credentials of the example"))?;
        let texts = fields.iter().filter_map(|(name, value)| Some((name, value.as_str()?)));
        let mut settings: BTreeMap<String, String> =
            texts.map(|(name, text)| (name.clone(), text.to_owned())).collect();
        // What every account has, and no signature depends on.
        settings.insert("environment".to_owned(), "sandbox".to_owned());
        settings.insert("notify_url".to_owned(), "https://merchant.example/webhooks".to_owned());
        Ok(Self { settings })
    }

    /// Sends one after the other until there is no answer; returns those that were acknowledged.
    pub(super) fn send_to(&self, serve: SocketAddr, name: &str) -> Result<Vec<String>, Failure> {
        let mut acknowledged = Vec::new();
        for number in 1..=WEBHOOKS_MAX {
            let key = format!("{name}W{number}");
            let Ok(answer) = wire::exchange(serve, &self.build(&key)?, ANSWER_MAX) else { break };
            match answer.status().is_some_and(|status| (200..300).contains(&status)) {
                true => acknowledged.push(key),
                // Its server is away.
                false => thread::sleep(PAUSE),
            }
        }
        Ok(acknowledged)
    }

    fn build(&self, key: &str) -> Result<wire::Message, Failure> {
        let setting = |name: &str| self.settings.get(&name.to_ascii_lowercase()).cloned();
        let merchant = setting("merchant_id").unwrap_or_default();
        let body = format!(
            "{{\"amount\":60000.00,\"completionTime\":\"2024-12-02 08:42:54\",\"fee\":5150.0000,\
             \"mchOrderNo\":\"{key}\",\"merchantId\":\"{merchant}\",\"nonceStr\":\"{key}\",\
             \"orderNo\":\"P{key}\",\"orderStatus\":\"SUCCESS\",\"payType\":\"11\"}}"
        );
        let provider = pagos_kit::example();
        let signer = provider.signer(&setting, None);
        let signer = signer.map_err(Failure::while_doing("making a signer"))?;
        let signer = signer.ok_or_else(|| Failure::new("the example does not sign"))?;
        let headers = format!("Sign: {}\r\n", signer.signature(body.as_bytes()));
        Ok(wire::post(&format!("/webhooks/{}", provider.name()), &headers, body.into_bytes()))
    }
}

/// Where a `serve` listens, by its first line; `None` if it ended before.
pub(super) fn read_address(stdout: impl Read) -> Result<Option<SocketAddr>, Failure> {
    let mut line = String::new();
    let read = BufReader::new(stdout).read_line(&mut line);
    read.map_err(Failure::while_doing("reading where serve listens"))?;
    if line.is_empty() {
        return Ok(None);
    }
    let ready: Value =
        serde_json::from_str(&line).map_err(Failure::while_doing("the line of serve"))?;
    let address = ready.get("listening").and_then(Value::as_str);
    let address = address.and_then(|url| url.strip_prefix("http://")?.parse().ok());
    address.map(Some).ok_or_else(|| Failure::new(format!("no address in {line:?}")))
}

/// The keys that `pagos inbox list --json` names.
pub(super) fn parse_inbox(text: &str) -> Result<BTreeSet<String>, Failure> {
    let inbox: Value = serde_json::from_str(text).map_err(Failure::while_doing("the inbox"))?;
    let deliveries = inbox.get("deliveries").and_then(Value::as_array);
    let deliveries = deliveries.ok_or_else(|| Failure::new("the inbox has no deliveries"))?;
    let keys = deliveries.iter().filter_map(|it| it.get("key").and_then(Value::as_str));
    Ok(keys.map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_an_inbox_are_read() {
        let text =
            "{\"deliveries\":[\n{\"number\":1,\"key\":\"A\"},\n{\"number\":2,\"key\":null}]}";
        assert_eq!(parse_inbox(text), Ok(BTreeSet::from(["A".to_owned()])));
        assert!(parse_inbox("{}").is_err());
        assert!(parse_inbox("").is_err());
    }

    #[test]
    fn the_address_of_serve_is_read() {
        let ready = "{\"listening\":\"http://127.0.0.1:4010\",\"api\":null}\n";
        let expected = Some("127.0.0.1:4010".parse().unwrap());
        assert_eq!(read_address(ready.as_bytes()), Ok(expected));
        assert_eq!(read_address(&b""[..]), Ok(None));
        assert!(read_address(&b"{}\n"[..]).is_err());
    }
}
