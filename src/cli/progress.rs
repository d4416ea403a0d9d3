//! A progress bar for a person who waits longer than half a second. In a pipeline there is none.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use changegate::gate::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::environment;

/// How long a run may take before a bar appears.
const PATIENCE: Duration = Duration::from_millis(500);

/// Shows steps on standard error once the run has taken longer than half a second.
pub(super) struct Bar {
    bar: ProgressBar,
    started: Instant,
    shown: Mutex<bool>,
}

impl Bar {
    /// A bar that stays hidden when nobody watches or `quiet` was asked for.
    pub(super) fn new(quiet: bool) -> Option<Self> {
        let style = ProgressStyle::with_template("{spinner:.dim} {msg} {pos}/{len} {wide_bar:.dim}").ok()?;
        (environment::is_interactive() && !quiet).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()).with_style(style);
            Self { bar, started: Instant::now(), shown: Mutex::new(false) }
        })
    }
}

impl Progress for Bar {
    fn step(&self, what: &'static str, total: usize) {
        self.bar.set_message(what);
        self.bar.set_length(total as u64);
        self.bar.set_position(0);
    }

    fn tick(&self) {
        self.bar.inc(1);
        if self.started.elapsed() > PATIENCE
            && let Ok(mut shown) = self.shown.try_lock()
            && !*shown
        {
            *shown = true;
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
