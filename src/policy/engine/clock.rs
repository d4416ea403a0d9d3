//! How long an evaluation has taken: the time that its thread computed, so that a busy machine fails no policy.
//!
//! regorus compares one span with one limit and takes the time from one source for the whole process
//! ([`set_time_source`], which it has without its feature `std`). The source answers with the larger of two spans: what the
//! thread computed since [`start`], and what has passed on the wall, in which [`WALL_LIMIT`] counts as much as
//! [`TIME_LIMIT`] of computing. Where a system does not say what a thread computed, what has passed counts in full.

use std::cell::Cell;
use std::num::NonZeroU32;
use std::sync::Once;
use std::time::{Duration, Instant};

use regorus::utils::limits::{ExecutionTimerConfig, TimeSource, set_time_source};

/// Longest time one evaluation may compute.
pub const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Longest time one evaluation may take, waiting for the processor included.
pub const WALL_LIMIT: Duration = Duration::from_secs(60);

/// How many seconds on the wall count as one of computing.
const WALL_PER_CPU: u32 = 12;

/// Units of the engine's work between two looks at the clock.
const INTERVAL: NonZeroU32 = NonZeroU32::MIN.saturating_add(4095);

thread_local! {
    /// When this thread's evaluation began: what it had computed until then, and the instant.
    static BEGAN: Cell<Option<(Duration, Instant)>> = const { Cell::new(None) };
}

/// The timer of an engine that stops after a time.
pub(super) fn timer(limit: Duration) -> ExecutionTimerConfig {
    static SOURCE: Once = Once::new();
    // It can only be there already when this was it.
    SOURCE.call_once(|| {
        let _ = set_time_source(&Clock);
    });
    ExecutionTimerConfig { limit, check_interval: INTERVAL }
}

/// An evaluation begins on this thread.
pub(super) fn start() {
    BEGAN.set(Some((computed(), Instant::now())));
}

/// The source that regorus asks.
struct Clock;

impl TimeSource for Clock {
    fn now(&self) -> Option<Duration> {
        let Some((before, instant)) = BEGAN.get() else { return Some(Duration::ZERO) };
        Some(counted(computed().saturating_sub(before), instant.elapsed()))
    }
}

/// What counts of the time that was computed and that passed.
fn counted(computed: Duration, passed: Duration) -> Duration {
    let share = if cfg!(unix) { passed / WALL_PER_CPU } else { passed };
    computed.max(share)
}

/// What this thread has computed.
#[cfg(unix)]
fn computed() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

#[cfg(not(unix))]
fn computed() -> Duration {
    Duration::ZERO
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_limit_ends_an_evaluation() {
        let seconds = Duration::from_secs;
        assert_eq!(TIME_LIMIT * WALL_PER_CPU, WALL_LIMIT);
        assert!(counted(seconds(6), seconds(6)) > TIME_LIMIT);
        assert!(counted(seconds(0), seconds(61)) > TIME_LIMIT);
        assert_eq!(counted(seconds(4), seconds(59)) > TIME_LIMIT, cfg!(not(unix)));
    }

    #[test]
    #[cfg(unix)]
    fn what_a_thread_sleeps_does_not_count() {
        let mut engine = regorus::Engine::new();
        let sleep = |_: Vec<regorus::Value>| {
            std::thread::sleep(Duration::from_secs(1));
            Ok(regorus::Value::from(true))
        };
        engine.add_extension("sleep".to_owned(), 0, Box::new(sleep)).unwrap();
        let text = "package p\nx := [i | sleep(); some i in numbers.range(1, 9000)]\n";
        engine.add_policy("p.rego".to_owned(), text.to_owned()).unwrap();
        engine.set_execution_timer_config(timer(Duration::from_millis(800)));
        start();
        assert!(engine.eval_rule("data.p.x".to_owned()).is_ok());
        // What it then computes does.
        engine.set_execution_timer_config(timer(Duration::ZERO));
        start();
        let error = engine.eval_rule("data.p.x".to_owned()).unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(regorus::LimitError::TimeLimitExceeded { .. })), "{error}");
    }
}
