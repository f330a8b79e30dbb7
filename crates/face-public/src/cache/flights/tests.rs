//! Coalescing, step by step.

use super::*;
use crate::cache::tests::{key, missing};
use std::task::{Context, Poll, Waker};

fn first(boarding: Boarding<'_>) -> Flight<'_> {
    match boarding {
        Boarding::First(flight) => flight,
        Boarding::Later(_) => panic!("somebody else reads"),
    }
}

fn later(boarding: Boarding<'_>) -> Wait {
    match boarding {
        Boarding::First(_) => panic!("nobody else reads"),
        Boarding::Later(wait) => wait,
    }
}

#[tokio::test]
async fn one_reads_and_all_who_wait_get_what_it_read() {
    let flights = Flights::default();
    let flight = first(flights.board(&key("a")));
    let waits: Vec<_> = (0..100).map(|_| later(flights.board(&key("a")))).collect();
    drop(first(flights.board(&key("b"))));
    let mut waiting = Box::pin(later(flights.board(&key("a"))).landed());
    assert!(matches!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending));
    let kept = missing();
    flight.land(Some(Arc::clone(&kept)));
    assert!(Arc::ptr_eq(&waiting.await.unwrap().unwrap(), &kept));
    for wait in waits {
        assert!(Arc::ptr_eq(&wait.landed().await.unwrap().unwrap(), &kept));
    }
    drop(first(flights.board(&key("a"))));
    assert_eq!(flights.lock().len(), 0, "nothing is left of reads that ended");
}

#[tokio::test]
async fn a_reader_that_goes_away_leaves_its_turn_to_the_others() {
    let flights = Flights::default();
    let flight = first(flights.board(&key("a")));
    let wait = later(flights.board(&key("a")));
    drop(flight);
    assert!(wait.landed().await.is_none());
    first(flights.board(&key("a"))).land(None);
    assert_eq!(flights.lock().len(), 0);
}

#[tokio::test]
async fn what_must_not_be_shared_is_told_to_be_read_by_each() {
    let flights = Flights::default();
    let flight = first(flights.board(&key("a")));
    let wait = later(flights.board(&key("a")));
    flight.land(None);
    assert!(matches!(wait.landed().await, Some(None)));
}

#[tokio::test]
async fn after_a_purge_nobody_joins_a_read_that_began_before_it() {
    let flights = Flights::default();
    let before = first(flights.board(&key("a")));
    flights.begin_anew();
    let after = first(flights.board(&key("a")));
    before.land(None);
    let wait = later(flights.board(&key("a")));
    after.land(Some(missing()));
    assert!(wait.landed().await.unwrap().is_some(), "the earlier read did not end the later one");
}
