//! Threads that hash: a few, which step back behind everything else and end when nothing waits.
//!
//! A hash takes a processor for as long as a thousand messages do. Threads of the runtime may not do it, for what has
//! stepped back cannot step forward again; and a thread for each password would get its 64 MiB from the system anew each
//! time, which takes longer than a message.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use argon2::Block;
use chat_ports::HasherError;
use tokio::sync::oneshot;
use zeroize::Zeroize;

/// The threads, and what waits for them.
pub(crate) struct Workers {
    state: Arc<Mutex<State>>,
    /// Threads at once.
    most: usize,
    /// Jobs that may wait for one.
    waiting: usize,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Box<dyn Job>>,
    at_work: usize,
}

/// What a thread is to do.
trait Job: Send {
    /// Whether somebody still waits for it.
    fn is_wanted(&self) -> bool;
    fn run(self: Box<Self>, memory: &mut Memory);
}

struct Asked<F, T> {
    work: F,
    tell: oneshot::Sender<Result<T, HasherError>>,
}

impl<F, T> Job for Asked<F, T>
where
    F: FnOnce(&mut Memory) -> Result<T, HasherError> + Send,
    T: Send,
{
    fn is_wanted(&self) -> bool {
        !self.tell.is_closed()
    }

    fn run(self: Box<Self>, memory: &mut Memory) {
        let Self { work, tell } = *self;
        // Who asked may be gone.
        let _ = tell.send(work(memory));
    }
}

/// What one password after another is hashed in. It is wiped when the thread ends.
#[derive(Default)]
pub(crate) struct Memory(Vec<Block>);

impl Memory {
    /// So many blocks, whatever is in them.
    pub(crate) fn blocks(&mut self, count: usize) -> &mut [Block] {
        if self.0.len() < count {
            self.0.resize(count, Block::new());
        }
        self.0.get_mut(..count).unwrap_or_default()
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(Zeroize::zeroize);
    }
}

impl Workers {
    /// So many threads at once, for which so many may wait.
    pub(crate) fn new(most: usize, waiting: usize) -> Self {
        Self {
            state: Arc::default(),
            most,
            waiting,
        }
    }

    /// Has a thread do `work`, in the order of asking. Who goes away while it waits frees the place; what has begun is
    /// done to its end.
    ///
    /// # Errors
    /// `Busy` if too much waits; those of `work`; it fails if there can be no thread.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> Result<T, HasherError> + Send + 'static,
    ) -> Result<T, HasherError> {
        let (tell, told) = oneshot::channel();
        self.take(Box::new(Asked { work, tell }))?;
        let stopped = |_| HasherError::Failed("a thread that hashed has stopped".into());
        told.await.map_err(stopped)?
    }

    fn take(&self, job: Box<dyn Job>) -> Result<(), HasherError> {
        let mut state = lock(&self.state);
        let is_free = state.at_work < self.most;
        if !is_free && state.jobs.len() >= self.waiting {
            state.jobs.retain(|job| job.is_wanted());
            if state.jobs.len() >= self.waiting {
                return Err(HasherError::Busy);
            }
        }
        state.jobs.push_back(job);
        if is_free {
            state.at_work += 1;
            drop(state);
            self.start()?;
        }
        Ok(())
    }

    fn start(&self) -> Result<(), HasherError> {
        let state = Arc::clone(&self.state);
        let thread = std::thread::Builder::new().name("hashing".to_owned());
        let started = thread.spawn(move || work_off(&state));
        started.map(drop).map_err(|error| {
            let mut state = lock(&self.state);
            state.at_work -= 1;
            if state.at_work == 0 {
                // Nobody would come for them.
                state.jobs.clear();
            }
            HasherError::Failed(error.into())
        })
    }

    #[cfg(test)]
    pub(crate) fn count_waiting(&self) -> usize {
        lock(&self.state)
            .jobs
            .iter()
            .filter(|job| job.is_wanted())
            .count()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn work_off(state: &Mutex<State>) {
    step_back();
    let mut memory = Memory::default();
    while let Some(job) = next(state) {
        if job.is_wanted() {
            // A panic must not take the thread's place for good; who asked is told that it has stopped.
            let _ = catch_unwind(AssertUnwindSafe(|| job.run(&mut memory)));
        }
    }
}

/// The next job; without one the thread is at work no more.
fn next(state: &Mutex<State>) -> Option<Box<dyn Job>> {
    let mut state = lock(state);
    let job = state.jobs.pop_front();
    state.at_work -= usize::from(job.is_none());
    job
}

/// Has this thread run when no other wants the processor (Linux: `SCHED_IDLE`), for as long as it lives. A lower priority
/// is not enough: the scheduler lets who runs finish a slice of several milliseconds before somebody of a higher one.
#[cfg(target_os = "linux")]
fn step_back() {
    use thread_priority::{
        NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy,
        thread_native_id,
    };

    let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    // Where that cannot be had, all are equal.
    let _ = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle);
}

