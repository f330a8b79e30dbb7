//! A future beside one that is polled often: it is polled only when it was woken itself.
//!
//! A connection is polled with every request, and what else it waits for (the end of the server, say) is shared by all
//! connections: to ask for it each time would have them all at one lock.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// See the module.
pub(crate) struct Seldom<F> {
    future: Pin<F>,
    woken: Option<Arc<Woken>>,
}

struct Woken {
    is: AtomicBool,
    task: Waker,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is.store(true, Ordering::Release);
        self.task.wake_by_ref();
    }
}

impl<F, T> Seldom<F>
where
    Pin<F>: Future<Output = T> + Unpin,
{
    pub(crate) fn new(future: Pin<F>) -> Self {
        Self { future, woken: None }
    }

    /// As [`Future::poll`], and not again once it was ready.
    pub(crate) fn poll(&mut self, cx: &Context<'_>) -> Poll<T> {
        let woken = match &self.woken {
            Some(woken) if woken.task.will_wake(cx.waker()) => {
                if !woken.is.load(Ordering::Relaxed) || !woken.is.swap(false, Ordering::Acquire) {
                    return Poll::Pending;
                }
                Arc::clone(woken)
            }
            _ => {
                let woken = Arc::new(Woken { is: AtomicBool::new(false), task: cx.waker().clone() });
                Arc::clone(self.woken.insert(woken))
            }
        };
        Pin::new(&mut self.future).poll(&mut Context::from_waker(&Waker::from(woken)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::pin::pin;
    use tokio::sync::oneshot;

    /// Polled with two wakers in turn until it is ready, as a task does that moves.
    #[test]
    fn it_is_polled_when_it_was_woken_or_the_task_has_moved() {
        let mut polls = 0;
        let (sender, mut receiver) = oneshot::channel();
        let future = pin!(poll_fn(|cx| {
            polls += 1;
            Pin::new(&mut receiver).poll(cx)
        }));
        let mut seldom = Seldom::new(future);
        let tasks =
            [(); 2].map(|()| Waker::from(Arc::new(Woken { is: AtomicBool::new(false), task: Waker::noop().clone() })));
        for (task, times) in [(&tasks[0], 3), (&tasks[1], 3)] {
            for _ in 0..times {
                assert!(seldom.poll(&Context::from_waker(task)).is_pending());
            }
        }
        sender.send(7).unwrap();
        assert_eq!(seldom.poll(&Context::from_waker(&tasks[1])), Poll::Ready(Ok(7)));
        assert_eq!(polls, 3);
    }
}
