//! Rows that nearly every request reads, opened in memory: buckets, tokens, CORS and lifecycle rules, public names and
//! who may read there.
//!
//! Only for an engine that no other process commits to: then a commit of ours is the only thing that can make a kept
//! row stale. It drops the row before it is sent, and nobody puts one back until it has ended: whoever met a conflict
//! with it and looks again sees what it made. Reads stay strongly consistent.

use crate::engine::{Answer, Commit, Engine, EngineError, Outcome, Table, Write};
use crate::keys::{self, Kept};
use crate::rows::{BucketRow, DomainRow, TokenNameRow, TokenRow, TokenRulesRow};
use crate::service::Stored;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use types::{AccessApp, CorsPolicy, LifecyclePlan};

/// Rows kept of one kind. Past it the cache begins anew.
const ROWS_MAX: usize = 10_000;

/// CORS rules kept: fewer, since one row can have 64 KiB.
const CORS_ROWS_MAX: usize = 1_000;

/// Bytes of lifecycle rules kept: those of one bucket can take two mebibytes.
const LIFECYCLE_BYTES_MAX: usize = 32 << 20;

/// Applications and rules of zones kept: fewer, since they are as large.
const ACCESS_ROWS_MAX: usize = 1_000;

/// Rows of one kind, by key.
pub(crate) struct RowCache<T> {
    state: RwLock<State<T>>,
    weight_max: usize,
    /// What a row adds to the weight of all.
    weigh: fn(&T) -> usize,
}

struct State<T> {
    rows: HashMap<Vec<u8>, T>,
    weight: usize,
    /// Grows with every row dropped, so that a read that began before does not bring it back.
    generation: u64,
    /// Commits on their way that change rows of this kind. Meanwhile none is put in.
    changes: usize,
}

/// What a lookup found.
pub(crate) enum Lookup<T> {
    /// The row.
    Kept(T),
    /// Nothing; a read that begins now may be kept under this generation.
    Unknown(u64),
}

impl<T: Clone> RowCache<T> {
    /// At most so many rows.
    fn new(rows_max: usize) -> Self {
        Self::weighed(rows_max, |_| 1)
    }

    /// Rows that add up to at most this weight.
    fn weighed(weight_max: usize, weigh: fn(&T) -> usize) -> Self {
        Self {
            state: RwLock::new(State { rows: HashMap::new(), weight: 0, generation: 0, changes: 0 }),
            weight_max,
            weigh,
        }
    }

    /// Looks for a row.
    pub(crate) fn get(&self, key: &[u8]) -> Lookup<T> {
        let state = self.read();
        state.rows.get(key).map_or(Lookup::Unknown(state.generation), |row| Lookup::Kept(row.clone()))
    }

    /// Keeps a row that was read since the lookup that answered `generation`, unless one was dropped meanwhile.
    pub(crate) fn keep(&self, key: &[u8], row: &T, generation: u64) {
        let mut state = self.write();
        if state.generation != generation || state.changes > 0 {
            return;
        }
        let weight = (self.weigh)(row);
        if state.weight + weight > self.weight_max {
            state.rows.clear();
            state.weight = 0;
        }
        state.weight += weight;
        if let Some(before) = state.rows.insert(key.to_vec(), row.clone()) {
            state.weight -= (self.weigh)(&before);
        }
    }

