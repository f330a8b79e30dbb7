//! Tests of names that buckets are public at.

use super::*;
use crate::fixture::{make_bucket, service};
use crate::rows::{IssuanceRow, IssuedRow};
use types::{CertificateStatus, DomainSettings, Ownership, Timestamp, TlsVersion};

fn name(text: &str) -> DomainName {
    DomainName::parse(text).unwrap()
}

fn custom(text: &str) -> PublicName {
    PublicName::Custom(name(text))
}

fn row(bucket: &FoundBucket) -> DomainRow {
    DomainRow {
        account: crate::fixture::ACCOUNT,
        jurisdiction: types::Jurisdiction::Default,
        bucket: types::BucketName::parse("bucket").unwrap(),
        bucket_id: bucket.id(),
        added: Timestamp(1),
        settings: DomainSettings {
            enabled: true,
            min_tls: TlsVersion::default(),
            ciphers: Vec::new(),
            zone: String::new(),
        },
        ownership: Ownership::Pending,
        certificate: CertificateStatus::Initializing,
    }
}

async fn add(metadata: &Metadata, bucket: &FoundBucket, text: &str) -> Outcome {
    let known = metadata.domains(bucket.id()).await.unwrap();
    metadata.add_domain(bucket, &known, &name(text), &row(bucket)).await.unwrap()
}

#[tokio::test]
async fn a_name_is_one_buckets_only_and_what_is_kept_changes_with_it() {
    for metadata in [service(), service().with_row_cache()] {
        let (first, second) = (make_bucket(&metadata, "first").await, make_bucket(&metadata, "second").await);
        let at = custom("a.example.com");
        assert_eq!(metadata.public_name(&at).await.unwrap(), None);
        assert_eq!(add(&metadata, &first, "a.example.com").await, Outcome::Committed);
        assert_eq!(metadata.public_name(&at).await.unwrap().unwrap().bucket_id, first.id());
        assert_eq!(add(&metadata, &second, "a.example.com").await, Outcome::Conflict);
        let stored = metadata.stored_domain(&at).await.unwrap().unwrap();
        let mut off = stored.row.clone();
        off.settings.enabled = false;
        assert_eq!(metadata.change_domain(&at, &stored, &off).await.unwrap(), Outcome::Committed);
        assert_eq!(metadata.change_domain(&at, &stored, &off).await.unwrap(), Outcome::Conflict);
        assert!(!metadata.public_name(&at).await.unwrap().unwrap().settings.enabled);
        let known = metadata.domains(first.id()).await.unwrap();
        let removed = metadata.remove_domain(first.id(), &known, &name("a.example.com")).await.unwrap();
        assert_eq!(removed, Outcome::Committed);
        assert_eq!(metadata.public_name(&at).await.unwrap(), None);
        assert_eq!(add(&metadata, &second, "a.example.com").await, Outcome::Committed);
    }
}

#[tokio::test]
async fn that_there_is_no_custom_domain_is_known_until_there_is_one() {
    let metadata = service().with_row_cache();
    let bucket = make_bucket(&metadata, "bucket").await;
    assert!(!metadata.has_no_custom_domain(), "nobody has looked yet");
    for round in 0..2 {
        let at = custom(&format!("nobodys-{round}.example.com"));
        assert_eq!(metadata.public_name(&at).await.unwrap(), None);
        assert!(metadata.has_no_custom_domain());
        assert_eq!(add(&metadata, &bucket, "a.example.com").await, Outcome::Committed);
        assert!(!metadata.has_no_custom_domain());
        assert_eq!(metadata.public_name(&custom(&format!("b-{round}.example.com"))).await.unwrap(), None);
        assert!(!metadata.has_no_custom_domain(), "there is one");
        let known = metadata.domains(bucket.id()).await.unwrap();
        let removed = metadata.remove_domain(bucket.id(), &known, &name("a.example.com")).await.unwrap();
        assert_eq!(removed, Outcome::Committed);
    }
    assert!(!service().has_no_custom_domain(), "others may commit to the engine");
}

#[tokio::test]
async fn a_domain_is_new_until_it_is_looked_at_or_gone() {
    let metadata = service();
    let bucket = make_bucket(&metadata, "bucket").await;
    for text in ["a.example.com", "b.example.com", "c.example.com"] {
        assert_eq!(add(&metadata, &bucket, text).await, Outcome::Committed);
    }
    let (a, b, c) = (name("a.example.com"), name("b.example.com"), name("c.example.com"));
    assert_eq!(metadata.pending_domains(None).await.unwrap(), [a.clone(), b.clone(), c.clone()]);
    assert_eq!(metadata.pending_domains(Some(&b)).await.unwrap(), std::slice::from_ref(&c));
    let stored = metadata.stored_domain(&PublicName::Custom(a.clone())).await.unwrap().unwrap();
    let found = DomainRow { ownership: Ownership::Active, ..stored.row.clone() };
    assert_eq!(metadata.settle_domain(&a, &stored, &found).await.unwrap(), Outcome::Committed);
    assert_eq!(metadata.settle_domain(&a, &stored, &found).await.unwrap(), Outcome::Conflict);
    assert_eq!(metadata.pending_domains(None).await.unwrap(), [b.clone(), c.clone()]);
    let known = metadata.domains(bucket.id()).await.unwrap();
    assert_eq!(metadata.remove_domain(bucket.id(), &known, &b).await.unwrap(), Outcome::Committed);
    assert_eq!(metadata.pending_domains(None).await.unwrap(), std::slice::from_ref(&c));
    let all: Vec<_> = metadata.custom_domains(None).await.unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(all, [a.clone(), c.clone()]);
    assert_eq!(metadata.custom_domains(Some(&a)).await.unwrap().len(), 1);
    assert_eq!(metadata.custom_domains(Some(&c)).await.unwrap().len(), 0);
    assert_eq!(metadata.delete_bucket(&bucket, Timestamp(1)).await.unwrap(), Outcome::Committed);
    assert_eq!(metadata.pending_domains(None).await.unwrap(), []);
}

