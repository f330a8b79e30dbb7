//! Keys of rows: ordered tuples. The first byte names the kind of row; frozen, like the row formats.
//!
//! Numbers are big-endian, so that bytes order as numbers. Text that is not the last element is escaped
//! (`0x00` as `0x00 0xff`) and ends with `0x00 0x01`, so that order is kept and no text is a prefix of another.

use crate::rows::TokenOwner;
use types::{
    AccessId, AccessKeyId, AccountId, BlobId, BucketId, BucketName, DomainName, JobId, Jurisdiction, PublicName,
    Timestamp, UploadId,
};

const ACCESS_APP: u8 = b'c';
const ACCESS_PROVIDER: u8 = b'i';
const ACCESS_TOKEN: u8 = b's';
const ACCESS_VOID: u8 = b'v';
const ACCOUNT: u8 = b'A';
const ACME: u8 = b'a';
const AUDIT: u8 = b'D';
const BUCKET: u8 = b'B';
const BUCKET_COUNT: u8 = b'N';
const BUCKET_DOMAINS: u8 = b'd';
const BUCKET_NAMES: u8 = b'n';
const CORS: u8 = b'X';
const DOMAIN: u8 = b'h';
const DUE: u8 = b'J';
const EPOCH: u8 = b'E';
const FIRST_LOCATION: u8 = b'F';
const GARBAGE: u8 = b'G';
const INFREQUENT_USAGE: u8 = b'I';
const JOB: u8 = b'j';
const JOB_ENDED: u8 = b'y';
const JOB_WAITING: u8 = b'w';
const LIFECYCLE: u8 = b'L';
const LIFECYCLE_PROGRESS: u8 = b'Q';
const LIFECYCLE_WAKE: u8 = b'Z';
const LOCK: u8 = b'K';
const MANIFEST: u8 = b'M';
const OBJECT: u8 = b'O';
const PART: u8 = b'P';
const PENDING_DOMAIN: u8 = b'p';
const REFERENCES: u8 = b'R';
const STORE: u8 = b'S';
const TOKEN: u8 = b'C';
const TOKEN_PLACE: u8 = b'T';
const TOKEN_USE: u8 = b'u';
const TOKEN_VALUE: u8 = b'V';
const TOKEN_RULES: u8 = b'z';
const UPLOAD: u8 = b'U';

/// What follows [`DOMAIN`] in the key of a public development URL, and of a custom domain.
const MANAGED: u8 = 0;
const CUSTOM: u8 = 1;

/// A key under construction.
#[derive(Clone, Debug)]
pub struct Key(Vec<u8>);

impl Key {
    fn new(kind: u8) -> Self {
        let mut bytes = Vec::with_capacity(64);
        bytes.push(kind);
        Self(bytes)
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn text(mut self, text: &str) -> Self {
        push_text(&mut self.0, text);
        self
    }

    fn done(self) -> Vec<u8> {
        self.0
    }
}

/// What ends text that is not the last element.
pub const TEXT_END: [u8; 2] = [0, 1];

/// Appends text that is not the last element.
pub fn push_text(key: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        key.push(byte);
        if byte == 0 {
            key.push(0xff);
        }
    }
    key.extend_from_slice(&TEXT_END);
}

/// Reads text written by [`push_text`] and gives it back with the bytes after it.
pub fn split_text(key: &[u8]) -> Option<(String, &[u8])> {
    let mut text = Vec::new();
    let mut rest = key;
    loop {
        match rest {
            [0, 1, after @ ..] => return Some((String::from_utf8(text).ok()?, after)),
            [0, 0xff, after @ ..] => {
                text.push(0);
                rest = after;
            }
            [0, ..] | [] => return None,
            [byte, after @ ..] => {
                text.push(*byte);
                rest = after;
            }
        }
    }
}

/// The first key after all that begin with `prefix`; `None` if there is none (`prefix` is all `0xff`).
pub fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != 0xff)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

/// The next key after `key`.
pub fn just_after(key: &[u8]) -> Vec<u8> {
    let mut next = Vec::with_capacity(key.len() + 1);
    next.extend_from_slice(key);
    next.push(0);
    next
}

