//! Who may sign: `PRINCIPALS [OPTIONS] KEY [COMMENT]` on each line (ssh-keygen(1), ALLOWED SIGNERS).

use data_encoding::BASE64;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::key::PublicKey;
use super::pattern::matches_list;
use crate::finding::Diagnostic;
use crate::source::{SourceId, Span};

/// The file, read.
#[derive(Clone, Debug, Default)]
pub struct AllowedSigners {
    lines: Vec<Line>,
}

/// Why a key may not sign for somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// No line gives the key, or an authority that vouches for it, to this principal.
    NotListed,
    /// The certificate does not hold; in words.
    Certificate(&'static str),
    /// The line is for other namespaces.
    Namespace,
    /// The line is not valid yet.
    NotYet,
    /// The line is not valid any more.
    Expired,
}

#[derive(Clone, Debug)]
struct Line {
    principals: String,
    options: Options,
    key: PublicKey,
}

#[derive(Clone, Debug, Default)]
struct Options {
    authority: bool,
    namespaces: Option<String>,
    /// Seconds since 1970: the first at which it holds.
    valid_after: Option<u64>,
    /// The last at which it holds.
    valid_before: Option<u64>,
}

impl AllowedSigners {
    /// Reads the file. As for ssh-keygen, a line that cannot be read lets nobody sign; it is told here, too.
    pub fn parse(text: &str, source: SourceId) -> (Self, Vec<Diagnostic>) {
        let (mut lines, mut told) = (Vec::new(), Vec::new());
        let mut offset = 0;
        for raw in text.split_inclusive('\n') {
            let start = offset;
            offset += raw.len();
            let line = raw.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match Line::parse(line) {
                Ok(line) => lines.push(line),
                Err(why) => told.push(
                    Diagnostic::warning("signers::line", format!("a line of allowed_signers lets nobody sign: {why}"))
                        .at(Span::new(source, start, start + raw.trim_end().len()))
                        .label("PRINCIPALS [OPTIONS] KEYTYPE BASE64 [COMMENT]")
                        .help("see ALLOWED SIGNERS in ssh-keygen(1)"),
                ),
            }
        }
        (Self { lines }, told)
    }

    /// Whether there is anybody.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Whether `key` may sign for `principal` in `namespace` at an instant.
    ///
    /// # Errors
    ///
    /// The refusal that came closest.
    pub fn allow(&self, principal: &str, key: &PublicKey, namespace: &str, at: Timestamp) -> Result<(), Refusal> {
        let seconds = u64::try_from(at.as_second()).unwrap_or_default();
        let mut closest = Refusal::NotListed;
        for line in self.lines.iter().filter(|line| matches_list(principal, &line.principals)) {
            match line.allow(principal, key, namespace, seconds) {
                Ok(()) => return Ok(()),
                Err(refusal) => closest = closest.max(refusal),
            }
        }
        Err(closest)
    }
}

impl Line {
    fn allow(&self, principal: &str, key: &PublicKey, namespace: &str, at: u64) -> Result<(), Refusal> {
        let options = &self.options;
        match (&key.certificate, options.authority) {
            (_, false) if self.key == *key => {}
            (Some(certificate), true) if certificate.authority == self.key => {
                certificate.refuses(principal, at).map_or(Ok(()), |why| Err(Refusal::Certificate(why)))?;
            }
            _ => return Err(Refusal::NotListed),
        }
        if options.namespaces.as_ref().is_some_and(|list| !matches_list(namespace, list)) {
            Err(Refusal::Namespace)
        } else if options.valid_after.is_some_and(|from| at < from) {
            Err(Refusal::NotYet)
        } else if options.valid_before.is_some_and(|until| at > until) {
            Err(Refusal::Expired)
        } else {
            Ok(())
        }
    }

    fn parse(line: &str) -> Result<Self, &'static str> {
        let (principals, rest) = first_word(line).ok_or("it has no key")?;
        let (options, rest) = match read_key(rest) {
            Some(key) => (Options::default(), Some(key)),
            None => {
                let end = end_of_options(rest).ok_or("a quote is not closed")?;
                let (options, rest) = rest.split_at_checked(end).unwrap_or((rest, ""));
                (Options::parse(options)?, read_key(rest.trim_start()))
            }
        };
        let key = rest.ok_or("its key cannot be read")?;
        Ok(Self { principals: principals.to_owned(), options, key })
    }
}

/// The first word, which may be in quotes, and what follows.
fn first_word(line: &str) -> Option<(&str, &str)> {
    let (word, rest) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?,
        None => line.split_once([' ', '\t'])?,
    };
    Some((word, rest.trim_start()))
}

/// The key at the front; what follows it is a comment.
fn read_key(text: &str) -> Option<PublicKey> {
    let mut words = text.split_ascii_whitespace();
    let (kind, base64) = (words.next()?, words.next()?);
    let key = PublicKey::parse(&BASE64.decode(base64.as_bytes()).ok()?).ok()?;
    (key.kind() == kind).then_some(key)
}

/// Where the options end: at the first space outside of quotes.
fn end_of_options(text: &str) -> Option<usize> {
    let mut quoted = false;
    let mut bytes = text.bytes().enumerate().peekable();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' if bytes.peek().is_some_and(|(_, next)| *next == b'"') => drop(bytes.next()),
            b'"' => quoted = !quoted,
            b' ' | b'\t' if !quoted => return Some(at),
            _ => {}
        }
    }
    (!quoted).then_some(text.len())
}

