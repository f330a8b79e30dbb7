//! What a temporary credential is limited to, besides what its parent may do.
//! Source: R2 "Authentication", Temporary access credentials.

use crate::permissions::{Action, Right};
use crate::session_token::{Claims, PathClaims};
use types::{BucketName, ObjectKey, PermissionGroup, Resource};

/// The limits of a temporary credential. It may do what both its parent's policies and these allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Restriction {
    /// The host of the S3 endpoint it is for: a face decides which endpoint that is.
    pub(crate) audience: String,
    bucket: BucketName,
    scope: Scope,
    /// Only these; `None`: all that the scope has.
    actions: Option<Vec<Action>>,
    /// Only these keys; `None`: all of the bucket.
    paths: Option<Paths>,
}

/// What a temporary credential is for, in the terms of the permissions of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Reading and listing objects.
    ObjectReadOnly,
    /// Reading, writing and listing objects.
    ObjectReadWrite,
    /// Reading objects and the bucket's configuration.
    AdminReadOnly,
    /// Everything about the bucket.
    AdminReadWrite,
}

impl Scope {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::ObjectReadOnly, Self::ObjectReadWrite, Self::AdminReadOnly, Self::AdminReadWrite];

    /// Its name in the API and in session tokens.
    pub fn name(self) -> &'static str {
        match self {
            Self::ObjectReadOnly => "object-read-only",
            Self::ObjectReadWrite => "object-read-write",
            Self::AdminReadOnly => "admin-read-only",
            Self::AdminReadWrite => "admin-read-write",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }

    /// The rights it stands for: those of the permission group of the same meaning.
    pub(crate) fn has(self, right: Right) -> bool {
        right.given_by().contains(&match self {
            Self::ObjectReadOnly => PermissionGroup::R2BucketItemRead,
            Self::ObjectReadWrite => PermissionGroup::R2BucketItemWrite,
            Self::AdminReadOnly => PermissionGroup::R2StorageRead,
            Self::AdminReadWrite => PermissionGroup::R2StorageWrite,
        })
    }
}

/// Keys of a bucket, in the normal form that keys are compared in.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Paths {
    prefixes: Vec<String>,
    objects: Vec<String>,
}

impl Paths {
    fn of(claims: &PathClaims) -> Self {
        let normal = |texts: &[String]| texts.iter().map(|text| ObjectKey::normalize(text)).collect();
        Self { prefixes: normal(&claims.prefix_paths), objects: normal(&claims.object_paths) }
    }

    fn have(&self, action: Action, resource: &Resource<'_>) -> bool {
        let begins = |text: &str| self.prefixes.iter().any(|prefix| text.starts_with(prefix.as_str()));
        match resource {
            Resource::Account => false,
            // What is about the bucket as a whole is about other keys too. These tell nothing of keys, or ask for each.
            Resource::Bucket(_) => {
                matches!(action, Action::HeadBucket | Action::GetBucketLocation | Action::DeleteObjects)
            }
            Resource::Object(_, key) => begins(key.identity()) || self.objects.iter().any(|own| own == key.identity()),
            Resource::Prefix(_, prefix) => begins(&ObjectKey::normalize(prefix)),
        }
    }
}

impl Restriction {
    /// From a session token; `None` if it names no bucket or no scope there can be.
    pub(crate) fn of(claims: &Claims) -> Option<Self> {
        let actions = |names: &Vec<String>| names.iter().filter_map(|name| action(name)).collect();
        Some(Self {
            audience: claims.aud.clone(),
            bucket: BucketName::parse(&claims.bucket).ok()?,
            scope: Scope::parse(&claims.scope)?,
            actions: claims.actions.as_ref().map(actions),
            paths: claims.paths.as_ref().map(Paths::of),
        })
    }

    /// Whether it leaves room for `action`, which needs `right` on `resource`.
    pub(crate) fn allows(&self, action: Action, right: Right, resource: &Resource<'_>) -> bool {
        resource.bucket() == Some(&self.bucket)
            && self.scope.has(right)
            && self.actions.as_ref().is_none_or(|actions| actions.contains(&action))
            && self.paths.as_ref().is_none_or(|paths| paths.have(action, resource))
    }
}