/// The store itself: format and root account.
pub fn store() -> Vec<u8> {
    Key::new(STORE).bytes(b"store").done()
}

/// The last epoch given out.
pub fn last_epoch() -> Vec<u8> {
    Key::new(STORE).bytes(b"epoch").done()
}

/// The last bucket id given out.
pub fn last_bucket_id() -> Vec<u8> {
    Key::new(STORE).bytes(b"bucket").done()
}

/// One start of a gateway whose blobs are not known to be all referenced.
pub fn epoch(epoch: u32) -> Vec<u8> {
    Key::new(EPOCH).bytes(&epoch.to_be_bytes()).done()
}

/// All epochs.
pub fn epochs() -> Vec<u8> {
    Key::new(EPOCH).done()
}

/// An account.
pub fn account(id: AccountId) -> Vec<u8> {
    Key::new(ACCOUNT).bytes(&id.0).done()
}

/// The whole audit log of an account.
pub fn audit_log(account: AccountId) -> Vec<u8> {
    Key::new(AUDIT).bytes(&account.0).done()
}

/// All entries of an account's audit log of one moment. Later moments come first.
pub fn audit_at(account: AccountId, when: Timestamp) -> Vec<u8> {
    Key(audit_log(account)).bytes(&(!when.0).to_be_bytes()).done()
}

/// An entry of an account's audit log.
pub fn audit(account: AccountId, when: Timestamp, id: &[u8; 16]) -> Vec<u8> {
    Key(audit_at(account, when)).bytes(id).done()
}

/// An API token.
pub fn token(id: AccessKeyId) -> Vec<u8> {
    Key::new(TOKEN).bytes(&id.0).done()
}

/// When a token was last used.
pub fn token_use(id: AccessKeyId) -> Vec<u8> {
    Key::new(TOKEN_USE).bytes(&id.0).done()
}

/// The token that has a value.
pub fn token_value(digest: &[u8; 32]) -> Vec<u8> {
    Key::new(TOKEN_VALUE).bytes(digest).done()
}

/// All tokens of an owner, oldest first.
pub fn token_places(account: AccountId, owner: TokenOwner) -> Vec<u8> {
    let owner = match owner {
        TokenOwner::Account => 0,
        TokenOwner::User => 1,
    };
    Key::new(TOKEN_PLACE).bytes(&account.0).bytes(&[owner]).done()
}

/// The place of a token among those of its owner.
pub fn token_place(account: AccountId, owner: TokenOwner, issued: Timestamp, id: AccessKeyId) -> Vec<u8> {
    Key(token_places(account, owner)).bytes(&issued.0.to_be_bytes()).bytes(&id.0).done()
}

/// The byte of a jurisdiction. Frozen.
pub(crate) fn jurisdiction_byte(jurisdiction: Jurisdiction) -> u8 {
    match jurisdiction {
        Jurisdiction::Default => 0,
        Jurisdiction::Eu => 1,
        Jurisdiction::Fedramp => 2,
        Jurisdiction::Us => 3,
        Jurisdiction::FedrampHigh => 4,
    }
}

/// The jurisdiction of a byte.
pub(crate) fn jurisdiction_of(byte: u8) -> Option<Jurisdiction> {
    Jurisdiction::ALL.iter().copied().find(|jurisdiction| jurisdiction_byte(*jurisdiction) == byte)
}

/// All buckets.
pub fn all_buckets() -> Vec<u8> {
    Key::new(BUCKET).done()
}

/// All buckets of an account, in every jurisdiction.
pub fn buckets_of(account: AccountId) -> Vec<u8> {
    Key::new(BUCKET).bytes(&account.0).done()
}

/// All buckets of an account in one jurisdiction.
pub fn buckets(account: AccountId, jurisdiction: Jurisdiction) -> Vec<u8> {
    Key(buckets_of(account)).bytes(&[jurisdiction_byte(jurisdiction)]).done()
}

/// A bucket by its name.
pub fn bucket(account: AccountId, jurisdiction: Jurisdiction, name: &BucketName) -> Vec<u8> {
    Key(buckets(account, jurisdiction)).bytes(name.as_str().as_bytes()).done()
}

