//! What a cell of a sheet shows besides its value, and whether it can be paid as it is: text that
//! is struck through, and formats that show something else.

use pagos_core::Currency;

use crate::{
    input::{column::Column, field, number_format::Shown, problem},
    words::{Text, file},
};

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
    ) -> Option<(Weight, Text, Text)> {
        match self {
            Look::Struck => None,
            Look::PartStruck => {
                Some((Weight::Error, file::part_is_struck(), file::delete_part_or_unstrike()))
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

fn explain(shown: &Shown, currency: Option<Currency>) -> Option<(Weight, Text, Text)> {
    let (weight, because) = match shown {
        Shown::Nothing => (Weight::Error, file::is_not_shown()),
        Shown::Rounded => {
            return Some((Weight::Error, file::is_shown_rounded(), file::round_in_sheet()));
        }
        Shown::Scaled => (Weight::Error, file::is_shown_scaled()),
        Shown::Percent => (Weight::Error, file::is_shown_as_percent()),
        Shown::Negative => (Weight::Error, file::is_shown_negative()),
        Shown::OtherDigits => (Weight::Error, file::is_shown_with_digits()),
        Shown::Scientific => (Weight::Warning, file::is_shown_scientific()),
        Shown::Fraction => (Weight::Warning, file::is_shown_as_fraction()),
        Shown::OtherText(text) => (Weight::Error, file::is_shown_as(printable(text))),
        Shown::Words(words) => {
            let because = file::is_shown_with(printable(words));
            return Some((Weight::Warning, because, file::delete_row_or_format()));
        }
        Shown::Sign(sign) => {
            let currency = currency.filter(|currency| currency_of(sign) != Some(*currency))?;
            let because = file::is_shown_with_sign(printable(sign), currency);
            return Some((Weight::Error, because, file::correct_currency()));
        }
    };
    Some((weight, because, file::format_general()))
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
