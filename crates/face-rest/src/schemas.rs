//! What calls take and answer, as JSON Schema for the description of the API. A test of the whole server holds real
//! answers against it; bodies are closed, as the types that read them are.

use http::Method;
use serde_json::{Map, Value, json};

/// What a call takes and answers.
pub(crate) struct Described {
    /// Its JSON body; none if it takes none.
    pub(crate) body: Option<Value>,
    /// `result` of the envelope.
    pub(crate) result: Value,
    /// `result_info` of the envelope; none if there is none.
    pub(crate) info: Option<Value>,
}

/// The schemas that others refer to.
pub(crate) fn named() -> Value {
    let mut named = named_things();
    for (name, schema) in named_rules() {
        named[name] = schema;
    }
    named
}

/// The schemas of rules of buckets.
#[rustfmt::skip]
fn named_rules() -> [(&'static str, Value); 3] {
    let rules = |rule: Value| object(&[("rules", list(rule))]);
    let condition = one_of(&[
        object(&[("type", constant("Age")), ("maxAge", integer())]),
        object(&[("type", constant("Date")), ("date", time())]),
    ]);
    let lock_condition = one_of(&[
        object(&[("type", constant("Age")), ("maxAgeSeconds", integer())]),
        object(&[("type", constant("Date")), ("date", time())]),
        object(&[("type", constant("Indefinite"))]),
    ]);
    let transition = object(&[("condition", condition.clone())]);
    let cors = object(&[
        ("id?", text()),
        ("allowed", object(&[("origins", list(text())), ("methods", list(text())), ("headers?", list(text()))])),
        ("exposeHeaders?", list(text())),
        ("maxAgeSeconds?", integer()),
    ]);
    let lifecycle = object(&[
        ("id?", text()),
        ("enabled", boolean()),
        ("conditions?", object(&[("prefix?", text())])),
        ("deleteObjectsTransition?", transition.clone()),
        ("storageClassTransitions?", list(object(&[("condition", condition), ("storageClass", storage_class())]))),
        ("abortMultipartUploadsTransition?", transition),
    ]);
    let lock = object(&[
        ("id", text()), ("enabled", boolean()), ("prefix?", text()), ("condition", lock_condition),
    ]);
    [("CorsRules", rules(cors)), ("LifecycleRules", rules(lifecycle)), ("LockRules", rules(lock))]
}

/// The other schemas that others refer to.
#[rustfmt::skip]
fn named_things() -> Value {
    let sums = object(&[("objects", integer()), ("payloadSize", integer()), ("metadataSize", integer())]);
    let class = object(&[("published", sums.clone()), ("uploaded", sums)]);
    let addresses = object(&[("in?", nullable(list(text()))), ("not_in?", nullable(list(text())))]);
    json!({
        "Bucket": object(&[
            ("name", text()), ("creation_date", time()), ("location", text()), ("storage_class", storage_class()),
            ("jurisdiction", text()),
        ]),
        "Object": object(&[
            ("key", text()), ("size", integer()), ("etag", text()), ("last_modified", time()),
            ("storage_class", storage_class()), ("ssec", boolean()), ("http_metadata", map()), ("custom_metadata", map()),
        ]),
        "Policy": object(&[
            ("id?", text()), ("effect", enumeration(&["allow", "deny"])),
            ("permission_groups", list(object(&[("id?", text()), ("name?", text())]))), ("resources", map()),
        ]),
        "TokenContent": object(&[
            ("name", text()), ("policies", list(reference("Policy"))),
            ("condition?", nullable(object(&[("request_ip?", nullable(addresses.clone()))]))),
            ("not_before?", nullable(time())), ("expires_on?", nullable(time())),
            ("status?", enumeration(&["active", "disabled", "expired"])),
        ]),
        "Token": object(&[
            ("id", text()), ("name", text()), ("status", enumeration(&["active", "disabled", "expired"])),
            ("issued_on", time()), ("modified_on", time()), ("last_used_on?", time()), ("not_before?", time()),
            ("expires_on?", time()), ("policies", list(reference("Policy"))),
            ("condition?", object(&[("request_ip", addresses)])), ("value?", text()),
        ]),
        "Job": object(&[
            ("id", text()), ("jobType", constant("prefixDelete")),
            ("status", enumeration(&["ENQUEUED", "RUNNING", "COMPLETED", "FAILED", "CANCELLED"])),
            ("createTime", time()), ("startTime", nullable(time())), ("endTime", nullable(time())),
            ("bucket", text()), ("jurisdiction", text()),
            ("prefixDelete", object(&[
                ("prefix", text()), ("deletedObjects", integer()), ("isBucketClear", boolean()),
                ("lockedObjects", integer()),
            ])),
            ("lastError", nullable(text())),
        ]),
        "Metrics": object(&[("standard", class.clone()), ("infrequentAccess", class)]),
        "Account": object(&[
            ("id", text()), ("name", text()), ("type", text()), ("created_on", time()), ("settings", map()),
        ]),
        "Verified": object(&[("id", text()), ("status", text()), ("not_before?", time()), ("expires_on?", time())]),
        "PageInfo": object(&[
            ("page", integer()), ("per_page", integer()), ("count", integer()), ("total_count?", integer()),
            ("total_pages?", integer()),
        ]),
        "CursorInfo": object(&[("cursor?", text()), ("per_page", integer())]),
    })
}

/// What a call takes and answers. The pattern is that of its route.
#[rustfmt::skip]
pub(crate) fn of(method: &str, pattern: &str) -> Described {
    let path = pattern.strip_prefix("/accounts/{account}").unwrap_or(pattern);
    let path = path.strip_prefix("/r2/buckets/{bucket}").map_or_else(|| path.to_owned(), |rest| format!("{{bucket}}{rest}"));
    let is = |wanted: &Method| method == wanted.as_str();
    let (get, post, put, delete) = (is(&Method::GET), is(&Method::POST), is(&Method::PUT), is(&Method::DELETE));
    match path.trim_start_matches("/user") {
        "" if !get => anything(),
        "" if pattern == "/user" => answers(object(&[("id", text()), ("email", text())]).open()),
        "" => answers(reference("Account")),
        "/accounts" => page(reference("Account")),
        "/memberships" => page(map()),
        "/tokens/verify" => answers(reference("Verified")),
        "/tokens" if get => page(reference("Token")),
        "/tokens" if post => answers(reference("Token")).takes(reference("TokenContent")),
        "/tokens/{token}" if put => answers(reference("Token")).takes(reference("TokenContent")),
        "/tokens/{token}" if delete => answers(object(&[("id", text())])),
        "/tokens/{token}" => answers(reference("Token")),
        "/tokens/{token}/value" => answers(text()).takes(json!({ "type": "object" })),
        "/tokens/permission_groups" => {
            answers(list(object(&[("id", text()), ("name", text()), ("scopes", list(text()))])))
        }
        "/r2/buckets" if get => answers(object(&[("buckets", list(reference("Bucket")))])).with(reference("CursorInfo")),
        "/r2/buckets" => answers(reference("Bucket")).takes(object(&[
            ("name", text()), ("locationHint?", nullable(text())), ("storageClass?", nullable(storage_class())),
        ])),
        "{bucket}" if put || delete => answers(json!({ "type": "object" })),
        "{bucket}" => answers(reference("Bucket")),
        "{bucket}/cors" => rules(get, put, "CorsRules"),
        "{bucket}/lifecycle" if get || put => rules(get, put, "LifecycleRules"),
        "{bucket}/lock" => rules(get, put, "LockRules"),
        "{bucket}/objects" if get => answers(list(reference("Object"))).with(object(&[
            ("cursor?", text()), ("is_truncated", boolean()), ("per_page", integer()), ("delimited", list(text())),
        ])),
        "{bucket}/objects" => answers(one_of(&[list(object(&[("key", text())])), reference("Job")])).takes(list(text())),
        "{bucket}/objects/{key...}" if put => answers(object(&[
            ("key", text()), ("etag", text()), ("size", text()), ("version", text()), ("uploaded", time()),
            ("storage_class", storage_class()),
        ])),
        "{bucket}/objects/{key...}" if delete => answers(object(&[("key", text())])),
        "{bucket}/usage" => answers(object(&[
            ("end", time()), ("payloadSize", text()), ("metadataSize", text()), ("objectCount", text()),
            ("uploadCount", text()), ("infrequentAccessPayloadSize", text()), ("infrequentAccessMetadataSize", text()),
        ]).open()),
        "/r2/jobs" => answers(list(reference("Job"))).with(reference("CursorInfo")),
        "/r2/jobs/{job}" | "/r2/jobs/{job}/abort" => answers(reference("Job")),
        "/r2/metrics" => answers(reference("Metrics")),
        "/r2/temp-access-credentials" => answers(object(&[
            ("accessKeyId", text()), ("secretAccessKey", text()), ("sessionToken", text()),
        ])).takes(object(&[
            ("bucket", text()), ("parentAccessKeyId", text()), ("permission", text()), ("ttlSeconds?", integer()),
            ("prefixes?", list(text())), ("objects?", list(text())),
        ])),
        "/zones/{zone}/purge_cache" => answers(object(&[("id", text())])).takes(object(&[
            ("purge_everything?", boolean()), ("files?", list(one_of(&[text(), map()]))), ("hosts?", list(text())),
            ("prefixes?", list(text())), ("tags?", list(text())),
        ])),
        "/audit_logs" => page(map()),
        "/logs/audit" | "/logs/audit/{id}/history" => answers(list(map())).with(map()),
        "/logs/audit/product_categories" => answers(list(object(&[
            ("value", text()), ("label", text()),
            ("products", list(object(&[("value", text()), ("label", text())]))),
        ]))),
        _ => anything(),
    }
}

/// Rules are seen and replaced; whatever else is done to them answers an empty object.
fn rules(get: bool, put: bool, name: &str) -> Described {
    let described = answers(if get { reference(name) } else { json!({ "type": "object" }) });
    if put { described.takes(reference(name)) } else { described }
}

fn anything() -> Described {
    answers(json!({}))
}

fn answers(result: Value) -> Described {
    Described { body: None, result, info: None }
}

fn page(of: Value) -> Described {
    answers(list(of)).with(reference("PageInfo"))
}

impl Described {
    fn takes(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    fn with(self, info: Value) -> Self {
        Self { info: Some(info), ..self }
    }
}

/// A schema that may have more than it names.
trait Open {
    fn open(self) -> Self;
}

impl Open for Value {
    fn open(mut self) -> Self {
        if let Some(schema) = self.as_object_mut() {
            schema.remove("additionalProperties");
        }
        self
    }
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn integer() -> Value {
    json!({ "type": "integer" })
}

fn boolean() -> Value {
    json!({ "type": "boolean" })
}

fn map() -> Value {
    json!({ "type": "object" })
}

fn list(of: Value) -> Value {
    json!({ "type": "array", "items": of })
}

fn nullable(schema: Value) -> Value {
    one_of(&[schema, json!({ "type": "null" })])
}

fn one_of(schemas: &[Value]) -> Value {
    json!({ "oneOf": schemas })
}

fn constant(text: &str) -> Value {
    json!({ "const": text })
}

fn enumeration(texts: &[&str]) -> Value {
    json!({ "enum": texts })
}

fn storage_class() -> Value {
    enumeration(&["Standard", "InfrequentAccess"])
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// An object with just these fields; those whose names end with `?` may be missing.
fn object(fields: &[(&str, Value)]) -> Value {
    let name = |name: &str| name.trim_end_matches('?').to_owned();
    let properties: Map<String, Value> = fields.iter().map(|(field, schema)| (name(field), schema.clone())).collect();
    let required: Vec<&str> = fields.iter().map(|(field, _)| *field).filter(|field| !field.ends_with('?')).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router::BodyKind;
    use crate::routes::ROUTES;

    #[test]
    fn every_call_that_takes_json_says_which_but_those_of_other_documents() {
        for route in ROUTES {
            let described = of(route.method, route.pattern);
            let elsewhere = ["/graphql", "/domains/", "/access/", "/rulesets/"];
            let elsewhere = elsewhere.iter().any(|part| route.pattern.contains(part));
            let is_json = route.body == BodyKind::Json;
            assert!(described.body.is_some() == is_json || elsewhere, "{} {}", route.method, route.pattern);
        }
    }

    #[test]
    fn every_schema_that_is_referred_to_is_there() {
        let (named, mut text) = (named(), named().to_string());
        for route in ROUTES {
            let described = of(route.method, route.pattern);
            text += &json!([described.body, described.result, described.info]).to_string();
        }
        for rest in text.split("#/components/schemas/").skip(1) {
            let name = rest.split('"').next().unwrap_or_default();
            assert!(named[name].is_object(), "{name}");
        }
    }
}
