//! Letters to buyers.

use domain::Timestamp;

use super::{
    About, Access, Message, Money,
    layout::{Draft, day, moment},
};

/// What a buyer is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuyerLetter {
    /// A checkout was begun. Whoever began it may not own the address, so nothing that they wrote is in the letter.
    CheckoutBegun {
        /// What it costs.
        price: Money,
        /// How often, for a subscription: `every month`.
        cadence: Option<String>,
    },
    /// The gate is open.
    AccessGranted {
        /// For whom, to what.
        access: Access,
        /// What is left to do.
        entry: Entry,
        /// For how long.
        term: Term,
        /// Where a Composer token is made, when packages come with it.
        composer: Option<String>,
    },
    /// The buyer asked for the link that makes a Composer token.
    ComposerLink {
        /// What can be installed.
        packages: Vec<String>,
        /// The link. It is a proof that its reader reads the address, so it stands in no other place.
        url: String,
    },
    /// The invitation is about to expire.
    InvitationWaits {
        /// Who is invited to what.
        access: Access,
        /// When the invitation expires.
        until: Timestamp,
    },
    /// Paid, but the invitation has to wait: GitHub admits 50 a day to a repository.
    AccessScheduled {
        /// For whom, to what.
        access: Access,
        /// When the invitation is sent.
        from: Timestamp,
    },
    /// The gate is closed.
    AccessRevoked {
        /// Whose, to what.
        access: Access,
        /// Why: the vendor's words, or ours.
        reason: String,
    },
    /// A subscription was paid again.
    Renewed {
        /// What was paid.
        amount: Money,
        /// Until when it is paid now.
        until: Timestamp,
    },
    /// A renewal could not be paid.
    PaymentFailed {
        /// What is owed.
        amount: Money,
        /// Stripe's page to pay it.
        pay_url: Option<String>,
        /// When Stripe tries again, if it does.
        next_attempt: Option<Timestamp>,
        /// When the gate closes if it stays unpaid.
        access_until: Option<Timestamp>,
    },
    /// A delayed payment method failed in the end: the purchase comes to nothing.
    PurchaseFailed {
        /// What was to be paid.
        amount: Money,
    },
    /// A part of the price was paid back. Access stays.
    PartlyRefunded {
        /// What was paid back in all.
        refunded: Money,
        /// What was paid.
        paid: Money,
    },
    /// The gate is closed until a doubt about the payment is settled.
    Suspended {
        /// Whose access, to what.
        access: Access,
    },
}

/// What is left to do to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// The account is invited.
    Invited {
        /// When the invitation expires.
        until: Timestamp,
    },
    /// Nothing: the account is in.
    Open,
}

/// For how long something was bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// Paid once, for good.
    Lifetime,
    /// A subscription.
    Subscription {
        /// When it renews, if it is known.
        renews_at: Option<Timestamp>,
    },
}

pub(super) fn write(about: &About, letter: &BuyerLetter) -> Message {
    let draft = match letter {
        BuyerLetter::CheckoutBegun { price, cadence } => return checkout_begun(about, price, cadence.as_deref()),
        BuyerLetter::AccessGranted { access, entry, term, composer } => {
            let draft = access_granted(about, access, entry, term);
            match composer {
                Some(url) => draft
                    .paragraph(
                        "Packages for Composer come with it. This link, which only this letter has, makes your token.",
                    )
                    .link("Install with Composer", url),
                None => draft,
            }
        }
        BuyerLetter::ComposerLink { packages, url } => composer_link(about, packages, url),
        BuyerLetter::InvitationWaits { access, until } => invitation_waits(about, access, *until),
        BuyerLetter::AccessScheduled { access, from } => access_scheduled(about, access, *from),
        BuyerLetter::AccessRevoked { access, reason } => access_revoked(about, access, reason),
        BuyerLetter::Renewed { amount, until } => renewed(about, amount, *until),
        BuyerLetter::PaymentFailed { amount, pay_url, next_attempt, access_until } => {
            let draft = payment_failed(about, amount, *next_attempt, *access_until);
            match pay_url {
                Some(url) => draft.paragraph("You can pay now, with this card or another one.").link("Pay now", url),
                None => draft,
            }
        }
        BuyerLetter::PurchaseFailed { amount } => return purchase_failed(about, amount),
        BuyerLetter::PartlyRefunded { refunded, paid } => partly_refunded(about, refunded, paid),
        BuyerLetter::Suspended { access } => suspended(about, access),
    };
    draft.purchase_link(about).end(format!(
        "You get this letter because your address was given when {} was bought from {}.",
        about.product, about.vendor
    ))
}

impl Draft {
    fn purchase_link(self, about: &About) -> Self {
        self.link("See your purchase", &about.purchase_url)
    }

    fn access(self, access: &Access) -> Self {
        self.fact("GitHub account", &access.account).fact("Repository", &access.repository)
    }

    fn invitation(self, access: &Access) -> Self {
        let invitation = format!("https://github.com/{}/invitations", access.repository);
        self.link("Accept the invitation", &invitation).paragraph(format!(
            "Sign in to GitHub as {} before you open it: to every other account GitHub says that the invitation is invalid.",
            access.account
        ))
    }
}

