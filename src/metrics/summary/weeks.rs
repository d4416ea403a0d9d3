//! Week by week, and by the hour of the week.

use std::collections::HashMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;

use super::super::statistics::Proportion;
use super::super::window::monday;
use super::slice::Slice;

/// Most weeks that are shown.
const MOST_WEEKS: usize = 104;

/// One week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Week {
    /// Its Monday.
    pub monday: Date,
    /// Deployments to production.
    pub deployments: u64,
    /// Those that failed.
    pub failed: u64,
    /// Incidents that began.
    pub incidents: u64,
}

/// One hour of the week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// 0 is Monday.
    pub weekday: usize,
    /// 0 to 23.
    pub hour: usize,
    /// Failed and all deployments.
    pub deployments: Proportion,
}

impl Slice<'_> {
    /// Every week from the first record to the present one; the last two years of them.
    pub(super) fn weeks(&self, now: Timestamp, zone: &TimeZone) -> Vec<Week> {
        let Some(first) = self.first() else { return Vec::new() };
        let mut weeks = Vec::new();
        let mut day = monday(now, zone);
        let first = monday(first, zone);
        while day >= first && weeks.len() < MOST_WEEKS {
            weeks.push(Week { monday: day, deployments: 0, failed: 0, incidents: 0 });
            let Ok(before) = day.checked_sub(7.days()) else { break };
            day = before;
        }
        weeks.reverse();
        let places: HashMap<Date, usize> = weeks.iter().enumerate().map(|(n, week)| (week.monday, n)).collect();
        let mut count = |at: Timestamp, add: &dyn Fn(&mut Week)| {
            let place = places.get(&monday(at, zone)).copied();
            place.and_then(|place| weeks.get_mut(place)).into_iter().for_each(add);
        };
        for one in self.deployments.iter().filter(|d| !d.caught) {
            count(one.at, &|week| {
                week.deployments += 1;
                week.failed += u64::from(one.failed);
            });
        }
        for one in &self.outages {
            count(one.started, &|week| week.incidents += 1);
        }
        weeks
    }

    /// All 168 hours of the week.
    pub(super) fn heat(&self, zone: &TimeZone) -> Vec<Cell> {
        let cell = |n: usize| Cell { weekday: n / 24, hour: n % 24, deployments: Proportion::default() };
        let mut cells: Vec<Cell> = (0..7 * 24).map(cell).collect();
        for one in self.deployments.iter().filter(|d| !d.caught) {
            let local = one.at.to_zoned_datetime(zone.clone());
            let day = usize::try_from(local.weekday().to_monday_zero_offset()).unwrap_or(0);
            let hour = usize::try_from(local.hour()).unwrap_or(0);
            if let Some(cell) = cells.get_mut(day * 24 + hour) {
                cell.deployments.n += 1;
                cell.deployments.k += u64::from(one.failed);
            }
        }
        cells
    }
}
