//! The layouts of `formatdate`: `YYYY-MM-DD'T'hh:mm`.

use super::stamp::Stamp;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(super) fn format(layout: &str, stamp: &Stamp) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = layout;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' => quoted(rest, &mut out)?,
            letter if letter.is_ascii_alphabetic() => {
                let length = rest.chars().take_while(|c| *c == letter).count();
                out.push_str(&verb(letter, rest.get(..length).unwrap_or_default(), stamp)?);
                length
            }
            other => {
                out.push(other);
                other.len_utf8()
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(out)
}

/// Text between quotes; a doubled quote is a quote. Returns how long it is.
fn quoted(text: &str, out: &mut String) -> Result<usize, String> {
    if text.starts_with("''") {
        out.push('\'');
        return Ok(2);
    }
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' if chars.next_if(|(_, c)| *c == '\'').is_some() => out.push('\''),
            '\'' => return Ok(at + 1),
            c => out.push(c),
        }
    }
    Err("unterminated literal '".to_owned())
}

fn verb(letter: char, verb: &str, stamp: &Stamp) -> Result<String, String> {
    let (date, time) = (stamp.local().date(), stamp.local().time());
    let invalid = |why: &str| {
        let colon = if why.is_empty() { "" } else { ": " };
        Err(format!("invalid date format verb {verb:?}{colon}{why}"))
    };
    let hour12 = match time.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    let month = usize::try_from(date.month() - 1).ok().and_then(|at| MONTHS.get(at)).copied().unwrap_or_default();
    let short = |name: &str| name.get(..3).unwrap_or_default().to_owned();
    Ok(match (letter, verb.len()) {
        ('Y', 2) => format!("{:02}", date.year() % 100),
        ('Y', 4) => format!("{:04}", date.year()),
        ('Y', _) => return invalid("year must either be \"YY\" or \"YYYY\""),
        ('M', 1) => date.month().to_string(),
        ('M', 2) => format!("{:02}", date.month()),
        ('M', 3) => short(month),
        ('M', 4) => month.to_owned(),
        ('M', _) => return invalid("month must be \"M\", \"MM\", \"MMM\", or \"MMMM\""),
        ('D', 1) => date.day().to_string(),
        ('D', 2) => format!("{:02}", date.day()),
        ('D', _) => return invalid("day of month must either be \"D\" or \"DD\""),
        ('E', 3) => short(stamp.weekday()),
        ('E', 4) => stamp.weekday().to_owned(),
        ('E', _) => return invalid("day of week must either be \"EEE\" or \"EEEE\""),
        ('h', 1) => time.hour().to_string(),
        ('h', 2) => format!("{:02}", time.hour()),
        ('h', _) => return invalid("24-hour must either be \"h\" or \"hh\""),
        ('H', 1) => hour12.to_string(),
        ('H', 2) => format!("{hour12:02}"),
        ('H', _) => return invalid("12-hour must either be \"H\" or \"HH\""),
        ('A', 2) => if time.hour() < 12 { "AM" } else { "PM" }.to_owned(),
        ('a', 2) => if time.hour() < 12 { "am" } else { "pm" }.to_owned(),
        ('A' | 'a', _) => return invalid(&format!("must be \"{letter}{letter}\"")),
        ('m', 1) => time.minute().to_string(),
        ('m', 2) => format!("{:02}", time.minute()),
        ('m', _) => return invalid("minute must either be \"m\" or \"mm\""),
        ('s', 1) => time.second().to_string(),
        ('s', 2) => format!("{:02}", time.second()),
        ('s', _) => return invalid("second must either be \"s\" or \"ss\""),
        ('Z', 1) => stamp.zone(),
        ('Z', 3) if stamp.zone() == "Z" => "UTC".to_owned(),
        ('Z', 3 | 4) => stamp.offset(""),
        ('Z', 5) => stamp.offset(":"),
        ('Z', _) => return invalid("timezone must be Z, ZZZZ, or ZZZZZ"),
        _ => return invalid(""),
    })
}
