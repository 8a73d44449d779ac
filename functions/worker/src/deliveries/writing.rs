//! From what is due to what is written: the rules say which letter, the purchase says the rest.

use domain::{
    Timestamp,
    access::Observed,
    facts::DisputeState,
    invitations,
    letters::{Alert, Letter},
    pricing::{Cadence, PricingKind},
    purchase::{Closing, Gate, Purchase},
};

use super::shop::Shop;
use crate::letters::{self, About, Access, BuyerLetter, Entry, Message, Money, Sale, Term, VendorLetter};

/// Writes a letter.
pub(super) fn write(shop: &Shop, purchase: &Purchase, letter: &Letter) -> Message {
    let letter = match letter {
        Letter::Alert { about, .. } => letters::Letter::Vendor(sale(shop, purchase), alert(shop, purchase, *about)),
        other => letters::Letter::Buyer(about(shop, purchase), to_buyer(shop, purchase, other)),
    };
    letters::letter(&letter)
}

fn about(shop: &Shop, purchase: &Purchase) -> About {
    let slug = shop.repository.as_ref().map(|repository| repository.slug.as_str());
    About {
        product: purchase.repository_name.to_string(),
        vendor: shop.vendor.clone(),
        product_url: slug.map(|slug| format!("{}/api/products/{slug}", shop.public_url)).unwrap_or_default(),
        purchase_url: shop.purchase_url.clone(),
    }
}

fn sale(shop: &Shop, purchase: &Purchase) -> Sale {
    Sale {
        product: purchase.repository_name.to_string(),
        account: purchase.buyer.login.clone(),
        email: purchase.email.to_string(),
        purchase_url: format!("{}/api/admin/customers/{}", shop.public_url, purchase.id),
    }
}

fn to_buyer(shop: &Shop, purchase: &Purchase, letter: &Letter) -> BuyerLetter {
    let access = Access { repository: place(shop, purchase), account: purchase.buyer.login.clone() };
    let facts = &purchase.facts;
    match letter {
        Letter::AccessGranted => BuyerLetter::AccessGranted {
            access,
            entry: entry(purchase),
            term: term(purchase),
            composer: shop.composer_url.clone(),
        },
        Letter::ComposerLink => BuyerLetter::ComposerLink {
            packages: purchase.packages.keys().map(ToString::to_string).collect(),
            url: shop.composer_url.clone().unwrap_or_else(|| shop.purchase_url.clone()),
        },
        Letter::AccessScheduled { at } => BuyerLetter::AccessScheduled { access, from: *at },
        Letter::InvitationReminder => BuyerLetter::InvitationWaits { access, until: invitation_ends(purchase) },
        Letter::Revocation { reason: Closing::Disputed } => BuyerLetter::Suspended { access },
        Letter::Revocation { reason } => BuyerLetter::AccessRevoked { access, reason: why(purchase, *reason) },
        Letter::Renewal { at } => {
            let last = facts.payments.values().max_by_key(|payment| payment.at);
            let amount = money(purchase, last.map_or(purchase.amount_cents, |payment| payment.cents));
            BuyerLetter::Renewed { amount, until: facts.paid_until.unwrap_or(*at) }
        }
        Letter::PaymentFailed { .. } => match facts.unpaid() {
            Some((_, failure)) => BuyerLetter::PaymentFailed {
                amount: money(purchase, failure.last.cents),
                pay_url: failure.last.url.clone(),
                next_attempt: failure.last.next,
                access_until: purchase.grace_ends_at(),
            },
            None => BuyerLetter::PurchaseFailed { amount: money(purchase, purchase.amount_cents) },
        },
        Letter::PartialRefund { cents } => {
            BuyerLetter::PartlyRefunded { refunded: money(purchase, *cents), paid: money(purchase, facts.paid_cents()) }
        }
        Letter::Confirmation | Letter::Alert { .. } => BuyerLetter::CheckoutBegun {
            price: money(purchase, purchase.amount_cents),
            cadence: purchase.pricing.cadence().map(Cadence::words),
        },
    }
}

fn alert(shop: &Shop, purchase: &Purchase, about: Alert) -> VendorLetter {
    let facts = &purchase.facts;
    match about {
        Alert::PaymentFailed => match facts.unpaid() {
            Some((_, failure)) => VendorLetter::PaymentFailed {
                amount: money(purchase, failure.last.cents),
                next_attempt: failure.last.next,
                access_until: purchase.grace_ends_at(),
            },
            None => VendorLetter::PurchaseFailed { amount: money(purchase, purchase.amount_cents) },
        },
        Alert::Refund => VendorLetter::Refunded {
            refunded: money(purchase, facts.refunded_cents()),
            paid: money(purchase, facts.paid_cents()),
            access_ends: matches!(purchase.gate(), Gate::Closed { .. }),
        },
        Alert::Dispute => {
            let dispute = facts.dispute();
            let amount = money(purchase, dispute.map_or(purchase.amount_cents, |dispute| dispute.cents));
            match dispute.map(|dispute| dispute.state) {
                Some(DisputeState::Won) => VendorLetter::DisputeDecided { amount, won: true },
                Some(DisputeState::Lost) => VendorLetter::DisputeDecided { amount, won: false },
                _ => VendorLetter::Disputed { amount },
            }
        }
        Alert::FraudWarning => VendorLetter::FraudWarning { amount: money(purchase, facts.paid_cents()) },
        Alert::AccessBlocked => {
            let problem = purchase.access.problem.as_ref().map(|problem| problem.message.clone()).unwrap_or_default();
            let repository = place(shop, purchase);
            match purchase.gate() {
                Gate::Open => VendorLetter::AccessBlocked { repository, problem },
                Gate::NotYet | Gate::Closed { .. } => VendorLetter::RevocationBlocked { repository, problem },
            }
        }
    }
}

/// Where the repository is now.
fn place(shop: &Shop, purchase: &Purchase) -> String {
    shop.repository.as_ref().map_or(&purchase.github, |repository| &repository.github).to_string()
}

fn money(purchase: &Purchase, cents: i64) -> Money {
    Money { minor: cents, currency: purchase.currency.clone() }
}

fn entry(purchase: &Purchase) -> Entry {
    match purchase.access.observed {
        Observed::Invited => Entry::Invited { until: invitation_ends(purchase) },
        Observed::Member | Observed::Nothing => Entry::Open,
    }
}

fn invitation_ends(purchase: &Purchase) -> Timestamp {
    invitations::expires_at(purchase.access.invited_at.unwrap_or(purchase.created_at))
}

fn term(purchase: &Purchase) -> Term {
    match purchase.pricing {
        PricingKind::OneTime => Term::Lifetime,
        PricingKind::Subscription(_) => Term::Subscription { renews_at: purchase.facts.paid_until },
    }
}

fn why(purchase: &Purchase, reason: Closing) -> String {
    let words = match reason {
        Closing::Revoked => {
            let told = purchase.decisions.revoked.as_ref().and_then(|decision| decision.reason.clone());
            return told.unwrap_or_else(|| "The vendor has taken it back".to_owned());
        }
        Closing::RemovedOnGithub => "The owner of the repository has removed your account on GitHub",
        Closing::Refunded => "Your payment was refunded in full",
        Closing::Disputed => "The payment is disputed with the card's bank",
        Closing::DisputeLost => "Your bank has given you the payment back",
        Closing::SubscriptionEnded => "The subscription has ended",
        Closing::Paused => "The subscription is paused",
        Closing::Unpaid => "The subscription was not paid",
    };
    words.to_owned()
}
