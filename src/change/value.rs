//! Scalars of the documents that are more than text: instants, days, ids, digests, percentages, zones.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, Visitor};

/// A mapping whose keys are the author's: labels and the like. Policies read it from the tree.
pub type Free = BTreeMap<String, Any>;

/// A value of any kind, which only policies look into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Any;

impl<'de> Deserialize<'de> for Any {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

/// An instant, RFC 3339 with an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub Timestamp);

/// A day without a time, `2027-02-01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub Date);

/// An identifier; systems differ on whether theirs are numbers (contract 5).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub String);

/// `sha256:` and 64 hexadecimal digits in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256(pub String);

/// A share of traffic, a whole number from 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(pub u8);

/// `metadata.id` of a change request: capital letters, `-`, then letters, digits and `-`; or a ServiceNow number (`CHG0031234`),
/// or a key of Jira (`OPS2-17`).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChangeId(pub String);

/// Name of a time zone that the IANA database knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ZoneName(pub String);

impl Moment {
    /// Reads exactly RFC 3339: seconds and an offset are there, nothing else is.
    ///
    /// # Errors
    ///
    /// A sentence about what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not an instant such as `2026-11-24T21:00:00+01:00`");
        if !has_shape(text) {
            let local = has_shape(&format!("{text}Z")) || has_shape(&format!("{text}:00Z"));
            return Err(if local {
                format!("`{text}` has no offset; add `Z` or `+01:00`, and seconds")
            } else {
                wrong()
            });
        }
        text.parse().map(Self).map_err(|_| wrong())
    }
}

/// Whether `text` is laid out as RFC 3339 says; jiff, which reads the numbers, is more lenient.
fn has_shape(text: &str) -> bool {
    let digits = |pattern: &str, text: &str| {
        pattern.len() == text.len()
            && pattern.bytes().zip(text.bytes()).all(|(p, t)| if p == b'0' { t.is_ascii_digit() } else { p == t })
    };
    let Some((start, rest)) = text.split_at_checked(19) else { return false };
    let fraction = rest.strip_prefix('.').map_or(0, |f| 1 + f.bytes().take_while(u8::is_ascii_digit).count());
    let offset = rest.get(fraction..).unwrap_or_default();
    digits("0000-00-00T00:00:00", start)
        && !start.ends_with(":60")
        && fraction != 1
        && fraction <= 10
        && (offset == "Z" || digits("+00:00", offset) || digits("-00:00", offset))
}

impl ZoneName {
    /// Checks a name against the time zone database.
    ///
    /// # Errors
    ///
    /// A sentence that names the zone.
    pub fn parse(name: &str) -> Result<(Self, TimeZone), String> {
        match TimeZone::get(name) {
            Ok(zone) => Ok((Self(name.to_owned()), zone)),
            Err(_) => Err(format!("unknown time zone `{name}`; use an IANA name such as `Europe/Berlin` or `UTC`")),
        }
    }
}

impl Sha256 {
    fn parse(text: &str) -> Result<Self, String> {
        let hex = text.strip_prefix("sha256:").unwrap_or_default();
        let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if hex.len() == 64 && hex.bytes().all(digit) {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("`{text}` is not `sha256:` and 64 hexadecimal digits in lower case"))
        }
    }
}

impl ChangeId {
    fn parse(text: &str) -> Result<Self, String> {
        let number = text.trim_start_matches(|c: char| c.is_ascii_uppercase());
        let is_number = number.len() < text.len() && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        let valid = is_number
            || text.split_once('-').is_some_and(|(system, rest)| {
                system.starts_with(|c: char| c.is_ascii_uppercase())
                    && system.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
                    && !rest.is_empty()
                    && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            });
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!(
                "`{text}` is not a change id such as `CHG-2026-00417`: capital letters, `-`, letters, digits, `-`"
            ))
        }
    }
}

/// Implements `Deserialize` for a type that is read from text.
macro_rules! from_text {
    ($($type:ty, $expected:literal, $parse:expr;)*) => {$(
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl Visitor<'_> for Text {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expected)
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$type, E> {
                        ($parse)(text).map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }
    )*};
}

