//! Number formats of a sheet: how what a person sees differs from the number. Source of the codes:
//! ECMA-376 part 1, 18.8.30 and 18.8.31.

/// The effect of a format on a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Nothing at all, as with `;;;`.
    Nothing,
    /// Text in place of the value.
    OtherText(String),
    /// Fewer decimals or digits than it has.
    Rounded,
    /// A thousandth, or less.
    Scaled,
    Percent,
    Negative,
    /// Digits or marks that are not its own.
    OtherDigits,
    Scientific,
    Fraction,
    /// The sign of a currency.
    Sign(String),
    /// The value, with words.
    Words(String),
}

/// What a format does with numbers and texts.
#[derive(Debug, Default)]
pub(crate) struct NumberFormat {
    /// For positive numbers, negative ones, zero, and texts.
    sections: Vec<Section>,
    is_date: bool,
}

#[derive(Debug, Default)]
struct Section {
    condition: Option<Condition>,
    has_digits: bool,
    has_point: bool,
    /// The value as it was typed: `General`, or the `@` of a text.
    is_plain: bool,
    has_text: bool,
    decimals: usize,
    /// Commas after the digits: a thousandth for each.
    thousands: usize,
    /// Commas that may still turn out to be between digits.
    commas: usize,
    is_percent: bool,
    is_scientific: bool,
    is_fraction: bool,
    /// Literal text before the digits, between them and after them.
    before: String,
    between: String,
    behind: String,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Condition {
    is_below: bool,
    is_above: bool,
    is_equal: bool,
    limit: f64,
}

impl Condition {
    fn parse(text: &str) -> Option<Self> {
        let limit = text.trim_start_matches(['<', '>', '=']);
        let signs = text.strip_suffix(limit)?;
        Some(Self {
            is_below: signs.contains('<'),
            is_above: signs.contains('>'),
            is_equal: signs.contains('='),
            limit: limit.trim().parse().ok()?,
        })
    }

    fn holds(self, value: f64) -> bool {
        (self.is_below && value < self.limit)
            || (self.is_above && value > self.limit)
            || (self.is_equal && value.total_cmp(&self.limit).is_eq())
    }
}

impl NumberFormat {
    /// A workbook's own format.
    pub(crate) fn parse(code: &str) -> Self {
        let code = if code.trim().is_empty() { "General" } else { code };
        let sections: Vec<Section> = sections(code).into_iter().map(Section::parse).collect();
        Self { sections, is_date: is_date(code) }
    }

    /// A format that needs no code.
    pub(crate) fn built_in(id: &str) -> Self {
        let id = id.parse::<u16>().unwrap_or(0);
        let code = match id {
            1 => "0",
            2 => "0.00",
            3 => "#,##0",
            4 => "#,##0.00",
            5 | 6 => "$#,##0;-$#,##0",
            7 | 8 => "$#,##0.00;-$#,##0.00",
            9 => "0%",
            10 => "0.00%",
            11 => "0.00E+00",
            12 => "# ?/?",
            13 => "# ??/??",
            14..=22 | 27..=36 | 45..=47 | 50..=58 => "yyyy",
            37 | 38 => "#,##0;(#,##0)",
            39 | 40 => "#,##0.00;(#,##0.00)",
            41 => "_(* #,##0_);_(* (#,##0)",
            42 => "_($* #,##0_);_($* (#,##0)",
            43 => "_(* #,##0.00_);_(* (#,##0.00)",
            44 => "_($* #,##0.00_);_($* (#,##0.00)",
            48 => "##0.0E+0",
            _ => "General",
        };
        Self::parse(code)
    }

    /// Whether it shows a date or a time.
    pub(crate) fn is_date(&self) -> bool {
        self.is_date
    }

    /// Its effect on a number, where `text` has all of the digits.
    pub(crate) fn of_number(&self, value: f64, text: &str) -> Vec<Shown> {
        self.section(value).map(|section| section.of_number(value, text)).unwrap_or_default()
    }

    /// Its effect on a text.
    pub(crate) fn of_text(&self) -> Vec<Shown> {
        let last = self.sections.last();
        let section = last.filter(|last| last.has_text || self.sections.len() > NUMBERS_MAX);
        section.map(Section::of_text).unwrap_or_default()
    }

