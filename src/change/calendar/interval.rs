//! Half-open intervals of time.

use jiff::Timestamp;

/// `[start, end)`: the start belongs to it, the end does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval {
    /// First instant.
    pub start: Timestamp,
    /// First instant after it.
    pub end: Timestamp,
}

impl Interval {
    /// Whether the two share an instant.
    pub fn touches(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Whether all of `other` lies inside.
    pub fn contains(&self, other: &Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether there is no instant in it.
    pub fn is_empty(&self) -> bool {
        self.end <= self.start
    }
}

/// The union of intervals that come sorted by start: those that overlap or meet become one.
pub(super) fn union(sorted: impl IntoIterator<Item = Interval>) -> Vec<Interval> {
    let mut merged: Vec<Interval> = Vec::new();
    for next in sorted {
        match merged.last_mut() {
            Some(last) if next.start <= last.end => last.end = last.end.max(next.end),
            _ => merged.push(next),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(start: i64, end: i64) -> Interval {
        let at = |second| Timestamp::from_second(second).expect("in range");
        Interval { start: at(start), end: at(end) }
    }

    #[test]
    fn ends_are_outside() {
        let a = interval(10, 20);
        assert!(!a.touches(&interval(20, 30)) && !a.touches(&interval(0, 10)));
        assert!(a.touches(&interval(19, 30)) && a.touches(&interval(0, 11)) && a.touches(&interval(12, 13)));
        assert!(a.contains(&interval(10, 20)) && !a.contains(&interval(10, 21)) && !a.contains(&interval(9, 20)));
        assert!(interval(5, 5).is_empty() && !a.is_empty());
    }

    #[test]
    fn what_overlaps_or_meets_is_one() {
        let parts = [interval(0, 10), interval(5, 7), interval(10, 12), interval(13, 14)];
        assert_eq!(union(parts), [interval(0, 12), interval(13, 14)]);
    }
}
