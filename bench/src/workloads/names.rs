//! Pages of buckets and tokens among very many, in every direction and with every search; what all buckets hold; a
//! start with all of them; and what it costs to find out whose token a request has.
//!
//! Every page has a target of 20 ms, also the ones that have to pass over all names.

use crate::client::Connection;
use crate::load::{Load, Until, measure, prepare};
use crate::outcome::{Doing, Outcome};
use crate::report::{Figure, Row, Target};
use crate::request::{Bearer, Request};
use crate::scale::count_in_words;
use crate::server_process::ServerProcess;
use crate::session::Session;
use crate::token_check;
use crate::workloads::start::first_answer;
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const DATA: &str = "names";
/// Buckets made at once: each waits for the one before it.
const BUCKETS_AT_ONCE: usize = 4;
/// Signed and sent together.
const OBJECTS_AT_ONCE: usize = 20_000;
/// What finding out whose token a request has may add to it, microseconds.
const CHECK_MICROSECONDS_MAX: f64 = 3.0;
/// No page may take longer, milliseconds.
const PAGE_MILLISECONDS_MAX: f64 = 20.0;

pub(super) async fn run(session: &mut Session) -> Outcome {
    let (buckets, tokens) = (session.scale.buckets, session.scale.tokens);
    if !session.wants(&format!("names: {} buckets", count_in_words(buckets))) {
        return Ok(());
    }
    let server = session.start_cairn(DATA)?;
    let bearer = server.bearer.clone().ok_or("the server does not tell its token")?;
    populate(&server, &bearer, buckets, tokens, session.scale.most()).await?;
    for (name, request) in pages(&server, &bearer, buckets, tokens).await? {
        run_page(session, &server, format!("names: {name}"), request).await?;
    }
    server.kill()?;
    let server = session.start_cairn(DATA)?;
    let time = first_answer(&server).await?.as_secs_f64() * 1000.0;
    let subject = format!(
        "names: start to first answer, {} buckets, {} tokens, after SIGKILL",
        count_in_words(buckets),
        count_in_words(tokens)
    );
    session.add_figure(Figure::new(subject, time, " ms").target(Target::AtMost(1000.0)));
    session.discard(server, DATA)?;
    check_tokens(session, tokens).await
}

async fn check_tokens(session: &mut Session, tokens: usize) -> Outcome {
    let data = session.data("token-check");
    std::fs::create_dir_all(&data).doing("make a directory")?;
    let times = token_check::measure(&data, tokens, session.scale.time).await?;
    for (what, time) in [("an access key", times.key), ("a bearer", times.bearer)] {
        let subject = format!("names: check of {what} among {} tokens", count_in_words(tokens));
        let figure =
            Figure::new(subject, time.as_secs_f64() * 1e6, " µs").target(Target::AtMost(CHECK_MICROSECONDS_MAX));
        session.add_figure(figure);
    }
    std::fs::remove_dir_all(&data).doing("remove a directory")
}

/// Makes tokens, and buckets with an object each.
async fn populate(
    server: &ServerProcess,
    bearer: &Bearer,
    buckets: usize,
    tokens: usize,
    concurrency: usize,
) -> Outcome {
    let token = |number: usize| {
        let resources = json!({ format!("com.cloudflare.api.account.{}", bearer.account): "*" });
        let groups = json!([{ "name": "Workers R2 Storage Read" }]);
        let policy = json!({ "effect": "allow", "permission_groups": groups, "resources": resources });
        let content = json!({ "name": format!("token {number}"), "policies": [policy] });
        bearer.request(&Method::POST, "/tokens", content.to_string().into())
    };
    prepare(server, (0..tokens).map(token).collect(), concurrency).await?;
    let bucket = |number| {
        let content = json!({ "name": name(number) });
        bearer.request(&Method::POST, "/r2/buckets", content.to_string().into())
    };
    prepare(server, (0..buckets).map(bucket).collect(), BUCKETS_AT_ONCE).await?;
    let object =
        |number| server.signer.request(Method::PUT, &format!("/{}/key", name(number)), Bytes::from_static(b"x"));
    for first in (0..buckets).step_by(OBJECTS_AT_ONCE) {
        let requests: Outcome<Vec<_>> = (first..buckets.min(first + OBJECTS_AT_ONCE)).map(object).collect();
        prepare(server, requests?, concurrency).await?;
    }
    Ok(())
}

