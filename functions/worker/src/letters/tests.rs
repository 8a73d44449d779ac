//! What stands in letters, and what does not.

use proptest::prelude::*;

use super::*;

const UNTIL: &str = "2026-01-08T09:30:00Z";

fn about(text: &str) -> About {
    About {
        product: text.to_owned(),
        vendor: text.to_owned(),
        product_url: format!("https://shop.example.com/{text}"),
        purchase_url: format!("https://shop.example.com/p/{text}"),
    }
}

fn access(text: &str) -> Access {
    Access { repository: text.to_owned(), account: text.to_owned() }
}

fn dollars(minor: i64) -> Money {
    Money { minor, currency: "usd".to_owned() }
}

/// Every letter to a buyer, with `text` wherever a text goes.
fn to_buyers(text: &str) -> Vec<BuyerLetter> {
    let (access, until) = (access(text), UNTIL.parse().unwrap());
    let money = Money { minor: 4900, currency: text.to_owned() };
    vec![
        BuyerLetter::CheckoutBegun { price: money.clone(), cadence: Some(text.to_owned()) },
        BuyerLetter::AccessGranted {
            access: access.clone(),
            entry: Entry::Invited { until },
            term: Term::Subscription { renews_at: Some(until) },
            composer: Some(format!("https://shop.example.com/{text}")),
        },
        BuyerLetter::AccessGranted { access: access.clone(), entry: Entry::Open, term: Term::Lifetime, composer: None },
        BuyerLetter::ComposerLink { packages: vec![text.to_owned()], url: format!("https://shop.example.com/{text}") },
        BuyerLetter::InvitationWaits { access: access.clone(), until },
        BuyerLetter::AccessScheduled { access: access.clone(), from: until },
        BuyerLetter::AccessRevoked { access: access.clone(), reason: format!("Because {text}") },
        BuyerLetter::Renewed { amount: money.clone(), until },
        BuyerLetter::PaymentFailed {
            amount: money.clone(),
            pay_url: Some(format!("https://invoice.example.com/{text}")),
            next_attempt: Some(until),
            access_until: Some(until),
        },
        BuyerLetter::PurchaseFailed { amount: money.clone() },
        BuyerLetter::PartlyRefunded { refunded: money.clone(), paid: money },
        BuyerLetter::Suspended { access },
    ]
}

/// Every letter to a vendor.
fn to_vendors(text: &str) -> Vec<VendorLetter> {
    let (repository, problem, until) = (text.to_owned(), text.to_owned(), UNTIL.parse().unwrap());
    let money = Money { minor: 4900, currency: text.to_owned() };
    vec![
        VendorLetter::PaymentFailed { amount: money.clone(), next_attempt: None, access_until: Some(until) },
        VendorLetter::Disputed { amount: money.clone() },
        VendorLetter::PurchaseFailed { amount: money.clone() },
        VendorLetter::DisputeDecided { amount: money.clone(), won: true },
        VendorLetter::DisputeDecided { amount: money.clone(), won: false },
        VendorLetter::FraudWarning { amount: money.clone() },
        VendorLetter::Refunded { refunded: money.clone(), paid: money, access_ends: true },
        VendorLetter::AccessBlocked { repository: repository.clone(), problem: problem.clone() },
        VendorLetter::RevocationBlocked { repository, problem },
    ]
}

/// Every letter there is.
fn all(text: &str) -> Vec<Message> {
    let sale = Sale {
        product: text.to_owned(),
        account: text.to_owned(),
        email: text.to_owned(),
        purchase_url: format!("https://shop.example.com/{text}"),
    };
    let buyers = to_buyers(text).into_iter().map(|it| Letter::Buyer(about(text), it));
    let vendors = to_vendors(text).into_iter().map(|it| Letter::Vendor(sale.clone(), it));
    let link = format!("https://shop.example.com/sign-in#{text}");
    let sign_in = Letter::SignIn { link, until: UNTIL.parse().unwrap() };
    let withdrawn = [Withdrawal::Deleted, Withdrawal::Public].map(|because| {
        Letter::Withdrawn(Withdrawn {
            product: text.to_owned(),
            repository: text.to_owned(),
            because,
            at: UNTIL.parse().unwrap(),
            listing_url: format!("https://shop.example.com/{text}"),
        })
    });
    buyers.chain(vendors).chain(withdrawn).chain([sign_in]).map(|it| letter(&it)).collect()
}

/// What a text could break: tags, attributes, entities, lines.
fn shape(message: &Message) -> [usize; 6] {
    let count = |text: &str, c: char| text.matches(c).count();
    let html = &message.html;
    [
        count(html, '<'),
        count(html, '>'),
        count(html, '"'),
        count(html, '\''),
        count(html, '\n'),
        count(&message.text, '\n'),
    ]
}

fn granted(term: Term) -> Message {
    let about = About {
        product: "Premium Astro Theme".to_owned(),
        vendor: "Chris & Co".to_owned(),
        product_url: "https://tollgate.example.com/p/premium-astro-theme".to_owned(),
        purchase_url: "https://tollgate.example.com/purchases/1".to_owned(),
    };
    let access = Access { repository: "ctrimm/premium-theme".to_owned(), account: "johndoe".to_owned() };
    let entry = Entry::Invited { until: UNTIL.parse().unwrap() };
    letter(&Letter::Buyer(about, BuyerLetter::AccessGranted { access, entry, term, composer: None }))
}

