//! Connections that load at once: each takes what is next, and what failed together it tries alone. What can pass is tried
//! again on a new connection, and a worker that finds no connection leaves its work to the others.

use super::budget;
use super::copy::{Copied, CopyTask, copy_alone};
use super::run::caught;
use super::together::copy_together;
use super::tools::Tools;
use crate::assess::pool::{Queue, join};
use crate::error::{Error, ErrorKind, Result};
use crate::failpoint;
use crate::postgres::fault::{Passing, is_cancelled, is_without_place, passing};
use crate::postgres::session::Session;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

type Done = dyn Fn(Copied) + Send + Sync;

/// Copies all tasks with as many connections as there are jobs; those of one batch together. Reports each through `done` as
/// it commits. Returns the failures, each with its source table; an empty list means that every chunk is committed.
pub(super) async fn run(
    tools: &Tools,
    batches: Vec<Vec<CopyTask>>,
    done: impl Fn(Copied) + Send + Sync + 'static,
) -> Vec<(String, Error)> {
    let workers = tools.config.jobs.min(batches.len());
    let crew = Arc::new(Crew {
        tools: tools.clone(),
        queue: Queue::new(batches),
        failures: Mutex::default(),
        working: Mutex::new(workers),
        done: Box::new(done),
    });
    let worker = |number| Worker { crew: Arc::clone(&crew), number, session: None };
    let handles: Vec<_> = (0..workers).map(|number| tokio::spawn(watched(worker(number)))).collect();
    for handle in handles {
        if let Err(error) = join(handle.await.map(Ok)) {
            lock(&crew.failures).push((String::new(), error));
        }
    }
    std::mem::take(&mut *lock(&crew.failures))
}

