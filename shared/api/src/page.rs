//! Pages for browsers: where somebody signs in there is no client that could show a message.
//!
//! A page is built from texts, all of which are escaped here; there is no way to put markup into one. It loads nothing,
//! runs nothing, cannot be framed, sends forms only to us, and tells no other site where its reader came from.

use std::fmt::Write;

use axum::response::{IntoResponse, Response};
use domain::text::escaped_html as escape;
use http::{HeaderName, HeaderValue, header};

use crate::{ApiError, Family};

const STYLE: &str = ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:0 auto;padding:clamp(1.5rem,10vh,7rem) 1.5rem 3rem;overflow-wrap:break-word}\
:focus-visible{outline:3px solid light-dark(#4338ca,#a5b4fc);outline-offset:2px}\
h1{font-size:1.4rem;line-height:1.25;text-wrap:balance}h2{font-size:1.05rem;margin:2rem 0 .25rem}p{margin:.75rem 0}\
button,.button{display:inline-block;font:inherit;font-weight:600;padding:.6rem 1.2rem;border-radius:.5rem;border:0;background:#4f46e5;color:#fff;text-decoration:none;cursor:pointer}\
input{font:inherit;box-sizing:border-box;width:100%;max-width:20rem;padding:.55rem .7rem;border:1px solid GrayText;border-radius:.5rem}\
label{display:block;margin:.75rem 0 .25rem}form{margin:.75rem 0}a{color:light-dark(#4338ca,#a5b4fc)}\
dl{display:grid;grid-template-columns:auto 1fr;gap:.4rem 1.25rem;margin:1.25rem 0}dt{color:light-dark(#57606a,#9aa4b2)}dd{margin:0;min-width:0;overflow-wrap:anywhere}\
.notice{padding:.7rem 1rem;border-radius:.5rem;border-left:4px solid #4f46e5;background:light-dark(#eef2ff,#1e1b4b)}\
@media(max-width:26rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.6rem}}";
/// The SHA-256 of the style, which is all that the page may use.
const STYLE_HASH: &str = "sha256-YjnBHDSfuqCYzphuug7m6LtC0uHM3UfZXQLVH4oVJvU=";

/// A page: a title, and what stands below it.
#[derive(Debug, Clone)]
pub struct Page {
    title: String,
    main: String,
}

impl Page {
    /// A page with this title and nothing below it.
    pub fn new(title: &str) -> Self {
        Self { title: escape(title), main: String::new() }
    }

    /// Adds a paragraph.
    #[must_use]
    pub fn paragraph(mut self, text: &str) -> Self {
        self.add(format_args!("<p>{}</p>\n", escape(text)));
        self
    }

    /// Adds what has just happened, before all else.
    #[must_use]
    pub fn notice(mut self, text: &str) -> Self {
        self.main.insert_str(0, &format!("<p class=\"notice\" role=\"status\">{}</p>\n", escape(text)));
        self
    }

    /// Adds a heading below the title.
    #[must_use]
    pub fn heading(mut self, text: &str) -> Self {
        self.add(format_args!("<h2>{}</h2>\n", escape(text)));
        self
    }

    /// Adds names and values.
    #[must_use]
    pub fn facts(mut self, facts: &[(&str, String)]) -> Self {
        let rows = facts.iter().map(|(name, value)| format!("<dt>{}</dt><dd>{}</dd>\n", escape(name), escape(value)));
        self.add(format_args!("<dl>\n{}</dl>\n", rows.collect::<String>()));
        self
    }

    /// Adds a link that is the next step: to a path of ours, or to a site by https.
    #[must_use]
    pub fn next_step(mut self, url: &str, text: &str) -> Self {
        self.add(format_args!("<p><a class=\"button\" href=\"{}\">{}</a></p>\n", escape(url), escape(text)));
        self
    }

    /// Adds a form that posts one text to a path of ours.
    #[must_use]
    pub fn question(mut self, path: &str, (name, label): (&str, &str), text: &str) -> Self {
        let (path, name, label, text) = (escape(path), escape(name), escape(label), escape(text));
        self.add(format_args!(
            "<form method=\"post\" action=\"{path}\">\n<label for=\"{name}\">{label}</label>\n<input id=\"{name}\" \
             name=\"{name}\" required maxlength=\"100\" autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\">\n\
             <p><button>{text}</button></p>\n</form>\n"
        ));
        self
    }

    /// Adds a link to a path of ours, or to a site by https.
    #[must_use]
    pub fn link(mut self, path: &str, text: &str) -> Self {
        self.add(format_args!("<p><a href=\"{}\">{}</a></p>\n", escape(path), escape(text)));
        self
    }

    /// Adds a button that posts hidden fields to a path of ours.
    #[must_use]
    pub fn button(mut self, path: &str, fields: &[(&str, &str)], text: &str) -> Self {
        self.add(format_args!("<form method=\"post\" action=\"{}\">\n", escape(path)));
        for (name, value) in fields {
            self.add(format_args!("<input type=\"hidden\" name=\"{}\" value=\"{}\">\n", escape(name), escape(value)));
        }
        self.add(format_args!("<button>{}</button>\n</form>\n", escape(text)));
        self
    }

    pub(crate) fn html(&self) -> String {
        let Self { title, main } = self;
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
             <style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{main}</main>\n</body>\n</html>\n"
        )
    }

    pub(crate) fn headers() -> [(HeaderName, HeaderValue); 3] {
        let policy = format!(
            "default-src 'none'; style-src '{STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        );
        [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (
                header::CONTENT_SECURITY_POLICY,
                HeaderValue::try_from(policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'")),
            ),
            (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        ]
    }

    fn add(&mut self, markup: std::fmt::Arguments<'_>) {
        // Writing to a `String` does not fail.
        let _ = self.main.write_fmt(markup);
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        (Self::headers(), self.html()).into_response()
    }
}

/// An error that is shown on a page, whatever the family of its endpoint: a person sees it, not a program.
#[derive(Debug, Clone)]
pub struct OnPage(pub ApiError);

impl<E> From<E> for OnPage
where
    ApiError: From<E>,
{
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for OnPage {
    fn into_response(self) -> Response {
        let mut response = self.0.into_response();
        response.extensions_mut().insert(Family::Page);
        response
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_policy_admits_the_style_and_nothing_else() {
        assert_eq!(STYLE_HASH, format!("sha256-{}", STANDARD.encode(Sha256::digest(STYLE))));
    }

    /// Browsers paint the ground of a page as its root says; on the body alone, what is dark stands on white.
    #[test]
    fn the_whole_page_is_dark_for_who_wants_it_dark() {
        assert!(STYLE.starts_with(":root{color-scheme:light dark}"));
    }

    #[test]
    fn no_text_becomes_markup() {
        let evil = "\"><script>alert('&')</script>";
        let page = Page::new(evil).paragraph(evil).link(evil, evil).button(evil, &[(evil, evil)], evil);
        let page = page.notice(evil).heading(evil).facts(&[(evil, evil.to_owned())]).next_step(evil, evil);
        let page = page.question(evil, (evil, evil), evil);
        let html = page.html();
        assert!(!html.contains("<script") && !html.contains("\">a") && !html.contains("alert('"), "{html}");
    }
}
