//! Amounts as people write them.

use std::fmt;

/// An amount in a currency's smallest unit, as Stripe counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// How many of the smallest unit.
    pub minor: i64,
    /// The currency's code of ISO 4217, in either case.
    pub currency: String,
}

/// How many decimals Stripe counts, and how many people write. See <https://docs.stripe.com/currencies>: ISK and UGX have
/// no decimals any more, and Stripe counts two of them all the same.
fn decimals(currency: &str) -> (u32, u32) {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "JPY" | "KMF" | "KRW" | "MGA" | "PYG" | "RWF" | "VND" | "VUV" | "XAF"
        | "XOF" | "XPF" => (0, 0),
        "ISK" | "UGX" => (2, 0),
        "BHD" | "JOD" | "KWD" | "OMR" | "TND" => (3, 3),
        _ => (2, 2),
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let currency = self.currency.to_ascii_uppercase();
        let (counted, written) = decimals(&currency);
        let unit = 10_u64.pow(counted);
        let (whole, part) = (self.minor.unsigned_abs() / unit, self.minor.unsigned_abs() % unit);
        let sign = if self.minor < 0 { "-" } else { "" };
        match currency.as_str() {
            "USD" => write!(f, "{sign}$")?,
            "EUR" => write!(f, "{sign}€")?,
            "GBP" => write!(f, "{sign}£")?,
            "JPY" => write!(f, "{sign}¥")?,
            code => write!(f, "{code}\u{a0}{sign}")?,
        }
        f.write_str(&grouped(whole))?;
        // A fraction that people do not write, but that was charged, is written.
        let written = if part > 0 { counted } else { written };
        if written > 0 { write!(f, ".{part:0width$}", width = written as usize) } else { Ok(()) }
    }
}

/// A number with a comma before each three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_has_its_currencys_decimals() {
        for (minor, currency, written) in [
            (4900, "usd", "$49.00"),
            (5, "usd", "$0.05"),
            (123_456_789, "EUR", "€1,234,567.89"),
            (-4900, "gbp", "-£49.00"),
            (500, "jpy", "¥500"),
            (120_000, "krw", "KRW\u{a0}120,000"),
            (5120, "kwd", "KWD\u{a0}5.120"),
            (50_000, "isk", "ISK\u{a0}500"),
            (990, "chf", "CHF\u{a0}9.90"),
            (0, "usd", "$0.00"),
            (i64::MIN, "usd", "-$92,233,720,368,547,758.08"),
        ] {
            assert_eq!(Money { minor, currency: currency.to_owned() }.to_string(), written);
        }
    }
}
