//! Whether what the server tells as committed survives a failover, by its settings and its standbys.

use crate::{
    findings::{Finding, Severity},
    settings::ServerSettings,
};

/// What `synchronous_standby_names` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wanted {
    /// How many standbys a commit waits for.
    needed: u32,
    /// How many it can be; `None` for any that is connected.
    named: Option<u32>,
    /// Whether it waits for whichever are the first to answer, and not for the first in the list.
    is_quorum: bool,
}

impl ServerSettings {
    /// Says in one line whether a failover can lose what was told as committed.
    pub(super) fn judge_failover(&self) -> Finding {
        let setting = "failover";
        match (Wanted::parse(&self.synchronous_standby_names), self.standbys) {
            (None, 0) => Finding::new(
                Severity::Fine,
                setting,
                "no standby follows, so no other server can take over: this server's disk holds the \
                 only copy",
                "archive the write-ahead log, so that a lost disk loses little",
            ),
            (None, _) => Finding::new(
                Severity::Warning,
                setting,
                "CAN LOSE what was told as committed: standbys follow, and commits do not wait for \
                 them, so a payout of the last moments can be sent twice",
                "set synchronous_standby_names (Patroni: synchronous_mode and \
                 synchronous_mode_strict), or stop all workers after each failover and compare the \
                 payouts with the providers' listings before they start again",
            ),
            (Some(wanted), _) if wanted.is_quorum => Finding::new(
                Severity::Fine,
                setting,
                "cannot lose what was told as committed, if the standby takes over that has received \
                 most (pg_last_wal_receive_lsn): a commit is on some of them, whichever",
                "leave the choice to the cluster's manager",
            ),
            (Some(_), _) => Finding::new(
                Severity::Fine,
                setting,
                "cannot lose what was told as committed, if a standby takes over that commits waited \
                 for (sync_state = sync in pg_stat_replication)",
                "leave the choice to the cluster's manager, and promote no other standby by hand",
            ),
        }
    }

    /// Whether the standbys that commits wait for are there.
    pub(super) fn judge_standbys(&self) -> Finding {
        let setting = "synchronous_standby_names";
        let Some(wanted) = Wanted::parse(&self.synchronous_standby_names) else {
            return Finding::new(
                Severity::Fine,
                setting,
                "empty: no commit waits for a standby",
                "",
            );
        };
        let needed = wanted.needed;
        match self.standbys_synchronous {
            _ if self.is_in_recovery => {
                Finding::new(Severity::Fine, setting, "set, and of no effect on a standby", "")
            }
            None => Finding::new(
                Severity::Warning,
                setting,
                &format!(
                    "a commit waits for {needed}, and this user may not see which standbys are \
                     synchronous"
                ),
                "GRANT pg_monitor to this user, so that doctor can tell",
            ),
            Some(found) if found < needed => Finding::new(
                Severity::Warning,
                setting,
                &format!(
                    "a commit waits for {needed}, and {found} follow: nothing can be written, and \
                     no standby may take over"
                ),
                "start the standby, or take its name out",
            ),
            Some(_) if wanted.named.is_some_and(|named| self.standbys < named) => Finding::new(
                Severity::Warning,
                setting,
                &format!(
                    "a commit waits for {needed}, and only {} of those that are named follow: when \
                     another one goes, nothing may be written any more",
                    self.standbys
                ),
                "start the standby that is missing (pg_stat_replication shows the others)",
            ),
            Some(_) => Finding::new(
                Severity::Fine,
                setting,
                &format!("a commit is on {needed} of the standbys too"),
                "",
            ),
        }
    }

    /// A reader endpoint is no place for a worker.
    pub(super) fn judge_primary(&self) -> Finding {
        let setting = "primary";
        let remedy = "connect to the primary: by the writer endpoint, or by all hosts \
                      (postgres://USER@HOST1,HOST2/DATABASE), of which the primary is taken";
        match (self.is_in_recovery, self.is_read_only) {
            (true, _) => Finding::new(
                Severity::Danger,
                setting,
                "the server is a standby, a reader endpoint (pg_is_in_recovery): it is read with a \
                 delay, and pay and serve refuse it",
                remedy,
            ),
            (false, true) => Finding::new(
                Severity::Danger,
                setting,
                "sessions only read (default_transaction_read_only = on): somebody keeps writers \
                 away from this server, or its disk is full; pay and serve refuse it",
                remedy,
            ),
            (false, false) => {
                Finding::new(Severity::Fine, setting, "the server can be written", "")
            }
        }
    }
}

