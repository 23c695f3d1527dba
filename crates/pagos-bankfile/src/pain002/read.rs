//! Reads a report.

use std::collections::BTreeSet;

use crate::{
    Problem,
    pain002::{
        Code, Counts, Level, Payment, Reason, Report, Stated, TransferStatus,
        doubt::{ASK, doubts},
    },
    problem::shown,
    xml::{self, Node, attribute},
};

const SPACE: &str = "urn:iso:std:iso:20022:tech:xsd:";

/// The versions whose forms are known.
const VERSIONS: std::ops::RangeInclusive<u8> = 3..=14;

/// What ISO 20022 writes where a payer gave no id.
const NO_KEY: &str = "NOTPROVIDED";

/// Reads a report.
///
/// ```
/// use pagos_bankfile::pain002::{Meaning, read};
///
/// let report = read(
///     br#"<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"><CstmrPmtStsRpt>
///     <GrpHdr><MsgId>R-1</MsgId><CreDtTm>2026-07-02T10:00:00</CreDtTm></GrpHdr>
///     <OrgnlGrpInfAndSts><OrgnlMsgId>july</OrgnlMsgId></OrgnlGrpInfAndSts>
///     <OrgnlPmtInfAndSts><OrgnlPmtInfId>july</OrgnlPmtInfId><TxInfAndSts>
///     <OrgnlEndToEndId>july-001</OrgnlEndToEndId><TxSts>RJCT</TxSts>
///     <StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf>
///     </TxInfAndSts></OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"#,
/// )
/// .map_err(|problems| problems[0].to_string())?;
/// let transfer = report.transfers().next().unwrap();
/// assert_eq!((transfer.key.as_str(), transfer.stated.code.meaning()), ("july-001", Meaning::Refused));
/// # Ok::<(), String>(())
/// ```
///
/// What a well-formed report lacks or contradicts is in its [`doubts`](Report::doubts).
///
/// # Errors
/// All problems. A file that is not well-formed has one.
pub fn read(bytes: &[u8]) -> Result<Report, Vec<Problem>> {
    let mut reading = Reading::default();
    xml::read(bytes, |node| reading.visit(node)).map_err(|problem| vec![problem])?;
    reading.end()
}

/// A status in the making, and the reasons that came with it.
#[derive(Default)]
struct Draft {
    id: String,
    code: Option<String>,
    /// A status that came before `code` and is another one.
    other_code: Option<String>,
    count: Option<String>,
    /// How many transfers have which status: the number, and the status.
    tallies: Vec<(String, String)>,
    reasons: Vec<Reason>,
    reference: Option<String>,
    amount: Option<(String, String)>,
}

impl Draft {
    fn stated(&self) -> Option<Stated> {
        let code = self.code.as_ref()?;
        Some(Stated { code: Code::new(code), reasons: self.reasons.clone() })
    }
}

#[derive(Default)]
struct Reading {
    report: Report,
    group: Draft,
    payment: Option<Draft>,
    transfer: Option<Draft>,
    /// The transfers of the payment instruction that is open.
    transfers: Vec<Draft>,
    payments: Vec<(Draft, Vec<Draft>)>,
    currency: String,
    problems: Vec<Problem>,
}

impl Reading {
    fn visit(&mut self, node: Node<'_>) {
        match node {
            Node::Open { path: ["Document"], attributes } => self.check_version(attributes),
            Node::Open { path: [root], .. } => {
                let root = shown(root);
                let because = format!("it begins with {root}, and a report begins with Document");
                self.problem("the file", because, "name the file that the bank sent as pain.002");
            }
            Node::Open { path: ["Document", "CstmrPmtStsRpt", rest @ ..], attributes } => {
                self.open(rest, attributes);
            }
            Node::Close { path: ["Document", "CstmrPmtStsRpt", rest @ ..], text } => {
                self.close(rest, text);
            }
            Node::Open { .. } | Node::Close { .. } => {}
        }
    }

