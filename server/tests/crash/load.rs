//! Writers that change the bucket until the server dies under them, and tell the model what they heard.

use crate::model::{Change, Content, Model, PART_BYTES};
use crate::support::{Answer, Client, Connection, KIB, MIB, Random, RequestBuilder, complete_document};
use std::io;
use std::sync::{Arc, Mutex};
use tokio::task::JoinHandle;

/// The bucket that is written to.
pub(crate) const BUCKET: &str = "crash";

/// Writers at once.
const WRITERS: u64 = 16;
/// Keys of objects put at once, of objects put in parts, and of copies.
const KEYS: u64 = 180;
const KEYS_OF_PARTS: u64 = 4;
const KEYS_OF_COPIES: u64 = 24;

struct Writer {
    client: Client,
    connection: Connection,
    model: Arc<Mutex<Model>>,
    random: Random,
}

/// Writers under way.
pub(crate) struct Load(Vec<JoinHandle<()>>);

impl Load {
    /// Connects all writers and lets them begin.
    pub(crate) async fn begin(client: &Client, model: &Arc<Mutex<Model>>, random: &mut Random) -> Self {
        let mut writers = Vec::new();
        for _ in 0..WRITERS {
            let connection = Connection::open(client.address).await.expect("a server that listens");
            let (client, model, random) = (client.clone(), Arc::clone(model), Random::new(random.next()));
            writers.push(Writer { client, connection, model, random });
        }
        Self(writers.into_iter().map(|writer| tokio::spawn(writer.work())).collect())
    }

    /// Returns once the connection of every writer is lost.
    pub(crate) async fn end(self) {
        for writer in self.0 {
            writer.await.expect("no writer saw anything wrong");
        }
    }
}

fn target(key: &str) -> String {
    format!("/{BUCKET}/{key}")
}

impl Writer {
    async fn work(mut self) {
        // An error is the end of the server.
        while self.step().await.is_ok() {}
    }

    async fn step(&mut self) -> io::Result<()> {
        match self.random.below(100) {
            0..45 => self.put().await,
            45..65 => self.get().await,
            65..77 => self.delete().await,
            77..83 => self.delete_several().await,
            83..96 => self.copy().await,
            96..99 => self.upload().await,
            _ => self.leave_an_upload().await,
        }
    }

    fn model<T>(&self, change: impl FnOnce(&mut Model) -> T) -> T {
        change(&mut self.model.lock().expect("no writer saw anything wrong"))
    }

    fn key(&mut self) -> String {
        format!("object/{}", self.random.below(KEYS))
    }

    fn length(&mut self) -> usize {
        let (first, last) = match self.random.below(20) {
            0..12 => (0, 8 * KIB),
            12..15 => (8 * KIB, 100 * KIB),
            15..19 => (100 * KIB, 512 * KIB),
            _ => (512 * KIB, 2 * MIB),
        };
        usize::try_from(self.random.between(first as u64, last as u64)).expect("a length").max(8)
    }

    async fn send(&mut self, build: impl FnOnce(&Client) -> RequestBuilder<'_>) -> io::Result<Answer> {
        let answer = build(&self.client).send_on(&mut self.connection).await?;
        assert!(answer.status < 500, "the server fails under load: {} {}", answer.status, answer.text());
        Ok(answer)
    }

    async fn put(&mut self) -> io::Result<()> {
        let (key, length) = (self.key(), self.length());
        let (content, body) = Content::whole(self.random.next(), length);
        let begun = self.model(|model| {
            model.announce(&content);
            model.begin(&key, Change::To(Some(content.etag.clone())))
        });
        let answer = self.send(|client| client.put(&target(&key), body)).await?.ok();
        assert_eq!(answer.etag(), content.etag, "{key}");
        self.model(|model| model.acknowledge(&begun, None));
        Ok(())
    }

    async fn get(&mut self) -> io::Result<()> {
        let key = self.key();
        let answer = self.send(|client| client.get(&target(&key))).await?;
        if answer.status == 404 {
            return Ok(());
        }
        let answer = answer.ok();
        self.model(|model| model.content(&key, answer.etag())).assert_is(&key, &answer.body);
        Ok(())
    }

