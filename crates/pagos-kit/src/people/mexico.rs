//! What people in Mexico have in common, whoever pays them: names and CLABEs. Not how a provider wants
//! them written beyond that.

use super::build_name;
use crate::random::Random;

/// Banamex, BBVA Mexico, Santander, HSBC, Banorte, STP: the first three digits of a CLABE.
const BANKS: [&str; 6] = ["002", "012", "014", "021", "072", "646"];

/// Mexico City, Guadalajara, Monterrey: the next three.
const CITIES: [&str; 3] = ["180", "320", "580"];

const FIRST_NAMES: [&str; 6] = ["Alejandra", "Emiliano", "Íñigo", "Regina", "Sofía", "Xóchitl"];
const LAST_NAMES: [&str; 6] = ["Cárdenas", "Ibarra", "Núñez", "Ocampo", "Quiroga", "Zúñiga"];

/// Somebody's name.
pub(crate) fn build_person(random: &mut Random) -> String {
    build_name(&FIRST_NAMES, &LAST_NAMES, random)
}

/// Bank, city, eleven digits, check digit. The eleven are five by chance, then the number of the
/// row, which makes them unique; they stay below those that twins keep for scenarios.
pub(crate) fn build_clabe(number: u64, random: &mut Random) -> String {
    let bank = random.choose(&BANKS).copied().unwrap_or_default();
    let city = random.choose(&CITIES).copied().unwrap_or_default();
    let digits = format!("{bank}{city}{:05}{number:06}", random.draw(0, 99_899));
    let check = check_digit(&digits);
    format!("{digits}{check}")
}

/// Weights 3, 7, 1 over the first 17 digits, and what is missing to the next ten.
fn check_digit(digits: &str) -> u32 {
    let weighed = digits.bytes().zip([3, 7, 1].into_iter().cycle());
    let sum: u32 = weighed.map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    (10 - sum % 10) % 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_right() {
        for clabe in [
            "072225008217746674",
            "032180000118359719",
            "002320074024662727",
            "002115016003269411",
            "021180000000000019",
            "127180000000000010",
        ] {
            let (digits, check) = clabe.split_at(17);
            assert_eq!(check_digit(digits).to_string(), check, "{clabe}");
        }
    }
}