/// All pages of names of an account's buckets, in every jurisdiction.
pub fn bucket_names_of(account: AccountId) -> Vec<u8> {
    Key::new(BUCKET_NAMES).bytes(&account.0).done()
}

/// The page of names that begins at the name in a bucket's key; all pages of names for a key that ends before the name.
pub fn bucket_names(bucket: &[u8]) -> Vec<u8> {
    Key::new(BUCKET_NAMES).bytes(bucket.get(1..).unwrap_or_default()).done()
}

/// That there is a page of names for every bucket.
pub fn names_complete() -> Vec<u8> {
    Key::new(STORE).bytes(b"names").done()
}

/// The lifecycle rules of a bucket.
pub fn lifecycle(bucket: BucketId) -> Vec<u8> {
    Key::new(LIFECYCLE).bytes(&bucket.0.to_be_bytes()).done()
}

/// How far the lifecycle of a bucket is.
pub fn lifecycle_progress(bucket: BucketId) -> Vec<u8> {
    Key::new(LIFECYCLE_PROGRESS).bytes(&bucket.0.to_be_bytes()).done()
}

/// All times at which the lifecycle of some bucket is to be looked after, soonest first.
pub fn lifecycle_wakes() -> Vec<u8> {
    Key::new(LIFECYCLE_WAKE).done()
}

/// A time at which the lifecycle of a bucket is to be looked after.
pub fn lifecycle_wake(at: Timestamp, bucket: BucketId) -> Vec<u8> {
    Key(lifecycle_wakes()).bytes(&at.0.to_be_bytes()).bytes(&bucket.0.to_be_bytes()).done()
}

/// That the lifecycles of buckets are looked after which an older release made.
pub fn lifecycles_adopted() -> Vec<u8> {
    Key::new(STORE).bytes(b"lifecycle").done()
}

/// All that is ever due in a bucket, by any rules it had.
pub fn due_in(bucket: BucketId) -> Vec<u8> {
    Key::new(DUE).bytes(&bucket.0.to_be_bytes()).done()
}

/// All that is ever due in a bucket by the rules that were set as the so manieth.
pub fn due_by(bucket: BucketId, generation: u64) -> Vec<u8> {
    Key(due_in(bucket)).bytes(&generation.to_be_bytes()).done()
}

/// All that is due in a bucket at one moment. Sooner moments come first.
pub fn due_at(bucket: BucketId, generation: u64, at: Timestamp) -> Vec<u8> {
    Key(due_by(bucket, generation)).bytes(&at.0.to_be_bytes()).done()
}

/// Something that is due: an object or an upload, by its key as `tail` has it.
pub fn due(bucket: BucketId, generation: u64, at: Timestamp, kind: u8, tail: &[u8]) -> Vec<u8> {
    Key(due_at(bucket, generation, at)).bytes(&[kind]).bytes(tail).done()
}

/// The lock rules of a bucket.
pub fn lock(bucket: BucketId) -> Vec<u8> {
    Key::new(LOCK).bytes(&bucket.0.to_be_bytes()).done()
}

/// How many buckets an account has, in all jurisdictions together.
pub fn bucket_count(account: AccountId) -> Vec<u8> {
    Key::new(BUCKET_COUNT).bytes(&account.0).done()
}

/// Where the first bucket of a name was, by the key of a bucket of that name.
pub fn first_location(bucket: &[u8]) -> Vec<u8> {
    Key::new(FIRST_LOCATION).bytes(bucket.get(1..).unwrap_or_default()).done()
}

/// The CORS rules of a bucket.
pub fn cors(bucket: BucketId) -> Vec<u8> {
    Key::new(CORS).bytes(&bucket.0.to_be_bytes()).done()
}

/// All names that a bucket is public at.
pub fn bucket_domains(bucket: BucketId) -> Vec<u8> {
    Key::new(BUCKET_DOMAINS).bytes(&bucket.0.to_be_bytes()).done()
}

/// A name that a bucket is public at.
pub fn public_name(name: &PublicName) -> Vec<u8> {
    match name {
        PublicName::Managed(id) => Key::new(DOMAIN).bytes(&[MANAGED]).bytes(&id.0).done(),
        PublicName::Custom(name) => Key(custom_domains()).bytes(name.as_str().as_bytes()).done(),
    }
}

