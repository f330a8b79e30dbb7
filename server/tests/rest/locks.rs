//! Lock rules in force, as the REST API shows them: error 10069.

use crate::api::Api;
use crate::jobs::ended;
use crate::r2::{RestAnswer, RestClient};
use crate::support::TestServer;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_rule_keeps_is_neither_replaced_nor_removed() {
    let server = TestServer::start().await;
    let rest = RestClient::of(&server);
    rest.r2("POST", "/buckets").json(&json!({ "name": "bucket" })).send().await.result();
    let object = |key: &str| format!("/buckets/bucket/objects/{key}");
    for key in ["a", "kept/a", "kept/b", "kept/c", "z"] {
        rest.r2("PUT", &object(key)).body("old").send().await.result();
    }
    let rule = |prefix: &str| json!({ "id": prefix, "enabled": true, "prefix": prefix, "condition": { "type": "Indefinite" } });
    let set = async |rules: serde_json::Value| {
        let document = json!({ "rules": rules });
        rest.r2("PUT", "/buckets/bucket/lock").json(&document).send().await.result()
    };
    set(json!([rule("kept/a"), rule("kept/b")])).await;

    let locked = |answer: RestAnswer| assert_eq!(answer.failure(), (403, 10069));
    locked(rest.r2("PUT", &object("kept/a")).body("new").send().await);
    locked(rest.r2("DELETE", &object("kept/a")).send().await);
    locked(rest.r2("DELETE", "/buckets/bucket/objects").json(&json!(["a", "kept/a", "z"])).send().await);
    let keys = async || -> Vec<String> {
        let listed = rest.r2("GET", "/buckets/bucket/objects").send().await.result();
        listed.as_array().unwrap().iter().map(|object| object["key"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(keys().await, ["kept/a", "kept/b", "kept/c"], "those that nothing keeps are gone");
    let root = Api::root(&server);
    let all = rest.r2("DELETE", "/buckets/bucket/objects?prefix=kept/").send().await.result();
    let counts = ended(&root, &all).await["prefixDelete"].clone();
    assert_eq!((&counts["deletedObjects"], &counts["lockedObjects"]), (&json!(1), &json!(2)), "a job tells of both");
    assert_eq!(keys().await, ["kept/a", "kept/b"]);
    assert_eq!(rest.r2("GET", &object("kept/a")).raw().await.text(), "old");
    assert_eq!(rest.r2("DELETE", "/buckets/bucket").send().await.failure().0, 409, "it is not empty");

    set(json!([])).await;
    let all = rest.r2("DELETE", "/buckets/bucket/objects?prefix=").send().await.result();
    assert_eq!(ended(&root, &all).await["prefixDelete"]["deletedObjects"], 2);
    rest.r2("DELETE", "/buckets/bucket").send().await.result();
}
