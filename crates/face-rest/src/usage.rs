//! What buckets hold. Source: R2's API, `r2.buckets.metrics`, and the call that the dashboard makes for one bucket.

use crate::envelope;
use crate::request::{Answered, Call};
use operations::BucketCounters;
use operations::usage::UploadedSums;
use serde_json::{Value, json};

/// The sums of a class of objects.
#[derive(Clone, Copy)]
struct Sums {
    objects: i64,
    bytes: i64,
    metadata_bytes: i64,
}

impl Sums {
    fn json(self) -> Value {
        json!({ "objects": self.objects, "payloadSize": self.bytes, "metadataSize": self.metadata_bytes })
    }
}

/// The objects of the standard class, and those of Infrequent Access. Objects that were written before there were sums
/// of Infrequent Access count as standard ones: no sum falls below zero on their account.
fn by_class(counters: &BucketCounters) -> (Sums, Sums) {
    let infrequent = Sums {
        objects: counters.infrequent_objects.max(0),
        bytes: counters.infrequent_bytes.max(0),
        metadata_bytes: counters.infrequent_metadata_bytes.max(0),
    };
    let standard = Sums {
        objects: (counters.objects - infrequent.objects).max(0),
        bytes: (counters.bytes - infrequent.bytes).max(0),
        metadata_bytes: (counters.metadata_bytes - infrequent.metadata_bytes).max(0),
    };
    (standard, infrequent)
}

/// What a bucket holds: numbers as texts, since that is how clients read them.
///
/// # Errors
/// 10006.
pub(crate) async fn bucket(call: Call<'_>) -> Answered {
    let counters = call.store.bucket_usage(call.caller, &call.bucket()?).await?;
    let (standard, infrequent) = by_class(&counters);
    envelope::success(&json!({
        "end": call.store.clock().now().to_iso8601(),
        "payloadSize": standard.bytes.to_string(),
        "metadataSize": standard.metadata_bytes.to_string(),
        "objectCount": counters.objects.to_string(),
        "uploadCount": counters.uploads.to_string(),
        "infrequentAccessPayloadSize": infrequent.bytes.to_string(),
        "infrequentAccessMetadataSize": infrequent.metadata_bytes.to_string(),
    }))
}

/// What all buckets of the account hold: objects as published, uploads in progress with their parts as uploaded.
///
/// # Errors
/// 10000.
pub(crate) async fn account(call: Call<'_>) -> Answered {
    let usage = call.store.account_usage(call.caller).await?;
    let (standard, infrequent) = by_class(&usage.objects);
    let uploaded = |sums: UploadedSums| {
        let (objects, bytes, metadata_bytes) = (sums.uploads, sums.bytes, sums.metadata_bytes);
        // Parts over those of an upload that an older release began may have taken more than was ever added.
        Sums { objects: objects.max(0), bytes: bytes.max(0), metadata_bytes: metadata_bytes.max(0) }
    };
    let class = |published: Sums, sums| json!({ "published": published.json(), "uploaded": uploaded(sums).json() });
    envelope::success(&json!({
        "standard": class(standard, usage.uploaded.standard),
        "infrequentAccess": class(infrequent, usage.uploaded.infrequent),
    }))
}
