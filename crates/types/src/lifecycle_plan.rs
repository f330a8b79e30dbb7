//! What the lifecycle rules of a bucket come to for one object or upload: what happens to it next, and when. Made once
//! for each change of the rules. Source: R2 "Object lifecycles", Behavior.

use crate::lifecycle::{Lifecycle, LifecycleRule, LifecycleTime};
use crate::metadata::StorageClass;
use crate::object_key::ObjectKey;
use crate::prefix_table::PrefixTable;
use crate::time::Timestamp;
use std::sync::Arc;

/// A transition that would come less than this many milliseconds before the removal does not happen: "the expire (or
/// delete) lifecycle transition takes precedence".
const EXPIRE_WINS_WITHIN: u64 = 24 * 60 * 60 * 1000;

/// The enabled rules of a bucket, by prefix.
#[derive(Debug, Default)]
pub struct LifecyclePlan {
    objects: PrefixTable<ObjectActions>,
    /// Milliseconds after its beginning that an upload is aborted.
    uploads: PrefixTable<u64>,
    /// Ids of the rules, by their place.
    ids: Vec<Arc<str>>,
    /// The shortest age at which anything happens to an object, milliseconds.
    least_age: Option<u64>,
    /// The dates on which anything happens to objects.
    dates: Vec<Timestamp>,
}

/// What becomes of an object by one rule or several. The soonest of each kind is enough, but not of both kinds: which
/// is first depends on when the object was written.
#[derive(Clone, Copy, Debug, Default)]
struct ObjectActions {
    expire: Times,
    to_infrequent: Times,
}

/// The shortest age in milliseconds and the first date, each with the place of its rule.
#[derive(Clone, Copy, Debug, Default)]
struct Times {
    age: Option<(u64, usize)>,
    date: Option<(Timestamp, usize)>,
}

/// What happens to an object next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueAction {
    /// When it is due.
    pub at: Timestamp,
    /// What.
    pub action: LifecycleAction,
}

/// What a rule does to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LifecycleAction {
    /// It is removed.
    Expire,
    /// It changes its storage class.
    Transition(StorageClass),
}

/// When an object will be removed, and by which rule: `x-amz-expiration`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiration {
    /// From then on.
    pub at: Timestamp,
    /// The id of the rule.
    pub rule: Arc<str>,
}

impl Times {
    fn of(time: LifecycleTime, rule: usize) -> Self {
        match time {
            LifecycleTime::Age(seconds) => Self { age: Some((seconds.saturating_mul(1000), rule)), date: None },
            LifecycleTime::Date(date) => Self { age: None, date: Some((date, rule)) },
        }
    }

    fn sooner(self, other: Self) -> Self {
        Self { age: least(self.age, other.age), date: least(self.date, other.date) }
    }

    /// When it is the turn of an object written then, and by which rule.
    fn first(self, written: Timestamp) -> Option<(Timestamp, usize)> {
        let by_age = self.age.map(|(age, rule)| (Timestamp(written.0.saturating_add(age)), rule));
        least(by_age, self.date)
    }
}

/// The lesser of two, where nothing is more than anything.
fn least<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    }
}

impl ObjectActions {
    fn of(rule: &LifecycleRule, place: usize) -> Option<Self> {
        let times = |time| Times::of(time, place);
        // An object that is in Infrequent Access cannot be moved back (R2 "Storage classes"): nothing else is a change.
        let down = rule.transitions.iter().find(|transition| transition.class == StorageClass::InfrequentAccess);
        if rule.expiration.is_none() && down.is_none() {
            return None;
        }
        Some(Self {
            expire: rule.expiration.map(times).unwrap_or_default(),
            to_infrequent: down.map(|transition| times(transition.time)).unwrap_or_default(),
        })
    }

    fn both(self, other: Self) -> Self {
        Self { expire: self.expire.sooner(other.expire), to_infrequent: self.to_infrequent.sooner(other.to_infrequent) }
    }
}

