//! Connections that load at once: each takes what is next, and what failed together it tries alone.

use super::cancel::Cancel;
use super::copy::{Copied, CopyTask, copy_alone};
use super::together::copy_together;
use crate::assess::pool::{Queue, join};
use crate::error::{Error, ErrorKind, Result};
use crate::postgres::connect::Connector;
use crate::postgres::lease::Lease;
use crate::postgres::session::Session;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// How the workers go about their tasks.
#[derive(Debug, Clone)]
pub struct CopySettings {
    /// connections at once
    pub jobs: usize,
    /// stop all at the first failure
    pub fail_fast: bool,
    /// without which nothing is begun
    pub lease: Lease,
}

type Done = dyn Fn(Copied) + Send + Sync;

/// Copies all tasks with as many connections as `settings` say; those of one batch together. Reports each through `done` as
/// it commits. Returns the failures, each with its source table; an empty list means that every chunk is committed.
pub async fn run(
    connector: &Connector,
    batches: Vec<Vec<CopyTask>>,
    settings: &CopySettings,
    cancel: &Cancel,
    done: impl Fn(Copied) + Send + Sync + 'static,
) -> Vec<(String, Error)> {
    let workers = settings.jobs.min(batches.len());
    let queue = Arc::new(Queue::new(batches));
    let failures: Arc<Mutex<Vec<(String, Error)>>> = Arc::default();
    let done: Arc<Done> = Arc::new(done);
    let handles: Vec<_> = (0..workers)
        .map(|number| {
            let worker = Worker {
                connector: connector.clone(),
                queue: Arc::clone(&queue),
                failures: Arc::clone(&failures),
                cancel: cancel.clone(),
                fail_fast: settings.fail_fast,
                lease: settings.lease.clone(),
                number,
            };
            let done = Arc::clone(&done);
            tokio::spawn(async move { worker.run(&*done).await })
        })
        .collect();
    for handle in handles {
        if let Err(error) = join(handle.await.map(Ok)) {
            lock(&failures).push((String::new(), error));
        }
    }
    std::mem::take(&mut *lock(&failures))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A run that lost its place, and one that is to stop, fail every table alike: one error says it.
fn is_final(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Busy | ErrorKind::Interrupted | ErrorKind::Terminated)
}

struct Worker {
    connector: Connector,
    queue: Arc<Queue<Vec<CopyTask>>>,
    failures: Arc<Mutex<Vec<(String, Error)>>>,
    cancel: Cancel,
    fail_fast: bool,
    lease: Lease,
    number: usize,
}

impl Worker {
    /// Takes batches until there are none. A session that saw a failure is not used again.
    async fn run(self, done: &Done) {
        let mut session: Option<Session> = None;
        while let Some(batch) = self.queue.take() {
            let batch = match &batch[..] {
                [_, _, ..] if self.is_wanted() => self.together(&mut session, batch, done).await,
                _ => batch,
            };
            for task in batch {
                self.alone(&mut session, task, done).await;
            }
        }
        if let Some(session) = session {
            session.close().await;
        }
    }

    /// Copies a batch; gives back what is to be copied alone. An error of the server is of any of them: which one, its own
    /// try will tell.
    async fn together(
        &self,
        session: &mut Option<Session>,
        batch: Vec<CopyTask>,
        done: &Done,
    ) -> Vec<CopyTask> {
        let started = Instant::now();
        let copying = async {
            let ready = self.ready(session).await?;
            copy_together(&self.connector, ready, &batch).await
        };
        match self.cancel.bound(copying).await {
            Ok(committed) => {
                let seconds = started.elapsed().as_secs_f64() / committed.len().max(1) as f64;
                let mut left = Vec::new();
                for (i, task) in batch.into_iter().enumerate() {
                    if committed.contains(&i) {
                        done(Copied { task, seconds });
                    } else {
                        left.push(task);
                    }
                }
                left
            }
            Err(error) => {
                *session = None;
                if !is_final(&error) {
                    return batch;
                }
                self.fail(batch.first().map_or_else(String::new, |task| task.table.source.clone()), error);
                Vec::new()
            }
        }
    }

    async fn alone(&self, session: &mut Option<Session>, task: CopyTask, done: &Done) {
        if !self.is_wanted() || self.has_failed(&task) {
            return;
        }
        let started = Instant::now();
        let copying = async {
            let ready = self.ready(session).await?;
            copy_alone(&self.connector, ready, &task).await
        };
        match self.cancel.bound(copying).await {
            Ok(()) => done(Copied { task, seconds: started.elapsed().as_secs_f64() }),
            Err(error) => {
                *session = None;
                self.fail(task.table.source.clone(), error);
            }
        }
    }

    async fn ready<'a>(&self, session: &'a mut Option<Session>) -> Result<&'a Session> {
        self.lease.ready().await?;
        // After a COMMIT whose answer was lost the ledger may say that all is well: then only the session has gone.
        if session.as_ref().is_some_and(|session| session.client().is_closed()) {
            *session = None;
        }
        match session {
            Some(session) => Ok(session),
            None => Ok(session.insert(self.connector.connect(&format!("copy {}", self.number)).await?)),
        }
    }

    /// Nobody has asked for a stop, and nothing has failed after which all is to stop.
    fn is_wanted(&self) -> bool {
        let failures = lock(&self.failures);
        let ends_all = |(_, error): &(String, Error)| self.fail_fast || is_final(error);
        !self.cancel.is_asked() && !failures.iter().any(ends_all)
    }

    /// Chunks of a table that failed already are left: the next run finds them in the ledger.
    fn has_failed(&self, task: &CopyTask) -> bool {
        lock(&self.failures).iter().any(|(table, _)| *table == task.table.source)
    }

    fn fail(&self, table: String, error: Error) {
        let ends_all = self.fail_fast || is_final(&error);
        lock(&self.failures).push((table, error));
        if ends_all {
            self.queue.clear();
        }
    }
}
