//! Go's layouts: `2006-01-02T15:04:05Z07:00`, for writing and for reading.

use jiff::ZonedDateTime;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::{Offset, TimeZone};

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

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The English name of a day.
pub(super) fn weekday(day: Weekday) -> &'static str {
    let n = usize::try_from(day.to_monday_zero_offset()).unwrap_or(0);
    DAYS.get(n).copied().unwrap_or_default()
}

/// The layout behind one of Go's names; the text itself when it is none.
pub(super) fn named(layout: &str) -> &str {
    match layout {
        "ANSIC" => "Mon Jan _2 15:04:05 2006",
        "UnixDate" => "Mon Jan _2 15:04:05 MST 2006",
        "RubyDate" => "Mon Jan 02 15:04:05 -0700 2006",
        "RFC822" => "02 Jan 06 15:04 MST",
        "RFC822Z" => "02 Jan 06 15:04 -0700",
        "RFC850" => "Monday, 02-Jan-06 15:04:05 MST",
        "RFC1123" => "Mon, 02 Jan 2006 15:04:05 MST",
        "RFC1123Z" => "Mon, 02 Jan 2006 15:04:05 -0700",
        "RFC3339" => "2006-01-02T15:04:05Z07:00",
        "RFC3339Nano" => "2006-01-02T15:04:05.999999999Z07:00",
        other => other,
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    LongMonth,
    Month,
    NumMonth,
    ZeroMonth,
    LongDay,
    Day,
    NumDay,
    UnderDay,
    ZeroDay,
    YearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    Upper,
    Lower,
    Zone,
    /// `Z` for UTC; colon; with minutes, with seconds.
    Offset {
        z: bool,
        colon: bool,
        minutes: bool,
        seconds: bool,
    },
    /// Separator, digits, trailing zeros kept.
    Fraction(char, usize, bool),
}

/// Longest first where one starts with another.
const WORDS: &[(&str, Part)] = &[
    ("January", Part::LongMonth),
    ("Jan", Part::Month),
    ("Monday", Part::LongDay),
    ("Mon", Part::Day),
    ("MST", Part::Zone),
    ("2006", Part::LongYear),
    ("002", Part::YearDay),
    ("01", Part::ZeroMonth),
    ("02", Part::ZeroDay),
    ("03", Part::ZeroHour12),
    ("04", Part::ZeroMinute),
    ("05", Part::ZeroSecond),
    ("06", Part::Year),
    ("15", Part::Hour),
    ("1", Part::NumMonth),
    ("2", Part::NumDay),
    ("_2", Part::UnderDay),
    ("3", Part::Hour12),
    ("4", Part::Minute),
    ("5", Part::Second),
    ("PM", Part::Upper),
    ("pm", Part::Lower),
    ("-07:00:00", Part::Offset { z: false, colon: true, minutes: true, seconds: true }),
    ("-07:00", Part::Offset { z: false, colon: true, minutes: true, seconds: false }),
    ("-070000", Part::Offset { z: false, colon: false, minutes: true, seconds: true }),
    ("-0700", Part::Offset { z: false, colon: false, minutes: true, seconds: false }),
    ("-07", Part::Offset { z: false, colon: false, minutes: false, seconds: false }),
    ("Z07:00:00", Part::Offset { z: true, colon: true, minutes: true, seconds: true }),
    ("Z07:00", Part::Offset { z: true, colon: true, minutes: true, seconds: false }),
    ("Z070000", Part::Offset { z: true, colon: false, minutes: true, seconds: true }),
    ("Z0700", Part::Offset { z: true, colon: false, minutes: true, seconds: false }),
    ("Z07", Part::Offset { z: true, colon: false, minutes: false, seconds: false }),
];

/// A layout, read.
pub(super) struct Layout(Vec<Part>);

impl Layout {
    pub(super) fn read(layout: &str) -> Self {
        let mut parts: Vec<Part> = Vec::new();
        let mut rest = layout;
        while let Some(first) = rest.chars().next() {
            let found = fraction(rest, &parts).or_else(|| {
                let word = WORDS.iter().find(|(word, _)| rest.starts_with(word))?;
                // `Jan` inside of `Janet` is text.
                let lower =
                    rest.get(word.0.len()..).and_then(|r| r.chars().next()).is_some_and(|c| c.is_ascii_lowercase());
                (!(matches!(word.1, Part::Month | Part::Day) && lower)).then(|| (word.0.len(), word.1.clone()))
            });
            let length = match found {
                Some((length, part)) => {
                    parts.push(part);
                    length
                }
                None => {
                    match parts.last_mut() {
                        Some(Part::Text(text)) => text.push(first),
                        _ => parts.push(Part::Text(first.to_string())),
                    }
                    first.len_utf8()
                }
            };
            rest = rest.get(length..).unwrap_or_default();
        }
        Self(parts)
    }

    pub(super) fn format(&self, at: &ZonedDateTime) -> String {
        self.0.iter().map(|part| written(part, at)).collect()
    }

    /// Nanoseconds since 1970.
    pub(super) fn parse(&self, value: &str) -> Option<i128> {
        let mut reader = Reader { rest: value, ..Reader::default() };
        for (i, part) in self.0.iter().enumerate() {
            let next_is_fraction = matches!(self.0.get(i + 1), Some(Part::Fraction(..)));
            reader.part(part, next_is_fraction)?;
        }
        if reader.rest.is_empty() { reader.instant() } else { None }
    }
}

/// `.000` or `,999` behind the seconds.
fn fraction(rest: &str, before: &[Part]) -> Option<(usize, Part)> {
    let separator = rest.chars().next().filter(|c| matches!(c, '.' | ','))?;
    let digit = rest.chars().nth(1).filter(|c| matches!(c, '0' | '9'))?;
    let digits = rest.chars().skip(1).take_while(|c| *c == digit).count();
    let after = rest.chars().nth(digits + 1).is_some_and(|c| c.is_ascii_digit());
    let behind_seconds = matches!(before.last(), Some(Part::Second | Part::ZeroSecond));
    (!after && behind_seconds).then_some((digits + 1, Part::Fraction(separator, digits, digit == '0')))
}

fn written(part: &Part, at: &ZonedDateTime) -> String {
    let name = |n: i8| MONTHS.get(usize::try_from(n - 1).unwrap_or(0)).copied().unwrap_or_default();
    let twelve = |hour: i8| if hour % 12 == 0 { 12 } else { hour % 12 };
    match part {
        Part::Text(text) => text.clone(),
        Part::LongMonth => name(at.month()).to_owned(),
        Part::Month => name(at.month()).chars().take(3).collect(),
        Part::NumMonth => at.month().to_string(),
        Part::ZeroMonth => format!("{:02}", at.month()),
        Part::LongDay => weekday(at.weekday()).to_owned(),
        Part::Day => weekday(at.weekday()).chars().take(3).collect(),
        Part::NumDay => at.day().to_string(),
        Part::UnderDay => format!("{:2}", at.day()),
        Part::ZeroDay => format!("{:02}", at.day()),
        Part::YearDay => format!("{:03}", at.day_of_year()),
        Part::Hour => format!("{:02}", at.hour()),
        Part::Hour12 => twelve(at.hour()).to_string(),
        Part::ZeroHour12 => format!("{:02}", twelve(at.hour())),
        Part::Minute => at.minute().to_string(),
        Part::ZeroMinute => format!("{:02}", at.minute()),
        Part::Second => at.second().to_string(),
        Part::ZeroSecond => format!("{:02}", at.second()),
        Part::LongYear => format!("{:04}", at.year()),
        Part::Year => format!("{:02}", at.year().rem_euclid(100)),
        Part::Upper => if at.hour() < 12 { "AM" } else { "PM" }.to_owned(),
        Part::Lower => if at.hour() < 12 { "am" } else { "pm" }.to_owned(),
        Part::Zone => at.time_zone().to_offset_info(at.timestamp()).abbreviation().to_owned(),
        Part::Offset { z, colon, minutes, seconds } => offset(at.offset(), *z, *colon, *minutes, *seconds),
        Part::Fraction(separator, digits, keep) => fractional(at.subsec_nanosecond(), *separator, *digits, *keep),
    }
}

fn offset(offset: Offset, z: bool, colon: bool, minutes: bool, seconds: bool) -> String {
    let total = offset.seconds();
    if z && total == 0 {
        return "Z".to_owned();
    }
    let between = if colon { ":" } else { "" };
    let mut out = format!("{}{:02}", if total < 0 { '-' } else { '+' }, total.abs() / 3600);
    if minutes {
        out.push_str(&format!("{between}{:02}", total.abs() / 60 % 60));
    }
    if seconds {
        out.push_str(&format!("{between}{:02}", total.abs() % 60));
    }
    out
}

fn fractional(ns: i32, separator: char, digits: usize, keep: bool) -> String {
    let text: String = format!("{ns:09}").chars().take(digits).collect();
    let text = if keep { text.as_str() } else { text.trim_end_matches('0') };
    if text.is_empty() { String::new() } else { format!("{separator}{text}") }
}

struct Reader<'a> {
    rest: &'a str,
    year: i16,
    month: i8,
    day: i8,
    day_of_year: Option<i16>,
    hour: i8,
    minute: i8,
    second: i8,
    ns: i32,
    pm: Option<bool>,
    offset: i32,
}

