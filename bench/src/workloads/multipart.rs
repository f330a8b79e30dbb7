//! One large object in parts: create, four parts at a time, complete.

use crate::body::body;
use crate::client::Connection;
use crate::floors::md5;
use crate::load::{Load, Until, measure};
use crate::outcome::Outcome;
use crate::report::Row;
use crate::request::Request;
use crate::scale::bytes_in_words;
use crate::server_process::ServerProcess;
use crate::session::Session;
use bytes::Bytes;
use http::Method;
use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

const DATA: &str = "multipart";
/// Path of the object, in the bucket of every workload.
const TARGET: &str = "/bench/multipart/object";
/// Parts under way at once, as SDKs do it.
const CONCURRENCY: usize = 4;

pub(super) async fn run(session: &mut Session) -> Outcome {
    let (parts, part_bytes) = (session.scale.parts, session.scale.part_bytes);
    let total = bytes_in_words(parts * part_bytes);
    let name = format!("multipart {total} in {} parts c{CONCURRENCY}", bytes_in_words(part_bytes));
    if !session.wants(&name) {
        return Ok(());
    }
    let md5 = md5::mebibytes_per_second(session.scale.time.min(Duration::from_secs(1)))?;
    let server = session.start_with_bucket(DATA).await?;
    let mut connection = Connection::open(server.address).await?;
    let part = body(part_bytes);
    let etag = types::ids::hex(&fast_md5::digest(&part));

    let upload = create(&server, &mut connection).await?;
    let upload_part = |number| {
        let target = format!("{TARGET}?partNumber={number}&uploadId={upload}");
        server.signer.request(Method::PUT, &target, part.clone())
    };
    let uploads: Outcome<Vec<Request>> = (1..=parts).map(upload_part).collect();
    let load =
        Load { requests: Arc::new(uploads?), concurrency: CONCURRENCY, warm_up: Duration::ZERO, until: Until::Used };
    let mut measured = measure(&server, load).await?;

    let document = complete_document(parts, &etag);
    let complete = server.signer.request(Method::POST, &format!("{TARGET}?uploadId={upload}"), document)?;
    let (started, cpu) = (Instant::now(), server.stats.cpu_time()?);
    connection.send(&complete).await?;
    measured.elapsed += started.elapsed();
    measured.server_cpu += server.stats.cpu_time()?.saturating_sub(cpu);

    session.add(Row::new(name, measured).beside_core("MD5 on one core", md5));
    check_length(&mut connection, &server.signer.request(Method::GET, TARGET, Bytes::new())?, parts * part_bytes)
        .await?;
    session.discard(server, DATA)
}

async fn create(server: &ServerProcess, connection: &mut Connection) -> Outcome<String> {
    let create = server.signer.request(Method::POST, &format!("{TARGET}?uploads="), Bytes::new())?;
    let created = connection.fetch(&create).await?;
    upload_id(&String::from_utf8_lossy(&created))
}

fn upload_id(answer: &str) -> Outcome<String> {
    let id = answer.split_once("<UploadId>").and_then(|(_, rest)| rest.split_once('<'));
    let (id, _) = id.ok_or_else(|| format!("no upload id in `{answer}`"))?;
    Ok(id.to_owned())
}

fn complete_document(parts: usize, etag: &str) -> Bytes {
    let mut document = "<CompleteMultipartUpload>".to_owned();
    for number in 1..=parts {
        // Writing to a string does not fail.
        let _ = write!(document, "<Part><PartNumber>{number}</PartNumber><ETag>\"{etag}\"</ETag></Part>");
    }
    document.push_str("</CompleteMultipartUpload>");
    Bytes::from(document)
}

async fn check_length(connection: &mut Connection, get: &Request, expected: usize) -> Outcome {
    let answer = connection.send(get).await?;
    if answer.body_bytes == expected as u64 {
        return Ok(());
    }
    Err(format!("the completed object has {} bytes instead of {expected}", answer.body_bytes))
}