    /// A commit that changes a row begins, or has ended.
    fn change(&self, key: &[u8], begins: bool) {
        let mut state = self.write();
        if begins {
            state.changes += 1;
        } else {
            state.changes = state.changes.saturating_sub(1);
        }
        state.generation += 1;
        if let Some(before) = state.rows.remove(key) {
            state.weight -= (self.weigh)(&before);
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, State<T>> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State<T>> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The rows kept of every kind.
pub(crate) struct RowCaches {
    pub(crate) buckets: RowCache<Arc<Stored<BucketRow>>>,
    pub(crate) tokens: RowCache<Arc<Stored<TokenRow>>>,
    pub(crate) token_values: RowCache<Arc<Stored<TokenNameRow>>>,
    /// Also that a bucket has none: most have none.
    pub(crate) cors: RowCache<Option<Arc<CorsPolicy>>>,
    /// Also that nobody has a name: every host that may be one is asked for.
    pub(crate) domains: RowCache<Option<Arc<DomainRow>>>,
    /// Also that a domain is not protected: most are not.
    pub(crate) access_apps: RowCache<Option<Arc<AccessApp>>>,
    /// Also that a zone has none.
    pub(crate) token_rules: RowCache<Option<Arc<TokenRulesRow>>>,
    /// With the number of the setting that they are.
    pub(crate) lifecycles: RowCache<(u64, Arc<LifecyclePlan>)>,
    /// Whether it is known that no bucket has a custom domain: then no host needs to be looked up.
    pub(crate) domain_absence: Absence,
}

/// Whether something is known to be nowhere. What was found by a look that began before a change does not count.
#[derive(Default)]
pub(crate) struct Absence {
    changes: AtomicU64,
    /// The changes there had been when the look began that found nothing, and one more; 0 before the first.
    absent_since: AtomicU64,
}

impl Absence {
    /// Whether a look found nothing, and nothing was changed since it began.
    pub(crate) fn is_known(&self) -> bool {
        self.absent_since.load(Ordering::Acquire) == self.changes.load(Ordering::Acquire) + 1
    }

    /// Begins a look.
    pub(crate) fn begin(&self) -> u64 {
        self.changes.load(Ordering::Acquire) + 1
    }

    /// The look that `begin` answered found nothing.
    pub(crate) fn found(&self, begun: u64) {
        self.absent_since.store(begun, Ordering::Release);
    }

    fn change(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
    }
}

impl Default for RowCaches {
    fn default() -> Self {
        Self {
            buckets: RowCache::new(ROWS_MAX),
            tokens: RowCache::new(ROWS_MAX),
            token_values: RowCache::new(ROWS_MAX),
            cors: RowCache::new(CORS_ROWS_MAX),
            domains: RowCache::new(ROWS_MAX),
            lifecycles: RowCache::weighed(LIFECYCLE_BYTES_MAX, |(_, plan)| plan.bytes()),
            domain_absence: Absence::default(),
            access_apps: RowCache::new(ACCESS_ROWS_MAX),
            token_rules: RowCache::new(ACCESS_ROWS_MAX),
        }
    }
}

impl RowCaches {
    /// Commits, and drops the rows it changes. In a task of its own, so that a caller that goes away cannot part
    /// the two.
    pub(crate) fn commit(self: &Arc<Self>, engine: &Arc<dyn Engine>, commit: Commit) -> Answer<'static, Outcome> {
        let (caches, engine) = (Arc::clone(self), Arc::clone(engine));
        let task = tokio::spawn(async move {
            let changed = kept_keys(&commit).map(|(kind, key)| (kind, key.to_vec())).collect();
            let _changing = Changing::begin(caches, changed);
            // Also after an error they are read anew: the commit may have happened.
            engine.commit(commit).await
        });
        Box::pin(async { task.await.unwrap_or(Err(EngineError::Closed)) })
    }

    fn change(&self, kind: Kept, key: &[u8], begins: bool) {
        match kind {
            Kept::Bucket => self.buckets.change(key, begins),
            Kept::Token => self.tokens.change(key, begins),
            Kept::TokenValue => self.token_values.change(key, begins),
            Kept::Cors => self.cors.change(key, begins),
            Kept::Domain => {
                self.domains.change(key, begins);
                self.domain_absence.change();
            }
            Kept::Lifecycle => self.lifecycles.change(key, begins),
            Kept::AccessApp => self.access_apps.change(key, begins),
            Kept::TokenRules => self.token_rules.change(key, begins),
        }
    }
}

/// Rows that a commit changes, until it has ended.
struct Changing {
    caches: Arc<RowCaches>,
    rows: Vec<(Kept, Vec<u8>)>,
}

impl Changing {
    fn begin(caches: Arc<RowCaches>, rows: Vec<(Kept, Vec<u8>)>) -> Self {
        rows.iter().for_each(|(kind, key)| caches.change(*kind, key, true));
        Self { caches, rows }
    }
}

impl Drop for Changing {
    fn drop(&mut self) {
        self.rows.iter().for_each(|(kind, key)| self.caches.change(*kind, key, false));
    }
}

/// True if a commit changes a row that may be kept.
pub(crate) fn changes_kept_rows(commit: &Commit) -> bool {
    kept_keys(commit).next().is_some()
}

fn kept_keys(commit: &Commit) -> impl Iterator<Item = (Kept, &[u8])> {
    commit.writes.iter().filter_map(|write| match write {
        Write::Put { table: Table::Rows, key, .. } | Write::Delete { table: Table::Rows, key } => {
            keys::kept(key).map(|kind| (kind, key.as_slice()))
        }
        Write::Put { .. } | Write::Delete { .. } | Write::Add { .. } => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{ACCOUNT, make_bucket, service};
    use types::{BucketName, Jurisdiction, Timestamp};

    #[tokio::test]
    async fn a_bucket_deleted_and_made_again_is_the_new_one() {
        let metadata = service().with_row_cache();
        let first = make_bucket(&metadata, "bucket").await;
        assert_eq!(metadata.delete_bucket(&first, Timestamp(1)).await.unwrap(), Outcome::Committed);
        let name = BucketName::parse("bucket").unwrap();
        assert!(metadata.bucket(ACCOUNT, Jurisdiction::Default, &name).await.unwrap().is_none());
        let second = make_bucket(&metadata, "bucket").await;
        assert_ne!(first.id(), second.id());
        let found = metadata.bucket(ACCOUNT, Jurisdiction::Default, &name).await.unwrap().unwrap();
        assert_eq!(found.id(), second.id());
    }

    #[test]
    fn what_is_kept_never_weighs_more_than_it_may() {
        let cache = RowCache::<usize>::weighed(10, |row| *row);
        let keep = |key: &[u8], row: usize| {
            let Lookup::Unknown(generation) = cache.get(b"none") else { return };
            cache.keep(key, &row, generation);
        };
        let kept = |key: &[u8]| matches!(cache.get(key), Lookup::Kept(_));
        keep(b"a", 4);
        for _ in 0..9 {
            keep(b"a", 2);
        }
        keep(b"b", 5);
        assert!(kept(b"a") && kept(b"b"), "a row in the place of another adds only the difference");
        cache.change(b"a", true);
        keep(b"x", 1);
        assert!(!kept(b"a") && !kept(b"x"), "nothing is put in while a row changes");
        cache.change(b"a", false);
        keep(b"c", 5);
        assert!(kept(b"b") && kept(b"c"));
        keep(b"d", 1);
        assert!(kept(b"d") && !kept(b"b") && !kept(b"c"), "past it the cache begins anew");
    }

    #[test]
    fn a_read_that_began_before_a_change_keeps_nothing() {
        let cache = RowCache::<u8>::new(1);
        let Lookup::Unknown(generation) = cache.get(b"k") else { panic!("nothing is kept yet") };
        cache.change(b"k", true);
        cache.change(b"k", false);
        cache.keep(b"k", &1, generation);
        assert!(matches!(cache.get(b"k"), Lookup::Unknown(_)));
    }
}
