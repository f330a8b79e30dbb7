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
    let some = rest.r2("DELETE", "/buckets/bucket/objects").json(&json!(["a", "kept/a", "z", "kept/b"])).send().await;
    assert_eq!((some.status, &some.envelope["success"]), (403, &json!(false)));
    assert_eq!(some.envelope["result"], json!([{ "key": "a" }, { "key": "z" }]), "what was done is told");
    let errors: Vec<_> = some.envelope["errors"].as_array().unwrap().iter().collect();
    let told = |error: &serde_json::Value, key: &str| {
        error["code"] == 10069 && error["message"].as_str().unwrap().starts_with(&format!("{key}: "))
    };
    assert!(errors.len() == 2 && told(errors[0], "kept/a") && told(errors[1], "kept/b"), "{errors:?}");
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
