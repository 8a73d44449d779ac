//! What went wrong, for a person in front of a browser.

use http::StatusCode;

use crate::{ApiError, Kind, page::Page};

pub(super) fn render(error: &ApiError) -> (StatusCode, Page) {
    let (title, message) = match error.kind {
        Kind::Unavailable => ("Not available at the moment", "Please try again in a moment."),
        Kind::Internal => ("Something went wrong", "This is our mistake. Please try again later."),
        Kind::Forbidden => ("You cannot go in here", &*error.message),
        Kind::RateLimited => ("Too many requests", "Please try again later."),
        _ => ("This did not work", &*error.message),
    };
    let problems = error.fields.iter().map(|field| field.problem.to_string());
    let page = match problems.reduce(|all, one| format!("{all} {one}")) {
        Some(problems) => Page::new(title).paragraph(&problems),
        None => Page::new(title).paragraph(message),
    };
    (super::status(error.kind), page)
}
