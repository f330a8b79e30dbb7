//! What the lock rules of a bucket come to for one object: until when it is kept as it is. Made once for each change of
//! the rules, then asked by every request that would replace or remove an object. Source: R2 "Bucket locks".

use crate::lock::{BucketLock, LockCondition, LockRule};
use crate::object_key::ObjectKey;
use crate::prefix_table::PrefixTable;
use crate::time::Timestamp;

/// How long an object is kept as it is. A later end is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Retained {
    /// Until this moment: from then on it may be replaced and removed.
    Until(Timestamp),
    /// For as long as there is the rule.
    Indefinitely,
}

impl Retained {
    /// Whether it still holds.
    pub fn holds_at(self, now: Timestamp) -> bool {
        match self {
            Self::Until(end) => now < end,
            Self::Indefinitely => true,
        }
    }
}

/// The lock rules of a bucket, by prefix. Looking for a key's costs one binary search, however many rules there are.
#[derive(Debug, Default)]
pub struct Retentions(PrefixTable<Strictest>);

/// The strictest of several rules. Which of them that is depends on the age of an object, hence one of each kind.
#[derive(Clone, Copy, Debug, Default)]
struct Strictest {
    /// Milliseconds.
    age: Option<u64>,
    date: Option<Timestamp>,
    indefinite: bool,
}

impl Strictest {
    fn of(condition: LockCondition) -> Self {
        match condition {
            LockCondition::Age(seconds) => Self { age: Some(seconds.saturating_mul(1000)), ..Self::default() },
            LockCondition::Date(date) => Self { date: Some(date), ..Self::default() },
            LockCondition::Indefinite => Self { indefinite: true, ..Self::default() },
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            age: self.age.max(other.age),
            date: self.date.max(other.date),
            indefinite: self.indefinite || other.indefinite,
        }
    }

    fn of_object(self, written: Timestamp) -> Option<Retained> {
        let end_of_age = self.age.map(|age| Timestamp(written.0.saturating_add(age)));
        let end = end_of_age.max(self.date).map(Retained::Until);
        end.max(self.indefinite.then_some(Retained::Indefinitely))
    }
}

impl Retentions {
    /// Those of rules that are enabled.
    pub fn new(lock: &BucketLock) -> Self {
        let enabled = lock.rules().iter().filter(|rule| rule.enabled);
        let by_prefix = |rule: &LockRule| (ObjectKey::normalize(&rule.prefix), Strictest::of(rule.condition));
        Self(PrefixTable::new(enabled.map(by_prefix).collect(), Strictest::and))
    }

    /// How long the strictest rule keeps an object, by the identity of its key and when it was written. `None`: no rule
    /// is about it. The end may be over: see [`Retained::holds_at`].
    pub fn of_object(&self, identity: &str, written: Timestamp) -> Option<Retained> {
        self.0.get(identity).and_then(|strictest| strictest.of_object(written))
    }