#[cfg(not(target_os = "linux"))]
const fn step_back() {}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Something that lasts until the sender says so.
    fn blocking() -> (
        mpsc::Sender<()>,
        impl FnOnce(&mut Memory) -> Result<(), HasherError> + Send,
    ) {
        let (end, ended) = mpsc::channel();
        (end, move |_: &mut Memory| {
            ended.recv().map_err(|error| HasherError::Failed(error.into()))
        })
    }

    #[tokio::test]
    async fn so_many_at_once_and_so_many_waiting() {
        let workers = Workers::new(1, 1);
        let (end, work) = blocking();
        let mut first = Box::pin(workers.call(work));
        assert!(asked_once(&mut first).await.is_none());
        while workers.count_waiting() > 0 {
            tokio::task::yield_now().await;
        }
        let mut second = Box::pin(workers.call(|_| Ok(2)));
        assert!(asked_once(&mut second).await.is_none());
        let third = workers.call(|_| Ok(3)).await;
        assert!(matches!(third, Err(HasherError::Busy)), "{third:?}");
        drop(second);
        let mut fourth = Box::pin(workers.call(|_| Ok(4)));
        assert!(
            asked_once(&mut fourth).await.is_none(),
            "who goes away frees the place"
        );
        end.send(()).unwrap();
        first.await.unwrap();
        assert_eq!(fourth.await.unwrap(), 4);
    }

    /// What a future says when it is asked once.
    async fn asked_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        use std::task::Poll;

        std::future::poll_fn(|context| {
            Poll::Ready(match std::pin::Pin::new(&mut *future).poll(context) {
                Poll::Ready(output) => Some(output),
                Poll::Pending => None,
            })
        })
        .await
    }

    #[tokio::test]
    async fn a_panic_costs_nobody_else_the_place() {
        let workers = Workers::new(1, 8);
        let failed = workers.call::<()>(|_| panic!("on purpose")).await;
        assert!(matches!(failed, Err(HasherError::Failed(_))));
        assert_eq!(workers.call(|_| Ok(1)).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn memory_is_as_large_as_it_is_needed() {
        let workers = Workers::new(1, 8);
        let lengths = workers.call(|memory| Ok([8, 3, 20].map(|count| memory.blocks(count).len())));
        assert_eq!(lengths.await.unwrap(), [8, 3, 20]);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn hashing_steps_back_and_nothing_else_does() {
        use thread_priority::{NormalThreadSchedulePolicy, ThreadSchedulePolicy, thread_schedule_policy};

        let workers = Workers::new(1, 8);
        let policy = workers
            .call(|_| Ok(thread_schedule_policy().unwrap()))
            .await
            .unwrap();
        assert_eq!(
            policy,
            ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle)
        );
        let own = thread_schedule_policy().unwrap();
        assert_eq!(
            own,
            ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Other)
        );
    }
}
