//! The description of the API (OpenAPI 3.1), made of the table of routes.

use crate::buckets::STORAGE_CLASS;
use crate::envelope;
use crate::error::Domain;
use crate::handle::JURISDICTION;
use crate::request::Answered;
use crate::router::{Access, BodyKind, PREFIX, Route};
use crate::routes::ROUTES;
use crate::schemas::{self, Described};
use serde_json::{Map, Value, json};
use types::{Jurisdiction, StorageClass};

/// The document.
pub(crate) fn document() -> Answered {
    envelope::json(&describe())
}

fn describe() -> Value {
    let mut paths = Map::new();
    for route in ROUTES {
        let path = paths.entry(route.pattern.replace("...", "")).or_insert_with(|| json!({}));
        if let Value::Object(methods) = path {
            methods.insert(route.method.to_ascii_lowercase(), operation(route));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Cairn API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The control plane of Cairn, as Cloudflare's API has it for R2.",
        },
        "servers": [{ "url": PREFIX }],
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer", "description": "An API token." } },
            "schemas": components(),
        },
    })
}

fn components() -> Value {
    let mut schemas = schemas::named();
    schemas["Failure"] = failure_schema();
    schemas
}

fn operation(route: &Route) -> Value {
    let calls = schemas::of(route.method, route.pattern);
    let mut described = json!({
        "operationId": operation_id(route),
        "summary": route.summary,
        "tags": [tag(route)],
        "parameters": parameters(route),
        "responses": {
            "200": answer("The result", &success(route, &calls)),
            "default": answer("A failure", &json!({ "$ref": "#/components/schemas/Failure" })),
        },
    });
    let content = match route.body {
        BodyKind::None => None,
        BodyKind::Json => Some(json!({ "application/json": { "schema": calls.body.unwrap_or_else(|| json!({})) } })),
        BodyKind::Bytes => Some(json!({ "application/octet-stream": { "schema": {} } })),
    };
    if let Some(content) = content {
        described["requestBody"] = json!({ "required": true, "content": content });
    }
    match route.access {
        Access::Open => described["security"] = json!([]),
        Access::AnyToken => {}
        Access::Needs(actions) => {
            let mut groups: Vec<&str> =
                actions.iter().flat_map(|action| action.needs().given_by()).map(|group| group.name()).collect();
            groups.sort_unstable();
            groups.dedup();
            described["x-permission-groups"] = json!(groups);
        }
    }
    described
}

/// Such as `get-accounts-account-tokens`: method and path.
fn operation_id(route: &Route) -> String {
    let words = route.pattern.split(['/', '{', '}', '.', '_']).filter(|word| !word.is_empty());
    std::iter::once(route.method.to_ascii_lowercase()).chain(words.map(str::to_owned)).collect::<Vec<_>>().join("-")
}

fn tag(route: &Route) -> &'static str {
    match route.domain {
        Domain::Identity | Domain::Verify => "identity",
        Domain::Product => "product",
    }
}

fn parameters(route: &Route) -> Vec<Value> {
    let parameter = |name: &str, place: &str, required: bool| json!({ "name": name, "in": place, "required": required, "schema": schema_of(name) });
    let in_path = route.pattern.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let in_path = in_path.map(|name| parameter(name.trim_end_matches('.'), "path", true));
    let in_query = route.query.iter().map(|name| parameter(name, "query", route.required.contains(name)));
    let of_bucket = route.pattern.contains("/r2/buckets").then_some(JURISDICTION);
    let in_header = of_bucket.iter().chain(route.headers).map(|name| parameter(name, "header", false));
    in_path.chain(in_query).chain(in_header).collect()
}

