//! Reads the XML of a CEP.

use pagos_core::{Currency, Money};

use crate::{
    Problem,
    cep::{Cep, Party},
    problem::shown,
    xml::{self, Node, attribute},
};

const REMEDY: &str = "fetch the CEP again from Banco de México's page";

/// Reads a CEP.
///
/// # Errors
/// All problems. A file that is not well-formed has one.
pub fn read(bytes: &[u8]) -> Result<Cep, Vec<Problem>> {
    let (mut root, mut payer, mut beneficiary) = (None, None, None);
    let mut stranger = None;
    let read = xml::read(bytes, |node| match node {
        Node::Open { path: ["SPEI_Tercero"], attributes } => root = Some(attributes.to_vec()),
        Node::Open { path: ["SPEI_Tercero", "Ordenante"], attributes } => {
            payer = Some(attributes.to_vec());
        }
        Node::Open { path: ["SPEI_Tercero", "Beneficiario"], attributes } => {
            beneficiary = Some(attributes.to_vec());
        }
        Node::Open { path: [other], .. } => {
            stranger = Some(shown(other));
        }
        Node::Open { .. } | Node::Close { .. } => {}
    });
    read.map_err(|problem| vec![problem])?;
    if let Some(name) = stranger {
        let because = format!("it begins with {name}, and a CEP begins with SPEI_Tercero");
        return Err(vec![Problem::new("the file", because, REMEDY)]);
    }
    let (root, payer) = (root.unwrap_or_default(), payer.unwrap_or_default());
    Fields { root, payer, beneficiary: beneficiary.unwrap_or_default(), problems: Vec::new() }.cep()
}

type Attributes = Vec<(String, String)>;

struct Fields {
    root: Attributes,
    payer: Attributes,
    beneficiary: Attributes,
    problems: Vec<Problem>,
}

impl Fields {
    fn cep(mut self) -> Result<Cep, Vec<Problem>> {
        let of_root = |name| attribute(&self.root, name).map(str::to_owned);
        let (date, time) = (of_root("FechaOperacion"), of_root("Hora").unwrap_or_default());
        let (institution, chain) = (of_root("ClaveSPEI"), of_root("cadenaCDA"));
        let tracking_key = of_root("claveRastreo");
        let (certificate, seal) = (of_root("numeroCertificado"), of_root("sello"));
        let beneficiary = party(&self.beneficiary, "BancoReceptor");
        let payer = party(&self.payer, "BancoEmisor");
        let concept = attribute(&self.beneficiary, "Concepto").map(str::to_owned);
        let amount = attribute(&self.beneficiary, "MontoPago").map(str::to_owned);
        if beneficiary.account.is_none() {
            self.missing("Cuenta of Beneficiario");
        }
        let date = self.wanted("FechaOperacion", date, |text| text.parse().ok());
        let institution = self.wanted("ClaveSPEI", institution, Some);
        let money = self.wanted("MontoPago", amount.clone(), |text| {
            Money::parse(&text, Currency::Mxn).ok().filter(|amount| amount.minor > 0)
        });
        let chain = self.wanted("cadenaCDA", chain, Some);
        if let (Some(chain), Some(date)) = (&chain, date) {
            self.check_chain(chain, &beneficiary, amount.as_deref(), date);
        }
        match (date, institution, money, chain) {
            (Some(date), Some(institution), Some(amount), Some(chain))
                if self.problems.is_empty() =>
            {
                Ok(Cep {
                    date,
                    time,
                    tracking_key,
                    institution,
                    payer,
                    beneficiary,
                    concept,
                    amount,
                    certificate,
                    chain,
                    seal,
                })
            }
            _ => Err(self.problems),
        }
    }

    /// Whether the chain that is sealed has the date, the account and the amount that the XML shows
    /// beside it. Its form is `||1|08112024|..|account|..|amount|..||seal`.
    fn check_chain(
        &mut self,
        chain: &str,
        beneficiary: &Party,
        amount: Option<&str>,
        date: pagos_core::Day,
    ) {
        let fields: Vec<&str> = chain.split('|').map(str::trim).collect();
        let date = format!("{:02}{:02}{:04}", date.day(), date.month(), date.year());
        for (name, value) in [
            ("FechaOperacion", Some(date.as_str())),
            ("Cuenta of Beneficiario", beneficiary.account.as_deref()),
            ("MontoPago", amount),
        ] {
            if value.is_some_and(|value| !fields.contains(&value)) {
                let because = format!("{name} is not in cadenaCDA, which is what is sealed");
                self.problems.push(Problem::new("the file", because, REMEDY));
            }
        }
    }

    fn wanted<T>(
        &mut self,
        name: &str,
        text: Option<String>,
        read: impl FnOnce(String) -> Option<T>,
    ) -> Option<T> {
        let Some(text) = text else {
            self.missing(name);
            return None;
        };
        let value = read(text);
        if value.is_none() {
            let because = format!("{name} cannot be read");
            self.problems.push(Problem::new("the file", because, REMEDY));
        }
        value
    }

    fn missing(&mut self, name: &str) {
        self.problems.push(Problem::new("the file", format!("{name} is missing"), REMEDY));
    }
}

fn party(attributes: &Attributes, bank: &str) -> Party {
    let of = |name| attribute(attributes, name).map(str::to_owned);
    Party {
        bank: of(bank),
        name: of("Nombre"),
        account_type: of("TipoCuenta"),
        account: of("Cuenta"),
        tax_id: of("RFC"),
    }
}
