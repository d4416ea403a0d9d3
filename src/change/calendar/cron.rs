//! Cron expressions of five fields, as cron(5) reads them, with `L` and `#` and without anything that is guessed.
//!
//! `minute hour day-of-month month day-of-week`: names, lists, ranges, steps; day of week 0 to 7 with both ends Sunday;
//! `L` as the last day of the month, `5L` or `FRIL` as its last Friday, `FRI#2` as its second. A day matches when both
//! day fields do, or either of them when both are restricted (neither begins with `*`).

use jiff::civil::{Date, Weekday};

/// A cron expression that can happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    last_day: bool,
    months: u64,
    weekdays: u64,
    /// Weekday and which one of the month, 1 to 5.
    nth_weekdays: Vec<(u8, u8)>,
    last_weekdays: u64,
    days_restricted: bool,
    weekdays_restricted: bool,
}

/// One field's name, range and words.
struct Field {
    name: &'static str,
    min: u8,
    max: u8,
    words: &'static [&'static str],
}

const MINUTE: Field = Field { name: "minute", min: 0, max: 59, words: &[] };
const HOUR: Field = Field { name: "hour", min: 0, max: 23, words: &[] };
const DAY: Field = Field { name: "day of month", min: 1, max: 31, words: &[] };
const MONTH: Field = Field {
    name: "month",
    min: 1,
    max: 12,
    words: &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
};
const WEEKDAY: Field =
    Field { name: "day of week", min: 0, max: 7, words: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"] };

impl Cron {
    /// Reads an expression.
    ///
    /// # Errors
    ///
    /// A sentence that names the field and what is wrong with it; also when no day can ever match, as in
    /// `0 0 30 2 *`.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::parse_with(text, |field| !field.starts_with(['*', '?']))
    }

    /// Reads an expression as Go's robfig/cron and Ruby's fugit do: `*/2` restricts its field too, so that beside a
    /// restricted other day field either of the two is enough.
    ///
    /// # Errors
    ///
    /// As [`Cron::parse`].
    pub fn parse_strict_stars(text: &str) -> Result<Self, String> {
        Self::parse_with(text, |field| !field.split(',').any(|item| matches!(item, "*" | "?" | "*/1" | "?/1")))
    }

    fn parse_with(text: &str, restricted: fn(&str) -> bool) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let &[minute, hour, day, month, weekday] = fields.as_slice() else {
            return Err(wrong_count(text, fields.len()));
        };
        let mut cron = Self {
            minutes: MINUTE.set(minute)?,
            hours: HOUR.set(hour)?,
            days: 0,
            last_day: false,
            months: MONTH.set(month)?,
            weekdays: 0,
            nth_weekdays: Vec::new(),
            last_weekdays: 0,
            days_restricted: restricted(day),
            weekdays_restricted: restricted(weekday),
        };
        day.split(',').try_for_each(|item| cron.add_day(item))?;
        weekday.split(',').try_for_each(|item| cron.add_weekday(item))?;
        if cron.happens() { Ok(cron) } else { Err(format!("`{text}` never happens: no such day exists")) }
    }

    /// Whether the day fields and the month match.
    pub fn matches_day(&self, date: Date) -> bool {
        if !has(self.months, date.month().unsigned_abs()) {
            return false;
        }
        let (day, weekday) = (self.day_matches(date), self.weekday_matches(date));
        if self.days_restricted && self.weekdays_restricted { day || weekday } else { day && weekday }
    }

    /// Hours and minutes of a matching day, in order.
    pub fn times(&self) -> impl Iterator<Item = (i8, i8)> {
        let members = |set: u64, end: i8| (0..end).filter(move |n| has(set, n.unsigned_abs()));
        let minutes = self.minutes;
        members(self.hours, 24).flat_map(move |hour| members(minutes, 60).map(move |minute| (hour, minute)))
    }

    /// Whether every hour matches: such a schedule follows elapsed time through a clock change, as cron does.
    pub fn every_hour(&self) -> bool {
        self.hours == span(0, 23, 1)
    }

    /// Whether every minute of a matching hour matches.
    pub fn every_minute(&self) -> bool {
        self.minutes == span(0, 59, 1)
    }

    /// Whether both day fields are restricted, so that either is enough.
    pub fn either_day_field(&self) -> bool {
        self.days_restricted && self.weekdays_restricted
    }

    fn day_matches(&self, date: Date) -> bool {
        has(self.days, date.day().unsigned_abs()) || (self.last_day && date == date.last_of_month())
    }

    fn weekday_matches(&self, date: Date) -> bool {
        let weekday = number(date.weekday());
        let day = date.day().unsigned_abs();
        has(self.weekdays, weekday)
            || self.nth_weekdays.contains(&(weekday, (day - 1) / 7 + 1))
            || (has(self.last_weekdays, weekday) && date.days_in_month().unsigned_abs() - day < 7)
    }

    fn add_day(&mut self, item: &str) -> Result<(), String> {
        match item {
            "L" | "l" => self.last_day = true,
            _ => self.days |= DAY.item(item)?,
        }
        Ok(())
    }

    fn add_weekday(&mut self, item: &str) -> Result<(), String> {
        if let Some((day, nth)) = item.split_once('#') {
            let nth = nth.parse().ok().filter(|n| (1..=5).contains(n));
            let nth = nth.ok_or_else(|| WEEKDAY.wrong(item, "after `#` stands 1 to 5"))?;
            self.nth_weekdays.push((WEEKDAY.value(day)? % 7, nth));
        } else if let Some(day) = item.strip_suffix(['L', 'l']) {
            if day.is_empty() {
                return Err(WEEKDAY.wrong(item, "say which day: `FRIL` is the last Friday, `SAT` every Saturday"));
            }
            self.last_weekdays |= 1 << (WEEKDAY.value(day)? % 7);
        } else {
            let set = WEEKDAY.item(item)?;
            // 7 is Sunday, as is 0.
            self.weekdays |= (set & 0x7f) | u64::from(has(set, 7));
        }
        Ok(())
    }

    /// Whether a day can match at all. Weekdays reach every date within a leap cycle; only the day of the month can
    /// exclude itself, and only when a weekday is no way out.
    fn happens(&self) -> bool {
        let longest = |month: u8| match month {
            2 => 29,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let some_day = (1..=12).any(|month| has(self.months, month) && self.days & span(1, longest(month), 1) != 0);
        some_day || self.last_day || self.either_day_field()
    }
}

