//! When a connection by HTTP/2 counts as idle, and when as stuck.

use super::*;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_connection_without_requests_is_idle_once_a_head_would_be_late() {
    let (activity, settings) = (Activity::default(), ListenerSettings::default());
    assert_eq!(activity.state(seconds(74), &settings), State::Busy);
    assert_eq!(activity.state(seconds(75), &settings), State::Idle);
    activity.note(seconds(70));
    assert_eq!(activity.state(seconds(100), &settings), State::Busy);
}

#[test]
fn a_request_that_runs_long_is_left_alone_and_an_answer_that_nobody_reads_is_not() {
    let (activity, settings) = (Arc::new(Activity::default()), ListenerSettings::default());
    let clock = environment::SystemClock::new();
    let watched = Watched::begin(Arc::clone(&activity), &clock);
    assert_eq!(activity.state(seconds(100_000), &settings), State::Busy);
    let watched = watched.answering();
    assert_eq!(activity.state(seconds(599), &settings), State::Busy);
    assert_eq!(activity.state(seconds(601), &settings), State::Unread);
    drop(watched);
    assert_eq!(activity.state(seconds(601), &settings), State::Idle);
}
