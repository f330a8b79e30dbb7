//! The lifecycle of a bucket's objects: rules that remove objects, move them to another class and abort uploads, in
//! the form of no face. Source: R2 "Object lifecycles".
//!
//! Times are kept as the finest face has them: ages in seconds, dates in milliseconds.

use crate::limits::{KEY_BYTES_MAX, LIFECYCLE_AGE_DAYS_MAX, LIFECYCLE_ID_BYTES_MAX, LIFECYCLE_RULES_MAX};
use crate::metadata::StorageClass;
use crate::time::Timestamp;
use crate::xml::is_xml;
use std::collections::HashSet;
use std::fmt;

/// Seconds of a day.
const DAY_SECONDS: u64 = 86_400;

/// The rules of a bucket: at most [`LIFECYCLE_RULES_MAX`], no id twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lifecycle(Vec<LifecycleRule>);

/// One rule: what becomes of the objects and uploads whose keys begin with its prefix.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LifecycleRule {
    /// Names the rule within its bucket, at most [`LIFECYCLE_ID_BYTES_MAX`] bytes. Empty only until the rules are
    /// stored, which gives each a name.
    pub id: String,
    /// Whether it has any effect.
    pub enabled: bool,
    /// The keys it is for begin with this; empty: all keys.
    pub prefix: String,
    /// Whether an S3 client gave the prefix in the older form, outside of a filter, and expects it there again.
    pub prefix_outside_filter: bool,
    /// When objects are removed.
    pub expiration: Option<LifecycleTime>,
    /// When objects change their storage class: at most one time for each class.
    pub transitions: Vec<LifecycleTransition>,
    /// How many seconds after its beginning an upload in parts is aborted.
    pub abort_uploads_after: Option<u64>,
}

/// When a rule acts on an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LifecycleTime {
    /// So many seconds after the object was written.
    Age(u64),
    /// On a date.
    Date(Timestamp),
}

/// A change of storage class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LifecycleTransition {
    /// When.
    pub time: LifecycleTime,
    /// The class from then on.
    pub class: StorageClass,
}

/// Why rules are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidLifecycle {
    /// More than [`LIFECYCLE_RULES_MAX`].
    TooManyRules,
    /// An id of more than [`LIFECYCLE_ID_BYTES_MAX`] bytes.
    IdTooLong,
    /// Two rules of this id.
    IdTwice(String),
    /// A prefix longer than any key.
    PrefixTooLong,
    /// A rule that does nothing.
    NoAction,
    /// A rule with two transitions to the same class.
    ClassTwice,
    /// A rule that removes objects, or aborts uploads, of no age at all.
    NoAge,
    /// An age of more than [`LIFECYCLE_AGE_DAYS_MAX`].
    AgeTooLong,
    /// An id or prefix with characters that XML has no way to write.
    NoXml,
}

impl Lifecycle {
    /// Checks rules.
    ///
    /// # Errors
    /// What makes them invalid: see [`InvalidLifecycle`].
    pub fn new(rules: Vec<LifecycleRule>) -> Result<Self, InvalidLifecycle> {
        if rules.len() > LIFECYCLE_RULES_MAX {
            return Err(InvalidLifecycle::TooManyRules);
        }
        let mut ids = HashSet::new();
        for rule in &rules {
            rule.check()?;
            if !rule.id.is_empty() && !ids.insert(rule.id.as_str()) {
                return Err(InvalidLifecycle::IdTwice(rule.id.clone()));
            }
        }
        Ok(Self(rules))
    }

    /// Rules as a store holds them: checked when they were set, perhaps by an older release that refused less.
    pub fn stored(rules: Vec<LifecycleRule>) -> Self {
        Self(rules)
    }

    /// What every bucket begins with: uploads in parts are aborted seven days after their beginning.
    pub fn of_new_bucket() -> Self {
        Self(vec![LifecycleRule {
            id: "Default Multipart Abort Rule".to_owned(),
            enabled: true,
            abort_uploads_after: Some(7 * DAY_SECONDS),
            ..LifecycleRule::default()
        }])
    }

    /// The rules in the order given.
    pub fn rules(&self) -> &[LifecycleRule] {
        &self.0
    }

