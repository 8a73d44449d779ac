//! Letters to vendors: what they should look at.

use domain::{Timestamp, repository::Withdrawal};

use super::{
    Message, Money, Sale, Withdrawn,
    layout::{Draft, day, moment},
};

/// What a vendor is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VendorLetter {
    /// A renewal could not be paid.
    PaymentFailed {
        /// What is owed.
        amount: Money,
        /// When Stripe tries again, if it does.
        next_attempt: Option<Timestamp>,
        /// When the gate closes if it stays unpaid; by itself it stays open without.
        access_until: Option<Timestamp>,
    },
    /// A delayed payment method failed in the end: the purchase comes to nothing.
    PurchaseFailed {
        /// What was to be paid.
        amount: Money,
    },
    /// A buyer disputes a payment with their bank.
    Disputed {
        /// What is disputed.
        amount: Money,
    },
    /// A dispute was decided.
    DisputeDecided {
        /// What was disputed.
        amount: Money,
        /// Whether the vendor keeps it.
        won: bool,
    },
    /// A card network takes a payment for fraud.
    FraudWarning {
        /// What was paid.
        amount: Money,
    },
    /// Money went back.
    Refunded {
        /// What went back in all.
        refunded: Money,
        /// What was paid.
        paid: Money,
        /// Whether the gate closes.
        access_ends: bool,
    },
    /// Somebody has paid and cannot be let in.
    AccessBlocked {
        /// `owner/name`.
        repository: String,
        /// What stands in the way.
        problem: String,
    },
    /// Somebody should not have access any more, and cannot be shut out.
    RevocationBlocked {
        /// `owner/name`.
        repository: String,
        /// What stands in the way.
        problem: String,
    },
}

pub(super) fn write(sale: &Sale, letter: &VendorLetter) -> Message {
    let product = &sale.product;
    let draft = match letter {
        VendorLetter::PaymentFailed { amount, next_attempt, access_until } => {
            Draft::new(format!("A renewal of {product} could not be paid"))
                .paragraph("The buyer was told, with a link to pay.")
                .fact("To be paid", &amount.to_string())
                .fact("Tried again", &next_attempt.map_or_else(|| "No more".to_owned(), day))
                .fact("Access until", &access_until.map_or_else(|| "Stripe gives the subscription up, or you end it".to_owned(), moment))
        }
        VendorLetter::PurchaseFailed { amount } => Draft::new(format!("A payment for {product} failed"))
            .paragraph("The buyer's bank did not carry it out, so there is no access. The buyer was told.")
            .fact("Not paid", &amount.to_string()),
        VendorLetter::DisputeDecided { amount, won: true } => {
            Draft::new(format!("You have won a dispute about {product}"))
                .paragraph("You keep the money, and the buyer has access again.")
                .fact("Disputed", &amount.to_string())
        }
        VendorLetter::DisputeDecided { amount, won: false } => {
            Draft::new(format!("You have lost a dispute about {product}"))
                .paragraph("The buyer has the money back, and no access any more.")
                .fact("Disputed", &amount.to_string())
        }
        VendorLetter::FraudWarning { amount } => Draft::new(format!("A payment for {product} may be fraud"))
            .paragraph(
                "The card's network says that its holder did not make it. A refund now costs less than the dispute that \
                 is likely to follow. The buyer keeps access until you take it back.",
            )
            .fact("Paid", &amount.to_string()),
        VendorLetter::Disputed { amount } => {
            Draft::new(format!("A payment for {product} is disputed"))
                .paragraph("Answer it in Stripe's dashboard. Without evidence the dispute is lost.")
                .fact("Disputed", &amount.to_string())
        }
        VendorLetter::Refunded { refunded, paid, access_ends } => {
            let access = if *access_ends { "The buyer's access ends." } else { "The buyer keeps access." };
            Draft::new(format!("A payment for {product} was refunded"))
                .paragraph(access)
                .fact("Refunded", &refunded.to_string())
                .fact("Of", &paid.to_string())
        }
        VendorLetter::AccessBlocked { repository, problem } => {
            Draft::new(format!("A buyer of {product} cannot be let in"))
                .paragraph("The buyer has paid and waits. This needs you: it does not heal by itself.")
                .fact("Repository", repository)
                .fact("Problem", problem)
        }
        VendorLetter::RevocationBlocked { repository, problem } => {
            Draft::new(format!("Somebody still has access to {product}"))
                .paragraph("Their purchase has ended, and their access could not be taken. This needs you.")
                .fact("Repository", repository)
                .fact("Problem", problem)
        }
    };
    draft
        .fact("GitHub account", &sale.account)
        .fact("Address", &sale.email)
        .link("See the purchase", &sale.purchase_url)
        .end("You get this letter because you sell with Tollgate.")
}

pub(super) fn withdrawn(withdrawn: &Withdrawn) -> Message {
    let Withdrawn { product, repository, because, at, listing_url } = withdrawn;
    let next = match because {
        Withdrawal::Deleted => "Those who bought it cannot reach it any more either: they are yours to look after.",
        Withdrawal::Public => "Once it is private again, you can put it up for sale again.",
    };
    Draft::new(format!("{product} is not for sale any more"))
        .paragraph(format!("{}, so nobody can buy it now. {next}", because.words()))
        .fact("Repository", repository)
        .fact("Since", &moment(*at))
        .link("See the listing", listing_url)
        .end("You get this letter because you sell with Tollgate.")
}
