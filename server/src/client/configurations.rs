//! The texts of `cairn config`. Source: R2 examples (aws CLI, boto3, rclone, Terraform), "Postman", "Mastodon".
//!
//! Every value was checked before it came here: host names, hexadecimal digits, letters, digits, `-` and `_`. None of
//! them means anything to a shell, an INI file, Python, HCL or JSON.

use super::access::Keys;
use super::failure::Failure;
use crate::command_line::Client;
use serde_json::json;

/// What configurations are made of. No `Debug`: it has secrets.
pub(super) struct Values {
    /// `http://host:port`.
    pub(super) endpoint: String,
    /// `host:port`.
    pub(super) host: String,
    /// Whether the endpoint is HTTPS.
    pub(super) is_secure: bool,
    /// The URL of the REST API.
    pub(super) api: String,
    /// The account, for clients that are told it.
    pub(super) account_id: Option<String>,
    /// The S3 key pair.
    pub(super) keys: Keys,
    /// The API token, if it is known.
    pub(super) api_token: Option<String>,
    /// What the section is called.
    pub(super) name: String,
    /// A bucket.
    pub(super) bucket: String,
    /// Where people fetch files from.
    pub(super) public_host: String,
}

impl Values {
    fn account_id(&self) -> Result<&str, Failure> {
        self.account_id.as_deref().ok_or_else(|| Failure::usage("no account id: give --account"))
    }

    fn api_token(&self) -> Result<&str, Failure> {
        self.api_token.as_deref().ok_or_else(|| {
            Failure::usage(
                "this client needs the API token, and a ready file has it at the first start only: set \
                 CAIRN_API_TOKEN or give --token-file FILE (- reads standard input)",
            )
        })
    }
}

/// What to put into the configuration of `client`.
///
/// # Errors
/// A value that this client needs and nobody said.
pub(super) fn text(client: Client, values: &Values) -> Result<String, Failure> {
    Ok(match client {
        Client::Aws => aws(values),
        Client::Rclone => rclone(values),
        Client::Boto3 => boto3(values),
        Client::Wrangler => wrangler(values)?,
        Client::Terraform => terraform(values)?,
        Client::S3cmd => s3cmd(values),
        Client::Postman => postman(values)?,
        Client::Mastodon => mastodon(values),
    })
}

fn aws(values: &Values) -> String {
    let Values { endpoint, name, keys: Keys { access_key_id, secret_access_key }, .. } = values;
    // That file knows the profile "default" without the word.
    let section = if name == "default" { "default".to_owned() } else { format!("profile {name}") };
    format!(
        "[{section}]\n\
         aws_access_key_id = {access_key_id}\n\
         aws_secret_access_key = {secret_access_key}\n\
         region = auto\n\
         output = json\n\
         endpoint_url = {endpoint}\n"
    )
}

fn rclone(values: &Values) -> String {
    let Values { endpoint, name, keys: Keys { access_key_id, secret_access_key }, .. } = values;
    // Otherwise rclone makes the bucket before an upload; with it, it makes none for `mkdir` either.
    format!(
        "# For a token with object permissions, add: no_check_bucket = true\n\
         [{name}]\n\
         type = s3\n\
         provider = Cloudflare\n\
         access_key_id = {access_key_id}\n\
         secret_access_key = {secret_access_key}\n\
         region = auto\n\
         endpoint = {endpoint}\n\
         acl = private\n"
    )
}

fn boto3(values: &Values) -> String {
    let Values { endpoint, keys: Keys { access_key_id, secret_access_key }, .. } = values;
    format!(
        "import boto3\n\n\
         s3 = boto3.client(\n    \
             service_name=\"s3\",\n    \
             endpoint_url=\"{endpoint}\",\n    \
             aws_access_key_id=\"{access_key_id}\",\n    \
             aws_secret_access_key=\"{secret_access_key}\",\n    \
             region_name=\"auto\",\n\
         )\n"
    )
}