/// The action of a name in a session token. A name that is none allows nothing.
fn action(name: &str) -> Option<Action> {
    const NAMES: [(&str, Action); 16] = [
        ("HeadObject", Action::HeadObject),
        ("GetObject", Action::GetObject),
        ("GetBucketLocation", Action::GetBucketLocation),
        ("ListObjectsV1", Action::ListObjects),
        ("ListObjectsV2", Action::ListObjectsV2),
        ("ListMultipartUploads", Action::ListMultipartUploads),
        ("ListParts", Action::ListParts),
        ("PutObject", Action::PutObject),
        ("DeleteObject", Action::DeleteObject),
        ("DeleteObjects", Action::DeleteObjects),
        ("CopyObject", Action::CopyObject),
        ("CreateMultipartUpload", Action::CreateMultipartUpload),
        ("UploadPart", Action::UploadPart),
        ("UploadPartCopy", Action::UploadPartCopy),
        ("AbortMultipartUpload", Action::AbortMultipartUpload),
        ("CompleteMultipartUpload", Action::CompleteMultipartUpload),
    ];
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, action)| *action)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(scope: &str) -> Claims {
        Claims {
            sub: String::new(),
            iss: String::new(),
            aud: String::new(),
            iat: 0.0,
            exp: 0.0,
            nbf: None,
            bucket: "mine".into(),
            scope: scope.into(),
            actions: None,
            paths: None,
        }
    }

    fn allows(restriction: &Restriction, action: Action, resource: Resource<'_>) -> bool {
        restriction.allows(action, action.needs(), &resource)
    }

    #[test]
    fn scopes_allow_what_their_permission_groups_do_in_one_bucket() {
        let (mine, other) = (BucketName::parse("mine").unwrap(), BucketName::parse("other").unwrap());
        for (scope, reads, writes, configures, sees_configuration) in [
            ("object-read-only", true, false, false, false),
            ("object-read-write", true, true, false, false),
            ("admin-read-only", true, false, false, true),
            ("admin-read-write", true, true, true, true),
        ] {
            let restriction = Restriction::of(&claims(scope)).unwrap();
            let may = |action| allows(&restriction, action, Resource::Bucket(&mine));
            assert_eq!(may(Action::GetObject), reads, "{scope}");
            assert_eq!(may(Action::PutObject), writes, "{scope}");
            assert_eq!(may(Action::PutBucketCors), configures, "{scope}");
            assert_eq!(may(Action::GetBucketCors), sees_configuration, "{scope}");
            assert!(!allows(&restriction, Action::GetObject, Resource::Bucket(&other)), "{scope}");
            for action in [Action::ListBuckets, Action::CreateToken, Action::GetAccount, Action::GetMetrics] {
                assert!(!allows(&restriction, action, Resource::Account), "{scope} {action:?}");
            }
        }
        assert_eq!(Restriction::of(&claims("everything")), None);
        assert_eq!(Restriction::of(&Claims { bucket: "No".into(), ..claims("object-read-only") }), None);
    }

    #[test]
    fn actions_are_those_named_and_no_others() {
        let mine = BucketName::parse("mine").unwrap();
        let only = |names: &[&str]| {
            let actions = Some(names.iter().map(|name| (*name).to_owned()).collect());
            let restriction = Restriction::of(&Claims { actions, ..claims("object-read-write") }).unwrap();
            let may = |action: &&Action| allows(&restriction, **action, Resource::Bucket(&mine));
            Action::ALL.iter().filter(may).copied().collect::<Vec<_>>()
        };
        assert_eq!(only(&["PutObject", "GetObject"]), [Action::GetObject, Action::PutObject]);
        assert_eq!(only(&["ListObjectsV1"]), [Action::ListObjects]);
        assert_eq!(only(&["ListObjectsV2"]), [Action::ListObjectsV2]);
        assert_eq!(only(&["PutBucketCors", "getobject", "*"]), []);
        assert_eq!(only(&[]), []);
    }

    #[test]
    fn paths_are_prefixes_and_whole_keys() {
        let mine = BucketName::parse("mine").unwrap();
        let paths = |prefixes: &[&str], objects: &[&str]| {
            let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
            let paths = Some(PathClaims { prefix_paths: texts(prefixes), object_paths: texts(objects) });
            Restriction::of(&Claims { paths, ..claims("admin-read-write") }).unwrap()
        };
        let restriction = paths(&["a/", "cafe\u{301}/"], &["b"]);
        let key = |key: &str| {
            allows(&restriction, Action::GetObject, Resource::Object(&mine, &ObjectKey::parse(key).unwrap()))
        };
        assert!(key("a/") && key("a/b") && key("b") && key("caf\u{e9}/x") && key("cafe\u{301}/x"));
        assert!(!key("a") && !key("bc") && !key("c/a/") && !key("A/b"));
        let list = |prefix| allows(&restriction, Action::ListObjectsV2, Resource::Prefix(&mine, prefix));
        assert!(list("a/") && list("a/b") && list("cafe\u{301}/"));
        assert!(!list("") && !list("a") && !list("b"));
        let whole = |action| allows(&restriction, action, Resource::Bucket(&mine));
        assert!(whole(Action::HeadBucket) && whole(Action::DeleteObjects));
        assert!(!whole(Action::PutBucketLifecycleConfiguration) && !whole(Action::DeleteBucket));
        let nothing = paths(&[], &[]);
        assert!(!allows(&nothing, Action::ListObjectsV2, Resource::Prefix(&mine, "")));
        let everything = paths(&[""], &[]);
        assert!(allows(&everything, Action::ListObjectsV2, Resource::Prefix(&mine, "")));
    }
}