    fn section(&self, value: f64) -> Option<&Section> {
        let sections = self.sections.get(..self.sections.len().min(NUMBERS_MAX))?;
        if sections.iter().any(|section| section.condition.is_some()) {
            let holds = |section: &&Section| section.condition.is_none_or(|it| it.holds(value));
            return sections.iter().find(holds).or(sections.last());
        }
        let place = match (sections.len(), value) {
            (2.., value) if value < 0.0 => 1,
            (3.., 0.0) => 2,
            _ => 0,
        };
        sections.get(place)
    }
}

impl Section {
    fn parse(code: &str) -> Self {
        let mut section = Self::default();
        let mut rest = code;
        while let Some(letter) = rest.chars().next() {
            let tail = rest.get(letter.len_utf8()..).unwrap_or_default();
            rest = match letter {
                '"' => section.take_quoted(tail),
                '[' => section.take_bracket(tail),
                '\\' => section.take_letter(tail),
                '*' if tail.starts_with(char::is_numeric) => section.take_letter(tail),
                // A space as wide as a letter, and a letter that fills the cell.
                '_' | '*' => skip_letter(tail),
                'E' | 'e' if section.has_digits && tail.starts_with(['+', '-']) => {
                    section.is_scientific = true;
                    tail.get(1..).unwrap_or_default()
                }
                'G' | 'g' if is_general(rest) => {
                    section.is_plain = true;
                    rest.get("General".len()..).unwrap_or_default()
                }
                _ => {
                    section.take(letter, tail);
                    tail
                }
            };
        }
        section.thousands += section.commas;
        section
    }

    fn take(&mut self, letter: char, tail: &str) {
        match letter {
            '0' | '#' | '?' => self.take_digit(),
            '.' if !self.has_point => {
                self.thousands += std::mem::take(&mut self.commas);
                self.has_point = true;
            }
            ',' if self.has_digits => self.commas += 1,
            '%' => self.is_percent = true,
            '@' => (self.is_plain, self.has_text) = (true, true),
            '/' if self.has_digits && tail.starts_with(is_denominator) => {
                self.is_fraction = true;
            }
            '1'..='9' if self.is_fraction => {}
            _ => self.push(letter),
        }
    }

    fn take_digit(&mut self) {
        self.commas = 0;
        self.has_digits = true;
        self.between.push_str(&std::mem::take(&mut self.behind));
        self.decimals += usize::from(self.has_point && !self.is_scientific);
    }

    fn push(&mut self, letter: char) {
        match self.has_digits || self.is_plain {
            true => self.behind.push(letter),
            false => self.before.push(letter),
        }
    }

    fn take_quoted<'a>(&mut self, tail: &'a str) -> &'a str {
        let (text, rest) = tail.split_once('"').unwrap_or((tail, ""));
        text.chars().for_each(|letter| self.push(letter));
        rest
    }

    fn take_letter<'a>(&mut self, tail: &'a str) -> &'a str {
        tail.chars().next().into_iter().for_each(|letter| self.push(letter));
        skip_letter(tail)
    }

    /// A colour, a condition, or the sign of a currency with a place: `[$USD-409]`.
    fn take_bracket<'a>(&mut self, tail: &'a str) -> &'a str {
        let (text, rest) = tail.split_once(']').unwrap_or((tail, ""));
        if let Some(sign) = text.strip_prefix('$') {
            let sign = sign.split_once('-').map_or(sign, |(sign, _)| sign);
            sign.chars().for_each(|letter| self.push(letter));
        }
        if text.starts_with(['<', '>', '=']) {
            self.condition = Condition::parse(text);
        }
        rest
    }

    fn of_number(&self, value: f64, text: &str) -> Vec<Shown> {
        let mut shown = self.of_text();
        if !self.has_digits && !self.is_plain {
            return shown;
        }
        let bare = |text: &str| text.replace(|it: char| it.is_whitespace() || it == '$', "");
        let around = (bare(&self.before), bare(&self.behind));
        let around = (around.0.as_str(), around.1.as_str());
        if value > 0.0 && matches!(around, ("-", "") | ("", "-") | ("(", ")")) {
            shown.push(Shown::Negative);
        }
        let is_strange = |letter: char| letter.is_numeric() || matches!(letter, '.' | ',');
        if self.between.contains(is_strange)
            || self.before.contains(char::is_numeric)
            || self.behind.contains(char::is_numeric)
        {
            shown.push(Shown::OtherDigits);
        }
        if self.is_percent {
            shown.push(Shown::Percent);
        }
        if self.thousands > 0 {
            shown.push(Shown::Scaled);
        }
        if !self.is_plain && !self.is_percent && self.thousands == 0 {
            shown.extend(self.precision(value, text));
        }
        shown
    }

    fn precision(&self, value: f64, text: &str) -> Option<Shown> {
        if self.is_fraction {
            return Some(Shown::Fraction);
        }
        if self.is_scientific {
            let seen = format!("{value:.*e}", self.decimals.min(DECIMALS_MAX));
            let is_whole = seen.parse::<f64>().is_ok_and(|seen| seen.total_cmp(&value).is_eq());
            return Some(if is_whole { Shown::Scientific } else { Shown::Rounded });
        }
        let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        (decimals > self.decimals).then_some(Shown::Rounded)
    }

    /// What is shown beside the value, or in place of it.
    fn of_text(&self) -> Vec<Shown> {
        let literal = format!("{} {} {}", self.before, self.between, self.behind);
        let words: Vec<&str> = literal.split_whitespace().collect();
        if !self.has_digits && !self.is_plain {
            return match words.is_empty() {
                true => vec![Shown::Nothing],
                false => vec![Shown::OtherText(words.join(" "))],
            };
        }
        let is_sign = |word: &str| word.trim_matches(['(', ')', '-', '+', '\'']).is_empty();
        let mut other = Vec::new();
        let mut shown = Vec::new();
        for word in words.into_iter().filter(|word| !is_sign(word)) {
            let bare = word.trim_matches(['(', ')', '-', '+', '.', ':']);
            match bare {
                "$" => {}
                _ if is_multiple(bare) => shown.push(Shown::Scaled),
                _ if is_currency_sign(bare) => shown.push(Shown::Sign(bare.to_owned())),
                _ => other.push(word),
            }
        }
        if !other.is_empty() {
            shown.push(Shown::Words(other.join(" ")));
        }
        shown
    }
}

