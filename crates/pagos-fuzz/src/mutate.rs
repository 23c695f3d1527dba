//! Changes an input, from a seed: bytes, tokens of JSON and HTTP, lines, and parts of other inputs.
//! The same seed gives the same inputs on every machine.

/// A stream of numbers that the seed determines (splitmix64).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; zero if that is zero.
    pub fn below(&mut self, end: usize) -> usize {
        (self.draw() % (end.max(1) as u64)) as usize
    }
}

/// Makes inputs of inputs.
#[derive(Debug)]
pub struct Mutator {
    inputs: Vec<Vec<u8>>,
    words: Vec<Vec<u8>>,
}

impl Mutator {
    /// Over these inputs, whose words it learns.
    pub fn new(inputs: Vec<Vec<u8>>) -> Self {
        let mut words: Vec<Vec<u8>> = WORDS.iter().map(|word| word.as_bytes().to_vec()).collect();
        for input in &inputs {
            let found = input.split(|byte| b"\"{}[]:,&=\n ".contains(byte));
            words.extend(found.filter(|word| (2..=40).contains(&word.len())).map(<[u8]>::to_vec));
        }
        words.sort();
        words.dedup();
        Self { inputs, words }
    }

    /// The inputs that it mutates.
    pub fn inputs(&self) -> &[Vec<u8>] {
        &self.inputs
    }

    /// One of the inputs, changed in one to five ways.
    pub fn mutate(&self, random: &mut Random) -> Vec<u8> {
        let mut input = self.pick(random).to_vec();
        for _ in 0..=random.below(5) {
            self.change(&mut input, random);
        }
        input.truncate(INPUT_MAX);
        input
    }

    fn pick(&self, random: &mut Random) -> &[u8] {
        match self.inputs.is_empty() {
            true => &[],
            false => &self.inputs[random.below(self.inputs.len())],
        }
    }

    fn change(&self, input: &mut Vec<u8>, random: &mut Random) {
        let length = input.len();
        let (from, to) = (random.below(length + 1), random.below(length + 1));
        let (from, to) = (from.min(to), from.max(to).min(from.min(to) + 64));
        match random.below(14) {
            0 if length > 0 => input[from.min(length - 1)] ^= 1 << random.below(8),
            1 if length > 0 => input[from.min(length - 1)] = random.draw() as u8,
            2 => drop(input.drain(from..to)),
            3 => input.truncate(from),
            4 => {
                let part = input[from..to].to_vec();
                insert(input, random.below(length + 1), &part);
            }
            5 => insert(input, from, &[random.draw() as u8]),
            6 => {
                let word = &self.words[random.below(self.words.len())];
                insert(input, from, word);
            }
            // A value for a value: that keeps the shape, and so gets far.
            7..=9 => {
                let word = self.words[random.below(self.words.len())].clone();
                replace_word(input, random, &word);
            }
            10 => {
                let number = NUMBERS[random.below(NUMBERS.len())];
                replace_word(input, random, number.as_bytes());
            }
            11 => self.take_lines(input, random),
            12 => {
                let other = self.pick(random);
                let start = random.below(other.len() + 1);
                input.truncate(from);
                input.extend_from_slice(&other[start..]);
            }
            _ => repeat_field(input, random),
        }
    }

    /// The first lines of this input, the rest of another: another case, another answer.
    fn take_lines(&self, input: &mut Vec<u8>, random: &mut Random) {
        let other = self.pick(random);
        let behind = |bytes: &[u8], lines: usize| {
            let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
            ends.map(|(place, _)| place + 1).nth(lines).unwrap_or(bytes.len())
        };
        let lines = random.below(4);
        let rest = other[behind(other, lines)..].to_vec();
        input.truncate(behind(input, lines));
        input.extend(rest);
    }
}

fn insert(input: &mut Vec<u8>, place: usize, part: &[u8]) {
    input.splice(place..place, part.iter().copied());
}

/// Words, numbers and texts between the signs of JSON, forms and headers.
fn word_at(input: &[u8], place: usize) -> std::ops::Range<usize> {
    let is_sign = |byte: &u8| b"\"{}[]:,&=\n".contains(byte);
    let start = input[..place].iter().rposition(is_sign).map_or(0, |at| at + 1);
    let end = input[place..].iter().position(is_sign).map_or(input.len(), |at| place + at);
    start..end
}

fn replace_word(input: &mut Vec<u8>, random: &mut Random, word: &[u8]) {
    let range = word_at(input, random.below(input.len() + 1));
    // Not the name of the case, or every input would be one of the same few cases.
    input.splice(range, word.iter().copied());
}

/// `"a":1` becomes `"a":1,"a":1`, somewhere.
fn repeat_field(input: &mut Vec<u8>, random: &mut Random) {
    let place = random.below(input.len() + 1);
    let start = input[..place].iter().rposition(|byte| b"{,".contains(byte)).map_or(0, |at| at + 1);
    let end = input[place..].iter().position(|byte| b",}".contains(byte));
    let end = end.map_or(input.len(), |at| place + at);
    if end - start > 400 {
        return;
    }
    let field = input[start..end].to_vec();
    insert(input, end, &[b",", field.as_slice()].concat());
}

const WORDS: [&str; 22] = [
    "null",
    "true",
    "false",
    "{}",
    "[]",
    "\"\"",
    "[[]]",
    "\\u0000",
    "\\ud800",
    "\u{feff}",
    "%00",
    "%2e",
    "HTTP/1.1 200",
    "HTTP/1.1 404",
    "HTTP/1.1 429",
    "HTTP/1.1 500",
    "Retry-After: 99999999",
    "LOST no",
    "LOST maybe",
    "\r\n",
    "\n\x1e\n",
    "\u{202e}",
];

const NUMBERS: [&str; 16] = [
    "0",
    "-1",
    "1",
    "-0",
    "1e999",
    "0.001",
    "1e-5",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "92233720368547758.07",
    "18446744073709551616",
    "0.1",
    "1.0",
    "1E2",
    "99999999999999999999999999999999999999",
];

/// No input is longer. Every reader has a limit of its own, tested beside it.
const INPUT_MAX: usize = 64 * 1024;
