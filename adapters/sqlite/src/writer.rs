//! The one writer. It owns the only connection that writes and takes whatever waits into one transaction: with
//! one caller a commit costs one sync of the disk and no delay; with many it costs them one sync together.
//!
//! Inside the batch every call is a savepoint. A call that fails rolls back its own; a commit that fails fails
//! every call of the batch, for none of them is on the disk. After such a failure the log is not to be relied on, and
//! it is begun anew before anything else is written ([`Log::begin_anew`]).

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use chat_ports::StoreError;
use rusqlite::Connection;
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use crate::{
    error,
    log::Log,
    meters::{self, Writes},
    panic,
};

/// Calls in one transaction at most: it bounds how long a caller waits for its companions.
const BATCH: usize = 512;
/// Calls that wait at most; further callers wait for a place.
const QUEUE: usize = 1_024;

#[derive(Clone)]
pub(crate) struct Writer(mpsc::Sender<Job>);

enum Job {
    /// Part of the next batch.
    Call(Box<dyn Call>),
    /// To be done between two batches, outside of any transaction.
    Between(Box<dyn FnOnce(&Connection) + Send>),
}

/// Is told of every commit, in the writer's turn and on its connection, after the callers were answered. Nothing is
/// written until it returns.
pub(crate) trait Watch: Send + Sync + 'static {
    fn committed(&self, connection: &Connection);
}

impl Writer {
    /// Starts the writer's thread. It ends when the last handle is dropped, after what waits is written.
    pub(crate) fn start(
        connection: Connection,
        log: Arc<Log>,
        trust: Trust,
        watch: Arc<dyn Watch>,
    ) -> io::Result<Self> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        Log::count(&connection);
        let thread = Thread {
            connection,
            log,
            trust,
            watch,
            meters: Writes::default(),
        };
        std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || thread.run(receiver))?;
        Ok(Self(sender))
    }

    /// A handle that does not keep the writer running.
    pub(crate) fn downgrade(&self) -> WeakWriter {
        WeakWriter(self.0.downgrade())
    }

    /// Runs `work` as a savepoint of the next batch and returns when that batch is on the disk. If the caller
    /// goes away meanwhile, the work is done all the same.
    pub(crate) async fn call<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let gone = || StoreError::failed("the database writer has stopped");
        let (reply, answer) = oneshot::channel();
        let call = Box::new(Waiting {
            work: Some(work),
            result: None,
            reply,
        });
        self.0.send(Job::Call(call)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

/// A handle to the writer for who only lives as long as the writer does.
pub(crate) struct WeakWriter(mpsc::WeakSender<Job>);

impl WeakWriter {
    /// Has `work` done between two batches, on the writer's own connection. False if the writer has ended.
    pub(crate) fn between(&self, work: impl FnOnce(&Connection) + Send + 'static) -> bool {
        let sender = self.0.upgrade();
        sender.is_some_and(|sender| sender.blocking_send(Job::Between(Box::new(work))).is_ok())
    }
}

/// A call whose result type the writer need not know.
trait Call: Send {
    /// Does the work; whether it is to be kept.
    fn run(&mut self, connection: &Connection) -> bool;
    /// Whether the work found the disk full.
    fn found_disk_full(&self) -> bool;
    /// Tells the caller how it went, now that the batch is on the disk or is not.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Waiting<F, T> {
    work: Option<F>,
    result: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Call for Waiting<F, T>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        let Some(work) = self.work.take() else {
            return false;
        };
        // A panic in one caller's work must not end the writer, and with it every later write.
        let result = catch_unwind(AssertUnwindSafe(|| work(connection)))
            .unwrap_or_else(|cause| Err(StoreError::failed(panic::message(&*cause))));
        let keep = result.is_ok();
        self.result = Some(result);
        keep
    }

    fn found_disk_full(&self) -> bool {
        matches!(self.result, Some(Err(StoreError::Full)))
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let unfinished = || Err(StoreError::failed("the batch ended before this call"));
        let result = match (committed, self.result) {
            (Ok(()), result) => result.unwrap_or_else(unfinished),
            // What this call found out itself (a conflict, say) is as true without the commit.
            (Err(_), Some(Err(own))) => Err(own),
            (Err(error), _) => Err(error),
        };
        // The caller may have gone away; its work is done all the same.
        let _ = self.reply.send(result);
    }
}

