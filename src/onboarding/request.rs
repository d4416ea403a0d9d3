//! A change request to copy.

use jiff::tz::TimeZone;

use super::{Setting, quoted};

/// The template, with this year's ids and the calendar's zone. What is left empty is asked for by CHG-003.
pub(super) fn text(setting: &Setting) -> String {
    let year = setting.now.to_zoned_datetime(TimeZone::UTC).year();
    include_str!("templates/request.yaml")
        .replace("YEAR", &year.to_string())
        .replace("ZONE", &quoted(&setting.timezone))
}
