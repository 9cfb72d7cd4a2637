//! The readers: a pool of connections that cannot write.
//!
//! Going to another thread and back costs several times what a short read costs. So a reader that is at work takes
//! what comes meanwhile as well: when a thousand clients come back at once, a few trips serve them all; when there is
//! one call, it has a reader at once.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use chat_ports::StoreError;
use deadpool_sqlite::{Config, Hook, HookError, Object, Pool, Runtime};
use metrics::Histogram;
use rusqlite::Connection;
use tokio::{sync::oneshot, time::Instant};
use tokio_util::task::TaskTracker;

use crate::{
    error::{self, OpenError},
    meters, panic, schema,
};

/// Connections that read at the same time. Each works on a thread of the blocking pool.
const READERS: usize = 4;
/// How long a read may last. As long as it does, the write-ahead log cannot be started over.
pub(crate) const LONGEST: Duration = Duration::from_secs(5);
/// Steps of SQLite's machine between two looks at the clock: a fraction of a millisecond.
const STEPS: i32 = 10_000;

#[derive(Clone)]
pub(crate) struct Readers {
    pool: Pool,
    calls: Arc<Calls>,
    tasks: TaskTracker,
    longest: Duration,
    reads: Arc<RwLock<()>>,
    meter: Histogram,
}

/// A call, given a connection, or why there is none.
type Call = Box<dyn FnOnce(Result<&Connection, &str>) + Send>;

/// What waits for a reader.
#[derive(Default)]
struct Calls(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    calls: VecDeque<Call>,
    /// Readers that are at work, or on their way to it.
    busy: usize,
    /// Readers that have nothing to do. They are not given back to the pool, which would try each with a trip and a
    /// query of its own before it hands it out again.
    idle: Vec<Object>,
}

impl Readers {
    pub(crate) fn open(path: &Path, longest: Duration) -> Result<Self, OpenError> {
        let builder = Config::new(path)
            .builder(Runtime::Tokio1)
            .map_err(|e| OpenError::io(path, e))?;
        // deadpool-sqlite opens plainly and sets nothing.
        let configure = Hook::async_fn(|object, _| {
            Box::pin(async move {
                let configured = object.interact(|connection| {
                    schema::configure(connection)?;
                    connection.pragma_update(None, "query_only", true)?;
                    // A first look opens what else it needs, the write-ahead log, while it can still be turned down.
                    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
                });
                match configured.await {
                    Ok(Ok(())) => Ok(()),
                    Ok(Err(error)) => Err(HookError::Backend(error)),
                    Err(error) => Err(HookError::message(error.to_string())),
                }
            })
        });
        let pool = builder.max_size(READERS).post_create(configure).build();
        Ok(Self {
            pool: pool.map_err(|error| OpenError::io(path, error))?,
            calls: Arc::default(),
            tasks: TaskTracker::new(),
            longest,
            reads: Arc::default(),
            meter: meters::reads(),
        })
    }

    /// Held by every read, as long as it lasts: who takes it for itself has waited for them all.
    pub(crate) fn reads(&self) -> Arc<RwLock<()>> {
        Arc::clone(&self.reads)
    }

    /// Runs `work` on a connection that cannot write. It sees every commit that was acknowledged before the call. A read
    /// in it that lasts too long is ended, and fails as [`StoreError::Busy`].
    pub(crate) async fn call<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let asked = Instant::now();
        let (reply, answer) = oneshot::channel();
        let (reads, longest) = (self.reads(), self.longest);
        let is_first = self.calls.push(Box::new(move |connection| {
            let read = |connection| {
                let _reading = reads.read().unwrap_or_else(PoisonError::into_inner);
                limit(connection, longest)?;
                // A panic in one caller's work must not fail those who wait behind it.
                catch_unwind(AssertUnwindSafe(|| work(connection)))
                    .unwrap_or_else(|cause| Err(StoreError::failed(panic::message(&*cause))))
            };
            // The caller may have gone away.
            let _ = reply.send(connection.map_err(StoreError::failed).and_then(read));
        }));
        if is_first {
            // Not the caller's own future: who goes away must not leave the others waiting.
            self.tasks.spawn(self.clone().work());
        }
        let read = answer
            .await
            .map_err(|_| StoreError::failed("the readers have stopped"));
        self.meter.record(asked.elapsed());
        read?
    }

    /// Returns once no reader is at work, or on its way to it.
    pub(crate) async fn settled(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Sends a reader to work until nothing waits.
    async fn work(self) {
        let calls = &self.calls;
        let Some(mut reader) = self.reader().await else {
            return;
        };
        loop {
            let all = Arc::clone(calls);
            let done = reader.interact(move |connection| all.run(Ok(connection)));
            if let Err(error) = done.await {
                // It goes back to the pool, which makes another.
                tracing::error!(%error, "a reader of the database broke");
                match self.reader().await {
                    Some(another) => reader = another,
                    None => return,
                }
            }
            match calls.rest(reader) {
                Some(again) => reader = again,
                None => return,
            }
        }
    }

    /// A reader, idle or new. `None` if none can be had (no descriptor is left, say): then those that there are do the
    /// work; without any, what waits is told so.
    async fn reader(&self) -> Option<Object> {
        let idle = self.calls.waiting().idle.pop();
        if idle.is_some() {
            return idle;
        }
        match self.pool.get().await {
            Ok(reader) => Some(reader),
            Err(error) => {
                tracing::error!(%error, "another reader of the database cannot be had");
                self.calls.without_another(&error.to_string())
            }
        }
    }
}

