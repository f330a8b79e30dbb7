//! Certificates by ACME over months: renewed in time, asked for again after failures, by one process at a time, and
//! gone with the custom domain they are for.

use crate::api::Api;
use crate::authority::{AcmeAuthority, Mood};
use crate::house::{House, connect, shown, tls_address};
use crate::logs;
use crate::support::{Connection, TestClock, TestServer};
use background::certificates::{Issuing, ROUND};
use operations::certificates::{LEASE, WantedCertificate};
use serde_json::{Value, json};
use server::settings::{AcmeSettings, ChallengeKind, TlsSettings};
use std::sync::Arc;
use std::time::Duration;
use tls::Catalogue;
use tls::acme::Authority;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

const DOMAINS: &str = "/accounts/{a}/r2/buckets/photos/domains/custom";
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A server whose names an authority issues certificates for.
struct Site {
    house: Arc<House>,
    authority: AcmeAuthority,
    server: TestServer,
    api: Api,
}

impl Site {
    /// With these names of its own, and a bucket `photos`, after the first round.
    async fn open(life: Duration, names: &[&str]) -> Self {
        logs::keep();
        let (house, clock) = (Arc::new(House::new()), TestClock::new());
        let authority = AcmeAuthority::start(&house, &clock, life).await;
        let acme = AcmeSettings {
            directory: authority.directory.clone(),
            contact: Vec::new(),
            domains: names.iter().map(|name| (*name).to_owned()).collect(),
            challenge: ChallengeKind::Http,
            ca: Some(house.put_root()),
        };
        let tls = TlsSettings { directory: None, acme: Some(acme), ..house.settings() };
        let home = tempfile::tempdir().unwrap();
        let server = TestServer::open(home, clock, |settings| settings.tls = Some(tls)).await;
        authority.names_lead_to(server.instance.address());
        server.clock.until_asleep(1, ROUND).await;
        server.client.put("/photos", "").send().await.ok();
        let api = Api::root(&server);
        Self { house, authority, server, api }
    }

    /// Moves time on, and waits until whoever wants certificates has done what there is to do.
    async fn pass(&self, time: Duration) {
        self.server.clock.advance(time);
        self.server.clock.until_asleep(1, ROUND).await;
    }

    async fn add(&self, name: &str) {
        self.api.post(DOMAINS, &json!({ "domain": name, "zoneId": "zone", "enabled": true })).await.ok();
    }

    async fn remove(&self, name: &str) {
        self.api.delete(&format!("{DOMAINS}/{name}")).await.ok();
    }

    /// What the API says of a name's certificate.
    async fn ssl(&self, name: &str) -> Value {
        self.api.get(&format!("{DOMAINS}/{name}")).await.ok()["status"]["ssl"].clone()
    }

    async fn connect(&self, name: &str) -> Result<TlsStream<TcpStream>, String> {
        let client = self.house.client_at(&self.server.clock);
        connect(tls_address(&self.server), name, client).await.map_err(|error| error.to_string())
    }

    /// The certificate that a client gets, and believes.
    async fn certificate(&self, name: &str) -> Vec<u8> {
        let stream = self.connect(name).await.unwrap();
        let certificate = shown(&stream);
        // With an answer the server, too, is done with the handshake, and sleeps for it no longer.
        let mut connection = Connection::over(stream);
        ask(&mut connection).await;
        certificate
    }

    async fn assert_unknown(&self, name: &str) {
        let refused = self.connect(name).await.unwrap_err();
        assert!(refused.contains("UnrecognisedName"), "{name}: {refused}");
    }
}

