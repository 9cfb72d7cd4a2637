//! Messages of one connection that are on their way into the store.
//!
//! A client that says several things at once does not wait for the disk between them: they are committed together and
//! told together. They are stored, and acknowledged, in the order in which they were said, for the store takes what it
//! is given in turn.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A message on its way; in the end whether it was taken, or not taken for no fault of the client's.
pub(crate) type Posting = Pin<Box<dyn Future<Output = bool> + Send>>;

/// Messages of one connection that may be on their way at once.
const MOST: usize = 32;

/// The messages on their way, oldest first.
#[derive(Default)]
pub(crate) struct Posts(VecDeque<Posting>);

impl Posts {
    pub(crate) fn is_full(&self) -> bool {
        self.0.len() >= MOST
    }

    /// Sets a message on its way, behind the others. Returns whether it was taken, if that is known at once.
    pub(crate) async fn start(&mut self, mut posting: Posting) -> Option<bool> {
        // Its first step hands it to the store: that is to happen before the next message's.
        let first = poll_fn(|context| Poll::Ready(posting.as_mut().poll(context))).await;
        match first {
            Poll::Ready(taken) => Some(taken),
            Poll::Pending => {
                self.0.push_back(posting);
                None
            }
        }
    }

    /// Waits for the oldest. Returns whether it was taken; `None` if there is none. May be cancelled at no loss.
    pub(crate) async fn next(&mut self) -> Option<bool> {
        poll_fn(|context| self.poll_oldest(context)).await
    }

    fn poll_oldest(&mut self, context: &mut Context<'_>) -> Poll<Option<bool>> {
        let Some(oldest) = self.0.front_mut() else {
            return Poll::Ready(None);
        };
        let taken = std::task::ready!(oldest.as_mut().poll(context));
        self.0.pop_front();
        Poll::Ready(Some(taken))
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn they_end_in_the_order_of_their_beginning() {
        let mut posts = Posts::default();
        let (tell_first, first) = oneshot::channel();
        let (tell_second, second) = oneshot::channel();
        assert_eq!(posts.start(Box::pin(async { first.await.unwrap() })).await, None);
        assert_eq!(posts.start(Box::pin(async { second.await.unwrap() })).await, None);
        assert_eq!(posts.start(Box::pin(async { false })).await, Some(false));
        tell_second.send(true).unwrap();
        let waited = poll_fn(|context| Poll::Ready(posts.poll_oldest(context))).await;
        assert!(waited.is_pending());
        tell_first.send(false).unwrap();
        assert_eq!(posts.next().await, Some(false));
        assert_eq!(posts.next().await, Some(true));
        assert_eq!(posts.next().await, None);
    }
}
