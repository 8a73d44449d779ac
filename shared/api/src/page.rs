//! Pages for browsers: where somebody signs in there is no client that could show a message.
//!
//! A page is built from texts, all of which are escaped here; there is no way to put markup into one. It loads nothing,
//! runs nothing, cannot be framed, sends forms only to us, and tells no other site where its reader came from.

use std::fmt::Write;

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, header};

use crate::{ApiError, Family};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1.5rem;color-scheme:light dark}\
h1{font-size:1.4rem}button{font:inherit;padding:.6rem 1.4rem;border-radius:.4rem;border:1px solid;cursor:pointer}";
/// The SHA-256 of the style, which is all that the page may use.
const STYLE_HASH: &str = "sha256-qoR7VrpneOR6lBlxFJpMIWHaSQiiZ9WbIKGLac1aTjY=";

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

    /// Adds a link to a path of ours.
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

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
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

    #[test]
    fn no_text_becomes_markup() {
        let evil = "\"><script>alert('&')</script>";
        let page = Page::new(evil).paragraph(evil).link(evil, evil).button(evil, &[(evil, evil)], evil);
        let html = page.html();
        assert!(!html.contains("<script") && !html.contains("\">a") && !html.contains("alert('"), "{html}");
    }
}
