# The tour of tests/test_every_sdk.py with `aws-sdk-s3`, the SDK for Ruby.
# frozen_string_literal: true

require "aws-sdk-s3"
require "digest"
require "json"

BUCKET = ENV.fetch("BUCKET")
KEYS = JSON.parse(ENV.fetch("KEYS"))

# As R2's aws-sdk-ruby page configures it; the path style, because no name below the tests' host is looked up.
S3 = Aws::S3::Client.new(
  access_key_id: ENV.fetch("ACCESS_KEY_ID"),
  secret_access_key: ENV.fetch("SECRET_ACCESS_KEY"),
  endpoint: ENV.fetch("CAIRN_ENDPOINT"),
  region: "auto",
  force_path_style: true,
  retry_limit: 0
)

def put(key, body, **options)
  S3.put_object(bucket: BUCKET, key: key, body: body, **options)
end

def text(key)
  S3.get_object(bucket: BUCKET, key: key).body.read.force_encoding("UTF-8")
end

# The client follows the continuation tokens itself.
def listed(**parameters)
  all = { keys: [], prefixes: [], pages: 0 }
  S3.list_objects_v2(bucket: BUCKET, **parameters).each do |page|
    all[:keys].concat(page.contents.map(&:key))
    all[:prefixes].concat(page.common_prefixes.map(&:prefix))
    all[:pages] += 1
  end
  all
end

def describe(key)
  head = S3.head_object(bucket: BUCKET, key: key)
  { type: head.content_type, cache: head.cache_control, length: head.content_length, metadata: head.metadata }
end

def refusal
  yield
  { code: "accepted", status: 200 }
rescue Aws::S3::Errors::ServiceError => error
  { code: error.code, status: error.context.http_response.status_code }
end

seen = {}
S3.create_bucket(bucket: BUCKET)
KEYS.each { |key| put(key, "body of #{key}") }
seen[:bodies] = KEYS.map { |key| text(key) }
seen[:listed] = listed(max_keys: 3)
%w[tree/leaf tree/left/leaf tree/right/leaf].each { |key| put(key, "") }
seen[:tree] = listed(prefix: "tree/", delimiter: "/")

described = { content_type: "text/x-digits", cache_control: "no-cache", metadata: { "colour" => "green" } }
etag = put("described", "0123456789", **described).etag
seen[:etag] = etag
seen[:head] = describe("described")
range = S3.get_object(bucket: BUCKET, key: "described", range: "bytes=-3")
seen[:range] = { body: range.body.read, range: range.content_range }

copy = { bucket: BUCKET, copy_source: "#{BUCKET}/described" }
S3.copy_object(**copy, key: "copy")
seen[:copy] = { body: text("copy"), head: describe("copy") }
red = { content_type: "text/x-other", metadata: { "colour" => "red" } }
S3.copy_object(**copy, key: "replaced", metadata_directive: "REPLACE", **red)
seen[:replaced] = describe("replaced")

large = Aws::S3::Object.new(BUCKET, "large", client: S3)
large.upload_file(ENV.fetch("FILE"), multipart_threshold: 5 * 1024 * 1024)
back = S3.get_object(bucket: BUCKET, key: "large")
seen[:large] = { etag: back.etag, sha256: Digest::SHA256.hexdigest(back.body.read) }

seen[:refusals] = {
  missingKey: refusal { text("missing") },
  missingHead: refusal { describe("missing") },
  notModified: refusal { S3.get_object(bucket: BUCKET, key: "described", if_none_match: etag) },
  failedMatch: refusal { S3.get_object(bucket: BUCKET, key: "described", if_match: '"other"') },
  notEmpty: refusal { S3.delete_bucket(bucket: BUCKET) },
  missingBucket: refusal { S3.get_object(bucket: "#{BUCKET}-missing", key: "key") }
}

objects = [*KEYS, "never/was"].map { |key| { key: key } }
seen[:deleted] = S3.delete_objects(bucket: BUCKET, delete: { objects: objects }).deleted.length
seen[:left] = listed[:keys]

presigner = Aws::S3::Presigner.new(client: S3)
link = { bucket: BUCKET, key: ENV.fetch("LINKED"), expires_in: 3600 }
seen[:links] = { get: presigner.presigned_url(:get_object, **link), put: presigner.presigned_url(:put_object, **link) }
puts JSON.generate(seen)
