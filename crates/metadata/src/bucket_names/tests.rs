//! Tests of pages of names: they tell at any time what the rows tell.

use super::*;
use crate::bucket_listing::BucketPage;
use crate::fixture::{ACCOUNT, make_bucket, make_bucket_in, service};
use proptest::prelude::*;
use std::collections::BTreeSet;
use types::{BucketName, Jurisdiction, Timestamp};

fn names(page: &BucketPage) -> Vec<String> {
    page.buckets.iter().map(|bucket| bucket.name.to_string()).collect()
}

async fn search(metadata: &Metadata, query: BucketQuery) -> (Vec<String>, bool) {
    let page = metadata.list_buckets(ACCOUNT, Jurisdiction::Default, &query).await.unwrap();
    (names(&page), page.truncated)
}

/// What a search is to find among `all`.
fn expected(all: &BTreeSet<String>, query: &BucketQuery) -> (Vec<String>, bool) {
    let beyond =
        |name: &str, after: &String| if query.backwards { name < after.as_str() } else { name > after.as_str() };
    let wanted = |name: &&String| {
        name.contains(&query.contains)
            && name.starts_with(&query.prefix)
            && query.after.as_ref().is_none_or(|after| beyond(name, after))
    };
    let mut found: Vec<String> = all.iter().filter(wanted).cloned().collect();
    if query.backwards {
        found.reverse();
    }
    let truncated = found.len() > query.limit;
    found.truncate(query.limit);
    (found, truncated)
}

async fn delete(metadata: &Metadata, name: &str) {
    let name = BucketName::parse(name).unwrap();
    let bucket = metadata.bucket(ACCOUNT, Jurisdiction::Default, &name).await.unwrap().unwrap();
    assert_eq!(metadata.delete_bucket(&bucket, Timestamp(1)).await.unwrap(), Outcome::Committed);
}

/// As a store is that was made before there were pages.
async fn forget_pages(metadata: &Metadata) {
    metadata.forget_bucket_names(ACCOUNT).await.unwrap();
    let mut change = metadata.change();
    change.delete(keys::names_complete());
    assert_eq!(change.commit().await.unwrap(), Outcome::Committed);
}

async fn pages(metadata: &Metadata) -> usize {
    let start = keys::bucket_names_of(ACCOUNT);
    let end = keys::after_prefix(&start);
    metadata.read_range::<NamesRow>(start, end, usize::MAX).await.unwrap().len()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn a_search_finds_what_is_there_whatever_was_made_and_removed(
        made in proptest::collection::vec(0..2_000_usize, 300..600),
        removed in proptest::collection::vec(any::<prop::sample::Index>(), 0..300),
        after in 0..2_000_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let metadata = service();
            make_bucket_in(&metadata, Jurisdiction::Eu, "elsewhere-0007", None).await;
            let mut all = BTreeSet::new();
            for name in made.into_iter().map(|number| format!("{number:04}-bucket")) {
                if all.insert(name.clone()) {
                    make_bucket(&metadata, &name).await;
                }
            }
            for index in removed {
                let Some(name) = all.iter().nth(index.index(all.len())).cloned() else { break };
                all.remove(&name);
                delete(&metadata, &name).await;
            }
            for rebuilt in [false, true] {
                if rebuilt {
                    forget_pages(&metadata).await;
                    metadata.complete_bucket_names(ACCOUNT).await.unwrap();
                }
                for (contains, prefix) in [("7", ""), ("b", ""), ("-bucket", "1"), ("99", "0"), ("nobody", "")] {
                    for (after, backwards, limit) in
                        [(None, false, 1_000), (Some(after), false, 5), (Some(after), true, 5), (None, true, 3)]
                    {
                        let after = after.map(|after| format!("{after:04}-bucket"));
                        let (contains, prefix) = (contains.to_owned(), prefix.to_owned());
                        let query = BucketQuery { prefix, contains, after, limit, backwards };
                        assert_eq!(search(&metadata, query.clone()).await, expected(&all, &query), "{query:?}");
                    }
                }
            }
        });
    }
}

#[tokio::test]
async fn pages_are_split_when_full_and_go_when_empty() {
    let metadata = service();
    let all: Vec<String> = (0..=PAGE_NAMES_MAX).map(|number| format!("bucket-{number:04}")).collect();
    for name in &all {
        make_bucket(&metadata, name).await;
    }
    assert_eq!(pages(&metadata).await, 2);
    for name in &all {
        delete(&metadata, name).await;
    }
    assert_eq!(pages(&metadata).await, 0);
    make_bucket(&metadata, "aaa").await;
    let query = BucketQuery { contains: "a".into(), limit: 9, ..BucketQuery::default() };
    assert_eq!(search(&metadata, query).await, (vec!["aaa".to_owned()], false));
}
