//! Buckets of one name: in two jurisdictions, and one after the other.

use super::*;
use crate::bucket_listing::BucketQuery;
use crate::fixture::{ACCOUNT, make_bucket, make_bucket_in, service};

async fn names(metadata: &Metadata, jurisdiction: Jurisdiction) -> Vec<String> {
    let query = BucketQuery { limit: 10, ..BucketQuery::default() };
    let page = metadata.list_buckets(ACCOUNT, jurisdiction, &query).await.unwrap();
    page.buckets.iter().map(|bucket| bucket.name.to_string()).collect()
}

async fn count(metadata: &Metadata) -> u64 {
    let name = BucketName::parse("nobody").unwrap();
    metadata.vacancy(ACCOUNT, Jurisdiction::Default, &name).await.unwrap().buckets()
}

#[tokio::test]
async fn jurisdictions_do_not_see_each_others_buckets() {
    let metadata = service();
    let here = make_bucket(&metadata, "same").await;
    let there = make_bucket_in(&metadata, Jurisdiction::Eu, "same", None).await;
    make_bucket_in(&metadata, Jurisdiction::Eu, "other", None).await;
    assert_ne!(here.id(), there.id());
    assert_eq!(names(&metadata, Jurisdiction::Default).await, ["same"]);
    assert_eq!(names(&metadata, Jurisdiction::Eu).await, ["other", "same"]);
    assert_eq!(names(&metadata, Jurisdiction::Fedramp).await, [""; 0]);
    assert_eq!(metadata.delete_bucket(&there, Timestamp(1)).await.unwrap(), Outcome::Committed);
    assert_eq!(names(&metadata, Jurisdiction::Default).await, ["same"]);
    assert_eq!(count(&metadata).await, 2);
}

#[tokio::test]
async fn a_name_keeps_the_location_of_its_first_bucket() {
    let metadata = service();
    let (oceania, europe) = (Some(LocationHint::Oceania), Some(LocationHint::WesternEurope));
    for (first, then) in [(oceania, europe), (None, europe), (europe, None)] {
        let name = format!("bucket-{}", first.map_or("auto", LocationHint::name));
        let bucket = make_bucket_in(&metadata, Jurisdiction::Default, &name, first).await;
        assert_eq!(metadata.delete_bucket(&bucket, Timestamp(1)).await.unwrap(), Outcome::Committed);
        let again = make_bucket_in(&metadata, Jurisdiction::Default, &name, then).await;
        assert_eq!(again.stored.row.location, first, "{name}");
        let elsewhere = make_bucket_in(&metadata, Jurisdiction::Eu, &name, then).await;
        assert_eq!(elsewhere.stored.row.location, then, "{name} in another jurisdiction is another bucket");
    }
}

#[tokio::test]
async fn buckets_are_counted_also_in_stores_that_did_not_count_them() {
    let metadata = service();
    let first = make_bucket(&metadata, "first").await;
    make_bucket_in(&metadata, Jurisdiction::Eu, "second", None).await;
    assert_eq!(count(&metadata).await, 2);
    let mut change = metadata.change();
    change.delete(keys::bucket_count(ACCOUNT));
    assert_eq!(change.commit().await.unwrap(), Outcome::Committed);
    assert_eq!(count(&metadata).await, 2);
    assert_eq!(metadata.delete_bucket(&first, Timestamp(1)).await.unwrap(), Outcome::Committed);
    assert_eq!(count(&metadata).await, 1);
    make_bucket(&metadata, "third").await;
    assert_eq!(count(&metadata).await, 2);
}

#[tokio::test]
async fn of_two_that_found_the_same_vacancy_one_makes_the_bucket() {
    let metadata = service();
    let name = BucketName::parse("bucket").unwrap();
    let vacancy = metadata.vacancy(ACCOUNT, Jurisdiction::Default, &name).await.unwrap();
    let row = make_bucket(&metadata, "bucket").await.stored.row.clone();
    assert_eq!(metadata.create_bucket(&vacancy, &row).await.unwrap(), Outcome::Conflict);
}