from_text! {
    Moment, "an instant as a string, such as 2026-11-24T21:00:00+01:00", Moment::parse;
    Day, "a day as a string, such as 2027-02-01", day;
    Sha256, "a digest as a string, sha256: and 64 hexadecimal digits", Sha256::parse;
    ChangeId, "a change id as a string, such as CHG-2026-00417", ChangeId::parse;
    ZoneName, "the name of a time zone as a string, such as Europe/Berlin", |name| ZoneName::parse(name).map(|(name, _)| name);
}

fn day(text: &str) -> Result<Day, String> {
    let wrong = || format!("`{text}` is not a day such as `2027-02-01`");
    if text.len() != 10 {
        return Err(wrong());
    }
    text.parse().map(Day).map_err(|_| wrong())
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Id;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a whole number")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Id, E> {
                Ok(Id(text.to_owned()))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Id, E> {
                Ok(Id(number.to_string()))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Id, E> {
                Ok(Id(number.to_string()))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u8::deserialize(deserializer)?;
        if number > 100 {
            return Err(de::Error::custom(format!("{number} is not a percentage from 0 to 100")));
        }
        Ok(Self(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_need_seconds_and_an_offset() {
        for good in ["2026-11-24T21:00:00+01:00", "2026-11-24T21:00:00Z", "2026-11-24T21:00:00.123456789-05:30"] {
            assert!(Moment::parse(good).is_ok(), "{good}");
        }
        assert_eq!(Moment::parse("2026-11-24T21:00:00+01:00").unwrap().0.to_string(), "2026-11-24T20:00:00Z");
        for bad in [
            "2026-11-24",
            "2026-11-24 21:00:00Z",
            "2026-11-24T21:00Z",
            "2026-11-24T21:00:00+01",
            "2026-02-30T00:00:00Z",
            "2026-11-24T21:00:00+01:00[Europe/Berlin]",
            "2026-11-24T25:00:00Z",
            "2026-11-24T21:00:60Z",
            "2026-11-24t21:00:00z",
            "2026-11-24T21:00:00.Z",
            "tomorrow",
            "",
            "２026-11-24T21:00:00Z",
        ] {
            assert!(Moment::parse(bad).is_err(), "{bad}");
        }
        assert!(Moment::parse("2026-11-24T21:00:00").unwrap_err().contains("has no offset"));
        assert!(Moment::parse("2026-11-24T21:00").unwrap_err().contains("has no offset"));
    }

    #[test]
    fn change_ids() {
        for good in ["CHG-2026-00417", "C-1", "CHG-abc", "CHG0031234", "OPS2-17"] {
            assert!(ChangeId::parse(good).is_ok(), "{good}");
        }
        for bad in ["chg-1", "CHG", "CHG-", "-1", "CHG-1_2", "1CHG-2", "CHG-ü", "0031234", "CHG12a"] {
            assert!(ChangeId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn digests_are_sha256_in_lower_case() {
        let hex = "0123456789abcdef".repeat(4);
        assert!(Sha256::parse(&format!("sha256:{hex}")).is_ok());
        for bad in [
            hex.clone(),
            format!("sha256:{}", &hex[1..]),
            format!("sha256:{}", hex.to_uppercase()),
            format!("sha1:{hex}"),
        ] {
            assert!(Sha256::parse(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn zones_are_known_or_refused() {
        assert!(ZoneName::parse("Europe/Berlin").is_ok() && ZoneName::parse("UTC").is_ok());
        assert!(ZoneName::parse("Europe/Berln").unwrap_err().contains("unknown time zone `Europe/Berln`"));
        assert!(ZoneName::parse("").is_err());
    }

    #[test]
    fn days() {
        assert!(day("2027-02-01").is_ok());
        assert!(day("2027-02-30").is_err() && day("20270201").is_err() && day("2027-02-01T00:00:00Z").is_err());
    }
}