    fn check_version(&mut self, attributes: &[(String, String)]) {
        let spaces = attributes.iter().filter_map(|(_, value)| value.strip_prefix(SPACE));
        let Some(name) = spaces.into_iter().next() else {
            let because = "it does not say which message of ISO 20022 it is";
            return self.problem("the file", because, "name the file as the bank sent it");
        };
        let version = name.strip_prefix("pain.002.001.").and_then(|it| it.parse::<u8>().ok());
        if !version.is_some_and(|version| VERSIONS.contains(&version)) {
            let because = format!("it is {}", shown(name));
            self.problem(
                "the file",
                because,
                "pain.002.001.03 to .14 are read; ask the bank for one",
            );
        }
    }

    fn open(&mut self, path: &[&str], attributes: &[(String, String)]) {
        match path {
            ["OrgnlPmtInfAndSts"] => self.payment = Some(Draft::default()),
            ["OrgnlPmtInfAndSts", "TxInfAndSts"] => self.transfer = Some(Draft::default()),
            [.., "StsRsnInf"] => {
                if let Some(draft) = self.owner(path) {
                    draft.reasons.push(Reason::default());
                }
            }
            [.., "NbOfTxsPerSts"] => {
                if let Some(draft) = self.owner(path) {
                    draft.tallies.push(Default::default());
                }
            }
            [.., "OrgnlTxRef", "Amt", "InstdAmt"] => {
                self.currency = attribute(attributes, "Ccy").unwrap_or_default().to_owned();
            }
            _ => {}
        }
    }

    fn close(&mut self, path: &[&str], text: &str) {
        match path {
            ["GrpHdr", "MsgId"] => text.clone_into(&mut self.report.message_id),
            ["GrpHdr", "CreDtTm"] => text.clone_into(&mut self.report.created),
            ["OrgnlGrpInfAndSts", "OrgnlMsgId"] => {
                text.clone_into(&mut self.report.original_message_id);
            }
            ["OrgnlPmtInfAndSts"] => {
                let transfers = std::mem::take(&mut self.transfers);
                self.payments.extend(self.payment.take().map(|payment| (payment, transfers)));
            }
            ["OrgnlPmtInfAndSts", "TxInfAndSts"] => self.transfers.extend(self.transfer.take()),
            ["OrgnlGrpInfAndSts", rest @ ..] => fill(Some(&mut self.group), rest, text, ""),
            ["OrgnlPmtInfAndSts", "TxInfAndSts", rest @ ..] => {
                fill(self.transfer.as_mut(), rest, text, &self.currency);
            }
            ["OrgnlPmtInfAndSts", rest @ ..] => fill(self.payment.as_mut(), rest, text, ""),
            _ => {}
        }
    }

    /// What a reason belongs to.
    fn owner(&mut self, path: &[&str]) -> Option<&mut Draft> {
        match path {
            ["OrgnlGrpInfAndSts", ..] => Some(&mut self.group),
            ["OrgnlPmtInfAndSts", "TxInfAndSts", ..] => self.transfer.as_mut(),
            ["OrgnlPmtInfAndSts", ..] => self.payment.as_mut(),
            _ => None,
        }
    }

    fn end(mut self) -> Result<Report, Vec<Problem>> {
        for (what, text) in [
            ("the bank's message id", &self.report.message_id),
            ("the message id of the file that it answers", &self.report.original_message_id),
        ] {
            if text.is_empty() {
                let because = format!("{what} is missing");
                self.problems.push(Problem::new("the file", because, "ask the bank for it"));
            }
        }
        let group = std::mem::take(&mut self.group);
        self.check_code("the file", &group);
        self.report.group = group.stated();
        self.report.counts = self.counts_of("the file", &group);
        let mut known = BTreeSet::new();
        for (payment, transfers) in std::mem::take(&mut self.payments) {
            let mut read = Vec::new();
            for transfer in &transfers {
                read.extend(self.transfer_of(&payment, transfer, &mut known));
            }
            let place = format!("payment {}", shown(&payment.id));
            self.check_code(&place, &payment);
            let (stated, counts) = (payment.stated(), self.counts_of(&place, &payment));
            let payment = Payment { id: payment.id, stated, counts, transfers: read };
            self.report.payments.push(payment);
        }
        let doubts = doubts(&self.report);
        self.report.doubts.extend(doubts);
        match self.problems.is_empty() {
            true => Ok(self.report),
            false => Err(self.problems),
        }
    }