/// Ends what is read on this connection from now on when it has lasted so long.
fn limit(connection: &Connection, longest: Duration) -> Result<(), StoreError> {
    let end = Instant::now() + longest;
    let limited = connection.progress_handler(STEPS, Some(move || Instant::now() > end));
    limited.map_err(error::store)
}

impl Calls {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a call in. Returns whether a reader is to be sent to work: there is one that has nothing to do.
    fn push(&self, call: Call) -> bool {
        let mut waiting = self.waiting();
        waiting.calls.push_back(call);
        let is_free = waiting.busy < READERS;
        waiting.busy += usize::from(is_free);
        is_free
    }

    fn run(&self, connection: Result<&Connection, &str>) {
        loop {
            let next = self.waiting().calls.pop_front();
            let Some(call) = next else { return };
            call(connection);
        }
    }

    /// Lets a reader rest; it comes back, still at work, if something has come in since it looked. That it is idle and
    /// that it is no more at work is one step: otherwise a call could find neither.
    fn rest(&self, reader: Object) -> Option<Object> {
        let mut waiting = self.waiting();
        if !waiting.calls.is_empty() {
            return Some(reader);
        }
        waiting.busy -= 1;
        waiting.idle.push(reader);
        None
    }

    /// Goes on without the reader that was to be had: with one that is idle by now, or by leaving the work to those who
    /// are at it; when there is nobody, every call is told why.
    fn without_another(&self, error: &str) -> Option<Object> {
        let mut waiting = self.waiting();
        if let Some(idle) = waiting.idle.pop() {
            return Some(idle);
        }
        waiting.busy -= 1;
        let abandoned = if waiting.busy == 0 {
            std::mem::take(&mut waiting.calls)
        } else {
            VecDeque::new()
        };
        drop(waiting);
        for call in abandoned {
            call(Err(error));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tempfile::TempDir;

    use super::*;
    use crate::rows;

    fn readers() -> (TempDir, Readers) {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("t.db");
        schema::open_for_writing(&path).unwrap();
        (directory, Readers::open(&path, LONGEST).unwrap())
    }

    async fn one(readers: &Readers) -> Result<u64, StoreError> {
        let select = |connection: &Connection| {
            rows::one(connection, "SELECT 1 AS n", [], |row| rows::number(row, "n"))
        };
        readers.call(select).await.map(Option::unwrap_or_default)
    }

    #[tokio::test]
    async fn every_call_is_answered_however_many_come_at_once() {
        let (_directory, readers) = readers();
        for _ in 0..3 {
            let mut calls = tokio::task::JoinSet::new();
            for _ in 0..1_000 {
                let readers = readers.clone();
                calls.spawn(async move { one(&readers).await.unwrap() });
            }
            assert_eq!(calls.join_all().await, [1; 1_000]);
        }
    }

    #[tokio::test]
    async fn who_goes_away_leaves_nobody_waiting() {
        let (_directory, readers) = readers();
        let (release, released) = mpsc::channel::<()>();
        let mut held = Box::pin(readers.call(move |_| {
            let _ = released.recv();
            Ok(())
        }));
        let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(held.as_mut().poll(cx))).await;
        assert!(polled.is_pending());
        drop(held);
        drop(release);
        assert_eq!(one(&readers).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_panic_fails_its_own_call_alone() {
        let (_directory, readers) = readers();
        let panicking = readers.call::<(), _>(|_| panic!("on purpose"));
        let (panicked, after) = tokio::join!(panicking, one(&readers));
        assert!(matches!(panicked, Err(StoreError::Failed(cause)) if cause.to_string() == "on purpose"));
        assert_eq!(after.unwrap(), 1);
    }

    #[tokio::test]
    async fn without_a_database_every_call_is_told_so() {
        let directory = TempDir::new().unwrap();
        let readers = Readers::open(&directory.path().join("missing/t.db"), LONGEST).unwrap();
        for _ in 0..2 * READERS {
            let (first, second) = tokio::join!(one(&readers), one(&readers));
            assert!(first.is_err() && second.is_err());
        }
    }

    fn count_to(readers: &Readers, end: u64) -> impl Future<Output = Result<Option<u64>, StoreError>> {
        readers.call(move |connection| {
            let sql = "WITH RECURSIVE up (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < ?1)
                       SELECT max(n) AS n FROM up";
            rows::one(connection, sql, [end], |row| rows::number(row, "n"))
        })
    }

    #[tokio::test]
    async fn a_read_that_lasts_too_long_is_ended_and_the_next_one_works() {
        let directory = TempDir::new().unwrap();
        let readers = Readers::open(&directory.path().join("t.db"), Duration::from_millis(20)).unwrap();
        for _ in 0..2 * READERS {
            let endless = count_to(&readers, u64::MAX >> 1).await;
            assert!(matches!(endless, Err(StoreError::Busy)), "{endless:?}");
            assert_eq!(count_to(&readers, 100).await.unwrap(), Some(100));
        }
    }
}