/// All custom domains of the store.
pub fn custom_domains() -> Vec<u8> {
    Key::new(DOMAIN).bytes(&[CUSTOM]).done()
}

/// All custom domains that are not settled.
pub fn pending_domains() -> Vec<u8> {
    Key::new(PENDING_DOMAIN).done()
}

/// A custom domain that is not settled.
pub fn pending_domain(name: &DomainName) -> Vec<u8> {
    Key(pending_domains()).bytes(name.as_str().as_bytes()).done()
}

/// The account at the ACME authority with this directory.
pub fn acme_account(directory: &str) -> Vec<u8> {
    Key::new(ACME).bytes(&[0]).bytes(directory.as_bytes()).done()
}

/// All certificates that were issued.
pub fn issued_certificates() -> Vec<u8> {
    Key::new(ACME).bytes(&[1]).done()
}

/// The certificate that was issued for a name.
pub fn issued_certificate(name: &str) -> Vec<u8> {
    Key(issued_certificates()).bytes(name.as_bytes()).done()
}

/// Attempts to get a certificate for a name.
pub fn issuance(name: &str) -> Vec<u8> {
    Key::new(ACME).bytes(&[2]).bytes(name.as_bytes()).done()
}

/// The challenge about a name.
pub fn challenge_about(name: &str) -> Vec<u8> {
    Key::new(ACME).bytes(&[3]).bytes(name.as_bytes()).done()
}

/// The challenge with a token.
pub fn challenge_with(token: &str) -> Vec<u8> {
    Key::new(ACME).bytes(&[4]).bytes(token.as_bytes()).done()
}

/// All applications of an account.
pub fn access_apps(account: AccountId) -> Vec<u8> {
    Key::new(ACCESS_APP).bytes(&account.0).done()
}

/// The application that protects a domain of an account.
pub fn access_app(account: AccountId, domain: &DomainName) -> Vec<u8> {
    Key(access_apps(account)).bytes(domain.as_str().as_bytes()).done()
}

/// All identity providers of an account.
pub fn access_providers(account: AccountId) -> Vec<u8> {
    Key::new(ACCESS_PROVIDER).bytes(&account.0).done()
}

/// An identity provider.
pub fn access_provider(account: AccountId, id: AccessId) -> Vec<u8> {
    Key(access_providers(account)).bytes(&id.0).done()
}

/// All service tokens of an account.
pub fn access_tokens(account: AccountId) -> Vec<u8> {
    Key::new(ACCESS_TOKEN).bytes(&account.0).done()
}

/// A service token.
pub fn access_token(account: AccountId, id: AccessId) -> Vec<u8> {
    Key(access_tokens(account)).bytes(&id.0).done()
}

/// Up to when the sessions of a user are void, by a digest: keys of rows are not encrypted.
pub fn access_void(account: AccountId, email: &[u8; 32]) -> Vec<u8> {
    Key::new(ACCESS_VOID).bytes(&account.0).bytes(email).done()
}

/// The rules of a zone about tokens in URLs.
pub fn token_rules(account: AccountId, zone: &str) -> Vec<u8> {
    Key::new(TOKEN_RULES).bytes(&account.0).bytes(zone.as_bytes()).done()
}

/// All objects of a bucket.
pub fn objects(bucket: BucketId) -> Vec<u8> {
    Key::new(OBJECT).bytes(&bucket.0.to_be_bytes()).done()
}

/// An object by the NFC form of its key, or all whose key begins with it.
pub fn object(bucket: BucketId, identity: &str) -> Vec<u8> {
    Key(objects(bucket)).bytes(identity.as_bytes()).done()
}

/// All multipart uploads of a bucket.
pub fn uploads(bucket: BucketId) -> Vec<u8> {
    Key::new(UPLOAD).bytes(&bucket.0.to_be_bytes()).done()
}

/// All multipart uploads of an object key.
pub fn uploads_of(bucket: BucketId, identity: &str) -> Vec<u8> {
    Key(uploads(bucket)).text(identity).done()
}

/// A multipart upload.
pub fn upload(bucket: BucketId, identity: &str, id: UploadId) -> Vec<u8> {
    Key(uploads_of(bucket, identity)).bytes(&id.0).done()
}

