//! Freezes and open slots: windows, what they apply to, and when they are.

mod clock;
mod cron;

pub use self::cron::Cron;
