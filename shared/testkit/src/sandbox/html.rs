//! The sandboxes' web pages: one plain style, nothing loaded from elsewhere, no script.

use axum::{
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
pub(crate) use domain::text::escaped_html as escape;

/// A page. `label` says on every page what this is not; `body` is HTML in which everything has been escaped.
pub(crate) fn page(status: StatusCode, title: &str, label: &str, body: &str) -> Response {
    let (title, label) = (escape(title), escape(label));
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style></head>\
         <body><header class=\"label\">{label}</header><main><h1>{title}</h1>\n{body}\n</main></body></html>\n"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, html).into_response()
}

/// Sends the browser on to `path` after a form was posted.
pub(crate) fn see_other(path: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, path)]).into_response()
}

/// The path under which a router is mounted: what `original` has before the path that the router sees.
pub(crate) fn prefix(original: &Uri, inner: &Uri) -> String {
    let whole = original.path();
    whole.strip_suffix(inner.path()).unwrap_or(whole).trim_end_matches('/').to_owned()
}

/// The address of the page at `/` of a router mounted under `prefix`: without a slash at its end, as a nested router's
/// own root is not found with one.
pub(crate) fn home(prefix: &str) -> String {
    if prefix.is_empty() { "/".to_owned() } else { prefix.to_owned() }
}

const STYLE: &str = "\
:root{color-scheme:light dark;--line:#8884;--soft:#8881;--strong:#5b5bd6;--warn:#b45309}\
body{margin:0;font:16px/1.5 system-ui,sans-serif}\
main{max-width:52rem;margin:0 auto;padding:1rem 1.25rem 4rem}\
.label{margin:0;padding:.5rem 1.25rem;background:#fde68a;color:#451a03;font-weight:600;text-align:center}\
h1{font-size:1.6rem;margin:1rem 0 .5rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}\
.card{border:1px solid var(--line);border-radius:.6rem;padding:1rem 1.25rem;margin:1rem 0}\
.card>*{margin:.5rem 0}.card>:first-child{margin-top:0}.card>:last-child{margin-bottom:0}\
.amount{font-size:2rem;font-weight:700;line-height:1.2}.standing::first-letter{text-transform:uppercase}.quiet{opacity:.7}.bad{color:var(--warn)}\
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.35rem .5rem;border-bottom:1px solid var(--line);vertical-align:middle;overflow-wrap:break-word}\
th{font-weight:600;white-space:nowrap}td code{display:inline-block;min-width:9rem;overflow-wrap:anywhere}main{overflow-x:auto}form{display:inline-block;margin:.15rem .4rem .15rem 0}\
button{font:inherit;padding:.4rem .9rem;border:1px solid var(--line);border-radius:.4rem;background:var(--soft);color:inherit;cursor:pointer}\
button.main{background:var(--strong);border-color:var(--strong);color:#fff;font-weight:600}\
input{font:inherit;padding:.35rem .5rem;border:1px solid var(--line);border-radius:.4rem;background:transparent;color:inherit}\
code{font:.9em ui-monospace,monospace}:focus-visible{outline:3px solid light-dark(#4338ca,#a5b4fc);outline-offset:2px}\
@media(max-width:40rem){td,th{padding:.35rem .25rem;font-size:.85rem;white-space:normal}td{overflow-wrap:anywhere}td:nth-child(3),td:last-child{overflow-wrap:normal}td code{min-width:0}}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_tag_or_an_attribute_is_escaped() {
        assert_eq!(escape(r#"<a href="x" title='y'>&"#), "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;");
    }

    #[test]
    fn the_prefix_is_found_for_nested_and_for_bare_routers() {
        let found =
            |original: &'static str, inner: &'static str| prefix(&Uri::from_static(original), &Uri::from_static(inner));
        assert_eq!(found("/sandbox/github/-/accept", "/-/accept"), "/sandbox/github");
        assert_eq!(found("/sandbox/github", "/"), "/sandbox/github");
        assert_eq!(found("/sandbox/github/", "/"), "/sandbox/github");
        assert_eq!(found("/", "/"), "");
        assert_eq!(found("/pay/cs_1", "/pay/cs_1"), "");
    }
}