impl Field {
    /// The values of a list.
    fn set(&self, text: &str) -> Result<u64, String> {
        text.split(',').try_fold(0, |set, item| Ok(set | self.item(item)?))
    }

    /// The values of `*`, `5`, `1-5`, `*/15`, `10-50/5` or `5/15` (from 5 to the end).
    fn item(&self, item: &str) -> Result<u64, String> {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(self.step(item, step)?)),
            None => (item, None),
        };
        let (first, last) = match range.split_once('-') {
            _ if range == "*" || range == "?" => (self.min, self.max),
            Some((first, last)) => (self.value(first)?, self.range_end(last)?),
            None if step.is_some() => (self.value(range)?, self.max),
            None => (self.value(range)?, self.value(range)?),
        };
        if first > last {
            return Err(self.wrong(item, "the range runs backwards; list its values instead"));
        }
        Ok(span(first, last, step.unwrap_or(1)))
    }

    fn step(&self, item: &str, step: &str) -> Result<u8, String> {
        let step = number_of(step).filter(|step| (1..=self.max).contains(step));
        step.ok_or_else(|| self.wrong(item, &format!("a step is a number from 1 to {}", self.max)))
    }

    fn value(&self, text: &str) -> Result<u8, String> {
        let word = self.words.iter().position(|word| word.eq_ignore_ascii_case(text));
        let named = word.and_then(|index| u8::try_from(index).ok()).map(|index| index + self.min);
        let value = named.or_else(|| number_of(text)).filter(|value| (self.min..=self.max).contains(value));
        value.ok_or_else(|| self.wrong(text, &format!("expected {} to {}", self.min, self.max)))
    }

    /// Sunday at the end of a range is 7: `SAT-SUN`.
    fn range_end(&self, text: &str) -> Result<u8, String> {
        let sunday = self.max == 7 && text.eq_ignore_ascii_case("SUN");
        if sunday { Ok(7) } else { self.value(text) }
    }

    fn wrong(&self, item: &str, why: &str) -> String {
        format!("`{item}` is not a {}: {why}", self.name)
    }
}

fn wrong_count(text: &str, count: usize) -> String {
    let hint = if text.starts_with('@') {
        "; write `@daily` as `0 0 * * *`"
    } else if text.contains('=') {
        "; the zone belongs in `timezone`"
    } else if count == 6 || count == 7 {
        "; there are no seconds and no years"
    } else {
        ""
    };
    format!("`{text}` has {count} of the five fields minute, hour, day of month, month, day of week{hint}")
}