impl Options {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let mut options = Self::default();
        let mut rest = text;
        loop {
            // ssh-keygen takes no option at all before a comma.
            if !rest.is_empty() && !rest.starts_with(',') {
                rest = options.take(rest)?;
            }
            match rest.strip_prefix(',') {
                Some("") => return Err("its options end with a comma"),
                Some(more) => rest = more,
                None if rest.is_empty() => break,
                None => return Err("it has an option that ssh-keygen does not know"),
            }
        }
        match (options.valid_after, options.valid_before) {
            (Some(from), Some(until)) if until <= from => Err("valid-before is not after valid-after"),
            _ => Ok(options),
        }
    }

    /// Takes one option from the front.
    fn take<'a>(&mut self, text: &'a str) -> Result<&'a str, &'static str> {
        if let Some(rest) = strip_word(text, "cert-authority") {
            self.authority = true;
            return Ok(rest);
        }
        for name in ["namespaces=", "valid-after=", "valid-before="] {
            let Some(rest) = strip_word(text, name) else { continue };
            let (value, rest) = dequote(rest).ok_or("the value of an option is not in quotes")?;
            let twice = match name {
                "namespaces=" => self.namespaces.replace(value).is_some(),
                "valid-after=" => self.valid_after.replace(instant(&value)?).is_some(),
                _ => self.valid_before.replace(instant(&value)?).is_some(),
            };
            return if twice { Err("an option is given twice") } else { Ok(rest) };
        }
        Err("it has an option that ssh-keygen does not know")
    }
}

/// What follows a word that is written in any case.
fn strip_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(word.len())?;
    start.eq_ignore_ascii_case(word).then_some(rest)
}

fn dequote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.strip_prefix('"')?.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' if characters.peek().is_some_and(|(_, next)| *next == '"') => {
                value.push('"');
                characters.next();
            }
            '"' => return Some((value, text.get(at + 2..)?)),
            other => value.push(other),
        }
    }
    None
}

/// Seconds since 1970 of `YYYYMMDD[HHMM[SS]][Z]`. Without `Z` ssh-keygen takes the zone of its machine, and we UTC: a
/// verdict must not depend on where it is made.
fn instant(text: &str) -> Result<u64, &'static str> {
    const WRONG: &str = "a time is YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, with Z for UTC";
    let upper = text.to_ascii_uppercase();
    let digits = upper.strip_suffix("UTC").or_else(|| upper.strip_suffix('Z')).unwrap_or(&upper);
    if !matches!(digits.len(), 8 | 12 | 14) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(WRONG);
    }
    let number = |from: usize, to: usize| digits.get(from..to).map_or(Ok(0), |d| d.parse::<i64>().map_err(|_| WRONG));
    let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    let (hour, minute, second) = (number(8, 10)?, number(10, 12)?, number(12, 14)?);
    if !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 61 {
        return Err(WRONG);
    }
    // As timegm does it, 30 February is 2 March.
    let narrow = |n: i64| i8::try_from(n).unwrap_or_default();
    let first = Date::new(i16::try_from(year).unwrap_or_default(), narrow(month), 1).map_err(|_| WRONG)?;
    let midnight = TimeZone::UTC.to_timestamp(first.at(0, 0, 0, 0)).map_err(|_| WRONG)?.as_second();
    let seconds = midnight + (day - 1) * 86_400 + hour * 3600 + minute * 60 + second;
    u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).ok_or(WRONG)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_ssh_keygen() {
        for (text, seconds) in [
            ("20260609", 1_780_963_200),
            ("20260609Z", 1_780_963_200),
            ("20260609utc", 1_780_963_200),
            ("202606090130Z", 1_780_968_600),
            ("20260609013059", 1_780_968_659),
            ("20260230", 1_772_409_600),
            ("19700102", 86_400),
        ] {
            assert_eq!(instant(text), Ok(seconds), "{text}");
        }
        for text in
            ["", "2026", "2026-06-09", "20261301", "20260600", "20260632", "202606092400", "19700101", "19691231"]
        {
            assert!(instant(text).is_err(), "{text}");
        }
    }

    #[test]
    fn options_are_those_of_ssh_keygen() {
        let read = |text: &str| Options::parse(text);
        let all = read("CERT-authority,namespaces=\"a,b\\\"c\",valid-after=\"20260101\",Valid-Before=\"20270101\"");
        let all = all.expect("options");
        assert!(all.authority && all.valid_after < all.valid_before);
        assert_eq!(all.namespaces.as_deref(), Some("a,b\"c"));
        for text in [
            "cert-authority,",
            "no-such-option",
            "namespaces=a",
            "namespaces=\"a\",namespaces=\"b\"",
            "valid-after=\"soon\"",
            "valid-after=\"20270101\",valid-before=\"20260101\"",
            "cert-authorityx",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_line_that_cannot_be_read_is_told_with_its_place() {
        let text = "# comment\n\ndave ssh-ed25519 AAAA\n  erin\n";
        let (signers, told) = AllowedSigners::parse(text, SourceId(0));
        assert!(signers.is_empty());
        let spans: Vec<_> = told.iter().filter_map(|d| d.span).map(|s| (s.start, s.end)).collect();
        assert_eq!(spans, [(11, 32), (33, 39)]);
    }
}
