//! How letters look: a letter is a list of parts, written once as text and once as HTML.
//!
//! The HTML is a narrow column of plain elements with their style beside them, since mail programs know little else: no
//! images, nothing loaded from elsewhere, the reader's own colours, so that it is as good in the dark.

use std::fmt::Write;

use domain::{Timestamp, text::escaped_html as escape};

use super::Message;

const FONT: &str = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const BUTTON: &str = "display:inline-block;padding:12px 20px;border-radius:8px;background:#4f46e5;color:#ffffff;\
                      text-decoration:none;font-weight:600";

/// A letter that is being written.
pub(super) struct Draft {
    subject: String,
    parts: Vec<Part>,
}

enum Part {
    Paragraph(String),
    /// Names and values.
    Facts(Vec<(&'static str, String)>),
    /// What it says, and an address that is safe to stand in an attribute once it is escaped.
    Button(&'static str, String),
    /// The same, and less to be seen.
    Link(&'static str, String),
}

impl Draft {
    pub(super) fn new(subject: impl AsRef<str>) -> Self {
        Self { subject: one_line(subject.as_ref()), parts: Vec::new() }
    }

    pub(super) fn paragraph(mut self, text: impl AsRef<str>) -> Self {
        self.parts.push(Part::Paragraph(one_line(text.as_ref())));
        self
    }

    /// A name and its value. Those that follow one another stand in one table.
    pub(super) fn fact(mut self, name: &'static str, value: &str) -> Self {
        let fact = (name, one_line(value));
        match self.parts.last_mut() {
            Some(Part::Facts(facts)) => facts.push(fact),
            _ => self.parts.push(Part::Facts(vec![fact])),
        }
        self
    }

    /// The same, if there is a value.
    pub(super) fn fact_if(self, name: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.fact(name, value),
            None => self,
        }
    }

    /// A link; the first one of a letter is its button. An address that is not of the web is left out.
    pub(super) fn link(mut self, label: &'static str, url: &str) -> Self {
        let is_first = !self.parts.iter().any(|part| matches!(part, Part::Button(..)));
        let part = if is_first { Part::Button } else { Part::Link };
        self.parts.extend(web_address(url).map(|url| part(label, url)));
        self
    }

    /// The letter, with the small print below.
    pub(super) fn end(self, small_print: impl AsRef<str>) -> Message {
        let small_print = one_line(small_print.as_ref());
        Message { text: self.text(&small_print), html: self.html(&small_print), subject: self.subject }
    }

    fn text(&self, small_print: &str) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Paragraph(paragraph) => text.extend([paragraph, "\n"]),
                Part::Button(label, url) | Part::Link(label, url) => text.extend([label, ":\n", url, "\n"]),
                Part::Facts(facts) => {
                    for (name, value) in facts {
                        text.extend([name, ": ", value, "\n"]);
                    }
                }
            }
            text.push('\n');
        }
        text + "-- \n" + small_print + "\n"
    }

    fn html(&self, small_print: &str) -> String {
        let (title, small_print) = (escape(&self.subject), escape(small_print));
        let mut parts = String::new();
        for part in &self.parts {
            parts.push_str(&part.html());
        }
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <meta name=\"color-scheme\" content=\"light dark\">\
             <meta name=\"supported-color-schemes\" content=\"light dark\">\
             <title>{title}</title><style>:root{{color-scheme:light dark}}</style></head>\n\
             <body style=\"margin:0;padding:0\">\
             <div lang=\"en\" style=\"{FONT};font-size:16px;line-height:1.5;max-width:560px;margin:0 auto;\
             padding:24px 20px;box-sizing:border-box;overflow-wrap:anywhere;word-break:break-word\">\n\
             <h1 style=\"font-size:22px;line-height:1.3;margin:0 0 16px\">{title}</h1>\n{parts}\
             <p style=\"font-size:14px;margin:32px 0 0;padding:16px 0 0;border-top:1px solid #8a8a8a\">{small_print}</p>\n\
             </div></body></html>\n"
        )
    }
}

impl Part {
    fn html(&self) -> String {
        match self {
            Self::Paragraph(text) => format!("<p style=\"margin:0 0 16px\">{}</p>\n", escape(text)),
            Self::Button(label, url) => {
                let (label, url) = (escape(label), escape(url));
                format!("<p style=\"margin:24px 0\"><a href=\"{url}\" style=\"{BUTTON}\">{label}</a></p>\n")
            }
            Self::Link(label, url) => {
                let (label, url) = (escape(label), escape(url));
                format!("<p style=\"margin:0 0 16px\"><a href=\"{url}\" style=\"color:inherit\">{label}</a></p>\n")
            }
            Self::Facts(facts) => {
                let cell = "padding:6px 12px 6px 0;text-align:left;vertical-align:top;border-bottom:1px solid #8a8a8a";
                let row = |(name, value): &(&str, String)| {
                    let (name, value) = (escape(name), escape(value));
                    format!(
                        "<tr><th scope=\"row\" style=\"{cell};width:34%;font-weight:400;overflow-wrap:normal;word-break:normal\">{name}</th>\
                         <td style=\"{cell};font-weight:600\">{value}</td></tr>"
                    )
                };
                let rows: String = facts.iter().map(row).collect();
                format!("<table style=\"border-collapse:collapse;width:100%;margin:0 0 16px\">{rows}</table>\n")
            }
        }
    }
}

/// The day of a moment: `1 January 2026 (UTC)`.
pub(super) fn day(at: Timestamp) -> String {
    at.strftime("%-d %B %Y (UTC)").to_string()
}

/// A moment: `1 January 2026, 09:30 UTC`.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%-d %B %Y, %H:%M UTC").to_string()
}

/// A text on one line: what would break it is a space, and what would turn the direction of writing is left out, since it
/// can make a text look like another one.
fn one_line(text: &str) -> String {
    let turns = |c: &char| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}');
    let text: String = text.chars().filter(|c| !turns(c)).map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An address of the web, with what cannot stand in one percent-encoded; `None` for others, like `javascript:`.
fn web_address(url: &str) -> Option<String> {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    let mut address = String::with_capacity(url.len());
    for c in url.chars() {
        if c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '\'' | '\\' | '`') {
            address.push(c);
        } else {
            let mut buffer = [0; 4];
            for byte in c.encode_utf8(&mut buffer).bytes() {
                let _ = write!(address, "%{byte:02X}");
            }
        }
    }
    is_web.then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_web_are_linked() {
        assert_eq!(web_address("https://example.com/a?b=1&c=2#d").unwrap(), "https://example.com/a?b=1&c=2#d");
        assert_eq!(web_address("http://x/\"><b>\n").unwrap(), "http://x/%22%3E%3Cb%3E%0A");
        for bad in ["javascript:alert(1)", "", "//example.com", " https://example.com", "data:text/html,x"] {
            assert_eq!(web_address(bad), None, "{bad:?}");
        }
        let message = Draft::new("x").link("Open", "javascript:alert(1)").end("y");
        assert!(!message.html.contains("<a") && !message.text.contains("Open"));
    }

    #[test]
    fn a_text_stays_on_its_line_and_in_its_direction() {
        assert_eq!(one_line(" a\r\nBcc: b\u{2028}c\0d\u{202E}e "), "a Bcc: b c de");
    }

    #[test]
    fn times_are_said_in_words() {
        let at: Timestamp = "2026-01-01T09:30:59Z".parse().unwrap();
        assert_eq!((day(at).as_str(), moment(at).as_str()), ("1 January 2026 (UTC)", "1 January 2026, 09:30 UTC"));
    }
}
