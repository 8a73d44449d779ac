"""What Stripe tells of a purchase, one life after another, and what must come of it however its events arrive."""

import random
import time
import uuid
from collections import namedtuple

import checkout as stripes

DAY = 86400

# What takes part: the program, GitHub, Stripe and SES; who buys and who sells; how to insist and how to wait.
World = namedtuple("World", "tollgate github checkout post buyer vendor expect until")


class Life:
    """One purchase's events, a minute apart from each other, in the order in which they happen."""

    def __init__(self, purchase, session, metadata, cents):
        self.purchase, self.session, self.metadata, self.cents = purchase, session, metadata, cents
        self.ids = {kind: f"{kind}_{uuid.uuid4().hex[:20]}" for kind in ["ch", "pi", "cus", "sub", "du", "re"]}
        self.began = int(time.time()) - 3600
        self.events = []

    def tell(self, kind, of):
        event = stripes.event(kind, of)
        event["created"] = self.began + 60 * len(self.events)
        self.events.append(event)
        return self

    def charge(self, kind="charge.succeeded", refunded=0):
        charge = {**stripes.charge(self.cents, self.metadata, refunded), "id": self.ids["ch"]}
        return self.tell(kind, {**charge, "payment_intent": self.ids["pi"], "customer": self.ids["cus"]})

    def completed(self, mode="payment", status="paid"):
        session = stripes.completed(self.session, self.purchase, self.cents, self.metadata)
        session.update(mode=mode, payment_status=status, customer=self.ids["cus"])
        session["payment_intent"] = self.ids["pi"] if mode == "payment" else None
        session["subscription"] = self.ids["sub"] if mode == "subscription" else None
        if mode == "subscription":
            session["invoice"] = self.invoice_id(0)
        if status == "no_payment_required":
            session["amount_total"] = 0
        return self.tell("checkout.session.completed", session)

    def refund(self, cents):
        refund = {
            "id": self.ids["re"],
            "object": "refund",
            "amount": cents,
            "charge": self.ids["ch"],
            "payment_intent": self.ids["pi"],
            "created": int(time.time()),
            "currency": "usd",
            "metadata": {},
            "status": "succeeded",
        }
        return self.tell("refund.created", refund).charge("charge.refunded", refunded=cents)

    def dispute(self, kind, status):
        dispute = {
            "id": self.ids["du"],
            "object": "dispute",
            "amount": self.cents,
            "charge": self.ids["ch"],
            "payment_intent": self.ids["pi"],
            "created": self.began,
            "currency": "usd",
            "metadata": {},
            "reason": "fraudulent",
            "status": status,
        }
        return self.tell(kind, dispute)

    def subscription(self, kind, status):
        subscription = {**stripes.subscription(status, self.metadata), "id": self.ids["sub"]}
        return self.tell(f"customer.subscription.{kind}", {**subscription, "customer": self.ids["cus"]})

    def invoice_id(self, number):
        return f"in_{number}{self.ids['sub'][4:]}"

    def invoice(self, outcome, number, reason, cents=None):
        cents = self.cents if cents is None else cents
        paid = outcome == "payment_succeeded"
        details = {"metadata": self.metadata, "subscription": self.ids["sub"]}
        period = {"start": self.began + number * 30 * DAY, "end": self.began + (number + 1) * 30 * DAY}
        invoice = {
            "id": self.invoice_id(number),
            "object": "invoice",
            "amount_due": cents,
            "amount_paid": cents if paid else 0,
            "attempt_count": 1,
            "billing_reason": reason,
            "created": self.began,
            "currency": "usd",
            "customer": self.ids["cus"],
            "hosted_invoice_url": "https://invoice.stripe.com/i/outside",
            "lines": {"object": "list", "data": [{"id": "il_Outside", "period": period, "metadata": self.metadata}]},
            "next_payment_attempt": None if paid else int(time.time()) + 3 * DAY,
            "parent": {"type": "subscription_details", "subscription_details": details},
            "status": "paid" if paid else "open",
        }
        return self.tell(f"invoice.{outcome}", invoice)


def paid_once(life):
    return life.charge().completed()


def subscribed(life):
    """The order that two users of Rails' `pay` saw, less the events of which nothing follows (pay-rails/pay#282)."""
    life.subscription("created", "incomplete").subscription("updated", "active")
    return life.invoice("payment_succeeded", 0, "subscription_create").completed("subscription")


def on_trial(life):
    life.subscription("created", "trialing").invoice("payment_succeeded", 0, "subscription_create", cents=0)
    return life.completed("subscription", "no_payment_required")


def failed_renewal(life):
    subscribed(life).invoice("payment_failed", 1, "subscription_cycle")
    return life.subscription("updated", "past_due")


def renewed_trial(life):
    on_trial(life).invoice("payment_succeeded", 1, "subscription_cycle")
    return life.subscription("updated", "active")