/// Works; where it panics, the others stop as soon as they can.
async fn watched(worker: Worker) {
    let crew = Arc::clone(&worker.crew);
    let work = async {
        worker.run().await;
        Ok(())
    };
    if let Err(error) = caught(work).await {
        crew.fail("", error);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A run that lost its place, and one that is to stop, fail every table alike: one error says it. After a mistake of our own
/// nothing more is trusted to us.
fn is_final(error: &Error) -> bool {
    use ErrorKind::{Busy, Internal, Interrupted, Terminated};
    matches!(error.kind(), Busy | Internal | Interrupted | Terminated)
}

/// What all workers share.
struct Crew {
    tools: Tools,
    queue: Queue<Vec<CopyTask>>,
    failures: Mutex<Vec<(String, Error)>>,
    /// workers that have not left
    working: Mutex<usize>,
    done: Box<Done>,
}

impl Crew {
    /// The next batch; a worker that finds none leaves. Under one lock with [`Crew::give_up_place`], so that nothing is given
    /// back to a crew that has gone.
    fn next(&self) -> Option<Vec<CopyTask>> {
        let mut working = lock(&self.working);
        let batch = self.queue.take();
        *working -= usize::from(batch.is_none());
        batch
    }

    /// The server has no connection for this worker, and there are others: they do what it had. The last one stays, and gets
    /// its tasks back.
    fn give_up_place(&self, tasks: Vec<CopyTask>) -> Option<Vec<CopyTask>> {
        let mut working = lock(&self.working);
        if *working < 2 {
            return Some(tasks);
        }
        *working -= 1;
        self.queue.put_back(tasks);
        self.tools.events.note(budget::shrunk("loading", *working));
        None
    }

    /// The server has no connection left, and other workers have one.
    fn has_others_for(&self, error: &Error) -> bool {
        is_without_place(error) && *lock(&self.working) > 1
    }

    /// Nobody has asked for a stop, and nothing has failed after which all is to stop.
    fn is_wanted(&self) -> bool {
        let failures = lock(&self.failures);
        let ends_all = |(_, error): &(String, Error)| self.tools.config.fail_fast || is_final(error);
        let Tools { cancel, retry, .. } = &self.tools;
        !cancel.is_asked() && !retry.is_spent() && !failures.iter().any(ends_all)
    }

    /// Chunks of a table that failed already are left: the next run finds them in the ledger.
    fn has_failed(&self, task: &CopyTask) -> bool {
        lock(&self.failures).iter().any(|(table, _)| *table == task.table.source)
    }

    fn fail(&self, table: &str, error: Error) {
        let ends_all = self.tools.config.fail_fast || is_final(&error) || self.tools.retry.is_spent();
        lock(&self.failures).push((table.to_owned(), error));
        if ends_all {
            self.queue.clear();
        }
    }
}

/// What is to become of a batch that was tried together.
enum Together {
    /// these are to be copied alone
    Alone(Vec<CopyTask>),
    /// there is no connection for this worker
    NoPlace(Vec<CopyTask>),
}

struct Worker {
    crew: Arc<Crew>,
    number: usize,
    session: Option<Session>,
}

impl Worker {
    /// Takes batches until there are none. A session that saw a failure is not used again.
    async fn run(mut self) {
        let crew = Arc::clone(&self.crew);
        while let Some(batch) = crew.next() {
            failpoint::pass(failpoint::WORKER);
            if !self.batch(batch).await {
                return;
            }
        }
        if let Some(session) = self.session {
            session.close().await;
        }
    }

    /// Copies a batch. False where this worker has left because it has no connection.
    async fn batch(&mut self, batch: Vec<CopyTask>) -> bool {
        let mut tasks = VecDeque::from(batch);
        if tasks.len() > 1 && self.crew.is_wanted() {
            match self.together(tasks.into()).await {
                Together::Alone(left) => tasks = left.into(),
                Together::NoPlace(left) => match self.crew.give_up_place(left) {
                    None => return false,
                    Some(left) => tasks = left.into(),
                },
            }
        }
        while let Some(task) = tasks.pop_front() {
            if let Some(task) = self.alone(task).await {
                tasks.push_front(task);
                match self.crew.give_up_place(tasks.into()) {
                    None => return false,
                    Some(left) => tasks = left.into(),
                }
            }
        }
        true
    }

    /// Copies a batch together; what is left is to be copied alone. An error of the server is of any of its tables: which
    /// one, its own try will tell. One of the link is of all of them.
    async fn together(&mut self, batch: Vec<CopyTask>) -> Together {
        let crew = Arc::clone(&self.crew);
        let mut attempts = crew.tools.retry.attempts(None);
        loop {
            let started = Instant::now();
            let error = match self.try_together(&batch).await {
                Ok(committed) => {
                    attempts.succeeded();
                    return Together::Alone(self.is_done(batch, &committed, started));
                }
                Err(error) => error,
            };
            if attempts.may_leave() && crew.has_others_for(&error) {
                return Together::NoPlace(batch);
            }
            let of_all = is_final(&error) || is_cancelled(&error) || passing(&error) == Some(Passing::Link);
            if !of_all {
                return Together::Alone(batch);
            }
            if let Err(error) = attempts.after(error).await {
                crew.fail(batch.first().map_or("", |task| &task.table.source), error);
                return Together::Alone(Vec::new());
            }
        }
    }

    async fn try_together(&mut self, batch: &[CopyTask]) -> Result<Vec<usize>> {
        let crew = Arc::clone(&self.crew);
        let copying = async {
            let ready = self.ready().await?;
            copy_together(&crew.tools.connector, ready, batch).await
        };
        let result = crew.tools.cancel.bound(copying).await;
        if result.is_err() {
            self.session = None;
        }
        result
    }

    /// Tells what is committed of a batch, and gives back the rest.
    fn is_done(&self, batch: Vec<CopyTask>, committed: &[usize], started: Instant) -> Vec<CopyTask> {
        let seconds = started.elapsed().as_secs_f64() / committed.len().max(1) as f64;
        let mut left = Vec::new();
        for (i, task) in batch.into_iter().enumerate() {
            if committed.contains(&i) {
                (self.crew.done)(Copied { task, started, seconds });
            } else {
                left.push(task);
            }
        }
        left
    }

    /// Copies one task, again where it failed for a cause that can pass: always on a new connection, and the ledger is asked
    /// first. Gives the task back where there is no connection for this worker.
    async fn alone(&mut self, task: CopyTask) -> Option<CopyTask> {
        let crew = Arc::clone(&self.crew);
        let mut attempts = crew.tools.retry.attempts(Some(&task.table.source));
        while crew.is_wanted() && !crew.has_failed(&task) {
            let started = Instant::now();
            let error = match self.try_alone(&task).await {
                Ok(()) => {
                    attempts.succeeded();
                    (crew.done)(Copied { task, started, seconds: started.elapsed().as_secs_f64() });
                    return None;
                }
                Err(error) => error,
            };
            if attempts.may_leave() && crew.has_others_for(&error) {
                return Some(task);
            }
            if let Err(error) = attempts.after(error).await {
                crew.fail(&task.table.source, error);
                return None;
            }
        }
        None
    }

    async fn try_alone(&mut self, task: &CopyTask) -> Result<()> {
        let crew = Arc::clone(&self.crew);
        let copying = async {
            let ready = self.ready().await?;
            copy_alone(&crew.tools.connector, ready, task).await
        };
        let result = crew.tools.cancel.bound(copying).await;
        if result.is_err() {
            self.session = None;
        }
        result
    }

    async fn ready(&mut self) -> Result<&Session> {
        self.crew.tools.ready().await?;
        // After a COMMIT whose answer was lost the ledger may say that all is well: then only the session has gone.
        if self.session.as_ref().is_some_and(|session| session.client().is_closed()) {
            self.session = None;
        }
        let role = format!("copy {}", self.number);
        match &mut self.session {
            Some(session) => Ok(session),
            none => Ok(none.insert(self.crew.tools.connector.connect(&role).await?)),
        }
    }
}