#[tokio::test]
async fn names_are_gone_with_their_bucket_and_none_come_after_it() {
    let metadata = service().with_row_cache();
    let bucket = make_bucket(&metadata, "bucket").await;
    let id = PublicId([3; 16]);
    for text in ["a.example.com", "b.example.com"] {
        assert_eq!(add(&metadata, &bucket, text).await, Outcome::Committed);
    }
    let known = metadata.domains(bucket.id()).await.unwrap();
    let enabled = metadata.set_managed_domain(&bucket, &known, (id, None), &row(&bucket)).await.unwrap();
    assert_eq!(enabled, Outcome::Committed);
    assert!(metadata.public_name(&PublicName::Managed(id)).await.unwrap().is_some());
    assert_eq!(metadata.delete_bucket(&bucket, Timestamp(1)).await.unwrap(), Outcome::Committed);
    for at in [custom("a.example.com"), custom("b.example.com"), PublicName::Managed(id)] {
        assert_eq!(metadata.public_name(&at).await.unwrap(), None, "{at:?}");
    }
    assert_eq!(add(&metadata, &bucket, "c.example.com").await, Outcome::Conflict);
    assert_eq!(metadata.domains(bucket.id()).await.unwrap().row(), BucketDomainsRow::default());
}

/// What ACME keeps of a name: attempts, a challenge and a certificate.
async fn keep_of_acme(metadata: &Metadata, name: &str) {
    let attempt = IssuanceRow {
        holder: [1; 16],
        lease_until: Timestamp(9),
        failures: 1,
        retry_at: Timestamp(9),
        last_error: String::new(),
    };
    let begin = async || {
        let ground = metadata.issuance_ground(name, DomainName::parse(name).ok()).await.unwrap();
        assert_eq!(metadata.begin_issuance(name, &ground, &attempt).await.unwrap(), Outcome::Committed);
        metadata.issuance(name).await.unwrap().unwrap()
    };
    let issued = IssuedRow { chain: "chain".into(), key: "key".into() };
    assert_eq!(metadata.put_issued(name, &begin().await, &issued).await.unwrap(), Outcome::Committed);
    let held = begin().await;
    let row = ChallengeRow { token: format!("to {name}"), key_authorization: "x".into(), until: Timestamp(9) };
    assert_eq!(metadata.show_challenge(name, &held, &row).await.unwrap(), Outcome::Committed);
}

async fn is_kept_of_acme(metadata: &Metadata, name: &str) -> [bool; 4] {
    [
        metadata.issued_certificates().await.unwrap().iter().any(|(issued, _)| issued == name),
        metadata.issuance(name).await.unwrap().is_some(),
        metadata.challenge_about(name).await.unwrap().is_some(),
        metadata.challenge_with(&format!("to {name}")).await.unwrap().is_some(),
    ]
}

#[tokio::test]
async fn what_acme_keeps_of_a_name_goes_with_it_and_nothing_of_others() {
    let metadata = service();
    let bucket = make_bucket(&metadata, "bucket").await;
    let names = ["a.example.com", "b.example.com", "c.example.com"];
    for text in names {
        assert_eq!(add(&metadata, &bucket, text).await, Outcome::Committed);
        keep_of_acme(&metadata, text).await;
    }
    keep_of_acme(&metadata, "s3.example.com").await;
    let known = metadata.domains(bucket.id()).await.unwrap();
    let removed = metadata.remove_domain(bucket.id(), &known, &name(names[0])).await.unwrap();
    assert_eq!(removed, Outcome::Committed);
    assert_eq!(is_kept_of_acme(&metadata, names[0]).await, [false; 4]);
    assert_eq!(is_kept_of_acme(&metadata, names[1]).await, [true; 4]);
    assert_eq!(metadata.delete_bucket(&bucket, Timestamp(1)).await.unwrap(), Outcome::Committed);
    for text in names {
        assert_eq!(is_kept_of_acme(&metadata, text).await, [false; 4], "{text}");
    }
    assert_eq!(is_kept_of_acme(&metadata, "s3.example.com").await, [true; 4], "no bucket had that");
}

#[tokio::test]
async fn a_change_of_names_that_were_changed_meanwhile_is_a_conflict() {
    let metadata = service();
    let bucket = make_bucket(&metadata, "bucket").await;
    let before = metadata.domains(bucket.id()).await.unwrap();
    assert_eq!(add(&metadata, &bucket, "a.example.com").await, Outcome::Committed);
    let late = name("b.example.com");
    assert_eq!(metadata.add_domain(&bucket, &before, &late, &row(&bucket)).await.unwrap(), Outcome::Conflict);
    let gone = name("a.example.com");
    assert_eq!(metadata.remove_domain(bucket.id(), &before, &gone).await.unwrap(), Outcome::Conflict);
}
