//! The stories: what happens at Stripe, and what must be in the end.

use domain::{
    purchase::PaymentStatus::{Canceled, Completed, Failed},
    repository::{RefundPolicy, Terms},
};
use testkit::stripe::GivesUp::{Cancels, LeavesUnpaid};

use super::{
    End,
    Gate::{ClosedAgain, NeverOpened, Open},
    MONTHLY,
    Offer::{Once, OnceAgain, Subscription, Trial},
    PRICE,
    Step::{
        Cancel, CancelLater, CompleteFree, Decline, Dispute, Expire, ExpireOurs, FailRefund, FailRenewal,
        FailSettlement, GiveUp, Inquire, Keep, LoseDispute, Pause, PauseCollection, Pay, PayLater, PayOverdue, Refund,
        Renew, Resume, Settle, Wait, WarnOfFraud, WinDispute,
    },
    Story, USUAL, story,
};

const FLAGGING: Terms = Terms { refund_policy: RefundPolicy::Flag, ..USUAL };
const THREE_DAYS: Terms = Terms { grace_days: Some(3), ..USUAL };

impl Story {
    const fn with(self, terms: Terms) -> Self {
        Self { terms, ..self }
    }

    /// For a story that never closes the gate, though a step would open it again if it were closed.
    const fn always_open(self) -> Self {
        Self { end: End { opens: 1, ..self.end }, ..self }
    }
}

