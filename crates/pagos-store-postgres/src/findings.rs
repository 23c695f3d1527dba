//! What the settings of a server mean for money, and what to do about them.

mod failover;

use std::time::Duration;

use pagos_core::Timestamp;

use crate::settings::ServerSettings;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// As it should be.
    Fine,
    /// Safe as long as nothing else goes wrong.
    Warning,
    /// Acknowledged data can be lost, and then a payout can be sent twice; or nothing can be written.
    Danger,
}

/// The meaning of one setting, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The severity.
    pub severity: Severity,
    /// The setting's name.
    pub setting: &'static str,
    /// What was found, and what it means.
    pub message: String,
    /// What to do; empty if nothing is to be done.
    pub remedy: String,
}

impl Finding {
    fn new(severity: Severity, setting: &'static str, message: &str, remedy: &str) -> Self {
        Self { severity, setting, message: message.to_owned(), remedy: remedy.to_owned() }
    }
}

/// A difference that the round trip to the server explains.
const APART_FINE: Duration = Duration::from_secs(2);

/// The graces of providers begin at ten minutes; a tenth of that is already too much.
const APART_MAX: Duration = Duration::from_secs(60);

impl ServerSettings {
    /// One finding for each relevant setting, the worst first. `now` is the time of this machine's
    /// clock when the settings were read.
    pub fn findings(&self, now: Timestamp) -> Vec<Finding> {
        let mut findings = vec![
            self.judge_fsync(),
            self.judge_full_page_writes(),
            self.judge_synchronous_commit(),
            self.judge_failover(),
            self.judge_standbys(),
            self.judge_primary(),
            self.judge_encryption(),
            self.judge_pooler(),
            self.judge_connections(),
            self.judge_log(),
            self.judge_clock(now),
        ];
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        findings
    }

    fn judge_fsync(&self) -> Finding {
        match self.fsync.as_str() {
            "on" => Finding::new(Severity::Fine, "fsync", "on: commits are on the disk", ""),
            _ => Finding::new(
                Severity::Danger,
                "fsync",
                "off: a crash of the machine takes back what was acknowledged; this store refuses \
                 to write here",
                "set fsync = on and restart the server",
            ),
        }
    }

    fn judge_full_page_writes(&self) -> Finding {
        let setting = "full_page_writes";
        match self.full_page_writes.as_str() {
            "on" => Finding::new(Severity::Fine, setting, "on: a torn page can be mended", ""),
            _ => Finding::new(
                Severity::Danger,
                setting,
                "off: a crash of the machine can leave pages that are half old and half new",
                "set full_page_writes = on, unless the file system rules out torn pages",
            ),
        }
    }

    fn judge_synchronous_commit(&self) -> Finding {
        let setting = "synchronous_commit";
        match self.synchronous_commit.as_str() {
            "on" | "remote_apply" => {
                Finding::new(Severity::Fine, setting, "a commit is answered when it is durable", "")
            }
            weak => Finding::new(
                Severity::Fine,
                setting,
                &format!("{weak} for others; the transactions of this store use on"),
                "",
            ),
        }
    }

    fn judge_encryption(&self) -> Finding {
        match (self.is_encrypted, self.is_local) {
            _ if self.is_pooled && !self.is_private => Finding::new(
                Severity::Warning,
                "ssl",
                "names, account numbers and session secrets cross the network to the pooler in \
                 plain text",
                "let the pooler offer TLS to its clients, and leave sslmode out of the URL",
            ),
            (false, false) if self.is_pooled => Finding::new(
                Severity::Warning,
                "ssl",
                "names, account numbers and session secrets cross the network from the pooler to \
                 the server in plain text",
                "let the pooler use TLS towards the server, and set ssl = on there",
            ),
            (true, _) => Finding::new(Severity::Fine, "ssl", "the connection is encrypted", ""),
            (false, true) => {
                Finding::new(Severity::Fine, "ssl", "the connection stays on this machine", "")
            }
            (false, false) => Finding::new(
                Severity::Warning,
                "ssl",
                "names, account numbers and session secrets cross the network in plain text",
                "set ssl = on at the server, and leave sslmode out of the URL",
            ),
        }
    }

    /// The pooler works by transactions or by sessions; otherwise connecting would have failed.
    fn judge_pooler(&self) -> Finding {
        let message = match self.is_pooled {
            false => "none: the sessions of this store are its own",
            true => {
                "one stands before the server; every transaction brings its settings along, and \
                 the server plans every statement anew"
            }
        };
        Finding::new(Severity::Fine, "pooler", message, "")
    }

    fn judge_connections(&self) -> Finding {
        let (ours, all) = (self.store_connections_max, self.connections_max);
        let setting = "max_connections";
        let message = format!("{all} for everybody; this store opens up to {ours}");
        // The server reserves three for its administrators.
        match ours.saturating_add(3) > all {
            false => Finding::new(Severity::Fine, setting, &message, ""),
            true => Finding::new(
                Severity::Warning,
                setting,
                &message,
                "raise max_connections, or open fewer",
            ),
        }
    }

