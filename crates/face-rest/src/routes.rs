//! The table of routes: every call of the API with what it needs. The description of the API is made of it.
//!
//! Rows with fixed segments come before rows that have a variable part in their place.

use crate::buckets::STORAGE_CLASS;
use crate::error::Domain::{self, Identity, Product, Verify};
use crate::handle::JURISDICTION;
use crate::router::Access::{self, AnyToken, Needs, Open};
use crate::router::{BodyKind, Handler, Route};
use crate::{access_apps, identity_providers, rulesets, service_tokens};
use crate::{
    audit_filters, audit_log, buckets, cors, domains, graphql, identity, jobs, lifecycle, locks, object_listing,
    objects, openapi,
};
use crate::{purge_cache, temporary_credentials, tokens, usage};
use operations::Action;

const fn row(
    method: &'static str,
    pattern: &'static str,
    domain: Domain,
    access: Access,
    summary: &'static str,
    handler: Handler,
) -> Route {
    Route {
        method,
        pattern,
        domain,
        access,
        summary,
        query: &[],
        required: &[],
        headers: &[],
        body: BodyKind::None,
        handler,
    }
}

/// All calls.
#[rustfmt::skip]
pub(crate) static ROUTES: &[Route] = &[
    row("GET", "/openapi.json", Identity, Open, "This description", |_, _| Box::pin(async { openapi::document() })),

    // Users and accounts.
    row("GET", "/user", Identity, AnyToken, "The user of the token", |call, _| Box::pin(identity::user(call))),
    row("GET", "/user/tokens/verify", Verify, AnyToken, "Whether the user token holds", |call, _| Box::pin(identity::verify_user_token(call))),
    row("GET", "/accounts", Identity, AnyToken, "The accounts of the token", |call, _| Box::pin(identity::accounts(call)))
        .query(&["name", "page", "per_page", "direction"]),
    row("GET", "/accounts/{account}", Identity, Needs(&[Action::GetAccount]), "An account", |call, _| Box::pin(identity::account(call))),
    row("GET", "/memberships", Product, AnyToken, "The user's memberships of accounts", |call, _| Box::pin(identity::memberships(call)))
        .query(&["account.name", "name", "status", "page", "per_page", "order", "direction"]),
    row("GET", "/accounts/{account}/tokens/verify", Verify, AnyToken, "Whether the account token holds", |call, _| Box::pin(identity::verify_account_token(call))),

    // Tokens of the user.
    row("GET", "/user/tokens", Identity, Needs(&[Action::ListTokens]), "The user's tokens", |call, _| Box::pin(tokens::list(call)))
        .query(&["page", "per_page", "direction", "include_expired"]),
    row("POST", "/user/tokens", Identity, Needs(&[Action::CreateToken]), "Makes a token of the user", |call, body| Box::pin(tokens::create(call, body))).json(),
    row("GET", "/user/tokens/permission_groups", Identity, Needs(&[Action::ListPermissionGroups]), "What policies can grant", |call, _| Box::pin(tokens::permission_groups(call)))
        .query(&["name", "scope"]),
    row("GET", "/user/tokens/{token}", Identity, Needs(&[Action::GetToken]), "A token of the user", |call, _| Box::pin(tokens::get(call))),
    row("PUT", "/user/tokens/{token}", Identity, Needs(&[Action::UpdateToken]), "Changes a token of the user", |call, body| Box::pin(tokens::update(call, body))).json(),
    row("DELETE", "/user/tokens/{token}", Identity, Needs(&[Action::DeleteToken]), "Removes a token of the user", |call, _| Box::pin(tokens::delete(call))),
    row("PUT", "/user/tokens/{token}/value", Identity, Needs(&[Action::UpdateToken]), "Gives a token of the user a new value", |call, _| Box::pin(tokens::roll(call))).json(),

    // Tokens of the account.
    row("GET", "/accounts/{account}/tokens", Identity, Needs(&[Action::ListTokens]), "The account's tokens", |call, _| Box::pin(tokens::list(call)))
        .query(&["page", "per_page", "direction", "include_expired"]),
    row("POST", "/accounts/{account}/tokens", Identity, Needs(&[Action::CreateToken]), "Makes a token of the account", |call, body| Box::pin(tokens::create(call, body))).json(),
    row("GET", "/accounts/{account}/tokens/permission_groups", Identity, Needs(&[Action::ListPermissionGroups]), "What policies can grant", |call, _| Box::pin(tokens::permission_groups(call)))
        .query(&["name", "scope"]),
    row("GET", "/accounts/{account}/tokens/{token}", Identity, Needs(&[Action::GetToken]), "A token of the account", |call, _| Box::pin(tokens::get(call))),
    row("PUT", "/accounts/{account}/tokens/{token}", Identity, Needs(&[Action::UpdateToken]), "Changes a token of the account", |call, body| Box::pin(tokens::update(call, body))).json(),
    row("DELETE", "/accounts/{account}/tokens/{token}", Identity, Needs(&[Action::DeleteToken]), "Removes a token of the account", |call, _| Box::pin(tokens::delete(call))),
    row("PUT", "/accounts/{account}/tokens/{token}/value", Identity, Needs(&[Action::UpdateToken]), "Gives a token of the account a new value", |call, _| Box::pin(tokens::roll(call))).json(),

    // Buckets.
    row("GET", "/accounts/{account}/r2/buckets", Product, Needs(&[Action::ListBuckets]), "The buckets", |call, _| Box::pin(buckets::list(call)))
        .query(&["name_contains", "start_after", "per_page", "order", "direction", "cursor"]),
    row("POST", "/accounts/{account}/r2/buckets", Product, Needs(&[Action::CreateBucket, Action::GetBucket]),
        "Make a bucket", |call, body| Box::pin(buckets::create(call, body))).json(),
    row("GET", "/accounts/{account}/r2/buckets/{bucket}", Product, Needs(&[Action::GetBucket]), "A bucket", |call, _| Box::pin(buckets::get(call))),
    row("PUT", "/accounts/{account}/r2/buckets/{bucket}", Product, Needs(&[Action::CreateBucket]), "Make a bucket by its name alone", |call, _| Box::pin(buckets::create_named(call))),
    row("PATCH", "/accounts/{account}/r2/buckets/{bucket}", Product, Needs(&[Action::PutBucketStorageClass]), "Set the class of objects that name none", |call, _| Box::pin(buckets::set_class(call)))
        .headers(&[STORAGE_CLASS]),
    row("DELETE", "/accounts/{account}/r2/buckets/{bucket}", Product, Needs(&[Action::DeleteBucket]), "Remove an empty bucket", |call, _| Box::pin(buckets::delete(call))),
    row("GET", "/accounts/{account}/r2/buckets/{bucket}/cors", Product, Needs(&[Action::GetBucketCors]), "The CORS rules of a bucket", |call, _| Box::pin(cors::get(call))),
    row("PUT", "/accounts/{account}/r2/buckets/{bucket}/cors", Product, Needs(&[Action::PutBucketCors]), "Replace the CORS rules of a bucket", |call, body| Box::pin(cors::put(call, body))).json(),
    row("DELETE", "/accounts/{account}/r2/buckets/{bucket}/cors", Product, Needs(&[Action::DeleteBucketCors]), "Remove the CORS rules of a bucket", |call, _| Box::pin(cors::delete(call))),
    row("GET", "/accounts/{account}/r2/buckets/{bucket}/lifecycle", Product, Needs(&[Action::GetBucketLifecycleConfiguration]), "The lifecycle rules of a bucket", |call, _| Box::pin(lifecycle::get(call))),
    row("PUT", "/accounts/{account}/r2/buckets/{bucket}/lifecycle", Product, Needs(&[Action::PutBucketLifecycleConfiguration]),
        "Replace the lifecycle rules of a bucket", |call, body| Box::pin(lifecycle::put(call, body))).json(),
    row("GET", "/accounts/{account}/r2/buckets/{bucket}/lock", Product, Needs(&[Action::GetBucketLock]), "The lock rules of a bucket", |call, _| Box::pin(locks::get(call))),
    row("PUT", "/accounts/{account}/r2/buckets/{bucket}/lock", Product, Needs(&[Action::PutBucketLock]), "Replace the lock rules of a bucket", |call, body| Box::pin(locks::put(call, body))).json(),

    // Public access.
    row("GET", "/accounts/{account}/r2/buckets/{bucket}/domains/managed", Product, Needs(&[Action::GetManagedDomain]), "The public development URL of a bucket", |call, _| Box::pin(domains::managed(call))),
    row("PUT", "/accounts/{account}/r2/buckets/{bucket}/domains/managed", Product, Needs(&[Action::ChangeBucketVisibility]),
        "Open or close the public development URL of a bucket", |call, body| Box::pin(domains::set_managed(call, body))).json(),
    row("GET", "/accounts/{account}/r2/buckets/{bucket}/domains/custom", Product, Needs(&[Action::ListCustomDomains]), "The custom domains of a bucket", |call, _| Box::pin(domains::list(call))),
    row("POST", "/accounts/{account}/r2/buckets/{bucket}/domains/custom", Product, Needs(&[Action::AddCustomDomain]), "Give a bucket a custom domain", |call, body| Box::pin(domains::add(call, body))).json(),
    row("GET", "/accounts/{account}/r2/buckets/{bucket}/domains/custom/{domain}", Product, Needs(&[Action::GetCustomDomain]), "A custom domain of a bucket", |call, _| Box::pin(domains::get(call))),
    row("PUT", "/accounts/{account}/r2/buckets/{bucket}/domains/custom/{domain}", Product, Needs(&[Action::UpdateCustomDomain]),
        "Change what is set of a custom domain", |call, body| Box::pin(domains::update(call, body))).json(),
    row("DELETE", "/accounts/{account}/r2/buckets/{bucket}/domains/custom/{domain}", Product, Needs(&[Action::RemoveCustomDomain]), "Take a custom domain from a bucket", |call, _| Box::pin(domains::remove(call))),

    row("POST", "/zones/{zone}/purge_cache", Product, Needs(&[Action::PurgeCache]), "Make the caches before custom domains forget", |call, body| Box::pin(purge_cache::purge(call, body))).json(),

    // Objects.
    row("GET", "/accounts/{account}/r2/buckets/{bucket}/objects", Product, Needs(&[Action::ListObjects]), "The objects of a bucket", |call, _| Box::pin(object_listing::list(call)))
        .query(&["prefix", "delimiter", "start_after", "per_page", "cursor"]),
    row("GET", "/accounts/{account}/r2/buckets/{bucket}/objects/{key...}", Product, Needs(&[Action::GetObject]), "Read an object", |call, _| Box::pin(objects::get(call)))
        .headers(objects::READ_HEADERS),
    row("HEAD", "/accounts/{account}/r2/buckets/{bucket}/objects/{key...}", Product, Needs(&[Action::HeadObject]), "Read the headers of an object", |call, _| Box::pin(objects::get(call)))
        .headers(objects::READ_HEADERS),
    row("PUT", "/accounts/{account}/r2/buckets/{bucket}/objects/{key...}", Product, Needs(&[Action::PutObject]), "Write an object", |call, body| Box::pin(objects::put(call, body)))
        .headers(objects::STORED_HEADERS).bytes(),
    row("DELETE", "/accounts/{account}/r2/buckets/{bucket}/objects/{key...}", Product, Needs(&[Action::DeleteObject]), "Remove an object", |call, _| Box::pin(objects::delete(call))),
    row("DELETE", "/accounts/{account}/r2/buckets/{bucket}/objects", Product, Needs(&[Action::DeleteObjects]), "Remove several objects, or begin a job that removes all that begin with a prefix", |call, body| Box::pin(object_listing::delete(call, body)))
        .query(&["prefix"]).json(),

    // Jobs in the background.
    row("GET", "/accounts/{account}/r2/jobs", Product, Needs(&[Action::ListJobs]), "The jobs in the background", |call, _| Box::pin(jobs::list(call)))
        .query(&["per_page", "cursor"]),
    row("GET", "/accounts/{account}/r2/jobs/{job}", Product, Needs(&[Action::GetJob]), "How far a job in the background is", |call, _| Box::pin(jobs::get(call))),
    row("PUT", "/accounts/{account}/r2/jobs/{job}/abort", Product, Needs(&[Action::CancelJob]), "Call off a job in the background", |call, _| Box::pin(jobs::abort(call))),

    // Access control of custom domains.
    row("GET", "/accounts/{account}/access/apps", Product, Needs(&[Action::ListAccessApps]), "The applications that protect custom domains", |call, _| Box::pin(access_apps::list(call)))
        .query(&["page", "per_page"]),
    row("POST", "/accounts/{account}/access/apps", Product, Needs(&[Action::CreateAccessApp]),
        "Protect a custom domain", |call, body| Box::pin(access_apps::create(call, body))).json(),
    row("GET", "/accounts/{account}/access/apps/{app}", Product, Needs(&[Action::GetAccessApp]), "An application", |call, _| Box::pin(access_apps::get(call))),
    row("PUT", "/accounts/{account}/access/apps/{app}", Product, Needs(&[Action::UpdateAccessApp]),
        "Change an application", |call, body| Box::pin(access_apps::update(call, body))).json(),
    row("DELETE", "/accounts/{account}/access/apps/{app}", Product, Needs(&[Action::DeleteAccessApp]), "Protect its custom domain no more", |call, _| Box::pin(access_apps::delete(call))),
    row("POST", "/accounts/{account}/access/apps/{app}/revoke_tokens", Product, Needs(&[Action::RevokeAccessSessions]), "Make all sessions of an application void", |call, _| Box::pin(access_apps::revoke_tokens(call))),
    row("GET", "/accounts/{account}/access/apps/{app}/policies", Product, Needs(&[Action::GetAccessApp]), "The policies of an application", |call, _| Box::pin(access_apps::list_policies(call)))
        .query(&["page", "per_page"]),
    row("POST", "/accounts/{account}/access/apps/{app}/policies", Product, Needs(&[Action::UpdateAccessApp]),
        "Add a policy to an application", |call, body| Box::pin(access_apps::create_policy(call, body))).json(),
    row("GET", "/accounts/{account}/access/apps/{app}/policies/{policy}", Product, Needs(&[Action::GetAccessApp]), "A policy of an application", |call, _| Box::pin(access_apps::get_policy(call))),
    row("PUT", "/accounts/{account}/access/apps/{app}/policies/{policy}", Product, Needs(&[Action::UpdateAccessApp]),
        "Change a policy of an application", |call, body| Box::pin(access_apps::update_policy(call, body))).json(),
    row("DELETE", "/accounts/{account}/access/apps/{app}/policies/{policy}", Product, Needs(&[Action::UpdateAccessApp]), "Remove a policy of an application", |call, _| Box::pin(access_apps::delete_policy(call))),
    row("POST", "/accounts/{account}/access/organizations/revoke_user", Product, Needs(&[Action::RevokeAccessSessions]),
        "Make all sessions of a user void", |call, body| Box::pin(access_apps::revoke_user(call, body))).json(),
    row("GET", "/accounts/{account}/access/identity_providers", Product, Needs(&[Action::ListIdentityProviders]), "The identity providers", |call, _| Box::pin(identity_providers::list(call)))
        .query(&["page", "per_page"]),
    row("POST", "/accounts/{account}/access/identity_providers", Product, Needs(&[Action::CreateIdentityProvider]),
        "Add an identity provider", |call, body| Box::pin(identity_providers::create(call, body))).json(),
    row("GET", "/accounts/{account}/access/identity_providers/{provider}", Product, Needs(&[Action::GetIdentityProvider]), "An identity provider", |call, _| Box::pin(identity_providers::get(call))),
    row("PUT", "/accounts/{account}/access/identity_providers/{provider}", Product, Needs(&[Action::UpdateIdentityProvider]),
        "Change an identity provider", |call, body| Box::pin(identity_providers::update(call, body))).json(),
    row("DELETE", "/accounts/{account}/access/identity_providers/{provider}", Product, Needs(&[Action::DeleteIdentityProvider]), "Remove an identity provider", |call, _| Box::pin(identity_providers::delete(call))),
    row("GET", "/accounts/{account}/access/service_tokens", Product, Needs(&[Action::ListServiceTokens]), "The service tokens", |call, _| Box::pin(service_tokens::list(call)))
        .query(&["page", "per_page"]),
    row("POST", "/accounts/{account}/access/service_tokens", Product, Needs(&[Action::CreateServiceToken]),
        "Make a service token", |call, body| Box::pin(service_tokens::create(call, body))).json(),
    row("GET", "/accounts/{account}/access/service_tokens/{token}", Product, Needs(&[Action::GetServiceToken]), "A service token", |call, _| Box::pin(service_tokens::get(call))),
    row("PUT", "/accounts/{account}/access/service_tokens/{token}", Product, Needs(&[Action::UpdateServiceToken]),
        "Change a service token", |call, body| Box::pin(service_tokens::update(call, body))).json(),
    row("DELETE", "/accounts/{account}/access/service_tokens/{token}", Product, Needs(&[Action::DeleteServiceToken]), "Remove a service token", |call, _| Box::pin(service_tokens::delete(call))),
    row("POST", "/accounts/{account}/access/service_tokens/{token}/rotate", Product, Needs(&[Action::UpdateServiceToken]), "Give a service token a new secret", |call, _| Box::pin(service_tokens::rotate(call))),
    row("POST", "/accounts/{account}/access/service_tokens/{token}/refresh", Product, Needs(&[Action::UpdateServiceToken]), "Let a service token hold as long again", |call, _| Box::pin(service_tokens::refresh(call))),
    row("GET", "/zones/{zone}/rulesets/phases/http_request_firewall_custom/entrypoint", Product, Needs(&[Action::GetTokenRules]), "The rules of a zone about tokens in URLs", |call, _| Box::pin(rulesets::get(call))),
    row("PUT", "/zones/{zone}/rulesets/phases/http_request_firewall_custom/entrypoint", Product, Needs(&[Action::SetTokenRules]), "Replace the rules of a zone about tokens in URLs", |call, body| Box::pin(rulesets::put(call, body))).json(),

    // Temporary credentials.
    row("POST", "/accounts/{account}/r2/temp-access-credentials", Product, Needs(&[Action::CreateTemporaryCredentials]),
        "Make temporary credentials of a token", |call, body| Box::pin(temporary_credentials::create(call, body)))
        .headers(&[JURISDICTION]).json(),

    // The audit log.
    row("GET", "/accounts/{account}/audit_logs", Identity, Needs(&[Action::ListAuditLog]),
        "What was changed, in pages by number", |call, _| Box::pin(audit_log::list(call))).query(audit_filters::BY_NUMBER),
    row("GET", "/accounts/{account}/logs/audit", Identity, Needs(&[Action::ListAuditLog]),
        "What was changed, in pages by cursor", |call, _| Box::pin(audit_log::list_by_cursor(call)))
        .query(audit_filters::BY_CURSOR).required(&["since", "before"]),
    row("GET", "/accounts/{account}/logs/audit/product_categories", Identity, Needs(&[Action::ListAuditLog]),
        "The categories that the log can be searched by", |call, _| Box::pin(audit_log::product_categories(call))),
    row("GET", "/accounts/{account}/logs/audit/{id}/history", Identity, Needs(&[Action::ListAuditLog]),
        "The changes of what an entry is about", |call, _| Box::pin(audit_log::history(call)))
        .query(&["action_time", "since", "before", "limit", "cursor", "direction"]).required(&["action_time", "since", "before"]),
    row("GET", "/user/audit_logs", Identity, Needs(&[Action::ListAuditLog]),
        "What the user changed, in pages by number", |call, _| Box::pin(audit_log::list_of_user(call))).query(audit_filters::BY_NUMBER),

    // What there is.
    row("GET", "/accounts/{account}/r2/buckets/{bucket}/usage", Product, Needs(&[Action::GetMetrics]), "What a bucket holds", |call, _| Box::pin(usage::bucket(call))),
    row("GET", "/accounts/{account}/r2/metrics", Product, Needs(&[Action::GetMetrics]), "What all buckets hold", |call, _| Box::pin(usage::account(call))),
    row("POST", "/graphql", Product, Needs(&[Action::GetMetrics]), "Queries about what buckets hold", |call, body| Box::pin(graphql::post(call, body))).json(),
];
