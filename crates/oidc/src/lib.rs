//! Asks OpenID providers who somebody is: authorization code flow with PKCE (OpenID Connect Core 1.0 section 3.1,
//! RFC 7636). The one place where this server is somebody else's client over HTTPS for people's logins; it knows no
//! store and no face.
//!
//! Start at [`Relying`].

mod http;
mod relying;
mod trust;
mod userinfo;

pub use relying::{LoginSecrets, OidcError, Provider, Relying};
pub use trust::RootsError;