/// All parts of an upload.
pub fn parts(upload: UploadId) -> Vec<u8> {
    Key::new(PART).bytes(&upload.0).done()
}

/// A part.
pub fn part(upload: UploadId, number: u16) -> Vec<u8> {
    Key(parts(upload)).bytes(&number.to_be_bytes()).done()
}

/// One page of the part table of a multipart object.
pub fn manifest(id: BlobId, page: u32) -> Vec<u8> {
    Key::new(MANIFEST).bytes(&id.0).bytes(&page.to_be_bytes()).done()
}

/// How many objects share stored bytes.
pub fn references(id: BlobId) -> Vec<u8> {
    Key::new(REFERENCES).bytes(&id.0).done()
}

/// All garbage, oldest first.
pub fn all_garbage() -> Vec<u8> {
    Key::new(GARBAGE).done()
}

/// Something no longer referenced, to be collected. The kind keeps an upload and the manifest that bears its id apart.
pub fn garbage(since: Timestamp, kind: u8, id: &[u8]) -> Vec<u8> {
    Key::new(GARBAGE).bytes(&since.0.to_be_bytes()).bytes(&[kind]).bytes(id).done()
}

/// All jobs of an account, in the order they were made.
pub fn jobs(account: AccountId) -> Vec<u8> {
    Key::new(JOB).bytes(&account.0).done()
}

/// A job.
pub fn job(account: AccountId, id: JobId) -> Vec<u8> {
    Key(jobs(account)).bytes(&id.0).done()
}

/// All jobs that wait or run, in the order they were made.
pub fn all_waiting_jobs() -> Vec<u8> {
    Key::new(JOB_WAITING).done()
}

/// The place of a job among those that wait or run.
pub fn waiting_job(id: JobId) -> Vec<u8> {
    Key(all_waiting_jobs()).bytes(&id.0).done()
}

/// All jobs that ended, in the order of their ends.
pub fn all_ended_jobs() -> Vec<u8> {
    Key::new(JOB_ENDED).done()
}

/// All jobs that ended in a millisecond.
pub fn jobs_ended_at(ended: Timestamp) -> Vec<u8> {
    Key(all_ended_jobs()).bytes(&ended.0.to_be_bytes()).done()
}

/// The place of a job among those that ended.
pub fn ended_job(ended: Timestamp, id: JobId) -> Vec<u8> {
    Key(jobs_ended_at(ended)).bytes(&id.0).done()
}

/// A kind of row that may be kept in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// A bucket.
    Bucket,
    /// A token.
    Token,
    /// Which token has a value.
    TokenValue,
    /// The CORS rules of a bucket.
    Cors,
    /// A name that a bucket is public at.
    Domain,
    /// The lifecycle rules of a bucket.
    Lifecycle,
    /// The application that protects a domain.
    AccessApp,
    /// The rules of a zone.
    TokenRules,
}

/// Whether the row of a key may be kept in memory.
pub fn kept(key: &[u8]) -> Option<Kept> {
    match key.first() {
        Some(&BUCKET) => Some(Kept::Bucket),
        Some(&TOKEN) => Some(Kept::Token),
        Some(&TOKEN_VALUE) => Some(Kept::TokenValue),
        Some(&CORS) => Some(Kept::Cors),
        Some(&DOMAIN) => Some(Kept::Domain),
        Some(&LIFECYCLE) => Some(Kept::Lifecycle),
        Some(&ACCESS_APP) => Some(Kept::AccessApp),
        Some(&TOKEN_RULES) => Some(Kept::TokenRules),
        _ => None,
    }
}

/// The sealed bytes of a small object, in the table of payloads.
pub fn payload(id: BlobId) -> Vec<u8> {
    id.0.to_vec()
}

/// A bucket's sums, in the table of counters. Ids count from one: no key of a bucket begins with [`NO_BUCKET`].
pub fn bucket_counters(bucket: BucketId) -> Vec<u8> {
    bucket.0.to_be_bytes().to_vec()
}

/// What sums of other things than buckets begin with, in the table of counters.
const NO_BUCKET: u8 = 0xff;