    /// The same rules, where those without an id get one of `fresh`, which answers no text twice.
    #[must_use]
    pub fn named(mut self, mut fresh: impl FnMut() -> String) -> Self {
        self.0.iter_mut().filter(|rule| rule.id.is_empty()).for_each(|rule| rule.id = fresh());
        self
    }
}

impl LifecycleRule {
    fn check(&self) -> Result<(), InvalidLifecycle> {
        if self.id.len() > LIFECYCLE_ID_BYTES_MAX {
            return Err(InvalidLifecycle::IdTooLong);
        }
        if self.prefix.len() > KEY_BYTES_MAX {
            return Err(InvalidLifecycle::PrefixTooLong);
        }
        if self.expiration.is_none() && self.transitions.is_empty() && self.abort_uploads_after.is_none() {
            return Err(InvalidLifecycle::NoAction);
        }
        let class_twice = |(index, transition): (usize, &LifecycleTransition)| {
            self.transitions[..index].iter().any(|earlier| earlier.class == transition.class)
        };
        if self.transitions.iter().enumerate().any(class_twice) {
            return Err(InvalidLifecycle::ClassTwice);
        }
        if !(is_xml(&self.id) && is_xml(&self.prefix)) {
            return Err(InvalidLifecycle::NoXml);
        }
        self.check_ages()
    }

    /// Objects may change their class as soon as they are written; none is removed, and no upload aborted, at once.
    fn check_ages(&self) -> Result<(), InvalidLifecycle> {
        let ends = [self.expiration, self.abort_uploads_after.map(LifecycleTime::Age)];
        if ends.contains(&Some(LifecycleTime::Age(0))) {
            return Err(InvalidLifecycle::NoAge);
        }
        let is_too_long =
            |time| matches!(time, LifecycleTime::Age(seconds) if seconds > days_in_seconds(LIFECYCLE_AGE_DAYS_MAX));
        let mut times = ends.into_iter().flatten().chain(self.transitions.iter().map(|transition| transition.time));
        if times.any(is_too_long) { Err(InvalidLifecycle::AgeTooLong) } else { Ok(()) }
    }
}

impl LifecycleTime {
    /// So many days after the object was written.
    pub fn days(days: u32) -> Self {
        Self::Age(days_in_seconds(days))
    }
}

/// Days as the seconds that are kept.
pub fn days_in_seconds(days: u32) -> u64 {
    u64::from(days) * DAY_SECONDS
}

/// Seconds as the days of a face that knows no less: rounded up, so that no rule is shown to act earlier than it does.
pub fn seconds_in_days(seconds: u64) -> u64 {
    seconds.div_ceil(DAY_SECONDS)
}

impl fmt::Display for InvalidLifecycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyRules => write!(f, "a lifecycle configuration has at most {LIFECYCLE_RULES_MAX} rules"),
            Self::IdTooLong => write!(f, "ID length should not exceed allowed limit of {LIFECYCLE_ID_BYTES_MAX}"),
            Self::IdTwice(id) => write!(f, "Rule ID must be unique. Found same ID for more than one rule: '{id}'"),
            Self::PrefixTooLong => write!(f, "The maximum size of a prefix is {KEY_BYTES_MAX}"),
            Self::NoAction => f.write_str("At least one action needs to be specified in a rule"),
            Self::NoAge => {
                f.write_str("The age at which objects are removed or uploads aborted is at least one second")
            }
            Self::AgeTooLong => write!(f, "The age of a rule can be at most {LIFECYCLE_AGE_DAYS_MAX} days"),
            Self::NoXml => f.write_str("An ID or prefix has a character that XML 1.0 does not have"),
            Self::ClassTwice => f.write_str("'StorageClass' must be different for 'Transition' actions in same 'Rule'"),
        }
    }
}