# Nine: an address may begin ten checkouts in an hour.
# name, monthly, what happens, the statuses and whether the buyer has access in the end
LIVES = [
    ("once", False, paid_once, ("completed", "active"), True),
    ("refunded", False, lambda it: paid_once(it).refund(it.cents), ("completed", "revoked"), False),
    ("refunded-in-part", False, lambda it: paid_once(it).refund(1000), ("completed", "active"), True),
    (
        "disputed-won",
        False,
        lambda it: paid_once(it).dispute("charge.dispute.created", "needs_response").dispute("charge.dispute.closed", "won"),
        ("completed", "active"),
        True,
    ),
    (
        "disputed-lost",
        False,
        lambda it: paid_once(it).dispute("charge.dispute.created", "needs_response").dispute("charge.dispute.closed", "lost"),
        ("completed", "revoked"),
        False,
    ),
    ("subscribed", True, subscribed, ("completed", "active"), True),
    ("trial-renewed", True, renewed_trial, ("completed", "active"), True),
    ("renewal-failed", True, failed_renewal, ("completed", "active"), True),
    (
        "renewal-given-up",
        True,
        lambda it: failed_renewal(it).subscription("deleted", "canceled"),
        ("canceled", "revoked"),
        False,
    ),
]


def repositories():
    return [f"outside-inc/{name}" for name, *_ in LIVES]


def shuffled(events, seed):
    """Each event once or twice, in some order. The same seed makes the same order."""
    dice = random.Random(seed)
    deliveries = [event for event in events for _ in range(dice.choice([1, 2]))]
    dice.shuffle(deliveries)
    return deliveries


GRANTED, ENDED, SUSPENDED = "Your access to {}", "Your access to {} has ended", "Your access to {} is suspended"
REFUNDED, UNPAID = "A payment for {} was refunded", "A renewal of {} could not be paid"
# What the buyer may hear of the access last, what else the buyer is told in the end, and what the vendor is told.
LETTERS = {
    "once": ([GRANTED], [], []),
    "refunded": ([ENDED], [], [REFUNDED]),
    "refunded-in-part": ([GRANTED], ["A refund for {}"], [REFUNDED]),
    "disputed-won": ([GRANTED], [], ["You have won a dispute about {}"]),
    "disputed-lost": ([ENDED, SUSPENDED], [], ["You have lost a dispute about {}"]),
    "subscribed": ([GRANTED], [], []),
    "trial-renewed": ([GRANTED], ["Your subscription to {} was renewed"], []),
    "renewal-failed": ([GRANTED], ["The payment for {} failed"], [UNPAID]),
    "renewal-given-up": ([ENDED], ["The payment for {} failed"], [UNPAID]),
}


def address(name):
    return f"{name}@example.com"


def play(world):
    """Sells something for each life, has Stripe tell all of them at once, and looks at what came of it."""
    begun = []
    for name, monthly, happen, standing, has_access in LIVES:
        pricing = {"pricingType": "one-time", "priceCents": 4900}
        if monthly:
            pricing = {"pricingType": "subscription", "priceCents": 900, "subscriptionCadence": "monthly"}
        sale, metadata = world.tollgate.sell(f"outside-inc/{name}", f"Outside {name}", pricing, address(name))
        life = happen(Life(sale["purchaseId"], sale["sessionId"], metadata, pricing["priceCents"]))
        world.checkout.metadata[life.ids["pi"]] = metadata
        world.checkout.metadata[life.ids["sub"]] = metadata
        begun.append((name, life, standing, has_access))
    world.checkout.requests.clear()
    everything = [event for _, life, _, _ in begun for event in life.events]
    for event in shuffled(everything, "outside"):
        world.expect(world.tollgate.deliver(event), (200, {"received": True}), event["type"])
    for name, life, standing, has_access in begun:
        world.until(f"{name} stands at {standing}", lambda: world.tollgate.standing(life.purchase), standing)
        access = lambda: world.github.has_access(f"outside-inc/{name}", world.buyer)
        world.until(f"{name}: access on GitHub is {has_access}", access, has_access)
        tells(world, life, name)
        letters(world, name)


def tells(world, life, name):
    """The log has a line for each event that says something of itself, and one only, however often it came."""
    _, customer = world.tollgate.call("GET", f"/api/admin/customers/{life.purchase}")
    actions = [line["action"] for line in customer["accessLogs"]]
    for action, kinds in {
        "checkout_completed": ["checkout.session.completed"],
        "subscription_created": ["customer.subscription.created"],
        "payment_failed": ["invoice.payment_failed"],
        "refund_created": ["refund.created"],
        "payment_refunded": ["charge.refunded"],
    }.items():
        happened = sum(event["type"] in kinds for event in life.events)
        world.expect(actions.count(action), happened, f"{name}: lines {action} of {actions}")


def letters(world, name):
    """The last that a buyer hears of the access is how it stands. Everything else is told once: a partial refund, for one,
    of which the vendor hears as well."""
    buyer, product = address(name), f"Outside {name}"
    last, to_buyer, to_vendor = ([subject.format(product) for subject in kinds] for kinds in LETTERS[name])
    news = {subject.format(product) for subject in (GRANTED, ENDED, SUSPENDED)}
    told = lambda: [subject for subject in world.post.subjects(buyer) if subject in news]
    world.until(f"{name}: the last word to the buyer is one of {last}", lambda: told()[-1:] and told()[-1] in last)
    # A dispute that is won gives back what it took.
    most = 2 if name == "disputed-won" else 1
    world.expect([subject for subject in news if told().count(subject) > most], [], f"{name}: too often in {told()}")
    for to, due in [(buyer, to_buyer), (world.vendor, to_vendor)]:
        counted = lambda: [world.post.subjects(to).count(subject) for subject in due]
        world.until(f"{name}: {to} is told {due}, once each", counted, [1] * len(due))
