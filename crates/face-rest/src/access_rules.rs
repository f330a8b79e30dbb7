//! Rules of policies as JSON: `{"email":{"email":"a@b.c"}}` and the like. Source: Cloudflare's API, "Access rule".

use crate::access_apps::invalid;
use crate::envelope;
use crate::error::RestError;
use crate::pagination::Page;
use crate::request::{Answered, Call};
use serde::Deserialize;
use serde_json::{Value, json};
use types::{AccessId, AccessRule, DomainName};

/// A rule as clients send it: an object with one member.
pub(crate) type SentRule = serde_json::Map<String, Value>;

/// Longest text of a rule, bytes.
const TEXT_BYTES_MAX: usize = 512;

#[derive(Deserialize)]
struct Claim {
    identity_provider_id: String,
    claim_name: String,
    claim_value: String,
}

/// Reads rules.
///
/// # Errors
/// 12130 for one that is not known: a rule that is not understood must not be left out.
pub(crate) fn read(sent: &[SentRule]) -> Result<Vec<AccessRule>, RestError> {
    sent.iter().map(rule).collect()
}

fn rule(sent: &SentRule) -> Result<AccessRule, RestError> {
    let mut members = sent.iter();
    let (Some((kind, value)), None) = (members.next(), members.next()) else {
        return Err(invalid("a rule is an object with one member"));
    };
    let text = |name: &str| value.get(name).and_then(Value::as_str).ok_or_else(|| invalid("a rule lacks its value"));
    match kind.as_str() {
        "everyone" => Ok(AccessRule::Everyone),
        "any_valid_service_token" => Ok(AccessRule::AnyServiceToken),
        "email" => Ok(AccessRule::Email(email(text("email")?)?)),
        "email_domain" => {
            let domain = text("domain")?.trim_start_matches('@').to_lowercase();
            DomainName::parse(&domain).map_err(|_| invalid("email_domain has a domain such as example.com"))?;
            Ok(AccessRule::EmailDomain(domain))
        }
        "service_token" => {
            let id = AccessId::parse(text("token_id")?).ok_or_else(|| invalid("service_token has a token_id"))?;
            Ok(AccessRule::ServiceToken(id))
        }
        "oidc" => claim(value),
        _ => Err(invalid(
            "rules are everyone, email, email_domain, oidc, service_token and any_valid_service_token: others are not \
             supported",
        )),
    }
}

fn claim(value: &Value) -> Result<AccessRule, RestError> {
    let words = || invalid("oidc has identity_provider_id, claim_name and claim_value");
    let claim = Claim::deserialize(value).map_err(|_| words())?;
    let texts = [&claim.claim_name, &claim.claim_value];
    if texts.iter().any(|text| text.is_empty() || text.len() > TEXT_BYTES_MAX) {
        return Err(words());
    }
    let provider = AccessId::parse(&claim.identity_provider_id).ok_or_else(words)?;
    Ok(AccessRule::Claim { provider, name: claim.claim_name, value: claim.claim_value })
}

/// An e-mail address in lower case.
///
/// # Errors
/// 12130 for what is none.
pub(crate) fn email(text: &str) -> Result<String, RestError> {
    let email = text.to_lowercase();
    let is_address = email.len() <= TEXT_BYTES_MAX
        && email.rsplit_once('@').is_some_and(|(user, domain)| !user.is_empty() && !domain.is_empty())
        && !email.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    if is_address { Ok(email) } else { Err(invalid("an e-mail address is not valid")) }
}

/// Rules as they are shown.
pub(crate) fn show(rules: &[AccessRule]) -> Vec<Value> {
    let show = |rule: &AccessRule| match rule {
        AccessRule::Everyone => json!({ "everyone": {} }),
        AccessRule::AnyServiceToken => json!({ "any_valid_service_token": {} }),
        AccessRule::Email(email) => json!({ "email": { "email": email } }),
        AccessRule::EmailDomain(domain) => json!({ "email_domain": { "domain": domain } }),
        AccessRule::ServiceToken(id) => json!({ "service_token": { "token_id": id.to_string() } }),
        AccessRule::Claim { provider, name, value } => json!({
            "oidc": { "identity_provider_id": provider.to_string(), "claim_name": name, "claim_value": value },
        }),
    };
    rules.iter().map(show).collect()
}

/// Entries of a page at most, and unless the client says otherwise.
const PER_PAGE: usize = 1000;

/// A page of a list of access control.
///
/// # Errors
/// If `page` or `per_page` make no sense.
pub(crate) fn page(call: &Call<'_>, entries: Vec<Value>) -> Answered {
    let (entries, info) = Page::parse_or(&call.query()?, PER_PAGE, PER_PAGE)?.of(entries);
    envelope::page(&entries, &info)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_one(rule: Value) -> Option<AccessRule> {
        let rule = rule.as_object()?.clone();
        read(&[rule]).ok()?.pop()
    }

    #[test]
    fn rules_come_back_as_they_were_sent() {
        let id = "01234567-89ab-4cde-8f01-23456789abcd";
        for rule in [
            json!({ "everyone": {} }),
            json!({ "any_valid_service_token": {} }),
            json!({ "email": { "email": "a@b.c" } }),
            json!({ "email_domain": { "domain": "b.c" } }),
            json!({ "service_token": { "token_id": id } }),
            json!({ "oidc": { "identity_provider_id": id, "claim_name": "groups", "claim_value": "staff" } }),
        ] {
            assert_eq!(show(&[read_one(rule.clone()).unwrap()]), [rule]);
        }
        assert_eq!(read_one(json!({ "email": { "email": "A@B.C" } })), Some(AccessRule::Email("a@b.c".into())));
    }

    #[test]
    fn rules_that_are_not_understood_are_refused_not_left_out() {
        for rule in [
            json!({}),
            json!({ "everyone": {}, "email": { "email": "a@b.c" } }),
            json!({ "geo": { "country_code": "DE" } }),
            json!({ "email": "a@b.c" }),
            json!({ "email": { "email": "ab.c" } }),
            json!({ "email": { "email": "a b@c" } }),
            json!({ "email_domain": { "domain": "*.b.c" } }),
            json!({ "service_token": { "token_id": "x" } }),
            json!({ "oidc": { "claim_name": "groups", "claim_value": "staff" } }),
        ] {
            assert_eq!(read_one(rule.clone()), None, "{rule}");
        }
    }
}