fn wrangler(values: &Values) -> Result<String, Failure> {
    // No slash at the end of the URL: wrangler would send two.
    Ok(format!(
        "export CLOUDFLARE_API_BASE_URL={}\n\
         export CLOUDFLARE_API_TOKEN={}\n\
         export CLOUDFLARE_ACCOUNT_ID={}\n\
         export WRANGLER_SEND_METRICS=false\n",
        values.api,
        values.api_token()?,
        values.account_id()?
    ))
}

fn terraform(values: &Values) -> Result<String, Failure> {
    let Values { endpoint, api, keys: Keys { access_key_id, secret_access_key }, .. } = values;
    let (account_id, api_token) = (values.account_id()?, values.api_token()?);
    Ok(format!(
        r#"terraform {{
  required_providers {{
    aws = {{
      source  = "hashicorp/aws"
      version = "~> 5"
    }}
    cloudflare = {{
      source  = "cloudflare/cloudflare"
      version = "~> 5"
    }}
  }}
}}

# Buckets with their CORS and lifecycle rules, and objects.
provider "aws" {{
  region     = "us-east-1"
  access_key = "{access_key_id}"
  secret_key = "{secret_access_key}"

  # Nothing but S3 answers here, and buckets are in the path.
  skip_credentials_validation = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  s3_use_path_style           = true

  endpoints {{
    s3 = "{endpoint}"
  }}
}}

# Buckets as R2 has them.
provider "cloudflare" {{
  base_url  = "{api}"
  api_token = "{api_token}"
}}

locals {{
  r2_account_id = "{account_id}"
}}
"#
    ))
}

fn s3cmd(values: &Values) -> String {
    let Values { host, keys: Keys { access_key_id, secret_access_key }, .. } = values;
    let https = if values.is_secure { "True" } else { "False" };
    // A `host_bucket` without `%(bucket)s` puts buckets into the path.
    format!(
        "[default]\n\
         access_key = {access_key_id}\n\
         secret_key = {secret_access_key}\n\
         host_base = {host}\n\
         host_bucket = {host}\n\
         bucket_location = auto\n\
         use_https = {https}\n\
         signurl_use_https = {https}\n"
    )
}

/// An environment, for Import. The collection has had two sets of names; in the older one `r2-access-key` is the
/// secret, as R2's page says.
fn postman(values: &Values) -> Result<String, Failure> {
    let Keys { access_key_id, secret_access_key } = &values.keys;
    let variables = [
        ("account-id", values.account_id()?, "default"),
        ("r2-endpoint", values.endpoint.as_str(), "default"),
        ("r2-access-key-id", access_key_id, "default"),
        ("r2-secret-access-key", secret_access_key, "secret"),
        ("r2-secret-id", access_key_id, "default"),
        ("r2-access-key", secret_access_key, "secret"),
        ("r2-bucket", &values.bucket, "default"),
        ("r2-object", "cat-pic.jpg", "default"),
    ];
    let variables: Vec<_> = variables
        .iter()
        .map(|(key, value, kind)| json!({"key": key, "value": value, "type": kind, "enabled": true}))
        .collect();
    let environment = json!({"name": values.name, "values": variables, "_postman_variable_scope": "environment"});
    Ok(format!("{environment:#}\n"))
}

fn mastodon(values: &Values) -> String {
    let Values { endpoint, bucket, public_host, keys: Keys { access_key_id, secret_access_key }, .. } = values;
    let protocol = if values.is_secure { "https" } else { "http" };
    format!(
        "S3_ENABLED=true\n\
         S3_ALIAS_HOST={public_host}\n\
         S3_BUCKET={bucket}\n\
         S3_ENDPOINT={endpoint}/\n\
         AWS_ACCESS_KEY_ID={access_key_id}\n\
         AWS_SECRET_ACCESS_KEY={secret_access_key}\n\
         S3_PROTOCOL={protocol}\n\
         S3_PERMISSION=private\n"
    )
}

#[cfg(test)]
mod tests;
