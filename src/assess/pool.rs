//! A bounded number of workers over a list of tasks; results come back in the tasks' order.

use crate::error::Result;
use crate::panicked;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

/// Tasks that several workers take from, one after the other.
#[derive(Debug)]
pub struct Queue<T>(Mutex<VecDeque<T>>);

impl<T> Queue<T> {
    /// A queue in the given order.
    pub fn new(tasks: impl IntoIterator<Item = T>) -> Queue<T> {
        Queue(Mutex::new(tasks.into_iter().collect()))
    }

    /// The next task.
    pub fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// Gives back a task, which is then the next one.
    pub fn put_back(&self, task: T) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_front(task);
    }

    /// Leaves nothing to take.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Runs `work` over `tasks` on at most `workers` threads that may block.
///
/// # Errors
/// The first error of any task; tasks that have not begun are then left.
pub async fn blocking<T, R>(
    workers: usize,
    tasks: Vec<T>,
    work: impl Fn(&T) -> Result<R> + Send + Sync + 'static,
) -> Result<Vec<R>>
where
    T: Send + Sync + 'static,
    R: Send + 'static,
{
    let count = tasks.len();
    let queue = Arc::new(Queue::new(tasks.into_iter().enumerate()));
    let work = Arc::new(work);
    let threads: Vec<_> = (0..workers.min(count))
        .map(|_| {
            let (queue, work) = (Arc::clone(&queue), Arc::clone(&work));
            tokio::task::spawn_blocking(move || {
                let mut results = Vec::new();
                while let Some((i, task)) = queue.take() {
                    // Nothing of a task is looked at after it has panicked but that it has.
                    let worked = catch_unwind(AssertUnwindSafe(|| work(&task)));
                    match worked.unwrap_or_else(|_| Err(panicked::error())) {
                        Ok(result) => results.push((i, result)),
                        Err(error) => {
                            queue.clear();
                            return Err(error);
                        }
                    }
                }
                Ok(results)
            })
        })
        .collect();
    let mut results = Vec::with_capacity(count);
    let mut failure = None;
    for thread in threads {
        match join(thread.await) {
            Ok(part) => results.extend(part),
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    if let Some(error) = failure {
        return Err(error);
    }
    results.sort_by_key(|(i, _)| *i);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

/// A thread's result; a panic becomes an error of the run. Its message is left out: one about a text quotes that text, which
/// may be a cell's value. Where it happened has been told on stderr.
///
/// # Errors
/// The thread's own, or an internal one.
pub fn join<R>(joined: std::result::Result<Result<R>, tokio::task::JoinError>) -> Result<R> {
    match joined {
        Ok(result) => result,
        // What it says itself may quote a value.
        Err(_) => Err(panicked::error()),
    }
}
