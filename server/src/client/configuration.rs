//! `cairn config`: finds out the values, asking the server only for what nobody said.

use super::access::{Access, Keys, secret_access_key};
use super::accounts;
use super::configurations::{self, Values};
use super::failure::Failure;
use super::rest::Rest;
use super::show;
use crate::command_line::{Client, PrintConfiguration};
use serde_json::json;
use types::AccessKeyId;

/// `cairn config`.
pub(super) async fn print(line: &PrintConfiguration, access: &Access) -> Result<String, Failure> {
    let values = Values {
        endpoint: access.endpoint.to_string(),
        host: access.endpoint.authority(),
        is_secure: access.endpoint.is_secure(),
        api: access.endpoint.api(),
        account_id: account_id(line, access).await?,
        keys: keys(line, access).await?,
        api_token: access.token.clone(),
        name: line.name.clone(),
        bucket: line.bucket.name.to_string(),
        public_host: line.public_host.clone(),
    };
    let text = configurations::text(line.client, &values)?;
    if !line.remote.json {
        return Ok(text);
    }
    Ok(show::json(&json!({
        "endpoint": values.endpoint,
        "api_base_url": values.api,
        "account_id": values.account_id,
        "access_key_id": values.keys.access_key_id,
        "secret_access_key": values.keys.secret_access_key,
        "api_token": values.api_token,
        "text": text,
    })))
}

/// Only some clients are told the account.
async fn account_id(line: &PrintConfiguration, access: &Access) -> Result<Option<String>, Failure> {
    let needed = matches!(line.client, Client::Wrangler | Client::Terraform | Client::Postman);
    match (access.account, needed) {
        (Some(account), _) => Ok(Some(account.to_string())),
        (None, true) if access.endpoint.is_secure() => Err(unasked(access, "--account")),
        (None, true) => Ok(Some(accounts::account(&Rest::new(access)?).await?.to_string())),
        (None, false) => Ok(None),
    }
}

/// Configuration may well be for a server behind TLS, which this command cannot ask for what it was not told.
fn unasked(access: &Access, option: &str) -> Failure {
    Failure::usage(format!("{} cannot be asked, since this command speaks no TLS: give {option}", access.endpoint))
}

async fn keys(line: &PrintConfiguration, access: &Access) -> Result<Keys, Failure> {
    if let Some(keys) =
        access.keys.clone().filter(|keys| line.access_key_id.is_none_or(|id| id.to_string() == keys.access_key_id))
    {
        return Ok(keys);
    }
    let secret_access_key = secret_access_key(access.required_token()?);
    if let Some(id) = line.access_key_id {
        return Ok(Keys { access_key_id: id.to_string(), secret_access_key });
    }
    if access.endpoint.is_secure() {
        return Err(unasked(access, "--access-key-id"));
    }
    let verified = accounts::verify(&Rest::new(access)?).await?;
    let id = verified.token["id"].as_str().and_then(AccessKeyId::parse);
    let id = id.ok_or_else(|| Failure::failed("the server does not tell the id of the token"))?;
    Ok(Keys { access_key_id: id.to_string(), secret_access_key })
}
