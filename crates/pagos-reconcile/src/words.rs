//! Every word of the printed report in both languages, in one table: a word that lacks one does not
//! compile.

use pagos_core::Money;

use crate::outcome::Outcome;

/// The language of a printed report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Spanish.
    Spanish,
    /// English.
    English,
}

macro_rules! words {
    ($($name:ident $es:literal $en:literal,)*) => {
        /// The words of one language.
        #[derive(Debug)]
        pub(crate) struct Words {
            $(pub(crate) $name: &'static str,)*
        }

        static ES: Words = Words { $($name: $es,)* };
        static EN: Words = Words { $($name: $en,)* };
    };
}

words! {
    code "es" "en",
    title "Conciliación" "Reconciliation",
    book "Cuenta bancaria" "Bank account",
    from "Desde" "From",
    through "Hasta" "Through",
    figures "Saldos" "Balances",
    opening "Saldo inicial según cartola" "Opening balance by statement",
    debits "Cargos" "Debits",
    credits "Abonos" "Credits",
    computed "Saldo final calculado" "Closing balance, computed",
    closing "Saldo final según cartola" "Closing balance by statement",
    difference "Diferencia" "Difference",
    not_known "ninguna cartola lo dice" "no statement says it",
    totals "Movimientos" "Movements",
    all_money "Total" "Total",
    matched_money "Conciliado con pagos" "Matched with payouts",
    explained_money "Comisiones, impuestos y otros explicados" "Fees, taxes and others explained",
    open_money "Sin conciliar" "Not reconciled",
    outcomes "Qué pasó con cada pago" "What became of each payout",
    outcome "Resultado" "Outcome",
    count "Cantidad" "Count",
    sum "Monto" "Amount",
    matched "Conciliado" "Matched",
    missing_there "Falta en el banco" "Missing at the bank",
    missing_here "Movimiento sin pago" "Movement without a payout",
    amount_differs "Monto distinto" "Amount differs",
    status_differs "Estado distinto" "Status differs",
    returned "Devuelto" "Returned",
    duplicate_there "Pagado más de una vez" "Paid more than once",
    not_due_yet "Aún no figura en una cartola" "Not due on a statement yet",
    not_paid "No pagado" "Not paid",
    alarms "Avisos urgentes" "Alarms",
    because "Motivo" "Reason",
    payouts "Pagos por revisar" "Payouts to look at",
    key "Clave" "Key",
    account "Cuenta de pago" "Account",
    beneficiary "Cuenta del beneficiario" "Beneficiary's account",
    amount "Monto" "Amount",
    booked "Según el banco" "Booked",
    status "Estado" "Status",
    due "Fecha" "Day",
    lines "Movimientos por revisar" "Movements to look at",
    line "Movimiento" "Movement",
    bank_reference "Referencia del banco" "Bank's reference",
    state "Estado" "State",
    open "sin conciliar" "open",
    proposed "espera una decisión" "waits for a person",
    candidates "Puede ser" "May be",
    late "Cambios en períodos cerrados" "Changes in closed periods",
    then "Al cerrar" "When it was closed",
    now "Hoy" "Today",
    nothing "Nada." "None.",
    // Statuses.
    created "por enviar" "to be sent",
    unknown "en duda" "in doubt",
    pending "en curso" "under way",
    succeeded "pagado" "paid",
    failed "fallido" "failed",
    quarantined "en cuarentena" "in quarantine",
    signature "Revisado por" "Reviewed by",
}

impl Words {
    pub(crate) fn of(language: Language) -> &'static Self {
        match language {
            Language::Spanish => &ES,
            Language::English => &EN,
        }
    }

    /// The word for an outcome; by reference, as templates pass it.
    pub(crate) fn outcome(&self, outcome: &Outcome) -> &'static str {
        match outcome {
            Outcome::Matched => self.matched,
            Outcome::MissingThere => self.missing_there,
            Outcome::MissingHere => self.missing_here,
            Outcome::AmountDiffers => self.amount_differs,
            Outcome::StatusDiffers => self.status_differs,
            Outcome::Returned => self.returned,
            Outcome::DuplicateThere => self.duplicate_there,
            Outcome::NotDueYet => self.not_due_yet,
            Outcome::NotPaid => self.not_paid,
        }
    }

    pub(crate) fn status(&self, word: &str) -> &'static str {
        match word {
            "created" => self.created,
            "unknown" => self.unknown,
            "pending" => self.pending,
            "succeeded" => self.succeeded,
            "failed" => self.failed,
            _ => self.quarantined,
        }
    }

    /// A balance, or that no statement says it.
    pub(crate) fn balance(&self, amount: &Option<Money>) -> String {
        amount.as_ref().map_or_else(|| self.not_known.to_owned(), ToString::to_string)
    }

    pub(crate) fn state(&self, word: &str) -> &'static str {
        if word == "proposed" { self.proposed } else { self.open }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statuses_are_those_of_the_glossary() {
        let glossary = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/GLOSSARY.md");
        let glossary = std::fs::read_to_string(glossary).unwrap();
        for word in ["created", "unknown", "pending", "succeeded", "failed", "quarantined"] {
            let (es, en) = (ES.status(word), EN.status(word));
            let row = format!("\n| {es} | {en} | `{word}` |");
            assert!(glossary.contains(&row), "{row}");
        }
    }
}