fn skip_letter(text: &str) -> &str {
    let size = text.chars().next().map_or(0, char::len_utf8);
    text.get(size..).unwrap_or_default()
}

/// The number of sections of a code that are for numbers; a fourth is for texts.
const NUMBERS_MAX: usize = 3;
/// More decimals than any number has.
const DECIMALS_MAX: usize = 20;

/// The sections of a code. A semicolon in quotes, in brackets or after an escape does not separate
/// them.
fn sections(code: &str) -> Vec<&str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let mut letters = code.char_indices();
    while let Some((place, letter)) = letters.next() {
        match letter {
            '"' => drop(letters.by_ref().find(|(_, letter)| *letter == '"')),
            '[' => drop(letters.by_ref().find(|(_, letter)| *letter == ']')),
            '\\' | '_' | '*' => drop(letters.next()),
            ';' => {
                parts.push(code.get(start..place).unwrap_or_default());
                start = place + 1;
            }
            _ => {}
        }
    }
    parts.push(code.get(start..).unwrap_or_default());
    parts
}

fn is_general(text: &str) -> bool {
    text.get(.."General".len()).is_some_and(|word| word.eq_ignore_ascii_case("General"))
}

fn is_denominator(letter: char) -> bool {
    letter.is_ascii_digit() || matches!(letter, '#' | '?')
}

/// Words for a thousand and a million, which turn a number into another amount.
fn is_multiple(word: &str) -> bool {
    let lower = word.to_lowercase();
    matches!(lower.as_str(), "mil" | "miles" | "k" | "m" | "mm" | "millón" | "millon" | "millones")
}

/// A code such as USD, or a sign that stands for a currency.
fn is_currency_sign(word: &str) -> bool {
    let is_code = word.len() == 3
        && (word.bytes().all(|byte| byte.is_ascii_uppercase())
            || CODES.contains(&word.to_ascii_uppercase().as_str()));
    let has_sign = word.contains(['$', '€', '£', '¥', '₡', '₲', '₱', '₹']);
    is_code || (has_sign && word.chars().count() <= SIGN_LETTERS_MAX) || matches!(word, "S/" | "Bs")
}

const SIGN_LETTERS_MAX: usize = 4;
/// Codes that are also recognised in lower case.
const CODES: [&str; 5] = ["USD", "EUR", "COP", "CLP", "MXN"];

