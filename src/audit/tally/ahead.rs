//! Parses batches of records on threads of their own while the log is read on, and hands them back in its order.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use super::Question;
use super::leaf::{self, Read};
use super::policies::Policies;

/// Leaves with their indices.
pub(super) type Batch = Vec<(u64, Vec<u8>)>;

/// Batches that wait for one thread, or for being taken from it.
const WAITING: usize = 2;
/// More do not help: the log is read and checked by one.
const MOST: usize = 4;

/// Threads that parse, turn by turn.
pub(super) struct Parsers<'scope> {
    all: Vec<Parser<'scope>>,
    sent: usize,
    taken: usize,
}

struct Parser<'scope> {
    batches: SyncSender<Batch>,
    read: Receiver<Vec<Read>>,
    thread: ScopedJoinHandle<'scope, Policies>,
}

impl<'scope> Parsers<'scope> {
    /// One thread for each processor.
    pub(super) fn start<'env>(scope: &'scope Scope<'scope, 'env>, question: &'env Question) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get().min(MOST));
        let parser = |_| {
            let (batches, given) = sync_channel::<Batch>(WAITING);
            let (done, read) = sync_channel(WAITING);
            let thread = scope.spawn(move || {
                let mut policies = Policies::default();
                for batch in given {
                    let read =
                        batch.iter().map(|(index, leaf)| leaf::read(*index, leaf, question, &mut policies)).collect();
                    // Nobody takes it: reading has failed elsewhere.
                    if done.send(read).is_err() {
                        break;
                    }
                }
                policies
            });
            Parser { batches, read, thread }
        };
        Self { all: (0..threads).map(parser).collect(), sent: 0, taken: 0 }
    }

    /// Hands over a batch, and returns the oldest one that is read once enough are waiting.
    pub(super) fn send(&mut self, batch: Batch) -> Vec<Read> {
        let read = if self.sent - self.taken >= WAITING * self.all.len() { self.take() } else { Vec::new() };
        if let Some(parser) = self.all.get(self.sent % self.all.len()) {
            // A thread that is gone has panicked, which `finish` passes on.
            drop(parser.batches.send(batch));
        }
        self.sent += 1;
        read
    }

    /// The next batch that is read; nothing when all were taken.
    pub(super) fn rest(&mut self) -> Option<Vec<Read>> {
        (self.taken < self.sent).then(|| self.take())
    }

    /// What the policies did in all batches.
    pub(super) fn finish(self) -> Policies {
        let mut policies = Policies::default();
        for Parser { batches, read, thread } in self.all {
            drop((batches, read));
            policies.merge(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        policies
    }

    fn take(&mut self) -> Vec<Read> {
        let parser = self.all.get(self.taken % self.all.len());
        self.taken += 1;
        parser.and_then(|parser| parser.read.recv().ok()).unwrap_or_default()
    }
}
