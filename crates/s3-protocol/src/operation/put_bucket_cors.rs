//! PutBucketCors. Sources: R2 "Configure CORS"; "Release notes" 2022-11-30 (unknown keys are refused), 2023-10-23
//! (valid origins only), 2024-01-30 (no empty header); S3 PutBucketCors for limits and errors.

use super::Answer;
use super::shared::empty;
use crate::xml::Reader;
use crate::xml::reader::malformed;
use http::StatusCode;
use types::limits::CORS_BYTES_MAX;
use types::{CorsFields, CorsPolicy, CorsRule, ErrorCode, InvalidCors, OperationError};

/// Reads the rules of the body.
///
/// # Errors
/// `MalformedXML`, also for no rule at all, unknown elements and values out of bounds; `InvalidRequest` where S3 names
/// what it does not support: a method, a second wildcard, an exposed wildcard.
pub fn decode(body: &[u8]) -> Result<CorsPolicy, OperationError> {
    if body.len() > CORS_BYTES_MAX {
        return Err(malformed(format!("a CORS configuration may have at most {CORS_BYTES_MAX} bytes")));
    }
    let mut document = Reader::open(body, "CORSConfiguration")?;
    let mut rules = Vec::new();
    while let Some(name) = document.next_child()? {
        match &*name {
            "CORSRule" => rules.push(CorsRule::new(decode_rule(&mut document)?).map_err(refusal)?),
            other => return Err(malformed(format!("'{other}' is no element of 'CORSConfiguration'"))),
        }
    }
    document.close()?;
    if rules.is_empty() {
        return Err(malformed("'CORSConfiguration' must have at least one 'CORSRule'"));
    }
    CorsPolicy::new(rules).map_err(refusal)
}

fn decode_rule(document: &mut Reader<'_>) -> Result<CorsFields, OperationError> {
    let mut rule = CorsFields::default();
    while let Some(name) = document.next_child()? {
        match &*name {
            "ID" if rule.id.is_none() => rule.id = Some(document.text()?),
            "AllowedOrigin" => rule.origins.push(document.text()?),
            "AllowedMethod" => rule.methods.push(document.text()?),
            "AllowedHeader" => rule.headers.push(document.text()?),
            "ExposeHeader" => rule.expose_headers.push(document.text()?),
            "MaxAgeSeconds" if rule.max_age_seconds.is_none() => {
                rule.max_age_seconds = Some(decode_seconds(&document.text()?)?);
            }
            "ID" | "MaxAgeSeconds" => return Err(malformed(format!("a 'CORSRule' has '{}' twice", &*name))),
            other => return Err(malformed(format!("'{other}' is no element of 'CORSRule'"))),
        }
    }
    Ok(rule)
}

fn decode_seconds(text: &str) -> Result<u64, OperationError> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = digits.then(|| text.parse().ok()).flatten();
    seconds.ok_or_else(|| malformed("'MaxAgeSeconds' must be a number of seconds, zero or more"))
}

/// S3 names what it does not support; what is against the schema is malformed, on R2 origins too.
fn refusal(invalid: InvalidCors) -> OperationError {
    let code = match invalid {
        InvalidCors::Method(_)
        | InvalidCors::OriginWildcards(_)
        | InvalidCors::HeaderWildcards(_)
        | InvalidCors::ExposeHeaderWildcard(_) => ErrorCode::InvalidRequest,
        InvalidCors::TooManyRules
        | InvalidCors::LongId
        | InvalidCors::NoXml
        | InvalidCors::NoOrigin
        | InvalidCors::NoMethod
        | InvalidCors::Origin(_)
        | InvalidCors::Header(_)
        | InvalidCors::ExposeHeader(_)
        | InvalidCors::MaxAge(_) => ErrorCode::MalformedXml,
    };
    OperationError::new(code, invalid.to_string())
}

/// 200: the rules are in force.
pub fn encode() -> Answer {
    empty(StatusCode::OK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::get_bucket_cors;

    fn outcome(rules: &str) -> Result<CorsPolicy, ErrorCode> {
        let body = format!("<CORSConfiguration>{rules}</CORSConfiguration>");
        decode(body.as_bytes()).map_err(|error| error.code)
    }

    fn rule_with(more: &str) -> String {
        format!("<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>{more}</CORSRule>")
    }

    #[test]
    fn rules_come_back_as_they_were_sent() {
        let rules = "<CORSRule><ID>a &amp; b</ID><AllowedOrigin>https://*.example.com</AllowedOrigin>\
                     <AllowedOrigin>http://localhost:3000</AllowedOrigin><AllowedMethod>PUT</AllowedMethod>\
                     <AllowedMethod>GET</AllowedMethod><AllowedHeader>Content-Type</AllowedHeader>\
                     <AllowedHeader>x-AMZ-*</AllowedHeader><MaxAgeSeconds>3600</MaxAgeSeconds>\
                     <ExposeHeader>ETag</ExposeHeader></CORSRule>";
        let rules = format!("{rules}{}", rule_with(""));
        let policy = outcome(&rules).unwrap();
        let answer = get_bucket_cors::encode(&policy);
        let shown = std::str::from_utf8(answer.body()).unwrap();
        assert!(shown.contains(&rules), "{shown}");
        assert_eq!(decode(answer.body()).unwrap(), policy);
    }

    #[test]
    fn what_is_against_the_schema_is_malformed() {
        let too_many = rule_with("").repeat(101);
        let too_long = format!("{}<!--{}-->", rule_with(""), " ".repeat(CORS_BYTES_MAX));
        for rules in [
            "",
            "<Other/>",
            "<CORSRule/>",
            "<CORSRule><AllowedMethod>GET</AllowedMethod></CORSRule>",
            "<CORSRule><AllowedOrigin>*</AllowedOrigin></CORSRule>",
            "<CORSRule><AllowedOrigin>https://a/</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>",
            &rule_with("<AllowedHeader></AllowedHeader>"),
            &rule_with("<ExposeHeader/>"),
            &rule_with("<AllowedHeaders>a</AllowedHeaders>"),
            &rule_with("<ID>a</ID><ID>b</ID>"),
            &rule_with("<MaxAgeSeconds>1</MaxAgeSeconds><MaxAgeSeconds>2</MaxAgeSeconds>"),
            &rule_with("<MaxAgeSeconds>-1</MaxAgeSeconds>"),
            &rule_with("<MaxAgeSeconds>1.5</MaxAgeSeconds>"),
            &rule_with("<MaxAgeSeconds/>"),
            &rule_with("<ID>a&#1;</ID>"),
            &rule_with("<MaxAgeSeconds>86401</MaxAgeSeconds>"),
            &rule_with("<MaxAgeSeconds>18446744073709551616</MaxAgeSeconds>"),
            &too_many,
            &too_long,
        ] {
            assert_eq!(outcome(rules), Err(ErrorCode::MalformedXml), "{rules}");
        }
        assert!(outcome(&rule_with("<MaxAgeSeconds> 86400\n</MaxAgeSeconds>")).is_ok());
    }

    #[test]
    fn what_s3_names_as_unsupported_is_an_invalid_request() {
        for more in [
            "<AllowedMethod>OPTIONS</AllowedMethod>",
            "<AllowedMethod/>",
            "<AllowedOrigin>https://*.*.example.com</AllowedOrigin>",
            "<AllowedHeader>x-*-*</AllowedHeader>",
            "<ExposeHeader>*</ExposeHeader>",
        ] {
            assert_eq!(outcome(&rule_with(more)), Err(ErrorCode::InvalidRequest), "{more}");
        }
    }
}