/// What the use of Infrequent Access comes to in an account, in the table of counters.
pub fn infrequent_usage_of(account: AccountId) -> Vec<u8> {
    Key::new(NO_BUCKET).bytes(&[INFREQUENT_USAGE]).bytes(&account.0).done()
}

/// What the use of Infrequent Access comes to in a bucket, day by day, in the table of counters.
pub fn infrequent_usage_in(account: AccountId, bucket: BucketId) -> Vec<u8> {
    Key(infrequent_usage_of(account)).bytes(&bucket.0.to_be_bytes()).done()
}

/// What the use of Infrequent Access comes to in a bucket on a day since the epoch, in the table of counters.
pub fn infrequent_usage(account: AccountId, bucket: BucketId, day: u32) -> Vec<u8> {
    Key(infrequent_usage_in(account, bucket)).bytes(&day.to_be_bytes()).done()
}

/// The sums of all buckets, in the table of counters: the first key, and the first one behind them.
pub fn all_bucket_counters() -> (Vec<u8>, Vec<u8>) {
    (Vec::new(), vec![NO_BUCKET])
}

/// What the uploads in progress of all buckets hold, in the table of counters.
pub fn all_uploaded_counters() -> Vec<u8> {
    vec![NO_BUCKET, BUCKET]
}

/// What the uploads in progress of a bucket hold, in the table of counters.
pub fn uploaded_counters(bucket: BucketId) -> Vec<u8> {
    [all_uploaded_counters().as_slice(), &bucket.0.to_be_bytes()].concat()
}

/// What an upload in progress holds, in the table of counters.
pub fn upload_counters(id: UploadId) -> Vec<u8> {
    [&[NO_BUCKET, UPLOAD], id.0.as_slice()].concat()
}

/// What a job has done so far, in the table of counters.
pub fn job_counters(id: JobId) -> Vec<u8> {
    [&[NO_BUCKET, JOB], id.0.as_slice()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_kind_of_row_has_a_byte_of_its_own() {
        let kinds = [
            ACCESS_APP,
            ACCESS_PROVIDER,
            ACCESS_TOKEN,
            ACCESS_VOID,
            ACCOUNT,
            AUDIT,
            ACME,
            BUCKET,
            BUCKET_COUNT,
            BUCKET_DOMAINS,
            BUCKET_NAMES,
            CORS,
            DOMAIN,
            DUE,
            EPOCH,
            FIRST_LOCATION,
            GARBAGE,
            INFREQUENT_USAGE,
            JOB,
            JOB_ENDED,
            JOB_WAITING,
            LIFECYCLE,
            LIFECYCLE_PROGRESS,
            LIFECYCLE_WAKE,
            LOCK,
            MANIFEST,
            OBJECT,
            PART,
            PENDING_DOMAIN,
            REFERENCES,
            STORE,
            TOKEN,
            TOKEN_PLACE,
            TOKEN_RULES,
            TOKEN_USE,
            TOKEN_VALUE,
            UPLOAD,
        ];
        assert_eq!(kinds.iter().collect::<HashSet<_>>().len(), kinds.len());
    }
    use proptest::prelude::*;

    #[test]
    fn a_prefix_ends_before_the_next_sibling() {
        assert_eq!(after_prefix(b"ab"), Some(b"ac".to_vec()));
        assert_eq!(after_prefix(b"a\xff\xff"), Some(b"b".to_vec()));
        assert_eq!(after_prefix(b"\xff"), None);
        assert_eq!(after_prefix(b""), None);
    }

    proptest! {
        #[test]
        fn escaped_text_keeps_order_and_comes_back(a in "(\\PC|\0|\u{1}){0,8}", b in "(\\PC|\0|\u{1}){0,8}", tail in any::<[u8; 3]>()) {
            let key = |text: &str| { let mut key = Vec::new(); push_text(&mut key, text); key };
            prop_assert_eq!(key(&a).cmp(&key(&b)), a.as_bytes().cmp(b.as_bytes()));
            let mut with_tail = key(&a);
            with_tail.extend_from_slice(&tail);
            prop_assert_eq!(split_text(&with_tail), Some((a, &tail[..])));
        }
    }
}
