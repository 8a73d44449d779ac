//! Tables as CSV (RFC 4180), for spreadsheets.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};

/// A table that is written row by row.
#[derive(Debug)]
pub struct Csv {
    name: &'static str,
    text: String,
    next: Option<String>,
}

impl Csv {
    /// A table with these columns, to be kept as the file `name`.
    pub fn new(name: &'static str, columns: &[&str]) -> Self {
        let mut csv = Self { name, text: String::new(), next: None };
        csv.row(columns);
        csv
    }

    /// Writes a row.
    pub fn row<T: AsRef<str>>(&mut self, cells: &[T]) {
        for (place, content) in cells.iter().enumerate() {
            if place > 0 {
                self.text.push(',');
            }
            cell(&mut self.text, content.as_ref());
        }
        self.text.push_str("\r\n");
    }

    /// Bytes so far.
    pub fn size(&self) -> usize {
        self.text.len()
    }

    /// The rest is at this path: it is told in a `Link` header.
    pub fn continued_at(&mut self, path: String) {
        self.next = Some(path);
    }
}

/// A spreadsheet takes a cell that begins with one of these for a formula, and runs it: a quote mark in front makes it a text
/// (OWASP, "CSV Injection").
const FORMULA: &[char] = &['=', '+', '-', '@', '\t', '\r'];

fn cell(text: &mut String, content: &str) {
    let formula = if content.starts_with(FORMULA) { "'" } else { "" };
    if content.contains(['"', ',', '\r', '\n']) {
        text.extend(["\"", formula, &content.replace('"', "\"\""), "\""]);
    } else {
        text.extend([formula, content]);
    }
}

impl IntoResponse for Csv {
    fn into_response(self) -> Response {
        let mut response = self.text.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
        let file = HeaderValue::try_from(format!("attachment; filename=\"{}\"", self.name));
        let link = self.next.map(|path| HeaderValue::try_from(format!("<{path}>; rel=\"next\"")));
        headers.extend(file.ok().map(|file| (header::CONTENT_DISPOSITION, file)));
        headers.extend(link.and_then(Result::ok).map(|link| (header::LINK, link)));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_formula_is_a_text() {
        let mut csv = Csv::new("x.csv", &["a", "b"]);
        csv.row(&["=1+1", "+1"]);
        csv.row(&["-1", "@SUM(A1)"]);
        csv.row(&["\tx", "\rx"]);
        csv.row(&["=\"a\",b", "a=b"]);
        assert_eq!(csv.text, "a,b\r\n'=1+1,'+1\r\n'-1,'@SUM(A1)\r\n'\tx,\"'\rx\"\r\n\"'=\"\"a\"\",b\",a=b\r\n");
    }

    #[test]
    fn cells_with_separators_are_quoted() {
        let mut csv = Csv::new("x.csv", &["a"]);
        csv.row(&["one, \"two\"\nthree"]);
        csv.row(&[""]);
        assert_eq!(csv.text, "a\r\n\"one, \"\"two\"\"\nthree\"\r\n\r\n");
    }
}
