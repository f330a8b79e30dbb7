//! The plan against single rules, and against a model that asks every rule.

use super::*;
use crate::lifecycle::LifecycleTransition;
use proptest::prelude::*;

const DAY: u64 = 86_400_000;

fn rule(id: &str, prefix: &str) -> LifecycleRule {
    LifecycleRule { id: id.to_owned(), enabled: true, prefix: prefix.to_owned(), ..LifecycleRule::default() }
}

fn expire(id: &str, prefix: &str, time: LifecycleTime) -> LifecycleRule {
    LifecycleRule { expiration: Some(time), ..rule(id, prefix) }
}

fn transition(id: &str, prefix: &str, time: LifecycleTime) -> LifecycleRule {
    let transition = LifecycleTransition { time, class: StorageClass::InfrequentAccess };
    LifecycleRule { transitions: vec![transition], ..rule(id, prefix) }
}

fn plan(rules: &[LifecycleRule]) -> LifecyclePlan {
    // As stored: also ages that nobody may set.
    LifecyclePlan::new(&Lifecycle::stored(rules.to_vec()))
}

fn next(rules: &[LifecycleRule], class: StorageClass) -> Option<(u64, LifecycleAction)> {
    plan(rules).next("logs/a", Timestamp(0), class).map(|due| (due.at.0, due.action))
}

const DOWN: LifecycleAction = LifecycleAction::Transition(StorageClass::InfrequentAccess);

#[test]
fn a_removal_within_a_day_of_a_transition_takes_its_place() {
    let days = LifecycleTime::days;
    let rules = |down, end| [transition("down", "", days(down)), expire("end", "logs/", days(end))];
    assert_eq!(next(&rules(30, 32), StorageClass::Standard), Some((30 * DAY, DOWN)));
    assert_eq!(next(&rules(30, 31), StorageClass::Standard), Some((30 * DAY, DOWN)), "a whole day lies between them");
    assert_eq!(next(&rules(30, 30), StorageClass::Standard), Some((30 * DAY, LifecycleAction::Expire)));
    assert_eq!(next(&rules(30, 5), StorageClass::Standard), Some((5 * DAY, LifecycleAction::Expire)));
    let close = [transition("down", "", LifecycleTime::Age(10)), expire("end", "", LifecycleTime::Age(86_409))];
    assert_eq!(next(&close, StorageClass::Standard), Some((86_409_000, LifecycleAction::Expire)));
}

#[test]
fn what_is_in_infrequent_access_is_only_removed() {
    let days = LifecycleTime::days;
    let rules = [transition("down", "", days(30)), expire("end", "logs/", days(90))];
    assert_eq!(next(&rules, StorageClass::InfrequentAccess), Some((90 * DAY, LifecycleAction::Expire)));
    assert_eq!(next(&rules[..1], StorageClass::InfrequentAccess), None);
    let back = LifecycleTransition { time: days(1), class: StorageClass::Standard };
    let back = LifecycleRule { transitions: vec![back], ..rule("back", "") };
    assert!(!plan(&[back]).acts_on_objects());
}

#[test]
fn the_rule_that_removes_first_is_named() {
    let days = LifecycleTime::days;
    let rules = [expire("slow", "", days(9)), expire("quick", "logs/", days(3)), transition("down", "", days(1))];
    let expiration = |key| plan(&rules).expiration(key, Timestamp(5)).map(|end| (end.at.0, end.rule.to_string()));
    assert_eq!(expiration("logs/a"), Some((5 + 3 * DAY, "quick".to_owned())));
    assert_eq!(expiration("log"), Some((5 + 9 * DAY, "slow".to_owned())));
    assert_eq!(plan(&rules[2..]).expiration("logs/a", Timestamp(5)), None);
}

#[test]
fn the_shortest_abort_wins_and_rules_that_are_off_do_nothing() {
    let abort = |id, prefix, seconds| LifecycleRule { abort_uploads_after: Some(seconds), ..rule(id, prefix) };
    let off = LifecycleRule { enabled: false, ..abort("off", "", 1) };
    let rules = [abort("all", "", 7), abort("users", "user/", 2), off];
    let plan = plan(&rules);
    assert_eq!(plan.abort("user/a", Timestamp(1)), Some(Timestamp(2_001)));
    assert_eq!(plan.abort("other", Timestamp(1)), Some(Timestamp(7_001)));
    assert!(plan.acts_on_uploads() && !plan.acts_on_objects());
    assert_eq!(LifecyclePlan::new(&Lifecycle::of_new_bucket()).abort("a", Timestamp(0)), Some(Timestamp(7 * DAY)));
}