/// What a parameter of this name is, wherever it stands.
fn schema_of(parameter: &str) -> Value {
    match parameter {
        "page" | "limit" => json!({ "type": "integer", "minimum": 1 }),
        "per_page" => json!({ "type": "integer", "minimum": 1, "maximum": 1000 }),
        "include_expired" | "hide_user_logs" | "export" => json!({ "type": "boolean" }),
        "direction" => json!({ "type": "string", "enum": ["asc", "desc"] }),
        "action_time" => json!({ "type": "string", "format": "date-time" }),
        STORAGE_CLASS => {
            let names = [StorageClass::Standard, StorageClass::InfrequentAccess].map(StorageClass::name);
            json!({ "type": "string", "enum": names })
        }
        JURISDICTION => json!({ "type": "string", "enum": names_of_jurisdictions() }),
        _ => json!({ "type": "string" }),
    }
}

fn names_of_jurisdictions() -> Vec<&'static str> {
    Jurisdiction::ALL.iter().map(|jurisdiction| jurisdiction.name()).collect()
}

fn answer(description: &str, schema: &Value) -> Value {
    json!({ "description": description, "content": { "application/json": { "schema": schema } } })
}

/// The envelope of a success; the bytes of objects, this description and answers to queries have none.
fn success(route: &Route, calls: &Described) -> Value {
    let reads_object = route.pattern.ends_with("{key...}") && matches!(route.method, "GET" | "HEAD");
    if reads_object || matches!(route.pattern, "/openapi.json" | "/graphql") {
        return json!({});
    }
    let mut properties = json!({
        "success": { "const": true },
        "errors": { "type": "array", "maxItems": 0 },
        "messages": { "type": "array" },
        "result": calls.result,
    });
    if let Some(info) = &calls.info {
        properties["result_info"] = info.clone();
    }
    json!({
        "type": "object",
        "required": ["success", "errors", "messages", "result"],
        "properties": properties,
    })
}

fn failure_schema() -> Value {
    let problem = json!({
        "type": "object",
        "required": ["code", "message"],
        "properties": {
            "code": { "type": "integer" },
            "message": { "type": "string" },
            "error_chain": { "type": "array", "items": { "type": "object" } },
        },
    });
    json!({
        "type": "object",
        "required": ["success", "errors", "messages", "result"],
        "properties": {
            "success": { "const": false },
            "errors": { "type": "array", "minItems": 1, "items": problem },
            "messages": { "type": "array" },
            "result": { "type": "null" },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn parameters_have_their_types_and_tell_what_a_call_cannot_do_without() {
        let document = describe();
        let parameter = |path: &str, method: &str, name: &str| {
            let all = document["paths"][path][method]["parameters"].as_array().unwrap().clone();
            all.into_iter().find(|parameter| parameter["name"] == name).unwrap_or_else(|| panic!("{path}: {name}"))
        };
        let (buckets, account) = ("/accounts/{account}/r2/buckets", "/accounts/{account}");
        let class = parameter(&format!("{buckets}/{{bucket}}"), "patch", STORAGE_CLASS);
        assert_eq!(
            (&class["in"], &class["schema"]["enum"]),
            (&json!("header"), &json!(["Standard", "InfrequentAccess"]))
        );
        parameter(&format!("{buckets}/{{bucket}}/objects/{{key}}"), "put", STORAGE_CLASS);
        parameter(&format!("{account}/r2/temp-access-credentials"), "post", JURISDICTION);
        for name in ["since", "before"] {
            assert_eq!(parameter(&format!("{account}/logs/audit"), "get", name)["required"], true, "{name}");
            assert_eq!(parameter(&format!("{account}/audit_logs"), "get", name)["required"], false, "{name}");
        }
        assert_eq!(parameter(buckets, "get", "per_page")["schema"]["type"], "integer");
        assert_eq!(parameter("/user/tokens", "get", "include_expired")["schema"]["type"], "boolean");
        for route in ROUTES {
            assert!(route.required.iter().all(|name| route.query.contains(name)), "{}", route.pattern);
        }
    }

    #[test]
    fn every_route_is_described_under_a_name_of_its_own() {
        let document = describe();
        let mut names = HashSet::new();
        for route in ROUTES {
            let path = &document["paths"][route.pattern.replace("...", "")];
            let name = path[route.method.to_ascii_lowercase()]["operationId"].as_str().unwrap().to_owned();
            assert!(names.insert(name.clone()), "{name} twice");
        }
    }
}