fn checkout_begun(about: &About, price: &Money, cadence: Option<&str>) -> Message {
    let price = cadence.map_or_else(|| price.to_string(), |cadence| format!("{price} {cadence}"));
    Draft::new(format!("Your checkout of {}", about.product))
        .paragraph(format!("A checkout of {} was begun with your address.", about.product))
        .fact("Price", &price)
        .fact("Sold by", &about.vendor)
        .paragraph(
            "Nothing is paid until you pay on the page that was opened. As soon as you have, you are invited on GitHub, \
             and get another letter.",
        )
        .link("See the product", &about.product_url)
        .end("If this was not you, do nothing: nothing is charged, and nothing else is sent.")
}

fn access_granted(about: &About, access: &Access, entry: &Entry, term: &Term) -> Draft {
    let lead = match entry {
        Entry::Invited { .. } => "Thank you! One step is left: accept the invitation on GitHub.",
        Entry::Open => "Thank you! Your account on GitHub can see the repository now.",
    };
    let draft = Draft::new(format!("Your access to {}", about.product)).paragraph(lead).access(access);
    let draft = match term {
        Term::Lifetime => draft.fact("For how long", "Lifetime access"),
        Term::Subscription { renews_at } => {
            let renewal =
                renews_at.map_or_else(|| "While you subscribe".to_owned(), |at| format!("Renews on {}", day(at)));
            draft.fact("Subscription", &renewal)
        }
    };
    match entry {
        Entry::Invited { until } => draft.fact("Invitation expires", &moment(*until)).invitation(access),
        Entry::Open => draft.link("Open the repository", &format!("https://github.com/{}", access.repository)),
    }
}

fn composer_link(about: &About, packages: &[String], url: &str) -> Draft {
    Draft::new(format!("Your Composer token for {}", about.product))
        .paragraph(
            "You asked to install with Composer what you bought. Open this link to make your token. A new token takes the \
             place of the one that you have.",
        )
        .fact("Packages", &packages.join(", "))
        .link("Make a token", url)
        .paragraph("If you did not ask for this, do nothing: without this letter nobody can make the token.")
}

fn invitation_waits(about: &About, access: &Access, until: Timestamp) -> Draft {
    Draft::new(format!("Your invitation to {} still waits", about.product))
        .paragraph("You have paid, and have not accepted the invitation on GitHub yet. It expires soon.")
        .access(access)
        .fact("Invitation expires", &moment(until))
        .invitation(access)
}

fn access_scheduled(about: &About, access: &Access, from: Timestamp) -> Draft {
    Draft::new(format!("Your access to {} is scheduled", about.product))
        .paragraph(
            "Thank you! Your payment has arrived. GitHub lets 50 people a day be invited to a repository, and today's 50 \
             are there, so your invitation is sent a little later. You need not do anything.",
        )
        .access(access)
        .fact("Access from", &moment(from))
}

fn access_revoked(about: &About, access: &Access, reason: &str) -> Draft {
    Draft::new(format!("Your access to {} has ended", about.product))
        .paragraph("Your account on GitHub cannot see the repository any more.")
        .access(access)
        .fact_if("Reason", Some(reason).filter(|reason| !reason.trim().is_empty()))
        .paragraph("What you have cloned stays on your machines. GitHub deletes your forks of the repository.")
}

fn renewed(about: &About, amount: &Money, until: Timestamp) -> Draft {
    Draft::new(format!("Your subscription to {} was renewed", about.product))
        .paragraph("Thank you! Your access goes on.")
        .fact("Paid", &amount.to_string())
        .fact("Paid until", &day(until))
}

fn payment_failed(
    about: &About,
    amount: &Money,
    next_attempt: Option<Timestamp>,
    access_until: Option<Timestamp>,
) -> Draft {
    let next = match next_attempt {
        Some(at) => format!("It is tried again on {}.", day(at)),
        None => "It is not tried again by itself.".to_owned(),
    };
    Draft::new(format!("The payment for {} failed", about.product))
        .paragraph(format!("Your subscription to {} could not be renewed. {next}", about.product))
        .fact("To be paid", &amount.to_string())
        .fact_if("Access until", access_until.map(moment).as_deref())
}

fn purchase_failed(about: &About, amount: &Money) -> Message {
    Draft::new(format!("Your payment for {} failed", about.product))
        .paragraph(format!(
            "Your bank did not carry out the payment for {}, so there is no access to it, and you owe nothing.",
            about.product
        ))
        .fact("Not paid", &amount.to_string())
        .paragraph("If you still want it, buy it again with another way to pay.")
        .link("Buy again", &about.product_url)
        .end(format!("You get this letter because your address was given at a checkout of {}.", about.vendor))
}

fn partly_refunded(about: &About, refunded: &Money, paid: &Money) -> Draft {
    Draft::new(format!("A refund for {}", about.product))
        .paragraph("A part of what you paid goes back to you. It takes your bank 5 to 10 days. Your access stays.")
        .fact("Refunded", &refunded.to_string())
        .fact("Of", &paid.to_string())
}

fn suspended(about: &About, access: &Access) -> Draft {
    Draft::new(format!("Your access to {} is suspended", about.product))
        .paragraph("The payment is disputed with the card's bank, so access is closed until that is settled.")
        .access(access)
        .paragraph(format!("If this is a mistake, write to {}.", about.vendor))
}