    fn check_code(&mut self, place: &str, draft: &Draft) {
        if let (Some(code), Some(other)) = (&draft.code, &draft.other_code) {
            let because = format!("it has the status {} and {}", shown(other), shown(code));
            self.doubt(place, because, ASK);
        }
    }

    fn counts_of(&mut self, place: &str, draft: &Draft) -> Counts {
        let mut number = |text: &String| {
            let number = text.parse::<u64>().ok();
            if number.is_none() {
                self.doubt(place, "a number of transfers in it is no number", ASK);
            }
            number
        };
        let all = draft.count.as_ref().and_then(&mut number);
        let tallies = draft.tallies.iter();
        let tallies = tallies.filter_map(|(count, code)| Some((Code::new(code), number(count)?)));
        Counts { all, by_status: tallies.collect() }
    }

    fn transfer_of(
        &mut self,
        payment: &Draft,
        transfer: &Draft,
        known: &mut BTreeSet<String>,
    ) -> Option<TransferStatus> {
        let number = known.len() + 1;
        let remedy = "ask the bank which transfer it means, and how it stands";
        if transfer.id.is_empty() || transfer.id == NO_KEY {
            self.doubt(&format!("transfer {number}"), "its end-to-end id is missing", remedy);
            return None;
        }
        let key = shown(&transfer.id);
        if !known.insert(transfer.id.clone()) {
            self.doubt(&key, "it is there twice", remedy);
        }
        self.check_code(&key, transfer);
        let levels = [
            (transfer.stated(), Level::Transfer),
            (payment.stated(), Level::Payment),
            (self.report.group.clone(), Level::Group),
        ];
        let found = levels.into_iter().find_map(|(stated, level)| Some((stated?, level)));
        let Some((stated, level)) = found else {
            self.doubt(&key, "it has no status", remedy);
            return None;
        };
        let (reference, amount) = (transfer.reference.clone(), transfer.amount.clone());
        Some(TransferStatus { key: transfer.id.clone(), stated, level, reference, amount })
    }

    fn doubt(&mut self, place: &str, because: impl Into<String>, remedy: &str) {
        self.report.doubts.push(Problem::new(place, because, remedy));
    }

    fn problem(&mut self, place: &str, because: impl Into<String>, remedy: &str) {
        self.problems.push(Problem::new(place, because, remedy));
    }
}

/// Takes the text of an element within a status.
fn fill(draft: Option<&mut Draft>, path: &[&str], text: &str, currency: &str) {
    let Some(draft) = draft else { return };
    let reason = draft.reasons.last_mut();
    match (path, reason) {
        (["OrgnlPmtInfId" | "OrgnlEndToEndId"], _) => text.clone_into(&mut draft.id),
        (["GrpSts" | "PmtInfSts" | "TxSts"], _) if !text.is_empty() => {
            let before = draft.code.replace(text.to_owned());
            draft.other_code = before.filter(|before| before != text).or(draft.other_code.take());
        }
        (["OrgnlNbOfTxs"], _) => draft.count = Some(text.to_owned()),
        (["NbOfTxsPerSts", part @ ("DtldNbOfTxs" | "DtldSts")], _) => {
            let Some((count, code)) = draft.tallies.last_mut() else { return };
            text.clone_into(if *part == "DtldSts" { code } else { count });
        }
        (["StsRsnInf", "Rsn", "Cd" | "Prtry"], Some(reason)) => reason.code = Some(text.to_owned()),
        (["StsRsnInf", "AddtlInf"], Some(reason)) => reason.text.push(text.to_owned()),
        (["AcctSvcrRef"], _) => draft.reference = Some(text.to_owned()),
        (["OrgnlTxRef", "Amt", "InstdAmt"], _) => {
            draft.amount = Some((text.to_owned(), currency.to_owned()));
        }
        _ => {}
    }
}
