//! The tour of tests/test_every_sdk.py with `aws-sdk-s3`, the SDK for Rust.

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Builder, Credentials, Region};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::operation::get_object::builders::GetObjectFluentBuilder;
use aws_sdk_s3::operation::list_objects_v2::builders::ListObjectsV2FluentBuilder;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::{ByteStream, Length};
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart, Delete, MetadataDirective, ObjectIdentifier};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::env;
use std::error::Error;
use std::path::Path;
use std::time::Duration;

type Outcome<T> = Result<T, Box<dyn Error>>;

const PART_BYTES: u64 = 5 * 1024 * 1024;

struct Tour {
    client: Client,
    bucket: String,
    seen: Map<String, Value>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let keys: Vec<String> = serde_json::from_str(&env::var("KEYS")?)?;
    let mut tour = Tour { client: client()?, bucket: env::var("BUCKET")?, seen: Map::new() };
    tour.client.create_bucket().bucket(&tour.bucket).send().await?;
    tour.odd_keys(&keys).await?;
    tour.tree().await?;
    let etag = tour.described().await?;
    tour.copies().await?;
    tour.large(Path::new(&env::var("FILE")?)).await?;
    tour.refusals(&etag).await?;
    tour.deletions(&keys).await?;
    tour.links(&env::var("LINKED")?).await?;
    println!("{}", Value::Object(tour.seen));
    Ok(())
}

/// As R2's aws-sdk-rust page configures it; the path style, because no name below the tests' host is looked up.
fn client() -> Outcome<Client> {
    let credentials = Credentials::new(env::var("ACCESS_KEY_ID")?, env::var("SECRET_ACCESS_KEY")?, None, None, "R2");
    let config = Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(env::var("CAIRN_ENDPOINT")?)
        .credentials_provider(credentials)
        .region(Region::new("auto"))
        .retry_config(RetryConfig::disabled())
        .force_path_style(true)
        .build();
    Ok(Client::from_conf(config))
}

impl Tour {
    async fn put(&self, key: &str, body: &str) -> Outcome<()> {
        let body = ByteStream::from(body.as_bytes().to_vec());
        self.client.put_object().bucket(&self.bucket).key(key).body(body).send().await?;
        Ok(())
    }

    fn get(&self, key: &str) -> GetObjectFluentBuilder {
        self.client.get_object().bucket(&self.bucket).key(key)
    }

    async fn text(&self, key: &str) -> Outcome<String> {
        text(self.get(key).send().await?).await
    }

    async fn describe(&self, key: &str) -> Outcome<Value> {
        let head = self.client.head_object().bucket(&self.bucket).key(key).send().await?;
        Ok(json!({
            "type": head.content_type(),
            "cache": head.cache_control(),
            "length": head.content_length(),
            "metadata": head.metadata(),
        }))
    }

    fn list(&self) -> ListObjectsV2FluentBuilder {
        self.client.list_objects_v2().bucket(&self.bucket)
    }

    async fn odd_keys(&mut self, keys: &[String]) -> Outcome<()> {
        let mut bodies = Vec::new();
        for key in keys {
            self.put(key, &format!("body of {key}")).await?;
            bodies.push(self.text(key).await?);
        }
        self.seen.insert("bodies".into(), json!(bodies));
        let listed = listed(self.list().max_keys(3)).await?;
        self.seen.insert("listed".into(), listed);
        Ok(())
    }

    async fn tree(&mut self) -> Outcome<()> {
        for key in ["tree/leaf", "tree/left/leaf", "tree/right/leaf"] {
            self.put(key, "").await?;
        }
        let tree = listed(self.list().prefix("tree/").delimiter("/")).await?;
        self.seen.insert("tree".into(), tree);
        Ok(())
    }

    /// Stores an object with everything it can be described by, and returns its ETag.
    async fn described(&mut self) -> Outcome<String> {
        let body = ByteStream::from_static(b"0123456789");
        let put = self.client.put_object().bucket(&self.bucket).key("described").body(body);
        let put = put.content_type("text/x-digits").cache_control("no-cache").metadata("colour", "green");
        let etag = put.send().await?.e_tag().unwrap_or_default().to_owned();
        self.seen.insert("etag".into(), json!(etag));
        let head = self.describe("described").await?;
        self.seen.insert("head".into(), head);
        let range = self.get("described").range("bytes=-3").send().await?;
        let content_range = range.content_range().map(str::to_owned);
        self.seen.insert("range".into(), json!({ "body": text(range).await?, "range": content_range }));
        Ok(etag)
    }