#[test]
fn a_past_date_holds_for_what_is_written_after_it() {
    let date = LifecycleTime::Date(Timestamp(DAY));
    let rules = plan(&[expire("date", "", date)]);
    let due = rules.next("a", Timestamp(5 * DAY), StorageClass::Standard).unwrap();
    assert_eq!(due.at, Timestamp(DAY));
    assert_eq!(rules.soonest_for_new_objects(Timestamp(5 * DAY)), Some(Timestamp(5 * DAY)));
    assert_eq!(rules.soonest_for_new_objects(Timestamp(0)), Some(Timestamp(DAY)));
    let both = plan(&[expire("date", "", date), transition("age", "x", LifecycleTime::Age(60))]);
    assert_eq!(both.soonest_for_new_objects(Timestamp(0)), Some(Timestamp(60_000)));
    assert_eq!(plan(&[]).soonest_for_new_objects(Timestamp(0)), None);
}

#[test]
fn an_age_past_all_time_does_not_overflow() {
    let rules = plan(&[expire("never", "", LifecycleTime::Age(u64::MAX))]);
    assert_eq!(rules.next("a", Timestamp(9), StorageClass::Standard).unwrap().at, Timestamp(u64::MAX));
}

#[test]
fn prefixes_are_compared_as_keys_are() {
    let rules = plan(&[expire("end", "e\u{301}", LifecycleTime::Age(1))]);
    assert!(rules.expiration("\u{e9}t\u{e9}", Timestamp(0)).is_some());
}

/// When each rule alone would act, by asking them all.
fn model(rules: &[LifecycleRule], key: &str, written: u64, class: StorageClass) -> Option<(u64, LifecycleAction)> {
    let at = |time| match time {
        LifecycleTime::Age(seconds) => written + seconds * 1000,
        LifecycleTime::Date(date) => date.0,
    };
    let rules = || rules.iter().filter(|rule| rule.enabled && key.starts_with(&rule.prefix));
    let end = rules().filter_map(|rule| rule.expiration).map(at).min();
    let down = rules().flat_map(|rule| &rule.transitions).map(|transition| at(transition.time)).min();
    let down = down.filter(|_| class == StorageClass::Standard);
    match (down, end) {
        (Some(down), Some(end)) if end >= down + DAY => Some((down, DOWN)),
        (Some(down), None) => Some((down, DOWN)),
        (_, end) => end.map(|end| (end, LifecycleAction::Expire)),
    }
}

fn any_time() -> impl Strategy<Value = LifecycleTime> {
    prop_oneof![
        (0..400_000_u64).prop_map(LifecycleTime::Age),
        (0..400_000_000_u64).prop_map(|at| LifecycleTime::Date(Timestamp(at))),
    ]
}

fn any_rule() -> impl Strategy<Value = LifecycleRule> {
    let (end, down) = (proptest::option::of(any_time()), proptest::option::of(any_time()));
    ("[ab]{0,3}", any::<bool>(), end, down, 0..9_u64).prop_map(|(prefix, enabled, expiration, down, abort)| {
        let class = StorageClass::InfrequentAccess;
        let transitions = down.map(|time| LifecycleTransition { time, class }).into_iter().collect();
        LifecycleRule { enabled, expiration, transitions, abort_uploads_after: Some(abort), ..rule("", &prefix) }
    })
}

proptest! {
    #[test]
    fn the_plan_is_what_all_rules_come_to(
        rules in proptest::collection::vec(any_rule(), 0..12),
        key in "[ab]{0,5}",
        written in 0..400_000_000_u64,
        infrequent in any::<bool>(),
    ) {
        let class = if infrequent { StorageClass::InfrequentAccess } else { StorageClass::Standard };
        let plan = plan(&rules);
        let next = plan.next(&key, Timestamp(written), class).map(|due| (due.at.0, due.action));
        prop_assert_eq!(next, model(&rules, &key, written, class));
        let removal = |rule: &LifecycleRule| LifecycleRule { transitions: Vec::new(), ..rule.clone() };
        let removals: Vec<_> = rules.iter().map(removal).collect();
        let end = plan.expiration(&key, Timestamp(written)).map(|end| end.at.0);
        prop_assert_eq!(end, model(&removals, &key, written, class).map(|(at, _)| at));
        let matching = rules.iter().filter(|rule| rule.enabled && key.starts_with(&rule.prefix));
        let abort = matching.filter_map(|rule| rule.abort_uploads_after).min();
        prop_assert_eq!(plan.abort(&key, Timestamp(written)), abort.map(|s| Timestamp(written + s * 1000)));
        if let Some((at, _)) = next {
            let soonest = plan.soonest_for_new_objects(Timestamp(written)).unwrap();
            prop_assert!(soonest.0 <= at.max(written));
            prop_assert!(plan.object_prefixes().any(|prefix| key.starts_with(prefix)));
        }
    }
}