async fn ask(connection: &mut Connection<TlsStream<TcpStream>>) {
    connection.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    connection.answer(false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_renewed_when_a_third_of_its_time_is_left() {
    let site = Site::open(90 * DAY, &["s3.renewed.org"]).await;
    site.add("cats.renewed.org").await;
    site.pass(ROUND).await;
    let names = ["s3.renewed.org", "cats.renewed.org"];
    let first = [site.certificate(names[0]).await, site.certificate(names[1]).await];
    assert_eq!(site.ssl(names[1]).await, "active");
    site.pass(60 * DAY - ROUND - HOUR).await;
    assert_eq!(names.map(|name| site.authority.asked_for(name)), [1, 1]);
    site.pass(HOUR + ROUND).await;
    assert_eq!(names.map(|name| site.authority.asked_for(name)), [2, 2]);
    for (name, first) in names.iter().zip(first) {
        assert_ne!(site.certificate(name).await, first, "{name}");
    }
    site.pass(60 * DAY - HOUR).await;
    assert_eq!(names.map(|name| site.authority.asked_for(name)), [2, 2], "the new ones are young");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_go_on_while_their_certificate_is_renewed() {
    let life = 6 * ROUND;
    let site = Site::open(life, &["a.going-on.org"]).await;
    let first = site.certificate("a.going-on.org").await;
    let mut before = Connection::over(site.connect("a.going-on.org").await.unwrap());
    for _ in 0..4 {
        ask(&mut before).await;
        site.pass(ROUND).await;
    }
    assert_ne!(site.certificate("a.going-on.org").await, first);
    ask(&mut before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_that_refuses_is_asked_after_growing_waits_while_the_old_certificate_serves() {
    let name = "cats.refused.org";
    let site = Site::open(90 * DAY, &[]).await;
    site.add(name).await;
    site.pass(ROUND).await;
    let first = site.certificate(name).await;
    site.authority.set(Mood::Refuses);
    site.pass(60 * DAY).await;
    let mut asked = 2;
    assert_eq!(site.authority.asked_for(name), asked);
    for minutes in [1, 4, 16, 64, 256, 720, 720] {
        site.pass(Duration::from_secs(60 * minutes) - ROUND).await;
        assert_eq!(site.authority.asked_for(name), asked, "before {minutes} minutes");
        site.pass(ROUND).await;
        asked += 1;
        assert_eq!(site.authority.asked_for(name), asked, "after {minutes} minutes");
        assert_eq!(site.certificate(name).await, first);
    }
    assert_eq!(site.ssl(name).await, "active");
    let told = logs::about(name);
    assert_eq!(told.len(), asked - 1, "{told:?}");
    for line in told {
        assert!(line.contains("could not be renewed; the one before is shown until it ends"), "{line}");
        assert!(line.contains("too many certificates already") && line.contains("retry_in_seconds="), "{line}");
    }
    site.authority.set(Mood::Issues);
    site.pass(DAY / 2).await;
    assert_ne!(site.certificate(name).await, first);
    site.pass(DAY).await;
    assert_eq!(site.authority.asked_for(name), asked + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_without_valid_certificate_says_so_until_one_comes() {
    let name = "cats.in-vain.org";
    let site = Site::open(90 * DAY, &[]).await;
    site.authority.set(Mood::Refuses);
    site.add(name).await;
    assert_eq!(site.ssl(name).await, "initializing");
    site.pass(ROUND).await;
    assert_eq!(site.ssl(name).await, "error");
    site.assert_unknown(name).await;
    site.authority.set(Mood::Holds);
    site.server.clock.advance(Duration::from_secs(60));
    site.authority.holds_one().await;
    assert_eq!(site.ssl(name).await, "pending");
    site.authority.set(Mood::Issues);
    site.server.clock.until_asleep(1, ROUND).await;
    assert_eq!(site.ssl(name).await, "active");
    site.certificate(name).await;

    site.authority.set(Mood::Refuses);
    site.pass(60 * DAY).await;
    assert_eq!(site.ssl(name).await, "active", "the old one is good");
    site.pass(30 * DAY).await;
    assert_eq!(site.ssl(name).await, "error", "it has ended");
    site.authority.set(Mood::Issues);
    site.pass(DAY / 2).await;
    assert_eq!(site.ssl(name).await, "active");
    site.certificate(name).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_dies_while_asking_is_followed_by_another_when_the_lease_ends() {
    let name = "cats.orphaned.org";
    let site = Site::open(90 * DAY, &[]).await;
    let store = site.server.instance.store();
    site.add(name).await;
    let wanted = WantedCertificate { name: name.to_owned(), is_of_domain: true, before: None };
    let of_the_dead = store.begin_issuance(&wanted, [9; 16]).await.unwrap().expect("nobody else asks");
    assert!(store.show_challenge(&of_the_dead, "a-token", "an answer").await.unwrap());
    site.pass(LEASE - ROUND).await;
    assert_eq!(site.authority.asked_for(name), 0);
    assert_eq!(store.challenge_with("a-token").await.unwrap().as_deref(), Some("an answer"));
    site.pass(ROUND).await;
    assert_eq!(site.authority.asked_for(name), 1);
    let certificate = site.certificate(name).await;

    assert!(store.begin_issuance(&wanted, [9; 16]).await.unwrap().is_none(), "there is one by now");
    let (_, late) = store.issued_certificates().await.unwrap().remove(0);
    assert!(!store.keep_certificate(&of_the_dead, &late).await.unwrap(), "it was not dead, only slow");
    assert!(!store.show_challenge(&of_the_dead, "a-token", "an answer").await.unwrap());
    assert_eq!(store.fail_issuance(&of_the_dead, "slow").await.unwrap(), None);
    assert_eq!(store.challenge_with("a-token").await.unwrap(), None);
    site.pass(ROUND).await;
    assert_eq!(site.certificate(name).await, certificate);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_processes_one_asks_and_both_show_what_came() {
    let site = Site::open(90 * DAY, &[]).await;
    let (store, clock) = (site.server.instance.store(), &site.server.clock);
    let names: Vec<_> = (0..12).map(|number| format!("cats-{number}.shared.org")).collect();
    let roots = site.house.root_pem();
    let kind = tls::acme::ChallengeKind::Http;
    let directory = site.authority.directory.clone();
    let other = Arc::new(Catalogue::default());
    let issuing = Issuing {
        store: Arc::clone(store),
        authority: Authority::new(directory, kind, Some(roots.as_bytes()), clock.clone()).unwrap(),
        contact: Vec::new(),
        names: Vec::new(),
        catalogue: Arc::clone(&other),
        holder: [7; 16],
    };
    let running = tokio::spawn(background::certificates::run(issuing, std::future::pending()));
    clock.until_asleep(2, ROUND).await;
    for name in &names {
        site.add(name).await;
    }
    for _ in 0..2 {
        clock.advance(ROUND);
        clock.until_asleep(2, ROUND).await;
    }
    for name in &names {
        assert_eq!(site.authority.asked_for(name), 1, "{name}");
        let certificate = site.certificate(name).await;
        assert_eq!(other.find(Some(name)).unwrap().cert[0].to_vec(), certificate, "{name}");
    }
    running.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_of_a_removed_domain_is_shown_to_nobody_and_another_one_is_got_for_the_next() {
    let (name, own) = ["cats.removed.org", "s3.removed.org"].into();
    let site = Site::open(90 * DAY, &[own]).await;
    let store = site.server.instance.store();
    site.add(name).await;
    let taken = json!({ "domain": own, "zoneId": "zone", "enabled": true });
    site.api.post(DOMAINS, &taken).await.refused(400, 10040);
    site.pass(ROUND).await;
    let first = site.certificate(name).await;
    site.remove(name).await;
    site.assert_unknown(name).await;
    let kept: Vec<_> = store.issued_certificates().await.unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(kept, [own]);
    site.add(name).await;
    assert_eq!(site.ssl(name).await, "initializing");
    site.assert_unknown(name).await;
    site.pass(ROUND).await;
    assert_ne!(site.certificate(name).await, first);
    assert_eq!(site.authority.asked_for(name), 2);

    site.server.client.delete("/photos").send().await.ok();
    site.assert_unknown(name).await;
    site.pass(ROUND).await;
    site.assert_unknown(name).await;
    site.certificate(own).await;
    assert_eq!(site.authority.asked_for(own), 1, "what the server has itself is nobody's to remove");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_for_a_domain_that_is_removed_meanwhile_keeps_nothing() {
    let name = "cats.given-up.org";
    let site = Site::open(90 * DAY, &[]).await;
    let store = site.server.instance.store();
    site.authority.set(Mood::Holds);
    site.add(name).await;
    site.server.clock.advance(ROUND);
    site.authority.holds_one().await;
    assert!(store.challenge_about(name).await.unwrap().is_some());
    site.remove(name).await;
    assert_eq!(store.challenge_about(name).await.unwrap(), None);
    site.authority.set(Mood::Issues);
    site.server.clock.until_asleep(1, ROUND).await;
    assert!(store.issued_certificates().await.unwrap().is_empty());
    site.assert_unknown(name).await;
    // Nothing of the failure is held against whoever has the name next.
    site.add(name).await;
    site.pass(ROUND).await;
    site.certificate(name).await;
}
