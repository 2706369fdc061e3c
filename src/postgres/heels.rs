//! A statement and its COMMIT in one round trip.

use crate::error::Result;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

/// Sends `then` before the answer to `first` has come, but not where `first` has failed already: what could not be sent at
/// all is not there to make the server refuse the COMMIT behind it. Gives no result of what was not sent.
///
/// Both are sent when they are polled for the first time, as the driver does it.
pub(super) async fn on_its_heels<A, B>(
    first: impl Future<Output = Result<A>>,
    then: impl Future<Output = B>,
) -> (Result<A>, Option<B>) {
    let mut first = pin!(first);
    match poll_fn(|cx| Poll::Ready(first.as_mut().poll(cx))).await {
        Poll::Ready(Err(error)) => (Err(error), None),
        Poll::Ready(done) => (done, Some(then.await)),
        Poll::Pending => {
            let (first, then) = futures::join!(first, then);
            (first, Some(then))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use std::cell::Cell;

    #[tokio::test]
    async fn nothing_follows_what_was_not_sent() {
        let sent = Cell::new(0);
        let failed = async { Err::<(), Error>(Error::internal("not sent")) };
        let (first, then) = on_its_heels(failed, async { sent.set(1) }).await;
        assert!(first.is_err() && then.is_none() && sent.get() == 0);
    }

    #[tokio::test]
    async fn what_was_sent_is_not_waited_for() {
        let sent = Cell::new(false);
        let answered = async {
            while !sent.get() {
                tokio::task::yield_now().await;
            }
            Ok(7)
        };
        let (first, then) = on_its_heels(answered, async { sent.set(true) }).await;
        assert_eq!((first.ok(), then), (Some(7), Some(())));
    }
}