    async fn copies(&mut self) -> Outcome<()> {
        let copy = self.client.copy_object().bucket(&self.bucket).copy_source(format!("{}/described", self.bucket));
        copy.clone().key("copy").send().await?;
        let seen = json!({ "body": self.text("copy").await?, "head": self.describe("copy").await? });
        self.seen.insert("copy".into(), seen);
        let copy = copy.metadata_directive(MetadataDirective::Replace);
        copy.key("replaced").content_type("text/x-other").metadata("colour", "red").send().await?;
        let replaced = self.describe("replaced").await?;
        self.seen.insert("replaced".into(), replaced);
        Ok(())
    }

    /// A multipart upload of a file in parts of the least size there is.
    async fn large(&mut self, file: &Path) -> Outcome<()> {
        let (bucket, key) = (&self.bucket, "large");
        let created = self.client.create_multipart_upload().bucket(bucket).key(key).send().await?;
        let id = created.upload_id().unwrap_or_default();
        let size = file.metadata()?.len();
        let mut parts = CompletedMultipartUpload::builder();
        for (number, offset) in (1..).zip((0..size).step_by(PART_BYTES as usize)) {
            let length = Length::Exact(PART_BYTES.min(size - offset));
            let body = ByteStream::read_from().path(file).offset(offset).length(length).build().await?;
            let upload = self.client.upload_part().bucket(bucket).key(key).upload_id(id).part_number(number);
            let part = upload.body(body).send().await?;
            let done = CompletedPart::builder()
                .part_number(number)
                .set_e_tag(part.e_tag)
                .set_checksum_crc32(part.checksum_crc32);
            parts = parts.parts(done.build());
        }
        let complete = self.client.complete_multipart_upload().bucket(bucket).key(key).upload_id(id);
        complete.multipart_upload(parts.build()).send().await?;
        let back = self.get(key).send().await?;
        let etag = back.e_tag().map(str::to_owned);
        let digest: String =
            Sha256::digest(back.body.collect().await?.into_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        self.seen.insert("large".into(), json!({ "etag": etag, "sha256": digest }));
        Ok(())
    }

    async fn refusals(&mut self, etag: &str) -> Outcome<()> {
        let missing_bucket = format!("{}-missing", self.bucket);
        let head = self.client.head_object().bucket(&self.bucket).key("missing");
        let refusals = json!({
            "missingKey": refusal(self.get("missing").send().await),
            "missingHead": refusal(head.send().await),
            "notModified": refusal(self.get("described").if_none_match(etag).send().await),
            "failedMatch": refusal(self.get("described").if_match("\"other\"").send().await),
            "notEmpty": refusal(self.client.delete_bucket().bucket(&self.bucket).send().await),
            "missingBucket": refusal(self.get("key").bucket(missing_bucket).send().await),
        });
        self.seen.insert("refusals".into(), refusals);
        Ok(())
    }

    async fn deletions(&mut self, keys: &[String]) -> Outcome<()> {
        let mut delete = Delete::builder();
        for key in keys.iter().map(String::as_str).chain(["never/was"]) {
            delete = delete.objects(ObjectIdentifier::builder().key(key).build()?);
        }
        let deleted = self.client.delete_objects().bucket(&self.bucket).delete(delete.build()?).send().await?;
        self.seen.insert("deleted".into(), json!(deleted.deleted().len()));
        let left = listed(self.list()).await?;
        self.seen.insert("left".into(), left["keys"].clone());
        Ok(())
    }

    async fn links(&mut self, key: &str) -> Outcome<()> {
        let hour = PresigningConfig::expires_in(Duration::from_secs(3600))?;
        let get = self.get(key).presigned(hour.clone()).await?;
        let put = self.client.put_object().bucket(&self.bucket).key(key).presigned(hour).await?;
        self.seen.insert("links".into(), json!({ "get": get.uri(), "put": put.uri() }));
        Ok(())
    }
}

async fn text(got: GetObjectOutput) -> Outcome<String> {
    Ok(String::from_utf8(got.body.collect().await?.to_vec())?)
}

/// All pages of a listing.
async fn listed(request: ListObjectsV2FluentBuilder) -> Outcome<Value> {
    let (mut keys, mut prefixes, mut count) = (Vec::new(), Vec::new(), 0);
    let mut pages = request.into_paginator().send();
    while let Some(page) = pages.try_next().await? {
        keys.extend(page.contents().iter().filter_map(|entry| entry.key()).map(str::to_owned));
        prefixes.extend(page.common_prefixes().iter().filter_map(|entry| entry.prefix()).map(str::to_owned));
        count += 1;
    }
    Ok(json!({ "keys": keys, "prefixes": prefixes, "pages": count }))
}

fn refusal<T, E: ProvideErrorMetadata>(
    result: Result<T, SdkError<E, aws_sdk_s3::config::http::HttpResponse>>,
) -> Value {
    match result {
        Ok(_) => json!({ "code": "accepted", "status": 200 }),
        Err(error) => json!({
            "code": error.code(),
            "status": error.raw_response().map(|response| response.status().as_u16()),
        }),
    }
}