/// Names scattered over the space of names; the number of the bucket is in it.
fn name(number: usize) -> String {
    format!("{:08x}-bucket-{number:06}", (number as u32).wrapping_mul(0x9e37_79b1))
}

/// A request for each kind of page, with its name.
async fn pages(
    server: &ServerProcess,
    bearer: &Bearer,
    buckets: usize,
    tokens: usize,
) -> Outcome<Vec<(&'static str, Request)>> {
    let get = |path: &str| bearer.request(&Method::GET, path, Bytes::new());
    let list = |query: &str| get(&format!("/r2/buckets?per_page=1000&{query}"));
    let s3 = |query: &str| server.signer.request(Method::GET, &format!("/?{query}"), Bytes::new());
    let middle = name(buckets / 2);
    // The last in one order or the other: a search for one name passes over all others.
    let rare = format!("-{:06}", buckets / 2);
    let forth = cursor(server, &list("")).await?;
    let back = cursor(server, &list("direction=desc")).await?;
    let last_tokens = tokens.div_ceil(50);
    Ok(vec![
        ("first buckets", list("")),
        ("last buckets, backwards", list("direction=desc")),
        ("buckets after a cursor", list(&format!("cursor={forth}"))),
        ("buckets before a cursor, backwards", list(&format!("direction=desc&cursor={back}"))),
        ("buckets after a name", list(&format!("start_after={middle}"))),
        ("buckets before a name, backwards", list(&format!("direction=desc&start_after={middle}"))),
        ("buckets with a common part", list("name_contains=bucket")),
        ("buckets with a part of one in ten", list("name_contains=7-bucket")),
        ("the bucket with a rare part", list(&format!("name_contains={rare}"))),
        ("the bucket with a rare part, backwards", list(&format!("name_contains={rare}&direction=desc"))),
        ("no bucket with a part", list("name_contains=nobody-has-this")),
        ("S3 ListBuckets", s3("max-buckets=1000")?),
        ("S3 ListBuckets with a prefix", s3("max-buckets=1000&prefix=7")?),
        ("first tokens", get("/tokens?per_page=50")),
        ("newest tokens", get("/tokens?per_page=50&direction=desc")),
        ("last tokens", get(&format!("/tokens?per_page=50&page={last_tokens}"))),
        ("metrics of the account", get("/r2/metrics")),
        ("the newest of the audit log", get("/audit_logs?per_page=1000")),
    ])
}

async fn cursor(server: &ServerProcess, first: &Request) -> Outcome<String> {
    let page = Connection::open(server.address).await?.fetch(first).await?;
    let page: Value = serde_json::from_slice(&page).doing("read a page of buckets")?;
    Ok(page["result_info"]["cursor"].as_str().unwrap_or_default().to_owned())
}

async fn run_page(session: &mut Session, server: &ServerProcess, name: String, request: Request) -> Outcome {
    let load = Load {
        requests: Arc::new(vec![request]),
        concurrency: 1,
        warm_up: session.scale.warm_up.min(Duration::from_millis(200)),
        until: Until::Passed(session.scale.time.min(Duration::from_secs(1))),
    };
    let row = Row::new(name.clone(), measure(server, load).await?);
    let milliseconds = row.p99_microseconds / 1000.0;
    session.add(row);
    session.add_figure(Figure::new(name, milliseconds, " ms, p99").target(Target::AtMost(PAGE_MILLISECONDS_MAX)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_distinct_and_good() {
        let names: HashSet<String> = (0..5000).map(name).collect();
        assert_eq!(names.len(), 5000);
        assert!(names.iter().all(|name| types::BucketName::parse(name).is_ok()));
    }
}