    /// Workers compare each other's times: one whose clock is ahead takes an early "no such payout"
    /// for a late one. The server's clock is their common reference.
    fn judge_clock(&self, now: Timestamp) -> Finding {
        // One of the two is zero.
        let (ahead, behind) = (now.since(self.clock), self.clock.since(now));
        let (apart, side) = if ahead > behind { (ahead, "ahead of") } else { (behind, "behind") };
        let told = format!("this machine's clock is {} ms {side} the server's", apart.as_millis());
        let severity = match apart {
            apart if apart <= APART_FINE => Severity::Fine,
            apart if apart <= APART_MAX => Severity::Warning,
            _ => Severity::Danger,
        };
        let remedy = match severity {
            Severity::Fine => "",
            Severity::Warning | Severity::Danger => {
                "synchronise the clocks of all workers (NTP) before they pay: the proof that an \
                 attempt never arrived is a matter of minutes"
            }
        };
        Finding::new(severity, "clock", &told, remedy)
    }

    fn judge_log(&self) -> Finding {
        let setting = "log_statement";
        match self.log_statement.as_str() {
            "none" | "ddl" => {
                Finding::new(Severity::Fine, setting, "the server's log holds no rows", "")
            }
            _ => Finding::new(
                Severity::Warning,
                setting,
                "the server logs statements with their parameters: names, account numbers and \
                 session secrets",
                "set log_statement = none, or log_parameter_max_length = 0",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn good() -> ServerSettings {
        ServerSettings {
            server_version: "15.4".to_owned(),
            server_version_number: 150_004,
            synchronous_commit: "on".to_owned(),
            fsync: "on".to_owned(),
            full_page_writes: "on".to_owned(),
            synchronous_standby_names: String::new(),
            is_in_recovery: false,
            is_read_only: false,
            standbys: 0,
            standbys_synchronous: Some(0),
            default_transaction_isolation: "read committed".to_owned(),
            is_encrypted: true,
            is_local: false,
            is_pooled: false,
            is_private: true,
            connections_max: 100,
            store_connections_max: 8,
            log_statement: "none".to_owned(),
            clock: NOW,
        }
    }

    const NOW: Timestamp = Timestamp::from_millis(1_767_323_045_000);

    fn apart(ms: i64) -> Timestamp {
        Timestamp::from_millis(NOW.as_millis() + ms)
    }

    #[test]
    fn good_settings_are_fine() {
        let findings = good().findings(NOW);
        assert_eq!(findings.len(), 11);
        assert!(findings.iter().all(|finding| finding.severity == Severity::Fine));
    }

    #[test]
    fn each_bad_setting_is_the_first_finding_and_has_a_remedy() {
        let off = || "off".to_owned();
        let cases = [
            (ServerSettings { fsync: off(), ..good() }, "fsync", Severity::Danger),
            (
                ServerSettings { full_page_writes: off(), ..good() },
                "full_page_writes",
                Severity::Danger,
            ),
            (ServerSettings { standbys: 1, ..good() }, "failover", Severity::Warning),
            (
                ServerSettings { synchronous_standby_names: "b".to_owned(), ..good() },
                "synchronous_standby_names",
                Severity::Warning,
            ),
            (ServerSettings { is_in_recovery: true, ..good() }, "primary", Severity::Danger),
            (ServerSettings { is_read_only: true, ..good() }, "primary", Severity::Danger),
            (ServerSettings { is_encrypted: false, ..good() }, "ssl", Severity::Warning),
            (
                ServerSettings { is_pooled: true, is_encrypted: false, ..good() },
                "ssl",
                Severity::Warning,
            ),
            (
                ServerSettings { is_pooled: true, is_private: false, ..good() },
                "ssl",
                Severity::Warning,
            ),
            (
                ServerSettings { connections_max: 10, ..good() },
                "max_connections",
                Severity::Warning,
            ),
            (
                ServerSettings { log_statement: "all".to_owned(), ..good() },
                "log_statement",
                Severity::Warning,
            ),
            (ServerSettings { clock: apart(2_001), ..good() }, "clock", Severity::Warning),
            (ServerSettings { clock: apart(-2_001), ..good() }, "clock", Severity::Warning),
            (ServerSettings { clock: apart(60_001), ..good() }, "clock", Severity::Danger),
            (ServerSettings { clock: apart(-60_001), ..good() }, "clock", Severity::Danger),
        ];
        for (settings, setting, severity) in cases {
            let findings = settings.findings(NOW);
            let first = findings.first().unwrap();
            assert_eq!((first.setting, first.severity), (setting, severity));
            assert!(!first.remedy.is_empty(), "{setting}");
            let others = findings.iter().skip(1);
            assert!(others.map(|finding| finding.severity).all(|it| it == Severity::Fine));
        }
    }

    #[test]
    fn what_is_not_needed_is_no_finding() {
        let asynchronous = ServerSettings { synchronous_commit: "off".to_owned(), ..good() };
        let local = ServerSettings { is_encrypted: false, is_local: true, ..good() };
        let replicated = ServerSettings {
            synchronous_standby_names: "b".to_owned(),
            standbys: 1,
            standbys_synchronous: Some(1),
            ..good()
        };
        let near = ServerSettings { clock: apart(-2_000), ..good() };
        for settings in [asynchronous, local, replicated, near] {
            let findings = settings.findings(NOW);
            assert!(findings.iter().all(|finding| finding.severity == Severity::Fine));
        }
    }
}
