//! The mutations: flipped bits, changed, doubled, moved and lost parts, parts of another seed, and tokens that parsers trip over.

use crate::model::random::Random;

/// What breaks parsers: edges of numbers, times and ids, unfinished escapes, invisible characters, marks and quotes.
const TOKENS: &[&[u8]] = &[
    b"null",
    b"true",
    b"false",
    b"0",
    b"-1",
    b"-0",
    b"1e400",
    b"0.1",
    b"9007199254740991",
    b"9007199254740992",
    b"9007199254740993",
    b"18446744073709551615",
    b"18446744073709551616",
    b"-9223372036854775808",
    b"4294967296",
    b"\"\"",
    b"[]",
    b"{}",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b",",
    b":",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"\\udfff\\ud800",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xc3",
    b"\xf0\x9f\xa6",
    b"\xed\xa0\x80",
    b"\0",
    b"\n",
    b"\r",
    b"\r\n",
    b"\t",
    b"\x1b[31m",
    "\u{202e}".as_bytes(),
    "\u{200b}".as_bytes(),
    "\u{ad}".as_bytes(),
    "\u{2028}".as_bytes(),
    "ß".as_bytes(),
    "İ".as_bytes(),
    "\u{df5}".as_bytes(),
    "xn--".as_bytes(),
    b"xn--a",
    b"@",
    b"@@",
    b"..",
    b"co.uk",
    b"=",
    b"=\"",
    b"'",
    b"sep=;",
    b"SEP=|",
    b"\"\"\"",
    b";",
    b"|",
    b"- ",
    b"? ",
    b"&a",
    b"*a",
    b"<<: ",
    b"!!binary ",
    b"%YAML 9",
    b"---\n",
    b"...\n",
    b"|\n",
    b">\n",
    b"~",
    b".inf",
    b"0x7fffffffffffffff",
    b"2026-02-30",
    b"9999-12-31",
    b"-0001-01-01",
    b"9999-12-31T23:59:60Z",
    b"0000-00-00T00:00:00Z",
    b"2026-04-17T22:15:30.999999999999Z",
    b"+99:99",
    b"::error::",
    b"##[error]",
    b"../../etc/passwd",
    b"http://[::1",
    b"https://a:b@c",
    b"%2f%00",
    b"001000000000001AAA",
    b"1.5E+16",
];

/// Nesting that a recursive parser does not survive, and a line that it must not keep twice.
const LONG: usize = 20_000;

/// An input made of one seed, and perhaps parts of others.
pub fn mutated(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut input = seeds[random.below(seeds.len())].clone();
    for _ in 0..random.pick(&[1, 1, 1, 2, 3, 6]) {
        step(random, &mut input, seeds);
    }
    input
}

fn step(random: &mut Random, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    let at = random.below(input.len() + 1);
    let part = part(random, input);
    match random.below(100) {
        0..20 if !input.is_empty() => {
            let at = at.min(input.len() - 1);
            input[at] ^= 1 << random.below(8);
        }
        20..30 if !input.is_empty() => {
            let at = at.min(input.len() - 1);
            input[at] = random.below(256) as u8;
        }
        30..45 => insert(input, at, TOKENS[random.below(TOKENS.len())]),
        45..60 => {
            // In the place of a token of the input: the text stays well-formed more often.
            let (from, until) = token(input, at);
            input.splice(from..until, TOKENS[random.below(TOKENS.len())].iter().copied());
        }
        60..70 => {
            let copy = input[part].to_vec();
            insert(input, at, &copy);
        }
        70..80 => drop(input.drain(part)),
        80..88 => {
            let other = &seeds[random.below(seeds.len())];
            let from = self::part(random, other);
            let other = other[from].to_vec();
            input.splice(part, other);
        }
        88..95 => input.truncate(at),
        95..98 => {
            let mut moved: Vec<u8> = input.drain(part).collect();
            let at = at.min(input.len());
            input.splice(at..at, moved.drain(..));
        }
        _ => {
            let byte = random.pick(b"[{(\"'a, \n\\&*-");
            let length = random.pick(&[300, 2_000, LONG]);
            insert(input, at, &vec![byte; length]);
        }
    }
}

fn insert(input: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    input.splice(at..at, bytes.iter().copied());
}

/// A part of the input, mostly a short one.
fn part(random: &mut Random, input: &[u8]) -> std::ops::Range<usize> {
    let from = random.below(input.len() + 1);
    let most = random.pick(&[1, 4, 16, 64, usize::MAX]).min(input.len() - from);
    from..from + random.below(most + 1)
}

/// The letters and digits, or the quoted text, around a place.
fn token(input: &[u8], at: usize) -> (usize, usize) {
    let ends = |byte: &u8| b",:;{}[]\"\n\r\t ".contains(byte);
    let from = input[..at].iter().rposition(ends).map_or(0, |found| found + 1);
    let until = input[at..].iter().position(ends).map_or(input.len(), |found| at + found);
    (from, until)
}
