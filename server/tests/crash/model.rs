//! What the server may show after a crash: every acknowledged change, and of those not acknowledged any or none.

use crate::support::{INLINE_BYTES_MAX, MIB, body_of, etag_of, etag_of_parts};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Bytes of the first of two parts.
pub(crate) const PART_BYTES: usize = 5 * MIB;

/// What an object holds. No two writes hold the same, so that an ETag tells which write is seen.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    id: u64,
    length: usize,
    pub(crate) etag: String,
}

impl Content {
    /// A content put at once; answers its bytes too.
    pub(crate) fn whole(id: u64, length: usize) -> (Self, Vec<u8>) {
        let body = body_of(id, length);
        (Self { id, length, etag: etag_of(&body) }, body)
    }

    /// A content of two parts, the second of `tail` bytes.
    pub(crate) fn in_two_parts(id: u64, tail: usize) -> (Self, Vec<u8>) {
        let body = body_of(id, PART_BYTES + tail);
        let etag = etag_of_parts(&[&body[..PART_BYTES], &body[PART_BYTES..]]);
        (Self { id, length: body.len(), etag }, body)
    }

    /// Fails the test unless `body` is this content to the last byte.
    pub(crate) fn assert_is(&self, key: &str, body: &[u8]) {
        assert_eq!(body.len(), self.length, "the length of {key}");
        assert!(*body == body_of(self.id, self.length), "{key} has the ETag {} but other bytes", self.etag);
    }

    /// Files that the store needs for it: small bodies lie beside the rows, larger ones in a file per part.
    fn files(&self) -> usize {
        match (self.etag.ends_with("-2\""), self.length) {
            (true, length) => 1 + usize::from(length - PART_BYTES > INLINE_BYTES_MAX),
            (false, length) => usize::from(length > INLINE_BYTES_MAX),
        }
    }
}

/// What a change makes of a key.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// It has this ETag, or is gone.
    To(Option<String>),
    /// It has whatever this key has.
    CopyOf(String),
}

#[derive(Debug)]
struct Attempt {
    change: Change,
    begun: u64,
    /// When it was acknowledged.
    ended: Option<u64>,
}

/// A change under way.
#[derive(Clone, Debug)]
pub(crate) struct Begun {
    key: String,
    at: u64,
}

/// The keys of the bucket, and what was done to them since the last start.
#[derive(Default)]
pub(crate) struct Model {
    keys: BTreeMap<String, Vec<Attempt>>,
    contents: HashMap<String, Content>,
    /// Logical time: grows with every event.
    now: u64,
    /// Changes that were acknowledged, of all rounds.
    pub(crate) acknowledged: u64,
    /// Changes that a crash cut off, of all rounds.
    pub(crate) cut_off: u64,
}

impl Model {
    /// A content that is about to be written somewhere.
    pub(crate) fn announce(&mut self, content: &Content) {
        self.contents.insert(content.etag.clone(), content.clone());
    }

    /// The content of an ETag that the server showed.
    pub(crate) fn content(&self, key: &str, etag: &str) -> Content {
        self.contents.get(etag).unwrap_or_else(|| panic!("{key} has the ETag {etag}, which nobody wrote")).clone()
    }

    /// A change is about to be sent.
    pub(crate) fn begin(&mut self, key: &str, change: Change) -> Begun {
        self.now += 1;
        let attempts = self.keys.entry(key.to_owned()).or_insert_with(|| vec![Attempt::settled(None)]);
        attempts.push(Attempt { change, begun: self.now, ended: None });
        Begun { key: key.to_owned(), at: self.now }
    }

    /// The change was acknowledged. A copy tells which content it made.
    pub(crate) fn acknowledge(&mut self, begun: &Begun, copied: Option<String>) {
        self.now += 1;
        self.acknowledged += 1;
        let now = self.now;
        let attempt = self.attempt(begun);
        attempt.ended = Some(now);
        if copied.is_some() {
            attempt.change = Change::To(copied);
        }
    }

    /// The change was refused: it must never show.
    pub(crate) fn refuse(&mut self, begun: &Begun) {
        let attempts = self.keys.get_mut(&begun.key).expect("a key that was begun");
        attempts.retain(|attempt| attempt.begun != begun.at);
    }

    fn attempt(&mut self, begun: &Begun) -> &mut Attempt {
        let mut attempts = self.keys.get_mut(&begun.key).expect("a key that was begun").iter_mut();
        attempts.find(|attempt| attempt.begun == begun.at).expect("an attempt that was begun")
    }

    /// What a key may have: what no later acknowledged change has replaced for certain.
    fn allowed(&self, key: &str) -> BTreeSet<Option<String>> {
        let Some(attempts) = self.keys.get(key) else { return BTreeSet::from([None]) };
        let last_begun_of_the_acknowledged =
            attempts.iter().filter(|attempt| attempt.ended.is_some()).map(|attempt| attempt.begun).max();
        let replaced = |attempt: &Attempt| attempt.ended < last_begun_of_the_acknowledged && attempt.ended.is_some();
        let mut allowed = BTreeSet::new();
        for attempt in attempts.iter().filter(|attempt| !replaced(attempt)) {
            match &attempt.change {
                Change::To(etag) => drop(allowed.insert(etag.clone())),
                // Any value that the source had meanwhile. Sources are no copies themselves.
                Change::CopyOf(source) => allowed.extend(self.ever(source)),
            }
        }
        allowed
    }

    /// ETags that a key may have had since the last start.
    fn ever(&self, key: &str) -> BTreeSet<Option<String>> {
        let etag = |attempt: &Attempt| match &attempt.change {
            Change::To(Some(etag)) => Some(Some(etag.clone())),
            Change::To(None) | Change::CopyOf(_) => None,
        };
        self.keys.get(key).into_iter().flatten().filter_map(etag).collect()
    }

    /// Keys that were changed since the last [`Model::settle`].
    pub(crate) fn changed(&self) -> Vec<String> {
        self.keys.iter().filter(|(_, attempts)| attempts.len() > 1).map(|(key, _)| key.clone()).collect()
    }

    /// Every key there ever was.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.keys.keys().cloned().collect()
    }

    /// Compares a whole listing, keys and ETags, with what is allowed, and takes it for the truth from here on.
    pub(crate) fn settle(&mut self, listed: &BTreeMap<String, String>) {
        for key in listed.keys() {
            assert!(self.keys.contains_key(key), "{key} is listed, which nobody wrote");
        }
        for key in self.keys() {
            let (found, allowed) = (listed.get(&key).cloned(), self.allowed(&key));
            assert!(
                allowed.contains(&found),
                "{key} has {found:?}; allowed is {allowed:?} after {:?}",
                self.keys[&key]
            );
            let attempts = self.keys.get_mut(&key).expect("a key of the model");
            self.cut_off += attempts.iter().filter(|attempt| attempt.ended.is_none()).count() as u64;
            *attempts = vec![Attempt::settled(found)];
        }
    }

    /// Files that the contents with these ETags need. Copies share theirs.
    pub(crate) fn files(&self, listed: &BTreeMap<String, String>) -> usize {
        let distinct: BTreeSet<_> = listed.values().collect();
        distinct.into_iter().map(|etag| self.contents[etag].files()).sum()
    }

    /// Bytes of the objects with these ETags.
    pub(crate) fn bytes(&self, listed: &BTreeMap<String, String>) -> usize {
        listed.values().map(|etag| self.contents[etag].length).sum()
    }
}

impl Attempt {
    fn settled(etag: Option<String>) -> Self {
        Self { change: Change::To(etag), begun: 0, ended: Some(0) }
    }
}
