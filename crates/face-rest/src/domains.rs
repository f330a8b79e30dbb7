//! What a bucket is public at, as JSON: its public development URL and its custom domains. Source: R2's API,
//! `r2.buckets.domains`; R2 "Public buckets".

use crate::envelope;
use crate::error::RestError;
use crate::json;
use crate::request::{Answered, Call, CallBody};
use http::header::HOST;
use operations::custom_domains::{CustomDomain, DomainChange};
use operations::managed_domain::ManagedDomain;
use serde::Deserialize;
use serde_json::{Value, json};
use types::host::name_of;
use types::{Cipher, DomainName, DomainSettings, ErrorCode, TlsVersion};

/// Longest id of a zone, bytes. Ours: Cloudflare's have 32.
const ZONE_BYTES_MAX: usize = 64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Visibility {
    enabled: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct NewDomain {
    domain: String,
    zone_id: String,
    enabled: Option<bool>,
    #[serde(rename = "minTLS")]
    min_tls: Option<String>,
    ciphers: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangedDomain {
    /// wrangler says it again.
    domain: Option<String>,
    enabled: Option<bool>,
    #[serde(rename = "minTLS")]
    min_tls: Option<String>,
    ciphers: Option<Vec<String>>,
}

impl NewDomain {
    /// # Errors
    /// For a name, zone, version or cipher suite that is none.
    fn settings(self) -> Result<(DomainName, DomainSettings), RestError> {
        let name = domain_name(&self.domain)?;
        let min_tls = self.min_tls.as_deref().map(version).transpose()?.unwrap_or_default();
        let ciphers = self.ciphers.map(ciphers).transpose()?.unwrap_or_default();
        if !is_zone(&self.zone_id) {
            return Err(RestError::argument("The zone ID is not valid."));
        }
        Ok((name, DomainSettings { enabled: self.enabled.unwrap_or(true), min_tls, ciphers, zone: self.zone_id }))
    }
}

impl ChangedDomain {
    /// # Errors
    /// For a version or cipher suite that is none, and the name of another domain.
    fn change(self, name: &DomainName) -> Result<DomainChange, RestError> {
        if let Some(said) = self.domain
            && domain_name(&said)? != *name
        {
            return Err(RestError::argument("The domain of the body is another than that of the path."));
        }
        Ok(DomainChange {
            enabled: self.enabled,
            min_tls: self.min_tls.as_deref().map(version).transpose()?,
            ciphers: self.ciphers.map(ciphers).transpose()?,
        })
    }
}

/// Whether a text can be the id of a zone.
pub(crate) fn is_zone(id: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !id.is_empty() && id.len() <= ZONE_BYTES_MAX && id.bytes().all(known)
}

fn domain_name(text: &str) -> Result<DomainName, RestError> {
    DomainName::parse(text).map_err(|invalid| RestError::argument(invalid.to_string()))
}

fn version(name: &str) -> Result<TlsVersion, RestError> {
    TlsVersion::parse(name).ok_or_else(|| RestError::argument("The minimum TLS version must be 1.0, 1.1, 1.2 or 1.3."))
}

/// Each suite once, in the order they were named.
fn ciphers(names: Vec<String>) -> Result<Vec<Cipher>, RestError> {
    let mut ciphers = Vec::new();
    for name in names {
        let unknown = || RestError::argument("A cipher is not valid: use BoringSSL's name of a supported suite.");
        let cipher = Cipher::parse(&name).ok_or_else(unknown)?;
        if !ciphers.contains(&cipher) {
            ciphers.push(cipher);
        }
    }
    Ok(ciphers)
}

/// The `{domain}` of the path. What is no name of a domain at all is one that the bucket does not have.
///
/// # Errors
/// 10053.
fn named(call: &Call<'_>) -> Result<DomainName, RestError> {
    Ok(DomainName::parse(&call.path.text("domain")?).map_err(|_| ErrorCode::NoSuchDomain)?)
}

/// Whether a bucket is open at its public development URL.
///
/// # Errors
/// 10006.
pub(crate) async fn managed(call: Call<'_>) -> Answered {
    let managed = call.store.managed_domain(call.caller, &call.bucket()?).await?;
    envelope::success(&shown_managed(&call, managed))
}

/// Opens or closes a bucket's public development URL.
///
/// # Errors
/// 10040 for a body that is none, 10006.
pub(crate) async fn set_managed(call: Call<'_>, body: CallBody<'_>) -> Answered {
    let wanted: Visibility = json::read(body).await?;
    let managed = call.store.set_managed_domain(call.caller, &call.bucket()?, wanted.enabled).await?;
    envelope::success(&shown_managed(&call, managed))
}

fn shown_managed(call: &Call<'_>, managed: ManagedDomain) -> Value {
    let id = managed.id.to_string();
    let domain = format!("pub-{id}.{}", call.development_domain);
    json!({ "bucketId": id, "domain": domain, "enabled": managed.enabled })
}

/// A bucket's custom domains.
///
/// # Errors
/// 10006.
pub(crate) async fn list(call: Call<'_>) -> Answered {
    let domains = call.store.custom_domains(call.caller, &call.bucket()?).await?;
    let shown: Vec<Value> = domains.iter().map(with_status).collect();
    envelope::success(&json!({ "domains": shown }))
}

/// A custom domain of a bucket.
///
/// # Errors
/// 10006, 10053.
pub(crate) async fn get(call: Call<'_>) -> Answered {
    let domain = call.store.custom_domain(call.caller, &call.bucket()?, &named(&call)?).await?;
    envelope::success(&with_status(&domain))
}

/// Gives a bucket a custom domain.
///
/// # Errors
/// 10040 for a body that is none, or a bucket that has all it may have; 10006; 409 for a name that is in use.
pub(crate) async fn add(call: Call<'_>, body: CallBody<'_>) -> Answered {
    let (name, settings) = json::read::<NewDomain>(body).await?.settings()?;
    if asked_at(&call).as_ref() == Some(&name) {
        let message = format!("{name} is the name that this call came to: a bucket there would hide the API.");
        return Err(RestError::argument(message));
    }
    let added = call.store.add_custom_domain(call.caller, &call.bucket()?, &name, &settings).await?;
    let mut shown = settings_of(&added);
    shown["zoneId"] = json!(added.row.settings.zone);
    envelope::success(&shown)
}

/// The name that a call came to, if it is none that only an address or this machine has.
fn asked_at(call: &Call<'_>) -> Option<DomainName> {
    let host = call.head.headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| call.head.uri.authority().map(|authority| authority.as_str()))?;
    DomainName::parse(name_of(host)?).ok()
}

/// Changes what is set of a custom domain; what the body does not name stays.
///
/// # Errors
/// 10040 for a body that is none, 10006, 10053.
pub(crate) async fn update(call: Call<'_>, body: CallBody<'_>) -> Answered {
    let name = named(&call)?;
    let change = json::read::<ChangedDomain>(body).await?.change(&name)?;
    let changed = call.store.update_custom_domain(call.caller, &call.bucket()?, &name, &change).await?;
    envelope::success(&settings_of(&changed))
}

/// Takes a custom domain from a bucket.
///
/// # Errors
/// 10006, 10053.
pub(crate) async fn remove(call: Call<'_>) -> Answered {
    let name = named(&call)?;
    call.store.remove_custom_domain(call.caller, &call.bucket()?, &name).await?;
    envelope::success(&json!({ "domain": name.as_str() }))
}

fn settings_of(domain: &CustomDomain) -> Value {
    let settings = &domain.row.settings;
    let ciphers: Vec<_> = settings.ciphers.iter().copied().map(Cipher::name).collect();
    json!({
        "domain": domain.name.as_str(),
        "enabled": settings.enabled,
        "minTLS": settings.min_tls.name(),
        "ciphers": ciphers,
    })
}

fn with_status(domain: &CustomDomain) -> Value {
    let mut shown = settings_of(domain);
    shown["zoneId"] = json!(domain.row.settings.zone);
    shown["status"] = json!({ "ownership": domain.row.ownership.name(), "ssl": domain.row.certificate.name() });
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(body: Value) -> Option<DomainSettings> {
        serde_json::from_value::<NewDomain>(body).ok()?.settings().ok().map(|(_, settings)| settings)
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let least = added(json!({ "domain": "a.example.com", "zoneId": "zone" })).unwrap();
        assert!(least.enabled && least.ciphers.is_empty() && least.min_tls == TlsVersion::V1_0);
        let ciphers = ["AES128-SHA", "ECDHE-RSA-AES128-SHA", "AES128-SHA"];
        let all = json!({
            "domain": "a.example.com", "zoneId": "zone", "enabled": false, "minTLS": "1.3", "ciphers": ciphers,
        });
        let all = added(all).unwrap();
        assert_eq!((all.enabled, all.min_tls, all.ciphers.len()), (false, TlsVersion::V1_3, 2));
        let none = serde_json::from_value::<ChangedDomain>(json!({})).unwrap();
        assert_eq!(none.change(&DomainName::parse("a.b").unwrap()).unwrap(), DomainChange::default());
    }

    #[test]
    fn bodies_that_make_no_sense_are_refused() {
        let with = |name: &str, value: Value| {
            let mut body = json!({ "domain": "a.example.com", "zoneId": "zone", "enabled": true });
            body[name] = value;
            body
        };
        assert!(added(with("enabled", json!(false))).is_some());
        for body in [
            json!({}),
            json!({ "domain": "a.example.com", "enabled": true }),
            with("domain", json!("localhost")),
            with("domain", json!("https://a.example.com")),
            with("domain", json!(1)),
            with("zoneId", json!("")),
            with("zoneId", json!("a b")),
            with("zoneId", json!("a".repeat(65))),
            with("enabled", json!("yes")),
            with("minTLS", json!("1.4")),
            with("minTLS", json!(1.2)),
            with("ciphers", json!(["RC4-MD5"])),
            with("ciphers", json!("AES128-SHA")),
            with("minTls", json!("1.2")),
        ] {
            assert_eq!(added(body.clone()), None, "{body}");
        }
        let other = serde_json::from_value::<ChangedDomain>(json!({ "domain": "b.example.com" })).unwrap();
        assert!(other.change(&DomainName::parse("a.example.com").unwrap()).is_err());
    }
}