proptest! {
    #[test]
    fn no_text_leaves_its_place(text in "[a<>&\"'\r\n\t\0\u{2028}=/ ]{0,40}") {
        for (message, plain) in all(&text).iter().zip(all("x")) {
            prop_assert_eq!(shape(message), shape(&plain), "{}", message.html);
            prop_assert!(!message.subject.chars().any(char::is_control), "{:?}", message.subject);
            for entity in message.html.split('&').skip(1) {
                let known = ["amp;", "lt;", "gt;", "quot;", "#39;"].iter().any(|known| entity.starts_with(known));
                prop_assert!(known, "&{}", entity);
            }
        }
    }
}

#[test]
fn an_open_gate_names_the_account_and_leads_to_the_invitation() {
    let message = granted(Term::Lifetime);
    assert_eq!(message.subject, "Your access to Premium Astro Theme");
    insta::assert_snapshot!(message.text, @r##"
    Thank you! One step is left: accept the invitation on GitHub.

    GitHub account: johndoe
    Repository: ctrimm/premium-theme
    For how long: Lifetime access
    Invitation expires: 8 January 2026, 09:30 UTC

    Accept the invitation:
    https://github.com/ctrimm/premium-theme/invitations

    Sign in to GitHub as johndoe before you open it: to every other account GitHub says that the invitation is invalid.

    See your purchase:
    https://tollgate.example.com/purchases/1

    -- 
    You get this letter because your address was given when Premium Astro Theme was bought from Chris & Co.
    "##);
}

#[test]
fn a_link_to_sign_in_is_short_lived_and_not_to_be_passed_on() {
    let link = "https://tollgate.example.com/sign-in#tgl_1".to_owned();
    let message = letter(&Letter::SignIn { link, until: UNTIL.parse().unwrap() });
    insta::assert_snapshot!(message.html, @r##"
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark"><title>Sign in to Tollgate</title><style>:root{color-scheme:light dark}</style></head>
    <body style="margin:0;padding:0"><div lang="en" style="font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:16px;line-height:1.5;max-width:560px;margin:0 auto;padding:24px 20px;box-sizing:border-box;overflow-wrap:anywhere;word-break:break-word">
    <h1 style="font-size:22px;line-height:1.3;margin:0 0 16px">Sign in to Tollgate</h1>
    <p style="margin:0 0 16px">Follow the link to sign in. It works once.</p>
    <p style="margin:24px 0"><a href="https://tollgate.example.com/sign-in#tgl_1" style="display:inline-block;padding:12px 20px;border-radius:8px;background:#4f46e5;color:#ffffff;text-decoration:none;font-weight:600">Sign in</a></p>
    <table style="border-collapse:collapse;width:100%;margin:0 0 16px"><tr><th scope="row" style="padding:6px 12px 6px 0;text-align:left;vertical-align:top;border-bottom:1px solid #8a8a8a;width:34%;font-weight:400;overflow-wrap:normal;word-break:normal">Works until</th><td style="padding:6px 12px 6px 0;text-align:left;vertical-align:top;border-bottom:1px solid #8a8a8a;font-weight:600">8 January 2026, 09:30 UTC</td></tr></table>
    <p style="font-size:14px;margin:32px 0 0;padding:16px 0 0;border-top:1px solid #8a8a8a">If you did not ask to sign in, do nothing: nobody can without this letter. Do not pass it on.</p>
    </div></body></html>
    "##);
}

#[test]
fn only_what_was_bought_for_good_is_for_life() {
    assert!(granted(Term::Lifetime).text.contains("Lifetime access"));
    let subscription = granted(Term::Subscription { renews_at: None });
    assert!(!subscription.text.to_lowercase().contains("lifetime"), "{}", subscription.text);
    assert!(!subscription.html.to_lowercase().contains("lifetime"), "{}", subscription.html);
}

#[test]
fn a_payment_that_failed_can_be_paid_from_the_letter() {
    let failed = BuyerLetter::PaymentFailed {
        amount: dollars(900),
        pay_url: Some("https://invoice.stripe.com/i/acct_1/test?s=em&x=1".to_owned()),
        next_attempt: None,
        access_until: Some(UNTIL.parse().unwrap()),
    };
    let message = letter(&Letter::Buyer(about("x"), failed));
    assert!(message.text.contains("Pay now:\nhttps://invoice.stripe.com/i/acct_1/test?s=em&x=1\n"), "{}", message.text);
    assert!(
        message.html.contains("href=\"https://invoice.stripe.com/i/acct_1/test?s=em&amp;x=1\""),
        "{}",
        message.html
    );
    assert!(message.text.contains("Access until: 8 January 2026, 09:30 UTC"), "{}", message.text);
}

#[test]
fn a_revocation_says_what_is_left_and_its_reason_only_if_there_is_one() {
    let revoked = |reason: &str| {
        let reason = reason.to_owned();
        letter(&Letter::Buyer(about("x"), BuyerLetter::AccessRevoked { access: access("x"), reason })).text
    };
    assert!(revoked("").contains("What you have cloned stays on your machines"));
    assert!(revoked("Refunded\nas asked").contains("Reason: Refunded as asked\n"));
    assert!(!revoked("").contains("Reason") && !revoked(" \n").contains("Reason"));
}

#[test]
fn every_letter_is_english_narrow_and_loads_nothing() {
    for message in all("x") {
        let html = &message.html;
        assert!(html.contains("<html lang=\"en\">") && html.contains("max-width:560px"), "{html}");
        assert!(html.contains("content=\"light dark\""), "{html}");
        for word in ["<img", "src=", "url(", "<script", "<link", "@import"] {
            assert!(!html.contains(word), "{word} in {html}");
        }
        assert!(!message.text.contains('<') && message.text.contains("\n-- \n"), "{}", message.text);
        assert!(!message.subject.is_empty());
    }
}