    /// About how many bytes of memory this takes.
    pub fn bytes(&self) -> usize {
        self.0.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn retentions(rules: &[(&str, LockCondition)]) -> Retentions {
        Retentions::new(&lock(rules))
    }

    fn lock(rules: &[(&str, LockCondition)]) -> BucketLock {
        let rule = |(number, (prefix, condition)): (usize, &(&str, LockCondition))| LockRule {
            id: number.to_string(),
            enabled: true,
            prefix: (*prefix).to_owned(),
            condition: *condition,
        };
        BucketLock::new(rules.iter().enumerate().map(rule).collect()).unwrap()
    }

    const WRITTEN: Timestamp = Timestamp(1_000_000);

    fn until(milliseconds: u64) -> Option<Retained> {
        Some(Retained::Until(Timestamp(milliseconds)))
    }

    #[test]
    fn the_rules_of_r2s_page_hold_what_they_say() {
        let rules = retentions(&[("logs/", LockCondition::Age(604_800)), ("images/", LockCondition::Indefinite)]);
        assert_eq!(rules.of_object("logs/a", WRITTEN), until(1_000_000 + 604_800_000));
        assert_eq!(rules.of_object("images/a", WRITTEN), Some(Retained::Indefinitely));
        for other in ["logs", "log/a", "image", "a/logs/", "zebra", "a"] {
            assert_eq!(rules.of_object(other, WRITTEN), None, "{other}");
        }
    }

    #[test]
    fn the_strictest_rule_wins_whether_it_is_of_an_age_or_a_date() {
        let date = LockCondition::Date(Timestamp(5_000_000));
        let rules = [("", LockCondition::Age(1)), ("a", date), ("a", LockCondition::Age(2_000)), ("a/b", date)];
        for rules in [rules.to_vec(), rules.iter().rev().copied().collect()] {
            let rules = retentions(&rules);
            assert_eq!(rules.of_object("b", WRITTEN), until(1_001_000));
            assert_eq!(rules.of_object("a/c", WRITTEN), until(5_000_000), "a young object: the date is later");
            assert_eq!(rules.of_object("a/c", Timestamp(4_000_000)), until(6_000_000), "the age is later");
            assert_eq!(rules.of_object("a/b", Timestamp(4_000_000)), until(6_000_000), "of the shorter prefix");
        }
        let ever = retentions(&[("a", LockCondition::Age(u64::MAX)), ("", LockCondition::Indefinite)]);
        assert_eq!(ever.of_object("a", WRITTEN), Some(Retained::Indefinitely));
        assert_eq!(retentions(&[("", LockCondition::Age(u64::MAX))]).of_object("a", WRITTEN), until(u64::MAX));
    }

    #[test]
    fn an_end_is_over_when_it_has_come() {
        let end = Retained::Until(Timestamp(10));
        assert_eq!([9, 10, 11].map(|now| end.holds_at(Timestamp(now))), [true, false, false]);
        assert!(Retained::Indefinitely.holds_at(Timestamp(u64::MAX)));
    }

    #[test]
    fn a_rule_that_is_not_enabled_holds_nothing() {
        let off =
            LockRule { id: "a".into(), enabled: false, prefix: String::new(), condition: LockCondition::Indefinite };
        assert_eq!(Retentions::new(&BucketLock::new(vec![off]).unwrap()).of_object("a", WRITTEN), None);
    }

    #[test]
    fn prefixes_are_compared_as_keys_are() {
        let rules = retentions(&[("cafe\u{301}/", LockCondition::Indefinite)]);
        for sent in ["cafe\u{301}/menu", "caf\u{e9}/menu"] {
            let key = ObjectKey::parse(sent).unwrap();
            assert_eq!(rules.of_object(key.identity(), WRITTEN), Some(Retained::Indefinitely), "{sent}");
        }
    }

    #[test]
    fn a_thousand_prefixes_within_each_other_are_searched_from_the_longest() {
        let texts: Vec<String> = (0..1000).map(|length| "a".repeat(length)).collect();
        let rules: Vec<_> = (1..).zip(&texts).map(|(age, text)| (text.as_str(), LockCondition::Age(age))).collect();
        let rules = retentions(&rules);
        for (key, age) in
            [("b".to_owned(), 1), ("ab".to_owned(), 2), ("a".repeat(998) + "b", 999), ("a".repeat(1024), 1000)]
        {
            assert_eq!(rules.of_object(&key, Timestamp(0)), until(age * 1000), "{key}");
        }
    }

    fn condition() -> impl Strategy<Value = LockCondition> {
        prop_oneof![
            4 => (1..20u64).prop_map(LockCondition::Age),
            4 => (0..20_000u64).prop_map(|date| LockCondition::Date(Timestamp(date))),
            1 => Just(LockCondition::Indefinite),
        ]
    }

    proptest! {
        /// The model looks at every rule.
        #[test]
        fn what_is_found_is_the_strictest_of_all_rules(
            rules in prop::collection::vec(("[ab/\u{e9}]{0,5}", condition()), 0..12),
            keys in prop::collection::vec("[ab/\u{e9}]{1,7}", 1..12),
            written in 0..20_000u64,
        ) {
            let rules: Vec<_> = rules.iter().map(|(prefix, condition)| (prefix.as_str(), *condition)).collect();
            let compiled = retentions(&rules);
            for key in keys {
                let about = rules.iter().filter(|(prefix, _)| key.starts_with(prefix));
                let of = |condition: LockCondition| Strictest::of(condition).of_object(Timestamp(written));
                let expected = about.filter_map(|(_, condition)| of(*condition)).max();
                prop_assert_eq!(compiled.of_object(&key, Timestamp(written)), expected, "{}", key);
            }
        }
    }
}
