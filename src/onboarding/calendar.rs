//! A freeze calendar that freezes nothing yet.

use jiff::tz::TimeZone;

use super::{Setting, Survey, quoted};

/// The calendar: open, with an example of this year in a comment.
pub(super) fn text(survey: &Survey, setting: &Setting) -> String {
    let year = setting.now.to_zoned_datetime(TimeZone::UTC).year();
    include_str!("templates/freeze.yaml")
        .replace("NAME", &quoted(&format!("{}-freezes", survey.name)))
        .replace("AS_OF", &setting.now.round(jiff::Unit::Second).unwrap_or(setting.now).to_string())
        .replace("ZONE", &quoted(&setting.timezone))
        .replace("NEXT_YEAR", &(year + 1).to_string())
        .replace("YEAR", &year.to_string())
}
