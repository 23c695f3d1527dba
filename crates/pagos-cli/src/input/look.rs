//! What a cell of a sheet shows besides its value, and whether it can be paid as it is: text that
//! is struck through, and formats that show something else.

use pagos_core::Currency;

use crate::input::{column::Column, field, number_format::Shown, problem};

/// Something that a person sees in a cell and that is not in its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Look {
    /// The cell is struck through.
    Struck,
    /// A part of its text is struck through.
    PartStruck,
    /// The effect of its format.
    Shown(Shown),
}

/// What to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    Error,
    Warning,
}

impl Look {
    /// What is odd about a cell of this column, and what to do. `None` for a cell that is struck
    /// through as a whole, which is reported for its row, and for the sign of the row's own
    /// currency.
    pub(crate) fn explain(
        &self,
        column: Column,
        currency: Option<Currency>,
    ) -> Option<(Weight, String, &'static str)> {
        match self {
            Look::Struck => None,
            Look::PartStruck => {
                let because =
                    "has a part that is struck through, so that nobody can say what is meant";
                let remedy = "delete what does not count, or take the line through it off";
                Some((Weight::Error, because.to_owned(), remedy))
            }
            Look::Shown(shown) => {
                let (mut weight, because, remedy) = explain(shown, currency)?;
                // In other columns a person sees less than is there, but not another amount.
                if column != Column::Amount {
                    weight = Weight::Warning;
                }
                Some((weight, because, remedy))
            }
        }
    }
}

const AS_NUMBER: &str = "give the cell the format General, and compare what it shows then";

fn explain(shown: &Shown, currency: Option<Currency>) -> Option<(Weight, String, &'static str)> {
    let (weight, because) = match shown {
        Shown::Nothing => (Weight::Error, "is not shown: the format of the cell hides it"),
        Shown::Rounded => {
            let because = "is shown rounded by the format of the cell, and has more digits";
            let remedy = "round it in the sheet, with ROUND or REDONDEAR, to what is to be paid";
            return Some((Weight::Error, because.to_owned(), remedy));
        }
        Shown::Scaled => {
            (Weight::Error, "is shown in thousands or millions by the format of the cell")
        }
        Shown::Percent => (Weight::Error, "is shown as a percentage by the format of the cell"),
        Shown::Negative => {
            (Weight::Error, "is shown as a negative number by the format of the cell")
        }
        Shown::OtherDigits => {
            (Weight::Error, "is shown with digits or marks that the format of the cell adds to it")
        }
        Shown::Scientific => {
            (Weight::Warning, "is shown in scientific notation (E+) by the format of the cell")
        }
        Shown::Fraction => (Weight::Warning, "is shown as a fraction by the format of the cell"),
        Shown::OtherText(text) => {
            let text = printable(text);
            let because =
                format!("is not shown: the format of the cell shows {text:?} in its place");
            return Some((Weight::Error, because, AS_NUMBER));
        }
        Shown::Words(words) => {
            let words = printable(words);
            let because =
                format!("is shown with {words:?}, which the format of the cell adds to it");
            let remedy =
                "delete the row if it is not to be paid, or give the cell the format General";
            return Some((Weight::Warning, because, remedy));
        }
        Shown::Sign(sign) => {
            let currency = currency.filter(|currency| currency_of(sign) != Some(*currency))?;
            let sign = printable(sign);
            let because =
                format!("is shown with the sign {sign:?}, and the currency is {currency}");
            let remedy = "correct the currency, or the format of the cell";
            return Some((Weight::Error, because, remedy));
        }
    };
    Some((weight, because.to_owned(), AS_NUMBER))
}

fn printable(text: &str) -> String {
    problem::mask_digits(&field::printable(text, 40))
}

/// The currency of a sign other than `$`, which is ambiguous.
fn currency_of(sign: &str) -> Option<Currency> {
    let code = match sign {
        "US$" | "U$S" | "U$" | "$US" => "USD",
        "COL$" | "Col$" | "CO$" => "COP",
        "CH$" | "CL$" => "CLP",
        "MX$" | "Mex$" => "MXN",
        "AR$" => "ARS",
        "R$" => "BRL",
        "S/" => "PEN",
        sign => sign.trim_matches('$'),
    };
    code.to_ascii_uppercase().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn world_13_the_sign_of_another_currency_is_an_error_of_the_amount() {
        for (sign, currency, expected) in [
            ("USD", Currency::Cop, Some(Weight::Error)),
            ("US$", Currency::Mxn, Some(Weight::Error)),
            ("€", Currency::Clp, Some(Weight::Error)),
            ("COP", Currency::Cop, None),
            ("COP$", Currency::Cop, None),
            ("cop", Currency::Cop, None),
            ("MX$", Currency::Mxn, None),
            ("US$", Currency::Usd, None),
            ("S/", Currency::Pen, None),
        ] {
            let look = Look::Shown(Shown::Sign(sign.to_owned()));
            let told = look.explain(Column::Amount, Some(currency));
            assert_eq!(told.map(|(weight, ..)| weight), expected, "{sign}");
        }
        let look = Look::Shown(Shown::Percent);
        let told = look.explain(Column::Description, None);
        assert_eq!(told.map(|(weight, ..)| weight), Some(Weight::Warning));
    }
}