impl LifecyclePlan {
    /// What these rules come to.
    pub fn new(lifecycle: &Lifecycle) -> Self {
        let (mut objects, mut uploads) = (Vec::new(), Vec::new());
        let (mut least_age, mut dates) = (None, Vec::new());
        for (place, rule) in lifecycle.rules().iter().enumerate().filter(|(_, rule)| rule.enabled) {
            let prefix = ObjectKey::normalize(&rule.prefix);
            if let Some(seconds) = rule.abort_uploads_after {
                uploads.push((prefix.clone(), seconds.saturating_mul(1000)));
            }
            let Some(actions) = ObjectActions::of(rule, place) else { continue };
            for times in [actions.expire, actions.to_infrequent] {
                least_age = least(least_age, times.age.map(|(age, _)| age));
                dates.extend(times.date.map(|(date, _)| date));
            }
            objects.push((prefix, actions));
        }
        Self {
            objects: PrefixTable::new(objects, ObjectActions::both),
            uploads: PrefixTable::new(uploads, u64::min),
            ids: lifecycle.rules().iter().map(|rule| Arc::from(rule.id.as_str())).collect(),
            least_age,
            dates,
        }
    }

    /// Whether anything ever happens to an object.
    pub fn acts_on_objects(&self) -> bool {
        !self.objects.is_empty()
    }

    /// Whether any upload is ever aborted.
    pub fn acts_on_uploads(&self) -> bool {
        !self.uploads.is_empty()
    }

    /// What happens next to an object, by the identity of its key, when it was written, and its class. It may be due
    /// already. Of a removal and a change of class within 24 hours only the removal happens.
    pub fn next(&self, identity: &str, written: Timestamp, class: StorageClass) -> Option<DueAction> {
        let actions = self.objects.get(identity)?;
        let expire = actions.expire.first(written).map(|(at, _)| at);
        let to_infrequent = match class {
            StorageClass::Standard => actions.to_infrequent.first(written).map(|(at, _)| at),
            StorageClass::InfrequentAccess => None,
        };
        let overtaken = |at: &Timestamp| expire.is_some_and(|end| end.0 < at.0.saturating_add(EXPIRE_WINS_WITHIN));
        match to_infrequent.filter(|at| !overtaken(at)) {
            Some(at) => Some(DueAction { at, action: LifecycleAction::Transition(StorageClass::InfrequentAccess) }),
            None => expire.map(|at| DueAction { at, action: LifecycleAction::Expire }),
        }
    }

    /// When an object will be removed, by the identity of its key and when it was written.
    pub fn expiration(&self, identity: &str, written: Timestamp) -> Option<Expiration> {
        let (at, place) = self.objects.get(identity)?.expire.first(written)?;
        Some(Expiration { at, rule: Arc::clone(self.ids.get(place)?) })
    }

    /// When an upload is aborted, by the identity of its key and when it began: the shortest rule wins.
    pub fn abort(&self, identity: &str, begun: Timestamp) -> Option<Timestamp> {
        self.uploads.get(identity).map(|age| Timestamp(begun.0.saturating_add(age)))
    }

    /// The soonest that anything can be due for an object that is written from `now` on.
    pub fn soonest_for_new_objects(&self, now: Timestamp) -> Option<Timestamp> {
        let by_age = self.least_age.map(|age| Timestamp(now.0.saturating_add(age)));
        // A date that is past still holds for what is written after it.
        least(by_age, self.dates.iter().min().map(|date| (*date).max(now)))
    }

    /// About how many bytes of memory this takes.
    pub fn bytes(&self) -> usize {
        let ids: usize = self.ids.iter().map(|id| size_of::<Arc<str>>() + id.len()).sum();
        size_of::<Self>() + self.objects.bytes() + self.uploads.bytes() + ids + size_of_val(self.dates.as_slice())
    }

    /// The prefixes of objects that anything ever happens to, in order; none begins with another.
    pub fn object_prefixes(&self) -> impl Iterator<Item = &str> {
        self.objects.outermost()
    }
}

#[cfg(test)]
mod tests;