    async fn delete(&mut self) -> io::Result<()> {
        let key = if self.random.below(8) == 0 { self.key_of_a_copy() } else { self.key() };
        let begun = self.model(|model| model.begin(&key, Change::To(None)));
        self.send(|client| client.delete(&target(&key))).await?.ok();
        self.model(|model| model.acknowledge(&begun, None));
        Ok(())
    }

    async fn delete_several(&mut self) -> io::Result<()> {
        let mut keys: Vec<_> = (0..self.random.between(2, 8)).map(|_| self.key()).collect();
        keys.sort_unstable();
        keys.dedup();
        let begun: Vec<_> = keys.iter().map(|key| self.model(|model| model.begin(key, Change::To(None)))).collect();
        let objects: String = keys.iter().map(|key| format!("<Object><Key>{key}</Key></Object>")).collect();
        let document = format!("<Delete>{objects}</Delete>");
        let answer = self.send(|client| client.post(&format!("/{BUCKET}?delete"), document)).await?.ok();
        assert!(!answer.text().contains("<Error>"), "{}", answer.text());
        begun.iter().for_each(|begun| self.model(|model| model.acknowledge(begun, None)));
        Ok(())
    }

    fn key_of_a_copy(&mut self) -> String {
        format!("copy/{}", self.random.below(KEYS_OF_COPIES))
    }

    async fn copy(&mut self) -> io::Result<()> {
        let source = if self.random.below(10) == 0 { self.key_of_parts() } else { self.key() };
        let key = self.key_of_a_copy();
        let begun = self.model(|model| model.begin(&key, Change::CopyOf(source.clone())));
        let from = target(&source);
        let answer = self.send(|client| client.put(&target(&key), "").header("x-amz-copy-source", from)).await?;
        match answer.status {
            404 => self.model(|model| model.refuse(&begun)),
            _ => {
                let etag = answer.ok().element("ETag").expect("the ETag of a copy");
                self.model(|model| {
                    model.content(&key, &etag);
                    model.acknowledge(&begun, Some(etag));
                });
            }
        }
        Ok(())
    }

    fn key_of_parts(&mut self) -> String {
        format!("parts/{}", self.random.below(KEYS_OF_PARTS))
    }

    async fn create_upload(&mut self, key: &str) -> io::Result<String> {
        let answer = self.send(|client| client.post(&format!("{}?uploads", target(key)), "")).await?.ok();
        Ok(answer.element("UploadId").expect("an upload id"))
    }

    async fn upload_part(&mut self, key: &str, upload: &str, number: u16, body: &[u8]) -> io::Result<(u16, String)> {
        let target = format!("{}?partNumber={number}&uploadId={upload}", target(key));
        let answer = self.send(|client| client.put(&target, body)).await?.ok();
        Ok((number, answer.etag().to_owned()))
    }

    async fn upload(&mut self) -> io::Result<()> {
        let key = self.key_of_parts();
        let tail = *self.random.pick(&[1, 100 * KIB, PART_BYTES]);
        let (content, body) = Content::in_two_parts(self.random.next(), tail);
        let upload = self.create_upload(&key).await?;
        let parts = [
            self.upload_part(&key, &upload, 1, &body[..PART_BYTES]).await?,
            self.upload_part(&key, &upload, 2, &body[PART_BYTES..]).await?,
        ];
        let begun = self.model(|model| {
            model.announce(&content);
            model.begin(&key, Change::To(Some(content.etag.clone())))
        });
        let target = format!("{}?uploadId={upload}", target(&key));
        let answer = self.send(|client| client.post(&target, complete_document(&parts))).await?.ok();
        assert_eq!(answer.element("ETag"), Some(content.etag));
        self.model(|model| model.acknowledge(&begun, None));
        Ok(())
    }

    /// An upload that is never completed: aborted, or left for the collector's accounts.
    async fn leave_an_upload(&mut self) -> io::Result<()> {
        let key = self.key_of_parts();
        let length = self.length();
        let (_, body) = Content::whole(self.random.next(), length);
        let upload = self.create_upload(&key).await?;
        self.upload_part(&key, &upload, 7, &body).await?;
        if self.random.below(4) > 0 {
            self.send(|client| client.delete(&format!("{}?uploadId={upload}", target(&key)))).await?.ok();
        }
        Ok(())
    }
}
