//! What the server prints once it listens: everything a user needs to try it, ready to paste.

use crate::ready_file::Access;
use crate::settings::{DataDirectory, Settings};

/// The text. The token is shown at the first start only; nobody can show it again.
pub fn text(access: &Access, settings: &Settings) -> String {
    let Access { endpoint, account_id, access_key_id, .. } = access;
    let secret_access_key = access.secret_access_key.as_deref().unwrap_or("(its token was removed)");
    let place = match &settings.data {
        DataDirectory::Kept(path) => format!("{} (back up root.key apart from it)", path.display()),
        DataDirectory::Ephemeral => "temporary, removed at the end".to_owned(),
    };
    let public = settings.development_domains.first().map_or_else(String::new, |domain| {
        let port = endpoint.rsplit_once(':').map_or("", |(_, port)| port);
        format!("\n  public buckets     http://pub-<id>.{domain}:{port}/<key>   <- wrangler r2 bucket dev-url enable")
    });
    let token = access.api_token.as_ref().map_or_else(
        || "(shown at the first start only)".to_owned(),
        |token| format!("{token}   <- note it down: it is not kept and not shown again"),
    );
    let also = access.tls_endpoint.as_ref().map_or_else(String::new, |endpoint| format!(" and {endpoint}"));
    format!(
        r#"
Cairn listens on {endpoint}{also}

  data               {place}
  account id         {account_id}
  access key id      {access_key_id}
  secret access key  {secret_access_key}
  API token          {token}{public}

aws CLI
  export AWS_ENDPOINT_URL_S3={endpoint} AWS_REGION=auto \
    AWS_ACCESS_KEY_ID={access_key_id} \
    AWS_SECRET_ACCESS_KEY={secret_access_key}
  aws s3 mb s3://my-bucket && aws s3 cp --recursive . s3://my-bucket/ && aws s3 ls s3://my-bucket/

boto3
  import boto3
  s3 = boto3.client("s3", endpoint_url="{endpoint}", region_name="auto",
                    aws_access_key_id="{access_key_id}",
                    aws_secret_access_key="{secret_access_key}")

rclone
  export RCLONE_CONFIG_CAIRN_TYPE=s3 RCLONE_CONFIG_CAIRN_PROVIDER=Cloudflare \
    RCLONE_CONFIG_CAIRN_ENDPOINT={endpoint} RCLONE_CONFIG_CAIRN_REGION=auto \
    RCLONE_CONFIG_CAIRN_ACCESS_KEY_ID={access_key_id} \
    RCLONE_CONFIG_CAIRN_SECRET_ACCESS_KEY={secret_access_key}
  rclone copy . cairn:my-bucket && rclone tree cairn:my-bucket

@aws-sdk/client-s3
  import {{ S3Client }} from "@aws-sdk/client-s3";
  const s3 = new S3Client({{ endpoint: "{endpoint}", region: "auto", forcePathStyle: true,
    credentials: {{ accessKeyId: "{access_key_id}",
      secretAccessKey: "{secret_access_key}" }} }});

Stop with Ctrl-C.
"#
    )
}
