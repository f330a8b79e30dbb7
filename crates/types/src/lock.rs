//! The lock rules of a bucket: objects that may be neither replaced nor removed, for a time or for good. In the form
//! of no face. Source: R2 "Bucket locks".

use crate::limits::{KEY_BYTES_MAX, LOCK_ID_BYTES_MAX, LOCK_RULES_MAX};
use crate::time::Timestamp;
use std::collections::HashSet;
use std::fmt;

/// The rules of a bucket: at most [`LOCK_RULES_MAX`], each with an id of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BucketLock(Vec<LockRule>);

/// One rule: how long the objects whose keys begin with its prefix are kept as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockRule {
    /// Names the rule within its bucket: 1 to [`LOCK_ID_BYTES_MAX`] bytes.
    pub id: String,
    /// Whether it has any effect.
    pub enabled: bool,
    /// The keys it is for begin with this; empty: all keys.
    pub prefix: String,
    /// How long it holds.
    pub condition: LockCondition,
}

/// How long a rule holds an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockCondition {
    /// So many seconds after the object was written.
    Age(u64),
    /// Until a date.
    Date(Timestamp),
    /// For as long as there is the rule.
    Indefinite,
}

/// Why rules are none. The text says what to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidLock {
    /// More than [`LOCK_RULES_MAX`].
    TooManyRules,
    /// An empty id, or one of more than [`LOCK_ID_BYTES_MAX`] bytes.
    Id,
    /// Two rules of this id.
    IdTwice(String),
    /// A prefix longer than any key.
    PrefixTooLong,
    /// An age of no second.
    NoAge,
}

impl BucketLock {
    /// Checks rules.
    ///
    /// # Errors
    /// What makes them invalid: see [`InvalidLock`].
    pub fn new(rules: Vec<LockRule>) -> Result<Self, InvalidLock> {
        if rules.len() > LOCK_RULES_MAX {
            return Err(InvalidLock::TooManyRules);
        }
        let mut ids = HashSet::new();
        for rule in &rules {
            rule.check()?;
            if !ids.insert(rule.id.as_str()) {
                return Err(InvalidLock::IdTwice(rule.id.clone()));
            }
        }
        Ok(Self(rules))
    }

    /// The rules in the order given.
    pub fn rules(&self) -> &[LockRule] {
        &self.0
    }
}

impl LockRule {
    fn check(&self) -> Result<(), InvalidLock> {
        if self.id.is_empty() || self.id.len() > LOCK_ID_BYTES_MAX {
            return Err(InvalidLock::Id);
        }
        if self.prefix.len() > KEY_BYTES_MAX {
            return Err(InvalidLock::PrefixTooLong);
        }
        if self.condition == LockCondition::Age(0) {
            return Err(InvalidLock::NoAge);
        }
        Ok(())
    }
}

impl fmt::Display for InvalidLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyRules => write!(f, "A bucket can have at most {LOCK_RULES_MAX} lock rules."),
            Self::Id => write!(f, "The id of a lock rule has 1 to {LOCK_ID_BYTES_MAX} bytes."),
            Self::IdTwice(id) => write!(f, "Two lock rules have the id '{id}': ids must be unique."),
            Self::PrefixTooLong => write!(f, "The prefix of a lock rule can have at most {KEY_BYTES_MAX} bytes."),
            Self::NoAge => f.write_str("The age of a lock rule must be at least one second."),
        }
    }
}

impl std::error::Error for InvalidLock {}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(id: &str) -> LockRule {
        LockRule { id: id.into(), enabled: true, prefix: String::new(), condition: LockCondition::Indefinite }
    }

    #[test]
    fn rules_have_ids_of_their_own_and_hold_for_a_time() {
        let new = |rules| BucketLock::new(rules).map(|lock| lock.rules().len());
        assert_eq!(new(vec![rule("a"), rule("b")]), Ok(2));
        assert_eq!(new(vec![rule("a"), rule("a")]), Err(InvalidLock::IdTwice("a".into())));
        assert_eq!(new(vec![rule("")]), Err(InvalidLock::Id));
        assert_eq!(new(vec![rule(&"a".repeat(256))]), Err(InvalidLock::Id));
        assert_eq!(new(vec![LockRule { prefix: "p".repeat(1025), ..rule("a") }]), Err(InvalidLock::PrefixTooLong));
        assert_eq!(new(vec![LockRule { condition: LockCondition::Age(0), ..rule("a") }]), Err(InvalidLock::NoAge));
        assert_eq!(new(vec![LockRule { condition: LockCondition::Age(1), ..rule("a") }]), Ok(1));
    }

    #[test]
    fn a_thousand_rules_are_the_most() {
        let rules = |count| (0..count).map(|number: usize| rule(&number.to_string())).collect();
        assert!(BucketLock::new(rules(1000)).is_ok());
        assert_eq!(BucketLock::new(rules(1001)), Err(InvalidLock::TooManyRules));
    }
}
