//! What a provider says of somebody beside the ID token (OpenID Connect Core 1.0 section 5.3).

use crate::http::{FetchError, HttpClient};
use crate::relying::{OidcClient, OidcError, OtherClaims, with_causes};
use openidconnect::core::CoreGenderClaim;
use openidconnect::{AccessToken, SubjectIdentifier, UserInfoClaims, UserInfoError};
use serde_json::{Map, Value};

/// The claims that a policy may ask for, besides those of the ID token `claims`. The endpoint is asked only if one of
/// `wanted` is missing, and if there is one.
///
/// # Errors
/// The endpoint does not answer, or answers of somebody else. Without its answer a policy that keeps a group out would
/// let its members in: nobody is logged in with half of what is known of them.
pub(crate) async fn completed(
    claims: Map<String, Value>,
    wanted: &[&str],
    client: &OidcClient,
    token: &AccessToken,
    http: &HttpClient,
) -> Result<Map<String, Value>, OidcError> {
    if client.user_info_url().is_none() || wanted.iter().all(|name| has(&claims, name)) {
        return Ok(claims);
    }
    let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
    let request = client
        .user_info(token.clone(), Some(SubjectIdentifier::new(subject.to_owned())))
        .map_err(|error| OidcError::ClaimsRefused(error.to_string()))?;
    let said: UserInfoClaims<OtherClaims, CoreGenderClaim> = request.request_async(http).await.map_err(not_said)?;
    match serde_json::to_value(said) {
        Ok(Value::Object(said)) => Ok(merged(claims, said)),
        _ => Err(OidcError::ClaimsRefused("it is no object".to_owned())),
    }
}

fn not_said(error: UserInfoError<FetchError>) -> OidcError {
    match error {
        UserInfoError::Request(error) => OidcError::Unreachable(error.to_string()),
        error => OidcError::ClaimsRefused(with_causes(&error)),
    }
}

fn has(claims: &Map<String, Value>, name: &str) -> bool {
    claims.get(name).is_some_and(|value| !value.is_null())
}

/// What the ID token says holds; the rest is added. Whether an address is verified is said of the address beside it.
fn merged(mut claims: Map<String, Value>, said: Map<String, Value>) -> Map<String, Value> {
    if !has(&claims, "email") {
        claims.remove("email_verified");
    }
    let of_this_address = !has(&claims, "email") || claims.get("email") == said.get("email");
    for (name, value) in said {
        if !has(&claims, &name) && (name != "email_verified" || of_this_address) {
            claims.insert(name, value);
        }
    }
    claims
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn both(token: Value, said: Value) -> Value {
        Value::Object(merged(token.as_object().unwrap().clone(), said.as_object().unwrap().clone()))
    }

    #[test]
    fn what_an_id_token_says_is_added_to_and_never_replaced() {
        let token = json!({ "sub": "1", "email": "a@b.c", "groups": null });
        let said = json!({ "sub": "2", "email": "x@y.z", "groups": ["staff"] });
        assert_eq!(both(token, said), json!({ "sub": "1", "email": "a@b.c", "groups": ["staff"] }));
    }

    #[test]
    fn an_address_is_verified_by_whoever_said_it() {
        let verified = json!({ "email": "x@y.z", "email_verified": true });
        assert_eq!(both(json!({ "email": "a@b.c" }), verified.clone()), json!({ "email": "a@b.c" }));
        let unverified = json!({ "email": "x@y.z", "email_verified": false });
        assert_eq!(both(json!({ "email_verified": true }), unverified.clone()), unverified);
        assert_eq!(both(json!({ "email": "x@y.z" }), unverified.clone()), unverified);
        assert_eq!(both(verified.clone(), unverified), verified);
    }
}