fn number_of(text: &str) -> Option<u8> {
    let digits = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn has(set: u64, member: u8) -> bool {
    set & (1 << member) != 0
}

fn span(first: u8, last: u8, step: u8) -> u64 {
    (first..=last).step_by(usize::from(step)).fold(0, |set, member| set | 1 << member)
}

fn number(weekday: Weekday) -> u8 {
    weekday.to_sunday_zero_offset().unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Days of 2026 that match, as `month-day`.
    fn days(text: &str) -> Vec<String> {
        let cron = Cron::parse(text).expect(text);
        let first = jiff::civil::date(2026, 1, 1);
        first
            .series(jiff::ToSpan::days(1))
            .take(365)
            .filter(|d| cron.matches_day(*d))
            .map(|d| d.strftime("%m-%d").to_string())
            .collect()
    }

    fn times(text: &str) -> Vec<(i8, i8)> {
        Cron::parse(text).expect(text).times().collect()
    }

    #[test]
    fn minutes_and_hours() {
        assert_eq!(times("0 18 * * FRI"), [(18, 0)]);
        assert_eq!(times("*/30 9,17 * * *"), [(9, 0), (9, 30), (17, 0), (17, 30)]);
        assert_eq!(times("10-30/10 0 * * *"), [(0, 10), (0, 20), (0, 30)]);
        assert_eq!(times("50/5 23 * * *"), [(23, 50), (23, 55)]);
        assert_eq!(times("* * * * *").len(), 1_440);
    }

    #[test]
    fn days_of_the_month_and_months() {
        assert_eq!(days("0 0 1 JAN,jul *"), ["01-01", "07-01"]);
        assert_eq!(days("0 0 L 1-3 *"), ["01-31", "02-28", "03-31"]);
        assert_eq!(days("0 0 30 1-4 ?"), ["01-30", "03-30", "04-30"]);
        assert!(days("0 0 29 2 *").is_empty(), "2026 is no leap year, and yet it happens");
    }

    #[test]
    fn days_of_the_week() {
        assert_eq!(days("0 0 * 2 0").len(), 4);
        assert_eq!(days("0 0 * 2 0"), days("0 0 * 2 7"));
        assert_eq!(days("0 0 * 2 SUN"), days("0 0 * 2 7"));
        assert_eq!(days("0 0 * 2 5-7"), days("0 0 * 2 FRI-SUN"));
        assert_eq!(days("0 0 * 2 FRI#2"), ["02-13"]);
        assert_eq!(days("0 0 * 5 FRI#5"), ["05-29"]);
        assert_eq!(days("0 0 * 2 5L"), ["02-27"]);
        assert_eq!(days("0 0 * 5 fril"), ["05-29"]);
        assert_eq!(days("0 0 * 2 7L"), ["02-22"]);
    }

    #[test]
    fn restricted_day_fields_are_alternatives_and_others_conditions() {
        assert_eq!(days("0 0 13 2 FRI"), ["02-06", "02-13", "02-20", "02-27"]);
        assert_eq!(days("0 0 1 2 FRI"), ["02-01", "02-06", "02-13", "02-20", "02-27"]);
        assert_eq!(days("0 0 */10 2 FRI"), Vec::<String>::new(), "1, 11 and 21 February are no Fridays");
        assert_eq!(days("0 0 13 2 *"), ["02-13"]);
        assert_eq!(days("0 0 30 2 FRI").len(), 4, "Fridays are a way out");
    }

    #[test]
    fn what_never_happens_is_refused() {
        for never in ["0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "0 0 31 APR ?", "0 0 30 2 */2"] {
            assert!(Cron::parse(never).unwrap_err().contains("never happens"), "{never}");
        }
    }

    #[test]
    fn mistakes_name_the_field() {
        let rows = [
            ("60 * * * *", "minute"),
            ("* 24 * * *", "hour"),
            ("* * 0 * *", "day of month"),
            ("* * * 13 *", "month"),
            ("* * * FRI *", "month"),
            ("* * * * 8", "day of week"),
            ("* * * * FRI-MON", "runs backwards"),
            ("* * * * FRI#6", "1 to 5"),
            ("* * * * L", "say which day"),
            ("*/0 * * * *", "a step"),
            ("1- * * * *", "minute"),
            ("-1 * * * *", "minute"),
            (", * * * *", "minute"),
            ("+5 * * * *", "minute"),
            ("* * 15W * *", "day of month"),
            ("0 18 * * FRI 2026", "no years"),
            ("0 18 * *", "4 of the five fields"),
            ("@daily", "0 0 * * *"),
            ("CRON_TZ=UTC 0 0 * * *", "timezone"),
            ("", "0 of the five"),
        ];
        for (text, expected) in rows {
            let message = Cron::parse(text).expect_err(text);
            assert!(message.contains(expected), "{text}: {message}");
        }
    }
}
