//! Members of applications and policies that Cairn has nothing for: which change nothing about who reads, and which
//! are refused, since leaving them out would let in more people than the client believes. Source: Cloudflare's API,
//! `zero_trust.access.applications` and its policies.

use crate::access_apps::invalid;
use crate::error::RestError;
use serde::Deserialize;
use serde_json::{Map, Value};
use types::DomainName;

/// Members as they were sent.
pub(crate) type Members = Map<String, Value>;

/// Of an application: what Cairn answers with by itself, how pages and cookies look, and what would let in more.
pub(crate) const OF_APPS: &[&str] = &[
    "allow_authenticate_via_warp",
    "allow_iframe",
    "app_launcher_logo_url",
    "app_launcher_visible",
    "aud",
    "auto_redirect_to_identity",
    "bg_color",
    "cors_headers",
    "created_at",
    "custom_deny_message",
    "custom_deny_url",
    "custom_non_identity_deny_url",
    "custom_pages",
    "footer_links",
    "header_bg_color",
    "http_only_cookie_attribute",
    "id",
    "landing_page_design",
    "logo_url",
    "path_cookie_attribute",
    "read_service_tokens_from_header",
    "same_site_cookie_attribute",
    "service_auth_401_redirect",
    "skip_app_launcher_login_page",
    "skip_interstitial",
    "tags",
    "uid",
    "updated_at",
    "use_clientless_isolation_app_launcher_url",
];

/// Of a policy: what Cairn answers with by itself.
pub(crate) const OF_POLICIES: &[&str] = &["app_count", "created_at", "id", "reusable", "uid", "updated_at"];

/// A place that an application protects.
#[derive(Deserialize)]
pub(crate) struct Destination {
    #[serde(rename = "type")]
    kind: Option<String>,
    uri: Option<String>,
    #[serde(flatten)]
    others: Members,
}

/// Refuses members that are neither among the `harmless` nor say nothing: `false`, `null`, or empty.
///
/// # Errors
/// 12130 with the name of the first.
pub(crate) fn check(what: &str, others: &Members, harmless: &[&str]) -> Result<(), RestError> {
    match others.iter().find(|(name, value)| !harmless.contains(&name.as_str()) && !says_nothing(value)) {
        None => Ok(()),
        // Members may be as long as a body.
        Some((name, _)) => {
            let name: String = name.chars().take(64).collect();
            Err(invalid(&format!("{name} of {what} is not supported")))
        }
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(true) | Value::Number(_) => false,
    }
}

/// The one domain that an application protects, however often and in which of its members it is named.
///
/// # Errors
/// 12130 for none, for two, and for what is no public host name: each would be left open.
pub(crate) fn protected_domain(
    domain: Option<&str>,
    hosts: &[String],
    destinations: &[Destination],
) -> Result<DomainName, RestError> {
    let mut named = domain.map(parse).transpose()?;
    let destinations = destinations.iter().map(|destination| destination.uri());
    for host in hosts.iter().map(|host| Ok(host.as_str())).chain(destinations) {
        let host = parse(host?)?;
        if *named.get_or_insert_with(|| host.clone()) != host {
            return Err(invalid("an application protects one domain: make another one for each further host"));
        }
    }
    named.ok_or_else(|| invalid("domain is missing"))
}

impl Destination {
    fn uri(&self) -> Result<&str, RestError> {
        if self.kind.as_deref().is_some_and(|kind| kind != "public") {
            return Err(invalid("the type of a destination is public: others are not supported"));
        }
        check("a destination", &self.others, &[])?;
        self.uri.as_deref().ok_or_else(|| invalid("a destination has a uri"))
    }
}

fn parse(text: &str) -> Result<DomainName, RestError> {
    if text.contains('/') {
        return Err(invalid("domain is a whole custom domain: paths are not supported"));
    }
    DomainName::parse(text).map_err(|error| invalid(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn named(sent: Value) -> Option<String> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let hosts: Vec<String> =
            sent["self_hosted_domains"].as_array().into_iter().flatten().filter_map(text).collect();
        let destinations = sent.get("destinations").cloned().unwrap_or_else(|| json!([]));
        let destinations: Vec<Destination> = serde_json::from_value(destinations).ok()?;
        protected_domain(sent["domain"].as_str(), &hosts, &destinations).ok().map(|domain| domain.to_string())
    }

    #[test]
    fn the_same_domain_may_be_named_in_each_member() {
        let (a, public) = ("a.example.com", json!({ "type": "public", "uri": "A.example.com" }));
        for sent in [
            json!({ "domain": a }),
            json!({ "destinations": [public] }),
            json!({ "destinations": [{ "uri": a }] }),
            json!({ "self_hosted_domains": [a] }),
            json!({ "domain": a, "self_hosted_domains": ["A.EXAMPLE.com"], "destinations": [public, public] }),
            json!({ "domain": a, "self_hosted_domains": [], "destinations": [] }),
            json!({ "domain": a, "destinations": [{ "type": "public", "uri": a, "vnet_id": "" }] }),
        ] {
            assert_eq!(named(sent.clone()).as_deref(), Some(a), "{sent}");
        }
    }

    #[test]
    fn a_second_place_is_refused_and_not_left_open() {
        let (a, b) = ("a.example.com", "b.example.com");
        for sent in [
            json!({}),
            json!({ "domain": a, "self_hosted_domains": [b] }),
            json!({ "domain": a, "destinations": [{ "type": "public", "uri": a }, { "type": "public", "uri": b }] }),
            json!({ "domain": a, "destinations": [{ "type": "public", "uri": "a.example.com/admin" }] }),
            json!({ "domain": a, "destinations": [{ "type": "public", "uri": "*.example.com" }] }),
            json!({ "domain": a, "destinations": [{ "type": "private", "cidr": "10.0.0.0/8" }] }),
            json!({ "domain": a, "destinations": [{ "type": "private", "uri": a }] }),
            json!({ "domain": a, "destinations": [{ "type": "public" }] }),
            json!({ "domain": a, "destinations": [{ "type": "public", "uri": a, "port_range": "443" }] }),
        ] {
            assert_eq!(named(sent.clone()), None, "{sent}");
        }
    }

    #[test]
    fn members_without_a_meaning_here_are_refused_when_they_say_something() {
        let refused = |name: &str, value: Value| {
            check("a policy", &Members::from_iter([(name.to_owned(), value)]), OF_POLICIES).is_err()
        };
        for nothing in [json!(null), json!(false), json!(""), json!([]), json!({})] {
            assert!(!refused("approval_required", nothing.clone()), "{nothing}");
        }
        for something in [json!(true), json!(0), json!("x"), json!([1]), json!({ "a": 1 })] {
            assert!(refused("approval_required", something.clone()), "{something}");
        }
        assert!(!refused("created_at", json!("2026-01-01T00:00:00Z")));
    }
}