impl Default for Reader<'_> {
    fn default() -> Self {
        let (year, month, day) = (0, 1, 1);
        let (hour, minute, second, ns, offset) = (0, 0, 0, 0, 0);
        Self { rest: "", year, month, day, day_of_year: None, hour, minute, second, ns, pm: None, offset }
    }
}

impl Reader<'_> {
    fn part(&mut self, part: &Part, fraction_follows: bool) -> Option<()> {
        match part {
            Part::Text(text) => self.rest = self.rest.strip_prefix(text.as_str())?,
            Part::LongMonth => self.month = self.named(&MONTHS, usize::MAX)?,
            Part::Month => self.month = self.named(&MONTHS, 3)?,
            Part::NumMonth => self.month = self.number(1, 2)?,
            Part::ZeroMonth => self.month = self.number(2, 2)?,
            Part::LongDay => drop(self.named(&DAYS, usize::MAX)?),
            Part::Day => drop(self.named(&DAYS, 3)?),
            Part::NumDay => self.day = self.number(1, 2)?,
            Part::UnderDay => {
                self.rest = self.rest.strip_prefix(' ').unwrap_or(self.rest);
                self.day = self.number(1, 2)?;
            }
            Part::ZeroDay => self.day = self.number(2, 2)?,
            Part::YearDay => self.day_of_year = Some(self.number(3, 3)?),
            Part::Hour => self.hour = self.number(2, 2)?,
            Part::Hour12 => self.hour = self.number(1, 2)?,
            Part::ZeroHour12 => self.hour = self.number(2, 2)?,
            Part::Minute => self.minute = self.number(1, 2)?,
            Part::ZeroMinute => self.minute = self.number(2, 2)?,
            Part::Second => {
                self.second = self.number(1, 2)?;
                self.optional_fraction(fraction_follows)?;
            }
            Part::ZeroSecond => {
                self.second = self.number(2, 2)?;
                self.optional_fraction(fraction_follows)?;
            }
            Part::LongYear => self.year = self.number(4, 4)?,
            Part::Year => {
                let year: i16 = self.number(2, 2)?;
                self.year = if year >= 69 { 1900 + year } else { 2000 + year };
            }
            Part::Upper => self.pm = Some(self.half("AM", "PM")?),
            Part::Lower => self.pm = Some(self.half("am", "pm")?),
            Part::Zone => self.abbreviation()?,
            Part::Offset { z, colon, minutes, seconds } => self.offset(*z, *colon, *minutes, *seconds)?,
            Part::Fraction(_, digits, keep) => self.fraction(*digits, *keep)?,
        }
        Some(())
    }

    fn number<T: std::str::FromStr>(&mut self, least: usize, most: usize) -> Option<T> {
        let digits = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let (text, rest) = self.rest.split_at_checked(digits).filter(|_| digits >= least)?;
        self.rest = rest;
        text.parse().ok()
    }

    /// The 1-based position of a name, by its first letters.
    fn named(&mut self, names: &[&str], letters: usize) -> Option<i8> {
        for (i, name) in names.iter().enumerate() {
            let name = name.get(..letters.min(name.len()))?;
            let start = self.rest.get(..name.len());
            if start.is_some_and(|start| start.eq_ignore_ascii_case(name)) {
                self.rest = self.rest.get(name.len()..)?;
                return i8::try_from(i + 1).ok();
            }
        }
        None
    }

    fn half(&mut self, first: &str, second: &str) -> Option<bool> {
        let pm = self.rest.starts_with(second);
        self.rest = self.rest.strip_prefix(if pm { second } else { first })?;
        Some(pm)
    }

    /// Go reads a fraction behind the seconds even if the layout has none.
    fn optional_fraction(&mut self, in_layout: bool) -> Option<()> {
        let more = self.rest.starts_with(['.', ',']) && self.rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
        if in_layout || !more {
            return Some(());
        }
        self.digits(usize::MAX)
    }

    fn fraction(&mut self, digits: usize, keep: bool) -> Option<()> {
        if keep {
            let before = self.rest.len();
            self.digits(digits)?;
            return (before - self.rest.len() == digits + 1).then_some(());
        }
        let more = self.rest.starts_with(['.', ',']);
        if more { self.digits(usize::MAX) } else { Some(()) }
    }

    fn digits(&mut self, most: usize) -> Option<()> {
        let rest = self.rest.get(1..).filter(|_| self.rest.starts_with(['.', ',']))?;
        let digits = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let (text, rest) = rest.split_at_checked(digits).filter(|_| digits > 0)?;
        let nine: String = text.chars().chain("000000000".chars()).take(9).collect();
        self.ns = nine.parse().ok()?;
        self.rest = rest;
        Some(())
    }

    /// Only UTC and GMT say which offset they have; Go takes any other abbreviation for UTC, too.
    fn abbreviation(&mut self) -> Option<()> {
        let letters = self.rest.bytes().take_while(u8::is_ascii_uppercase).count();
        if !(3..=5).contains(&letters) {
            return None;
        }
        self.rest = self.rest.get(letters..)?;
        Some(())
    }

    fn offset(&mut self, z: bool, colon: bool, minutes: bool, seconds: bool) -> Option<()> {
        if z && let Some(rest) = self.rest.strip_prefix('Z') {
            self.rest = rest;
            return Some(());
        }
        let sign = if self.rest.starts_with('-') { -1 } else { 1 };
        self.rest = self.rest.strip_prefix(['+', '-'])?;
        let mut total = self.number::<i32>(2, 2).filter(|h| *h <= 24)? * 3600;
        for (wanted, unit) in [(minutes, 60), (seconds, 1)] {
            if wanted {
                if colon {
                    self.rest = self.rest.strip_prefix(':')?;
                }
                total += self.number::<i32>(2, 2).filter(|n| *n < 60)? * unit;
            }
        }
        self.offset = sign * total;
        Some(())
    }

    fn instant(&self) -> Option<i128> {
        let hour = match self.pm {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        let date = match self.day_of_year {
            Some(day) => Date::new(self.year, 1, 1).ok()?.with().day_of_year(day).build().ok()?,
            None => Date::new(self.year, self.month, self.day).ok()?,
        };
        let time = Time::new(hour, self.minute, self.second, self.ns).ok()?;
        let utc = date.to_datetime(time).to_zoned_datetime(TimeZone::UTC).ok()?;
        Some(utc.timestamp().as_nanosecond() - i128::from(self.offset) * 1_000_000_000)
    }
}