impl Wanted {
    /// `FIRST 2 (a, b, c)`, `ANY 1 (a, b)`, `2 (a, b)`, `a, b`; `None` for nothing.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let (head, list) = text.split_once('(').unwrap_or(("", text));
        let names = || list.trim_end_matches(')').split(',').map(str::trim);
        let is_any = names().any(|name| name.trim_matches('"') == "*");
        let count = u32::try_from(names().count()).unwrap_or(u32::MAX);
        let mut words = head.split_whitespace();
        let is_quorum = words.clone().next().is_some_and(|word| word.eq_ignore_ascii_case("any"));
        let needed = words.next_back().and_then(|word| word.parse().ok()).unwrap_or(1);
        let named = (!is_any).then_some(count);
        Some(Self { needed, named, is_quorum: is_quorum && named.is_none_or(|it| it > needed) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::tests::good;

    #[test]
    fn every_form_of_the_setting_is_read() {
        let wanted = |needed, named, is_quorum| Some(Wanted { needed, named, is_quorum });
        for (text, expected) in [
            ("", None),
            ("  ", None),
            ("n2", wanted(1, Some(1), false)),
            ("a, \"b-c\"", wanted(1, Some(2), false)),
            ("*", wanted(1, None, false)),
            ("2 (a, b, c)", wanted(2, Some(3), false)),
            ("FIRST 1 (a, b)", wanted(1, Some(2), false)),
            ("any 2 (a,b,c)", wanted(2, Some(3), true)),
            ("ANY 1 (*)", wanted(1, None, true)),
            ("ANY 2 (a, b)", wanted(2, Some(2), false)),
        ] {
            assert_eq!(Wanted::parse(text), expected, "{text}");
        }
    }

    fn replicated(names: &str, standbys: u32, synchronous: Option<u32>) -> ServerSettings {
        ServerSettings {
            synchronous_standby_names: names.to_owned(),
            standbys,
            standbys_synchronous: synchronous,
            ..good()
        }
    }

    #[test]
    fn one_line_says_whether_a_failover_can_lose_anything() {
        let cases = [
            (replicated("", 0, Some(0)), Severity::Fine, "no other server can take over"),
            (replicated("", 1, Some(0)), Severity::Warning, "CAN LOSE"),
            (replicated("n2", 2, Some(1)), Severity::Fine, "cannot lose"),
            (replicated("ANY 1 (n2, n3)", 2, Some(2)), Severity::Fine, "has received most"),
        ];
        for (settings, severity, said) in cases {
            let found = settings.judge_failover();
            assert_eq!(found.severity, severity);
            assert!(found.message.contains(said), "{}", found.message);
            assert!(!found.remedy.is_empty());
        }
    }

    #[test]
    fn a_standby_of_the_quorum_that_is_missing_is_told() {
        let cases = [
            (replicated("n2", 1, Some(1)), Severity::Fine, "on 1 of the standbys"),
            (replicated("n2", 0, Some(0)), Severity::Warning, "nothing can be written"),
            (replicated("2 (n2, n3)", 1, Some(1)), Severity::Warning, "nothing can be written"),
            (replicated("ANY 1 (n2, n3)", 1, Some(1)), Severity::Warning, "only 1 of those"),
            (replicated("n2, n3", 2, Some(1)), Severity::Fine, "on 1 of the standbys"),
            (replicated("*", 1, Some(1)), Severity::Fine, "on 1 of the standbys"),
            (replicated("n2", 1, None), Severity::Warning, "may not see"),
        ];
        for (settings, severity, said) in cases {
            let found = settings.judge_standbys();
            assert_eq!(found.severity, severity, "{}", found.message);
            assert!(found.message.contains(said), "{}", found.message);
        }
    }
}