/// Whether a format has a part of a date or a time outside quotes, brackets and escapes, or an
/// elapsed time in brackets.
fn is_date(code: &str) -> bool {
    let mut letters = code.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => drop(letters.by_ref().find(|letter| *letter == '"')),
            '[' => {
                let inner: String = letters.by_ref().take_while(|letter| *letter != ']').collect();
                if !inner.is_empty() && inner.bytes().all(|byte| b"hmsHMS".contains(&byte)) {
                    return true;
                }
            }
            '\\' | '_' | '*' => drop(letters.next()),
            'y' | 'm' | 'd' | 'h' | 's' | 'Y' | 'M' | 'D' | 'H' | 'S' => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_of_dates_are_told_from_those_of_money() {
        for (code, expected) in [
            ("dd/mm/yyyy", true),
            ("[$-340A]d\\-mmm", true),
            ("h:mm:ss", true),
            ("[h]", true),
            ("#,##0.00", false),
            ("\"días\" 0", false),
            ("[Red]\\$#,##0;-0", false),
            ("_-* #,##0.00_-", false),
            ("000", false),
        ] {
            assert_eq!(NumberFormat::parse(code).is_date(), expected, "{code}");
        }
        let is_date = |id| NumberFormat::built_in(id).is_date();
        assert!(is_date("14") && !is_date("2") && !is_date(""));
    }

    #[test]
    fn world_13_formats_of_money_show_what_is_there() {
        for code in [
            "General",
            "0",
            "0.00",
            "#,##0",
            "#,##0.00",
            "$#,##0",
            "\"$\"#,##0.00",
            "\\$\\ #,##0",
            "#\\ ##0",
            "_-\"$\"\\ * #,##0_-;\\-\"$\"\\ * #,##0_-;_-\"$\"\\ * \"-\"_-;_-@_-",
            "_-[$$-80A]* #,##0.00_-;\\-[$$-80A]* #,##0.00_-;_-[$$-80A]* \"-\"??_-;_-@_-",
            "[$$-340A]#,##0;[RED]-[$$-340A]#,##0",
            "[$$-240A]\\ #,##0.00;[Red][$$-240A]\\ -#,##0.00",
            "_(* #,##0_);_(* \\(#,##0\\);_(* \"-\"_);_(@_)",
            "[>=1000]#,##0;0",
            "@",
            "0000000",
        ] {
            let format = NumberFormat::parse(code);
            assert_eq!(format.of_number(150_000.0, "150000"), [], "{code}");
            assert_eq!(format.of_text(), [], "{code}");
        }
        for id in (0..=8).chain(37..=44).chain([49, 99]) {
            let format = NumberFormat::built_in(&id.to_string());
            assert_eq!(format.of_number(150_000.0, "150000"), [], "{id}");
        }
    }

    #[test]
    fn world_13_formats_that_show_something_else_are_seen() {
        let words = |text: &str| Shown::Words(text.to_owned());
        let sign = |text: &str| Shown::Sign(text.to_owned());
        for (code, value, expected) in [
            (";;;", "150000", vec![Shown::Nothing]),
            ("", "150000", vec![]),
            ("[Red]", "150000", vec![Shown::Nothing]),
            ("0*9", "150000", vec![words("9"), Shown::OtherDigits]),
            (";-0", "150000", vec![Shown::Nothing]),
            ("\"anulado\"", "150000", vec![Shown::OtherText("anulado".to_owned())]),
            ("0", "350000.4", vec![Shown::Rounded]),
            ("0.0", "2500.25", vec![Shown::Rounded]),
            ("0.00", "2500.25", vec![]),
            ("#,##0,", "150000", vec![Shown::Scaled]),
            ("#,##0.0,,\"M\"", "150000", vec![Shown::Scaled, Shown::Scaled]),
            ("#,##0,.00", "150000", vec![Shown::Scaled]),
            ("[>=1000]#,##0,\\k;0", "150000", vec![Shown::Scaled, Shown::Scaled]),
            ("[>=1000]#,##0,\\k;0", "150", vec![]),
            ("0%", "150000", vec![Shown::Percent]),
            ("0.00E+00", "150000", vec![Shown::Scientific]),
            ("0.00E+00", "150001", vec![Shown::Rounded]),
            ("# ?/?", "150000", vec![Shown::Fraction]),
            ("# ??/16", "150000", vec![Shown::Fraction]),
            ("0\" (anulado)\"", "150000", vec![words("(anulado)")]),
            ("0\" mil\"", "150", vec![Shown::Scaled]),
            ("General\" pesos\"", "150000", vec![words("pesos")]),
            ("[$USD] #,##0.00", "150000", vec![sign("USD")]),
            ("0\\ \"usd\"", "150000", vec![sign("usd")]),
            ("[$US$-409]#,##0.00", "150000", vec![sign("US$")]),
            ("#,##0.00\\ [$€-40A]", "150000", vec![sign("€")]),
            ("\"S/\"\\ 0", "150000", vec![sign("S/")]),
            ("-0", "150000", vec![Shown::Negative]),
            ("\\(#,##0\\)", "150000", vec![Shown::Negative]),
            ("0;0", "-150000", vec![]),
            ("0\\.00", "150000", vec![words("."), Shown::OtherDigits]),
            ("0\"00\"", "150000", vec![words("00"), Shown::OtherDigits]),
            ("000\\-000", "150000", vec![]),
        ] {
            let format = NumberFormat::parse(code);
            assert_eq!(format.of_number(value.parse().unwrap(), value), expected, "{code}");
        }
        let of_text = |code| NumberFormat::parse(code).of_text();
        assert_eq!(of_text(";;;"), [Shown::Nothing]);
        assert_eq!(of_text("0;0;0;\"anulado\""), [Shown::OtherText("anulado".to_owned())]);
        assert_eq!(of_text("@\" (anulado)\""), [words("(anulado)")]);
        assert_eq!(of_text("0%"), []);
    }
}