impl std::error::Error for InvalidLifecycle {}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(id: &str) -> LifecycleRule {
        LifecycleRule { id: id.to_owned(), expiration: Some(LifecycleTime::days(1)), ..LifecycleRule::default() }
    }

    #[test]
    fn rules_have_ids_of_their_own_and_something_to_do() {
        let new = |rules| Lifecycle::new(rules).map(|lifecycle| lifecycle.rules().len());
        assert_eq!(new(vec![rule("a"), rule("b"), rule(""), rule("")]), Ok(4));
        assert_eq!(new(vec![rule("a"), rule("a")]), Err(InvalidLifecycle::IdTwice("a".into())));
        assert_eq!(new(vec![rule(&"a".repeat(255))]), Ok(1));
        assert_eq!(new(vec![rule(&"a".repeat(256))]), Err(InvalidLifecycle::IdTooLong));
        assert_eq!(new(vec![LifecycleRule::default()]), Err(InvalidLifecycle::NoAction));
        let prefix = |bytes| LifecycleRule { prefix: "p".repeat(bytes), ..rule("a") };
        assert_eq!(new(vec![prefix(1024)]), Ok(1));
        assert_eq!(new(vec![prefix(1025)]), Err(InvalidLifecycle::PrefixTooLong));
        let transition = LifecycleTransition { time: LifecycleTime::days(30), class: StorageClass::InfrequentAccess };
        let twice = LifecycleRule { transitions: vec![transition; 2], ..rule("a") };
        assert_eq!(new(vec![twice]), Err(InvalidLifecycle::ClassTwice));
    }

    #[test]
    fn only_a_change_of_class_may_happen_at_once_and_no_age_is_beyond_what_s3_can_show() {
        let longest = days_in_seconds(LIFECYCLE_AGE_DAYS_MAX);
        let class = StorageClass::InfrequentAccess;
        let expire = |age| LifecycleRule { expiration: Some(LifecycleTime::Age(age)), ..LifecycleRule::default() };
        let abort = |age| LifecycleRule { abort_uploads_after: Some(age), ..LifecycleRule::default() };
        let change = |age| LifecycleRule {
            transitions: vec![LifecycleTransition { time: LifecycleTime::Age(age), class }],
            ..LifecycleRule::default()
        };
        let outcome = |rule| Lifecycle::new(vec![rule]).err();
        assert_eq!((outcome(change(0)), outcome(expire(1)), outcome(abort(1))), (None, None, None));
        for rule in [expire(0), abort(0)] {
            assert_eq!(outcome(rule), Some(InvalidLifecycle::NoAge));
        }
        for rule in [expire(longest), abort(longest), change(longest)] {
            assert_eq!(outcome(rule), None);
        }
        for rule in [expire(longest + 1), abort(u64::MAX), change(longest + 1)] {
            assert_eq!(outcome(rule), Some(InvalidLifecycle::AgeTooLong));
        }
    }

    #[test]
    fn what_xml_cannot_write_is_in_no_rule() {
        for bad in ["a\u{1}", "\u{fffe}", "\0"] {
            let prefix = LifecycleRule { prefix: bad.to_owned(), ..rule("a") };
            for rule in [rule(bad), prefix] {
                assert_eq!(Lifecycle::new(vec![rule.clone()]), Err(InvalidLifecycle::NoXml));
                assert_eq!(Lifecycle::stored(vec![rule.clone()]).rules(), [rule], "stored ones stay as they are");
            }
        }
        assert!(Lifecycle::new(vec![rule("tab\t line\n \u{10ffff}")]).is_ok());
    }

    #[test]
    fn a_thousand_rules_are_the_most() {
        let rules = |count| (0..count).map(|number: usize| rule(&number.to_string())).collect();
        assert!(Lifecycle::new(rules(1000)).is_ok());
        assert_eq!(Lifecycle::new(rules(1001)), Err(InvalidLifecycle::TooManyRules));
    }

    #[test]
    fn nameless_rules_get_names_and_others_keep_theirs() {
        let mut number = 0;
        let fresh = || {
            number += 1;
            format!("fresh {number}")
        };
        let named = Lifecycle::new(vec![rule(""), rule("mine"), rule("")]).unwrap().named(fresh);
        let ids: Vec<_> = named.rules().iter().map(|rule| rule.id.as_str()).collect();
        assert_eq!(ids, ["fresh 1", "mine", "fresh 2"]);
    }

    #[test]
    fn part_of_a_day_is_shown_as_a_day() {
        assert_eq!((seconds_in_days(1), seconds_in_days(86_400), seconds_in_days(86_401)), (1, 1, 2));
        assert_eq!(seconds_in_days(days_in_seconds(7)), 7);
    }
}