/// All stories. Money is revenue and refunds.
#[rustfmt::skip]
pub(crate) const STORIES: &[Story] = &[
    story("one-time",                           Once, &[Pay], Open, Completed, (PRICE, 0)),
    story("one-time, declined first",           Once, &[Decline, Pay], Open, Completed, (PRICE, 0)),
    story("one-time, refunded",                 Once, &[Pay, Refund(None)], ClosedAgain, Completed, (0, PRICE)),
    story("one-time, refunded in part",         Once, &[Pay, Refund(Some(1000))], Open, Completed, (PRICE - 1000, 1000)),
    story("one-time, refunded in two parts",    Once, &[Pay, Refund(Some(1000)), Refund(None)], ClosedAgain, Completed, (0, PRICE)),
    story("delayed payment, settled",           Once, &[PayLater, Settle], Open, Completed, (PRICE, 0)),
    story("delayed payment, settled, refunded", Once, &[PayLater, Settle, Refund(None)], ClosedAgain, Completed, (0, PRICE)),
    story("delayed payment, failed",            Once, &[PayLater, FailSettlement], NeverOpened, Failed, (0, 0)),
    story("coupon over the whole price",        Once, &[CompleteFree], Open, Completed, (0, 0)),
    story("expired",                            Once, &[Expire], NeverOpened, Failed, (0, 0)),
    story("one-time, refund failed",            Once, &[Pay, Refund(None), FailRefund], Open, Completed, (PRICE, 0)),
    story("one-time, part of the refund failed", Once, &[Pay, Refund(Some(1000)), Refund(None), FailRefund], Open, Completed, (PRICE - 1000, 1000)),
    story("one-time, declined twice, expired",  Once, &[Decline, Decline, Expire], NeverOpened, Failed, (0, 0)),
    story("expired, paid by another session",   OnceAgain, &[ExpireOurs, Pay], Open, Completed, (PRICE, 0)),
    story("expired, paid late, refunded",       OnceAgain, &[PayLater, ExpireOurs, Settle, Refund(None)], ClosedAgain, Completed, (0, PRICE)),
    story("disputed",                           Once, &[Pay, Dispute], ClosedAgain, Completed, (PRICE, 0)),
    story("disputed, won",                      Once, &[Pay, Dispute, WinDispute], Open, Completed, (PRICE, 0)),
    story("disputed, lost",                     Once, &[Pay, Dispute, LoseDispute], ClosedAgain, Completed, (PRICE, 0)),
    story("inquiry",                            Once, &[Pay, Inquire], Open, Completed, (PRICE, 0)),
    story("inquiry, closed",                    Once, &[Pay, Inquire, WinDispute], Open, Completed, (PRICE, 0)).always_open(),
    story("inquiry, disputed, lost",            Once, &[Pay, Inquire, Dispute, LoseDispute], ClosedAgain, Completed, (PRICE, 0)),
    story("inquiry, disputed, won",             Once, &[Pay, Inquire, Dispute, WinDispute], Open, Completed, (PRICE, 0)),
    story("fraud warning",                      Once, &[Pay, WarnOfFraud], Open, Completed, (PRICE, 0)),
    story("fraud warning, disputed, lost",      Once, &[Pay, WarnOfFraud, Dispute, LoseDispute], ClosedAgain, Completed, (PRICE, 0)),
    story("flagged refund",                     Once, &[Pay, Refund(None)], Open, Completed, (0, PRICE)).with(FLAGGING),
    story("flagged refund in part",             Once, &[Pay, Refund(Some(1000))], Open, Completed, (PRICE - 1000, 1000)).with(FLAGGING),
    story("flagged refund, failed",             Once, &[Pay, Refund(None), FailRefund], Open, Completed, (PRICE, 0)).with(FLAGGING).always_open(),
    story("subscription",                       Subscription, &[Pay], Open, Completed, (MONTHLY, 0)),
    story("subscription, free",                 Subscription, &[CompleteFree], Open, Completed, (0, 0)),
    story("subscription, on trial",             Trial(14), &[CompleteFree], Open, Completed, (0, 0)),
    story("subscription, on trial, paid",       Trial(14), &[CompleteFree, Renew], Open, Completed, (MONTHLY, 0)),
    story("subscription, on trial, cancelled",  Trial(14), &[CompleteFree, Cancel], ClosedAgain, Canceled, (0, 0)),
    story("subscription, renewed",              Subscription, &[Pay, Renew], Open, Completed, (2 * MONTHLY, 0)),
    story("subscription, renewal failed",       Subscription, &[Pay, FailRenewal], Open, Completed, (MONTHLY, 0)),
    story("subscription, renewal paid late",    Subscription, &[Pay, FailRenewal, Renew], Open, Completed, (2 * MONTHLY, 0)),
    story("subscription, cancelled",            Subscription, &[Pay, Cancel], ClosedAgain, Canceled, (MONTHLY, 0)),
    story("subscription, renewed, cancelled",   Subscription, &[Pay, Renew, Cancel], ClosedAgain, Canceled, (2 * MONTHLY, 0)),
    story("subscription, unpaid, cancelled",    Subscription, &[Pay, FailRenewal, Cancel], ClosedAgain, Canceled, (MONTHLY, 0)),
    story("subscription, refunded",             Subscription, &[Pay, Refund(None)], ClosedAgain, Completed, (0, MONTHLY)),
    story("subscription, refunded, cancelled",  Subscription, &[Pay, Refund(None), Cancel], ClosedAgain, Canceled, (0, MONTHLY)),
    story("subscription, settled later",        Subscription, &[PayLater, Settle], Open, Completed, (MONTHLY, 0)),
    story("subscription, never settled",        Subscription, &[PayLater, FailSettlement], NeverOpened, Failed, (0, 0)),
    story("subscription, on trial, paused",     Trial(14), &[CompleteFree, Pause], ClosedAgain, Completed, (0, 0)),
    story("subscription, on trial, resumed",    Trial(14), &[CompleteFree, Pause, Resume], Open, Completed, (MONTHLY, 0)),
    story("subscription, collection paused",    Subscription, &[Pay, PauseCollection], Open, Completed, (MONTHLY, 0)),
    story("subscription, overdue, paid",        Subscription, &[Pay, FailRenewal, FailRenewal, PayOverdue], Open, Completed, (2 * MONTHLY, 0)).always_open(),
    story("subscription, given up",             Subscription, &[Pay, FailRenewal, GiveUp(Cancels)], ClosedAgain, Canceled, (MONTHLY, 0)),
    story("subscription, left unpaid",          Subscription, &[Pay, FailRenewal, GiveUp(LeavesUnpaid)], ClosedAgain, Completed, (MONTHLY, 0)),
    story("subscription, left unpaid, paid",    Subscription, &[Pay, GiveUp(LeavesUnpaid), PayOverdue], Open, Completed, (2 * MONTHLY, 0)),
    story("subscription, to be cancelled",      Subscription, &[Pay, CancelLater], Open, Completed, (MONTHLY, 0)),
    story("subscription, cancelled at its end", Subscription, &[Pay, CancelLater, Renew], ClosedAgain, Canceled, (MONTHLY, 0)),
    story("subscription, kept",                 Subscription, &[Pay, CancelLater, Keep, Renew], Open, Completed, (2 * MONTHLY, 0)),
    story("subscription, disputed, won",        Subscription, &[Pay, Dispute, WinDispute], Open, Completed, (MONTHLY, 0)),
    story("subscription, disputed, lost",       Subscription, &[Pay, Renew, Dispute, LoseDispute, Cancel], ClosedAgain, Canceled, (2 * MONTHLY, 0)),
    story("subscription, in its grace",         Subscription, &[Pay, FailRenewal, Wait(2)], Open, Completed, (MONTHLY, 0)).with(THREE_DAYS),
    story("subscription, grace over",           Subscription, &[Pay, FailRenewal, Wait(4)], ClosedAgain, Completed, (MONTHLY, 0)).with(THREE_DAYS),
    story("subscription, grace over, retried",  Subscription, &[Pay, FailRenewal, Wait(4), FailRenewal], ClosedAgain, Completed, (MONTHLY, 0)).with(THREE_DAYS),
    story("subscription, paid in its grace",    Subscription, &[Pay, FailRenewal, Wait(2), PayOverdue, Wait(4)], Open, Completed, (2 * MONTHLY, 0)).with(THREE_DAYS),
    story("subscription, paid after its grace", Subscription, &[Pay, FailRenewal, Wait(4), PayOverdue], Open, Completed, (2 * MONTHLY, 0)).with(THREE_DAYS),
    story("subscription, given up in its grace", Subscription, &[Pay, FailRenewal, Wait(1), GiveUp(Cancels)], ClosedAgain, Canceled, (MONTHLY, 0)).with(THREE_DAYS),
];
