//! Listings against a model: sort, filter, roll up, cut.

use super::*;
use crate::fixture::{blob, make_bucket, put, row, service};
use crate::rows::ObjectBody;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// What a full listing shows, by the definition of S3.
fn model(keys: &BTreeSet<String>, prefix: &str, delimiter: &str) -> Vec<String> {
    let mut entries = Vec::new();
    for key in keys.iter().filter(|key| key.starts_with(prefix)) {
        let entry = common_prefix(key, prefix, delimiter).unwrap_or(key);
        if entries.last().is_none_or(|last| last != entry) {
            entries.push(entry.to_owned());
        }
    }
    entries
}

async fn page_through(keys: &BTreeSet<String>, prefix: &str, delimiter: &str, limit: usize) -> Vec<String> {
    let metadata = service();
    let bucket = make_bucket(&metadata, "bucket").await;
    make_bucket(&metadata, "neighbour").await;
    for key in keys {
        let _committed = put(&metadata, &bucket, key, &row(1, ObjectBody::Inline(blob(1)))).await;
    }
    let mut query = ListQuery { prefix: prefix.into(), delimiter: delimiter.into(), after: None, limit };
    let mut seen = Vec::new();
    loop {
        let page = metadata.list_objects(bucket.id(), &query).await.unwrap();
        assert!(page.entries.len() <= limit);
        seen.extend(page.entries.iter().map(|entry| entry.position().to_owned()));
        if !page.truncated {
            return seen;
        }
        query.after = seen.last().cloned();
    }
}

fn check(keys: &[&str], prefix: &str, delimiter: &str, expected: &[&str]) {
    let keys: BTreeSet<String> = keys.iter().map(|key| (*key).to_owned()).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for limit in 1..=keys.len() + 1 {
        assert_eq!(runtime.block_on(page_through(&keys, prefix, delimiter, limit)), expected, "pages of {limit}");
    }
    assert_eq!(model(&keys, prefix, delimiter), expected);
}

#[test]
fn common_prefixes_are_listed_once_however_many_keys_they_hold() {
    check(&["a/1", "a/2", "a/3", "b", "c/1"], "", "/", &["a/", "b", "c/"]);
    check(&["a/1", "a/2/x", "a/2/y", "a/3"], "a/", "/", &["a/1", "a/2/", "a/3"]);
}

#[test]
fn keys_that_share_the_base_name_of_a_folder_are_not_skipped() {
    check(&["a", "a/", "a/1", "a0", "a-1", "a.b"], "", "/", &["a", "a-1", "a.b", "a/", "a0"]);
    check(&["photos", "photos/", "photos1"], "photos", "/", &["photos", "photos/", "photos1"]);
}

#[test]
fn delimiters_may_be_long_and_prefixes_may_end_inside_them() {
    check(&["a--b", "a--c", "a-b", "a-"], "a", "--", &["a-", "a--", "a-b"]);
    check(&["a//b", "a/c"], "a/", "/", &["a//", "a/c"]);
    check(&["a", "b"], "c", "/", &[]);
}

#[test]
fn a_page_after_a_key_inside_a_group_goes_on_after_the_group() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let metadata = service();
        let bucket = make_bucket(&metadata, "bucket").await;
        for key in ["a/1", "a/2", "b"] {
            let _committed = put(&metadata, &bucket, key, &row(1, ObjectBody::Inline(blob(1)))).await;
        }
        let query = ListQuery { delimiter: "/".into(), after: Some("a/1".into()), limit: 10, ..ListQuery::default() };
        let page = metadata.list_objects(bucket.id(), &query).await.unwrap();
        let seen: Vec<_> = page.entries.iter().map(ListEntry::position).collect();
        assert_eq!(seen, ["b"]);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn pages_of_any_size_add_up_to_the_model(
        keys in proptest::collection::btree_set("[ab/\u{e9}\u{10ffff}]{1,5}", 0..20),
        prefix in "[ab/]{0,2}",
        delimiter in "(/|a|/a)?",
        limit in 1_usize..8,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let seen = runtime.block_on(page_through(&keys, &prefix, &delimiter, limit));
        prop_assert_eq!(seen, model(&keys, &prefix, &delimiter));
    }
}
