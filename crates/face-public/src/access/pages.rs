//! Pages of access control: what they say depends on nothing of the bucket, and nothing that a client sent is in them
//! but the escaped name of an identity provider.

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue, X_FRAME_OPTIONS};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use http_support::AnswerBody;

/// A page that is always the same.
pub(super) struct Page {
    status: StatusCode,
    heading: &'static str,
    text: &'static str,
    /// A link, and what it says.
    link: Option<(&'static str, &'static str)>,
}

const LOGIN: Option<(&str, &str)> = Some(("/cdn-cgi/access/login", "Log in"));
/// For those whom the provider may know as somebody else than they want to be.
const LOGIN_ANEW: Option<(&str, &str)> = Some(("/cdn-cgi/access/login?prompt=login", "Log in"));
const LOGOUT: Option<(&str, &str)> = Some(("/cdn-cgi/access/logout", "Log out"));

pub(super) const BLOCKED: Page = Page {
    status: StatusCode::FORBIDDEN,
    heading: "Blocked",
    text: "This URL needs a valid token, which this one does not have, or not any more.",
    link: None,
};
pub(super) const FORBIDDEN: Page = Page {
    status: StatusCode::FORBIDDEN,
    heading: "Forbidden",
    text: "You do not have permission to view this. Contact the owner if you think that you should, or log in as \
           somebody else.",
    link: LOGOUT,
};
pub(super) const LOGIN_NEEDED: Page =
    Page { status: StatusCode::UNAUTHORIZED, heading: "Login needed", text: "Log in first.", link: LOGIN };
pub(super) const NOBODY: Page = Page {
    status: StatusCode::FORBIDDEN,
    heading: "Forbidden",
    text: "The identity provider does not vouch for an e-mail address of yours.",
    link: LOGIN_ANEW,
};
pub(super) const NO_PROVIDER: Page = Page {
    status: StatusCode::FORBIDDEN,
    heading: "Forbidden",
    text: "Nobody can log in here: the owner has set up no identity provider.",
    link: None,
};
pub(super) const STALE: Page = Page {
    status: StatusCode::BAD_REQUEST,
    heading: "Login expired",
    text: "This login was not begun in this browser, was finished already, or took too long. Begin again.",
    link: LOGIN,
};
pub(super) const REFUSED: Page = Page {
    status: StatusCode::FORBIDDEN,
    heading: "Login refused",
    text: "The identity provider did not confirm who you are. Begin again.",
    link: LOGIN,
};
pub(super) const UNREACHABLE: Page = Page {
    status: StatusCode::BAD_GATEWAY,
    heading: "Identity provider unreachable",
    text: "The identity provider does not answer, or cannot prove who it is, so nobody can log in at the moment. Try \
           again later.",
    link: LOGIN,
};
pub(super) const LOGGED_OUT: Page = Page {
    status: StatusCode::OK,
    heading: "Logged out",
    text: "You have logged out here. The identity provider may still know you.",
    link: LOGIN_ANEW,
};
pub(super) const NOT_FOUND: Page =
    Page { status: StatusCode::NOT_FOUND, heading: "Not found", text: "There is no such page.", link: None };
pub(super) const WRONG_METHOD: Page = Page {
    status: StatusCode::METHOD_NOT_ALLOWED,
    heading: "Method not allowed",
    text: "This page can only be read.",
    link: None,
};

impl Page {
    /// The page, with the methods there are if it says that another was sent; to HEAD without its text.
    pub(super) fn answer(&self, parts: &Parts) -> Response<AnswerBody> {
        let link = self.link.map(|(to, says)| format!("<p><a href=\"{to}\">{says}</a></p>\n")).unwrap_or_default();
        let number = match self.status {
            StatusCode::OK => String::new(),
            status => format!("<h1>Error {}</h1>\n", status.as_u16()),
        };
        let body = format!("{number}<h2>{}</h2>\n<p>{}</p>\n{link}", self.heading, self.text);
        let mut answer = html(self.status, self.heading, &body, parts);
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        }
        answer
    }
}

/// The page on which somebody chooses an identity provider: name and link of each.
pub(super) fn choice(providers: &[(String, String)], parts: &Parts) -> Response<AnswerBody> {
    let links: String = providers
        .iter()
        .map(|(name, to)| format!("<p><a href=\"{}\">{}</a></p>\n", escaped(to), escaped(name)))
        .collect();
    html(StatusCode::OK, "Log in", &format!("<h2>Log in with</h2>\n{links}"), parts)
}

/// A page that nothing keeps and no other page frames.
fn html(status: StatusCode, title: &str, body: &str, parts: &Parts) -> Response<AnswerBody> {
    let mut answer = crate::pages::html(status, title, body, parts.method == Method::HEAD);
    let headers = answer.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    answer
}

/// Text that HTML shows as it is.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