/// Whether the log may be added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// What it holds is on the disk.
    Sound,
    /// It has to be begun anew first.
    Doubtful,
}

struct Thread {
    connection: Connection,
    log: Arc<Log>,
    trust: Trust,
    watch: Arc<dyn Watch>,
    meters: Writes,
}

impl Thread {
    fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut jobs = Vec::with_capacity(BATCH);
        let mut batch = Vec::with_capacity(BATCH);
        while queue.blocking_recv_many(&mut jobs, BATCH) > 0 {
            self.meters.waiting.set(meters::number(jobs.len() + queue.len()));
            for job in jobs.drain(..) {
                match job {
                    Job::Call(call) => batch.push(call),
                    Job::Between(work) => {
                        self.finish(&mut batch);
                        work(&self.connection);
                    }
                }
            }
            self.finish(&mut batch);
        }
    }

    fn finish(&mut self, batch: &mut Vec<Box<dyn Call>>) {
        if batch.is_empty() {
            return;
        }
        let began = Instant::now();
        let committed = self.commit(batch);
        self.meters.commit.record(began.elapsed());
        self.meters.calls.record(meters::number(batch.len()));
        self.meters.failures.increment(u64::from(committed.is_err()));
        self.log.record().wrote(committed.as_ref().copied());
        for call in batch.drain(..) {
            call.answer(committed.as_ref().map_err(again).copied());
        }
        self.watch.committed(&self.connection);
        self.meters.log.set(meters::number(self.log.used()));
    }

    fn commit(&mut self, batch: &mut [Box<dyn Call>]) -> Result<(), StoreError> {
        // A failed commit may have left its transaction open; this batch must not inherit it.
        self.roll_back();
        if self.trust == Trust::Doubtful {
            self.log.begin_anew(&self.connection)?;
            self.trust = Trust::Sound;
        }
        let written = transaction(&self.connection, batch).map_err(error::store);
        let Err(failure) = written else { return Ok(()) };
        // When the disk is full SQLite may roll the whole transaction back by itself; what then fails is the savepoint
        // that is not there any more, and its error would hide the reason.
        let is_full = batch.iter().any(|call| call.found_disk_full());
        let failure = if is_full { StoreError::Full } else { failure };
        self.roll_back();
        self.recover_from(&failure);
        Err(failure)
    }

    fn roll_back(&self) {
        if !self.connection.is_autocommit() {
            // What fails here fails again with the next thing that is tried.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }

    fn recover_from(&mut self, failure: &StoreError) {
        match failure {
            StoreError::Busy | StoreError::Conflict(_) => {}
            // Nothing was synced in vain; but what the log holds twice over may be the room that is lacking.
            StoreError::Full => {
                let _ = self.log.begin_anew(&self.connection);
            }
            StoreError::Failed(_) => self.trust = Trust::Doubtful,
        }
    }
}

fn transaction(connection: &Connection, batch: &mut [Box<dyn Call>]) -> rusqlite::Result<()> {
    execute(connection, "BEGIN IMMEDIATE")?;
    for call in batch {
        execute(connection, "SAVEPOINT call")?;
        if !call.run(connection) {
            // Some failures (a full disk) make SQLite roll back the whole transaction by itself; this then
            // fails, and with it the batch.
            execute(connection, "ROLLBACK TO call")?;
        }
        execute(connection, "RELEASE call")?;
    }
    execute(connection, "COMMIT")
}

fn execute(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}

/// The failure of a batch, once more for each of its callers.
fn again(error: &StoreError) -> StoreError {
    match error {
        StoreError::Conflict(conflict) => StoreError::Conflict(*conflict),
        StoreError::Busy => StoreError::Busy,
        StoreError::Full => StoreError::Full,
        StoreError::Failed(source) => StoreError::failed(source.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::mpsc as std_mpsc;

    use chat_ports::Conflict;
    use tempfile::TempDir;

    use super::*;
    use crate::{health::Record, rows, schema};

    struct Unwatched;

    impl Watch for Unwatched {
        fn committed(&self, _: &Connection) {}
    }

    /// A writer on a table of numbers.
    fn writer() -> (TempDir, Writer) {
        let directory = TempDir::new().unwrap();
        let (writer, _) = writer_at(&directory.path().join("t.db"), Trust::Sound);
        (directory, writer)
    }

    fn writer_at(path: &Path, trust: Trust) -> (Writer, Arc<Log>) {
        let connection = schema::open_for_writing(path).unwrap();
        connection
            .execute_batch("CREATE TABLE numbers (n INTEGER UNIQUE)")
            .unwrap();
        let log = Log::of(path, Record::default());
        let writer = Writer::start(connection, Arc::clone(&log), trust, Arc::new(Unwatched)).unwrap();
        (writer, log)
    }

    async fn insert(writer: &Writer, number: u64) -> Result<(), StoreError> {
        let work = move |connection: &Connection| {
            rows::run(connection, "INSERT INTO numbers VALUES (?1)", [number]).map(drop)
        };
        writer.call(work).await
    }

    async fn stored(writer: &Writer) -> Vec<u64> {
        let all = |connection: &Connection| {
            rows::all(connection, "SELECT n FROM numbers ORDER BY n", [], |row| {
                rows::number(row, "n")
            })
        };
        writer.call(all).await.unwrap()
    }

    /// Holds the writer up until the sender is dropped, so that what follows is one batch.
    fn hold(writer: &Writer) -> (std_mpsc::Sender<()>, impl Future<Output = Result<(), StoreError>>) {
        let (release, released) = std_mpsc::channel::<()>();
        let writer = writer.clone();
        let held = async move {
            writer
                .call(move |_| {
                    let _ = released.recv();
                    Ok(())
                })
                .await
        };
        (release, held)
    }

    #[tokio::test]
    async fn a_call_that_fails_takes_back_its_own_part_of_the_batch_only() {
        let (_directory, writer) = writer();
        let (release, held) = hold(&writer);
        let failing = writer.call(|connection| {
            rows::run(connection, "INSERT INTO numbers VALUES (2)", [])?;
            Err::<(), _>(Conflict::NotMember.into())
        });
        let batch = async { tokio::join!(insert(&writer, 1), failing, insert(&writer, 3)) };
        let (_, (first, second, third), ()) = tokio::join!(held, batch, async { drop(release) });
        assert!(first.is_ok() && third.is_ok());
        assert!(matches!(second, Err(StoreError::Conflict(Conflict::NotMember))));
        assert_eq!(stored(&writer).await, [1, 3]);
    }

    #[tokio::test]
    async fn a_full_disk_is_told_to_the_whole_batch() {
        let (_directory, writer) = writer();
        let (release, held) = hold(&writer);
        // What SQLite does when a statement finds the disk full: it rolls back the transaction, and says so.
        let full = writer.call(|connection| {
            connection.execute_batch("ROLLBACK").map_err(error::store)?;
            Err::<(), _>(StoreError::Full)
        });
        let batch = async { tokio::join!(insert(&writer, 1), full, insert(&writer, 3)) };
        let (_, (first, second, third), ()) = tokio::join!(held, batch, async { drop(release) });
        for told in [first, second, third] {
            assert!(matches!(told, Err(StoreError::Full)), "{told:?}");
        }
        insert(&writer, 4).await.unwrap();
    }

    #[tokio::test]
    async fn a_panic_ends_its_own_call_and_not_the_writer() {
        let (_directory, writer) = writer();
        let panicking = writer.call::<(), _>(|connection| {
            rows::run(connection, "INSERT INTO numbers VALUES (2)", [])?;
            panic!("on purpose");
        });
        let (before, panicked, after) = tokio::join!(insert(&writer, 1), panicking, insert(&writer, 3));
        assert!(before.is_ok() && after.is_ok());
        assert!(matches!(panicked, Err(StoreError::Failed(cause)) if cause.to_string() == "on purpose"));
        assert_eq!(stored(&writer).await, [1, 3]);
    }

    #[tokio::test]
    async fn a_commit_that_fails_fails_every_call_of_its_batch_and_the_next_one_works() {
        let (_directory, writer) = writer();
        let (release, held) = hold(&writer);
        // Ends the batch's transaction behind its back, as SQLite itself does when the disk is full.
        let sabotage = writer.call(|connection| connection.execute_batch("ROLLBACK").map_err(error::store));
        let batch = async { tokio::join!(insert(&writer, 1), sabotage, insert(&writer, 3)) };
        let (_, (first, second, third), ()) = tokio::join!(held, batch, async { drop(release) });
        assert!(first.is_err() && second.is_err() && third.is_err());
        assert_eq!(stored(&writer).await, Vec::<u64>::new());
        insert(&writer, 4).await.unwrap();
        assert_eq!(stored(&writer).await, [4]);
    }

    #[tokio::test]
    async fn a_log_in_doubt_is_begun_anew_before_it_is_written_to() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("t.db");
        let (writer, log) = writer_at(&path, Trust::Doubtful);
        let (doubtful, before) = (log.length(), std::fs::metadata(&path).unwrap().len());
        assert!(doubtful > 0 && before == 4_096, "the table is in the log alone");
        insert(&writer, 1).await.unwrap();
        assert!(
            std::fs::metadata(&path).unwrap().len() > before,
            "now it is in the database"
        );
        assert!(log.length() > 0);
        assert_eq!(stored(&writer).await, [1]);
    }

    #[tokio::test]
    async fn a_log_in_doubt_that_cannot_be_begun_anew_is_not_written_to() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("t.db");
        let (writer, log) = writer_at(&path, Trust::Doubtful);
        let reader = Connection::open(&path).unwrap();
        reader.execute_batch("BEGIN; SELECT * FROM numbers").unwrap();
        let doubtful = log.length();
        assert!(matches!(insert(&writer, 1).await, Err(StoreError::Busy)));
        assert_eq!(log.length(), doubtful);
        reader.execute_batch("COMMIT").unwrap();
        insert(&writer, 2).await.unwrap();
        assert_eq!(stored(&writer).await, [2]);
    }

    #[tokio::test]
    async fn of_a_store_that_is_lost_nothing_is_copied_any_more() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("t.db");
        let (writer, log) = writer_at(&path, Trust::Doubtful);
        log.record().lose(&"a failed sync".to_owned());
        assert!(matches!(insert(&writer, 1).await, Err(StoreError::Failed(_))));
        drop(writer);
        assert_eq!(log.record().lost().await.cause, "a failed sync");
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 4_096);
    }

    #[tokio::test]
    async fn what_was_asked_for_is_done_when_the_caller_has_gone() {
        let (_directory, writer) = writer();
        let (release, held) = hold(&writer);
        {
            let mut abandoned = Box::pin(async {
                let _ = held.await;
                insert(&writer, 1).await
            });
            // Polled once, so that the first call is in the queue; then dropped.
            let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(abandoned.as_mut().poll(cx))).await;
            assert!(polled.is_pending());
        }
        let mut insertion = Box::pin(insert(&writer, 2));
        let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(insertion.as_mut().poll(cx))).await;
        assert!(polled.is_pending());
        drop(insertion);
        drop(release);
        assert_eq!(stored(&writer).await, [2]);
    }
}
