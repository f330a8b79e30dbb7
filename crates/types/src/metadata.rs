//! What an object carries besides its bytes.

use crate::limits::USER_METADATA_BYTES_MAX;

/// The HTTP headers stored with an object and given back with it.
/// Source: R2 "S3 API compatibility", System Metadata; R2 "Extensions", `httpMetadata`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpMetadata {
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Cache-Control`.
    pub cache_control: Option<String>,
    /// `Content-Disposition`.
    pub content_disposition: Option<String>,
    /// `Content-Encoding`, without `aws-chunked`.
    pub content_encoding: Option<String>,
    /// `Content-Language`.
    pub content_language: Option<String>,
    /// `Expires`, as sent.
    pub expires: Option<String>,
}

impl HttpMetadata {
    /// These headers, and those of `over` in the place of theirs.
    #[must_use]
    pub fn overlaid_with(&self, over: &Self) -> Self {
        let pick = |over: &Option<String>, under: &Option<String>| over.as_ref().or(under.as_ref()).cloned();
        Self {
            content_type: pick(&over.content_type, &self.content_type),
            cache_control: pick(&over.cache_control, &self.cache_control),
            content_disposition: pick(&over.content_disposition, &self.content_disposition),
            content_encoding: pick(&over.content_encoding, &self.content_encoding),
            content_language: pick(&over.content_language, &self.content_language),
            expires: pick(&over.expires, &self.expires),
        }
    }

    /// Bytes of all values.
    pub fn bytes(&self) -> usize {
        let values = [
            &self.content_type,
            &self.cache_control,
            &self.content_disposition,
            &self.content_encoding,
            &self.content_language,
            &self.expires,
        ];
        values.into_iter().flatten().map(String::len).sum()
    }
}

/// The `x-amz-meta-*` pairs of an object: lower-case names without the prefix, in the order of their names.
/// Names and values together hold at most [`USER_METADATA_BYTES_MAX`] bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserMetadata(Vec<(String, String)>);

impl UserMetadata {
    /// Sorts the pairs; `None` if they hold too many bytes. Of two equal names the values are joined by `,`.
    pub fn new(mut pairs: Vec<(String, String)>) -> Option<Self> {
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        pairs.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                earlier.1.push(',');
                earlier.1.push_str(&later.1);
            }
            same
        });
        let metadata = Self(pairs);
        (metadata.bytes() <= USER_METADATA_BYTES_MAX).then_some(metadata)
    }

    /// These pairs, and those of `over` in the place of theirs; `None` if they hold too many bytes.
    pub fn overlaid_with(&self, over: &Self) -> Option<Self> {
        let kept = self.0.iter().filter(|(name, _)| !over.0.iter().any(|(other, _)| other == name));
        Self::new(kept.chain(&over.0).cloned().collect())
    }

    /// The pairs in the order of their names.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// Bytes of all names and values.
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + value.len()).sum()
    }
}

/// Where an object's bytes are billed. Source: R2 "Storage classes".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StorageClass {
    /// `STANDARD`.
    #[default]
    Standard,
    /// `STANDARD_IA`.
    InfrequentAccess,
}

impl StorageClass {
    /// S3's name.
    pub fn s3_name(self) -> &'static str {
        match self {
            Self::Standard => "STANDARD",
            Self::InfrequentAccess => "STANDARD_IA",
        }
    }

    /// R2's own name, as in its REST API. Source: R2 "Storage classes".
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "Standard",
            Self::InfrequentAccess => "InfrequentAccess",
        }
    }

    /// From R2's own name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Standard, Self::InfrequentAccess].into_iter().find(|class| class.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_metadata_is_sorted_joined_and_bounded() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let metadata = UserMetadata::new(vec![pair("b", "1"), pair("a", "2"), pair("b", "3")]).unwrap();
        assert_eq!(metadata.pairs(), [pair("a", "2"), pair("b", "1,3")]);
        assert!(UserMetadata::new(vec![pair("k", &"v".repeat(8191))]).is_some());
        assert!(UserMetadata::new(vec![pair("k", &"v".repeat(8192))]).is_none());
    }
}
