//! Each text, read as its client reads it. The aws command, rclone, boto3 and s3cmd also use theirs in `e2e`.

use super::*;
use clap::ValueEnum;
use std::collections::BTreeMap;

const SECRET: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn values() -> Values {
    let keys = Keys { access_key_id: "a".repeat(32), secret_access_key: SECRET.to_owned() };
    Values {
        endpoint: "http://127.0.0.1:9200".to_owned(),
        host: "127.0.0.1:9200".to_owned(),
        is_secure: false,
        api: "http://127.0.0.1:9200/client/v4".to_owned(),
        account_id: Some("c".repeat(32)),
        keys,
        api_token: Some("abc".to_owned()),
        name: "cairn".to_owned(),
        bucket: "media".to_owned(),
        public_host: "files.example.com".to_owned(),
    }
}

/// An INI file of one section.
fn ini(text: &str) -> (String, BTreeMap<String, String>) {
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let section = lines.next().and_then(|line| line.strip_prefix('[')?.strip_suffix(']')).unwrap();
    let pair = |line: &str| line.split_once(" = ").map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap();
    (section.to_owned(), lines.map(pair).collect())
}

/// Lines of an environment.
fn variables(text: &str) -> BTreeMap<&str, &str> {
    text.lines().map(|line| line.trim_start_matches("export ").split_once('=').unwrap()).collect()
}

#[test]
fn aws_reads_a_profile() {
    let (section, fields) = ini(&text(Client::Aws, &values()).unwrap());
    assert_eq!(section, "profile cairn");
    assert_eq!(fields["endpoint_url"], "http://127.0.0.1:9200");
    assert_eq!((fields["aws_secret_access_key"].as_str(), fields["region"].as_str()), (SECRET, "auto"));
    let default = Values { name: "default".to_owned(), ..values() };
    assert_eq!(ini(&text(Client::Aws, &default).unwrap()).0, "default");
}

#[test]
fn rclone_and_s3cmd_read_a_section() {
    let (section, fields) = ini(&text(Client::Rclone, &values()).unwrap());
    assert_eq!((section.as_str(), fields["type"].as_str(), fields["provider"].as_str()), ("cairn", "s3", "Cloudflare"));
    assert_eq!((fields["endpoint"].as_str(), fields["secret_access_key"].as_str()), ("http://127.0.0.1:9200", SECRET));
    let (section, fields) = ini(&text(Client::S3cmd, &values()).unwrap());
    assert_eq!((section.as_str(), fields["host_base"].as_str()), ("default", "127.0.0.1:9200"));
    assert_eq!(fields["use_https"], "False");
    let secure = Values { is_secure: true, ..values() };
    assert_eq!(ini(&text(Client::S3cmd, &secure).unwrap()).1["use_https"], "True");
}

#[test]
fn wrangler_and_mastodon_read_variables() {
    let text_of = |client| text(client, &values()).unwrap();
    let wrangler = text_of(Client::Wrangler);
    let wrangler = variables(&wrangler);
    assert_eq!(wrangler["CLOUDFLARE_API_BASE_URL"], "http://127.0.0.1:9200/client/v4");
    assert_eq!((wrangler["CLOUDFLARE_API_TOKEN"], wrangler["CLOUDFLARE_ACCOUNT_ID"].len()), ("abc", 32));
    let mastodon = text_of(Client::Mastodon);
    let mastodon = variables(&mastodon);
    let names = ["S3_ENABLED", "S3_ALIAS_HOST", "S3_BUCKET", "S3_ENDPOINT", "S3_PROTOCOL", "S3_PERMISSION"];
    let expected = ["true", "files.example.com", "media", "http://127.0.0.1:9200/", "http", "private"];
    assert_eq!(names.map(|name| mastodon[name]), expected);
    assert_eq!(mastodon["AWS_SECRET_ACCESS_KEY"], SECRET);
}

#[test]
fn postman_reads_an_environment_with_both_sets_of_names() {
    let environment: serde_json::Value = serde_json::from_str(&text(Client::Postman, &values()).unwrap()).unwrap();
    let variable = |name: &str| {
        let mut all = environment["values"].as_array().unwrap().iter();
        all.find(|variable| variable["key"] == name).unwrap()["value"].as_str().unwrap().to_owned()
    };
    assert_eq!(environment["_postman_variable_scope"], "environment");
    assert_eq!((variable("r2-access-key-id").len(), variable("r2-secret-access-key")), (32, SECRET.to_owned()));
    assert_eq!((variable("r2-secret-id").len(), variable("r2-access-key")), (32, SECRET.to_owned()));
    assert_eq!((variable("account-id").len(), variable("r2-bucket")), (32, "media".to_owned()));
}

#[test]
fn terraform_reads_balanced_blocks() {
    let text = text(Client::Terraform, &values()).unwrap();
    let depth = text.lines().fold(0_i32, |depth, line| {
        let depth = depth + i32::from(line.ends_with('{')) - i32::from(line.trim() == "}");
        assert!(depth >= 0, "{line}");
        depth
    });
    assert_eq!(depth, 0);
    let assigned =
        |line: &str| text.lines().any(|known| known.split_whitespace().collect::<Vec<_>>().join(" ") == line);
    assert!(assigned(&format!("secret_key = \"{SECRET}\"")) && assigned("s3 = \"http://127.0.0.1:9200\""));
    assert!(assigned("base_url = \"http://127.0.0.1:9200/client/v4\"") && assigned("api_token = \"abc\""));
    assert!(assigned("provider \"aws\" {") && assigned("provider \"cloudflare\" {"));
}

#[test]
fn boto3_reads_python() {
    let text = text(Client::Boto3, &values()).unwrap();
    assert!(text.starts_with("import boto3\n\ns3 = boto3.client(\n    service_name=\"s3\",\n"), "{text}");
    assert!(text.contains("    endpoint_url=\"http://127.0.0.1:9200\",\n") && text.ends_with(",\n)\n"), "{text}");
}

#[test]
fn without_a_token_those_that_need_it_say_so() {
    for client in Client::value_variants() {
        let without = text(*client, &Values { api_token: None, ..values() });
        let needs = matches!(client, Client::Wrangler | Client::Terraform);
        assert_eq!(without.is_err_and(|error| error.to_string().contains("CAIRN_API_TOKEN")), needs, "{client:?}");
    }
}
