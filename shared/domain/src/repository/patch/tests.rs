//! What a change does, and what the log tells of it.

use super::*;
use crate::{
    CompanyId, LogId, Random, RepositoryId,
    log::{Action, Actor, LogStatus},
    repository::{GithubPath, NewRepository, OnGithub, Seen, Warning},
    text::{GithubLogin, GithubRepositoryName},
};

fn theme(kind: PricingKind) -> Repository {
    let (now, random) = (Timestamp::UNIX_EPOCH, Random::new(|bytes| bytes.fill(7)));
    let new = NewRepository {
        github: GithubPath {
            owner: GithubLogin::parse("ctrimm").unwrap(),
            name: GithubRepositoryName::parse("premium-theme").unwrap(),
        },
        display_name: DisplayName::parse("Premium Astro Theme").unwrap(),
        description: Some(Description::parse("A theme").unwrap()),
        cover_image_url: None,
        pricing: Pricing { price_cents: 4900, kind },
        features: vec![],
        terms: Terms::default(),
    };
    let id = RepositoryId::generate(now, &random);
    Repository::list(CompanyId(1), id, "premium-astro-theme".to_owned(), "usd".to_owned(), new, now)
}

fn later() -> Timestamp {
    Timestamp::from_second(3600).unwrap()
}

#[test]
fn what_is_not_mentioned_stays_and_what_changes_nothing_is_no_change() {
    let theme = theme(PricingKind::OneTime);
    assert_eq!(theme.patched(&RepositoryPatch::default(), later()), Ok(theme.clone()));
    let same = RepositoryPatch { price_cents: Some(4900), sell_again: true, ..RepositoryPatch::default() };
    assert_eq!(theme.patched(&same, later()), Ok(theme));
}

#[test]
fn a_new_name_leaves_the_slug_alone() {
    let theme = theme(PricingKind::OneTime);
    let name = DisplayName::parse("Premium Astro Theme v2").unwrap();
    let patch = RepositoryPatch { display_name: Some(name.clone()), ..RepositoryPatch::default() };
    let after = theme.patched(&patch, later()).unwrap();
    assert_eq!((after.display_name, after.slug, after.updated_at), (name, theme.slug, later()));
}

#[test]
fn null_empties_what_may_be_empty() {
    let theme = theme(PricingKind::OneTime);
    let patch = RepositoryPatch { description: Patch::Clear, grace_days: Patch::Set(7), ..RepositoryPatch::default() };
    let after = theme.patched(&patch, later()).unwrap();
    assert_eq!((after.description.clone(), after.terms.grace_days), (None, Some(7)));
    let patch = RepositoryPatch { grace_days: Patch::Clear, ..RepositoryPatch::default() };
    assert_eq!(after.patched(&patch, later()).unwrap().terms.grace_days, None);
}

#[test]
fn the_way_it_is_paid_can_be_changed_and_has_to_make_sense() {
    let custom = PricingKind::Subscription(Cadence::Custom { days: 14 });
    let monthly = PricingKind::Subscription(Cadence::Monthly);
    let kind = |old, patch: RepositoryPatch| theme(old).patched(&patch, later()).map(|after| after.pricing.kind);
    let to = |pricing_type| RepositoryPatch { pricing_type: Some(pricing_type), ..RepositoryPatch::default() };
    // What a one-time price cannot have ends by itself.
    assert_eq!(kind(custom, to(PricingType::OneTime)), Ok(PricingKind::OneTime));
    let cadence = |name| RepositoryPatch { cadence: Patch::Set(name), ..RepositoryPatch::default() };
    assert_eq!(kind(custom, cadence(CadenceName::Monthly)), Ok(monthly));
    let days = |days| RepositoryPatch { cadence_days: Patch::Set(days), ..RepositoryPatch::default() };
    assert_eq!(kind(custom, days(30)), Ok(PricingKind::Subscription(Cadence::Custom { days: 30 })));
    let field = |old, patch| kind(old, patch).map_err(|(field, _)| field);
    assert_eq!(field(PricingKind::OneTime, to(PricingType::Subscription)), Err("subscriptionCadence"));
    assert_eq!(field(PricingKind::OneTime, cadence(CadenceName::Monthly)), Err("subscriptionCadence"));
    assert_eq!(field(monthly, cadence(CadenceName::Custom)), Err("customCadenceDays"));
    assert_eq!(field(monthly, days(30)), Err("customCadenceDays"));
    let without = RepositoryPatch { cadence: Patch::Clear, ..RepositoryPatch::default() };
    assert_eq!(field(monthly, without), Err("subscriptionCadence"));
}

#[test]
fn what_is_off_the_market_can_be_sold_again() {
    let off = theme(PricingKind::OneTime).deactivated(later());
    assert!(!off.active);
    let again = RepositoryPatch { sell_again: true, ..RepositoryPatch::default() };
    assert!(off.patched(&again, later()).unwrap().active);
    assert!(!off.patched(&RepositoryPatch::default(), later()).unwrap().active, "nobody asked for it");
}

#[test]
fn the_log_tells_what_changed_and_is_brief() {
    let before = theme(PricingKind::OneTime);
    let long = Description::parse(&"long ".repeat(900)).unwrap();
    let patch = RepositoryPatch {
        description: Patch::Set(long),
        price_cents: Some(5900),
        refund_policy: Some(RefundPolicy::Flag),
        ..RepositoryPatch::default()
    };
    let after = before.patched(&patch, later()).unwrap();
    let (now, random) = (later(), Random::new(|bytes| bytes.fill(7)));
    let id = LogId::generate(now, &random);
    let entry = LogEntry::new(id, now, Actor::Tollgate, Action::RepositoryUpdated, LogStatus::Success);
    let told = entry.clone().of_listing(&before, &after).changes;
    assert_eq!(told.keys().collect::<Vec<_>>(), ["description", "refundPolicy"]);
    assert!(told["description"].1.len() < 120, "{told:?}");
    let price = entry.of_price(&before, &after).changes;
    assert_eq!(price["priceCents"], ("4900".to_owned(), "5900".to_owned()));
    assert_eq!(price.len(), 1);
}

#[test]
fn what_github_tells_is_kept_and_what_the_vendor_says_goes_first() {
    let seen = |personal, public| Seen {
        on_github: OnGithub { id: 7, personal, public },
        stars: 127,
        last_updated: Some(later()),
        description: Some(Description::parse("As GitHub tells").unwrap()),
    };
    let mut before = theme(PricingKind::OneTime);
    assert_eq!(before.warnings(), [], "GitHub was not asked");
    let after = before.seeing(&seen(true, false), later());
    assert_eq!((after.github_stars, &after.description), (Some(127), &before.description));
    assert_eq!(after.warnings(), [Warning::PersonalRepoWriteAccess]);
    assert_eq!(after.seeing(&seen(true, false), Timestamp::MAX), after, "seeing the same again is no change");
    before.description = None;
    let after = before.seeing(&seen(false, false), later());
    assert_eq!(after.description, seen(false, false).description);
    assert_eq!(after.warnings(), [Warning::PaidSeats]);
    assert_eq!(before.seeing(&seen(false, true), later()).warnings(), [Warning::PublicRepository]);
}
