//! Mail addresses, as far as a provider can be expected to take them.

/// Whether it has a name, one `@` and a host. Which letters and how many a provider takes, it says
/// itself.
///
/// ```
/// use pagos_wire::is_mail_address;
///
/// assert!(is_mail_address("ana@example.com"));
/// assert!(!is_mail_address("ana@") && !is_mail_address("ana@example@com"));
/// ```
pub fn is_mail_address(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_name_and_a_host() {
        for (text, is_good) in [
            ("a@b", true),
            ("@b", false),
            ("a@", false),
            ("a", false),
            ("a@b@c", false),
            ("", false),
        ] {
            assert_eq!(is_mail_address(text), is_good, "{text}");
        }
    }
}
