"""Stripe's side: takes what creates Checkout Sessions, and makes signed events. Signatures and the requests that ours are
compared with come from Stripe's official library."""

import json
import re
import threading
import time
import uuid
from urllib.parse import parse_qsl

import stripe

VERSION = "2026-09-30.endive"


class Checkout:
    def __init__(self, key):
        self.key = key
        self.requests = []
        self.prices = []  # requests for prices
        self.metadata = {}  # of payment intents and subscriptions, by id
        self.lock = threading.Lock()

    def answer(self, request):
        if str(request) == "POST /v1/prices":
            with self.lock:
                self.prices.append(request)
            return 200, {"id": f"price_{uuid.uuid4().hex}", "object": "price", "product": f"prod_{uuid.uuid4().hex}"}
        known = re.fullmatch(r"GET /v1/(payment_intent|subscription)s/(\w+)", str(request))
        if known and known[2] in self.metadata:
            return 200, {"id": known[2], "object": known[1], "metadata": self.metadata[known[2]]}
        if str(request) != "POST /v1/checkout/sessions":
            return 404, {"error": {"type": "invalid_request_error", "message": f"Unrecognized request URL ({request})"}}
        with self.lock:
            self.requests.append(request)
            session = f"cs_test_{uuid.uuid4().hex}"
        url = f"https://checkout.stripe.com/c/pay/{session}"
        return 200, {"id": session, "object": "checkout.session", "url": url, "livemode": False, "status": "open"}

    def differences(self, ours, address, params):
        """How our request differs from the one that the official library makes of `params`."""
        create = lambda client: client.v1.checkout.sessions.create
        return self.compared(ours, address, params, create, self.requests)

    def price_differences(self, ours, address, params):
        """The same for the request that makes a price."""
        return self.compared(ours, address, params, lambda client: client.v1.prices.create, self.prices)

    def compared(self, ours, address, params, create, requests):
        client = stripe.StripeClient(self.key, base_addresses={"api": address}, stripe_version=VERSION)
        create(client)(params=params, options={"idempotency_key": ours.headers["idempotency-key"]})
        theirs = requests.pop()
        found = []
        for name in ["authorization", "content-type", "idempotency-key", "stripe-version"]:
            if ours.headers.get(name) != theirs.headers.get(name):
                found.append(f"{name}: {ours.headers.get(name)!r} and not {theirs.headers.get(name)!r}")
        ours, theirs = form(ours), form(theirs)
        for name in sorted(ours.keys() | theirs.keys()):
            if ours.get(name) != theirs.get(name):
                found.append(f"{name}: {ours.get(name)!r} and not {theirs.get(name)!r}")
        return found


def form(request):
    return dict(parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True))


def event(kind, of):
    return {
        "id": f"evt_{uuid.uuid4().hex[:24]}",
        "object": "event",
        "api_version": VERSION,
        "created": int(time.time()),
        "data": {"object": of},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }


def signed(event, secret):
    """The body and the header that Stripe would send."""
    body = json.dumps(event, indent=2)
    header = stripe.WebhookSignature.generate_signature_header(body, secret)
    stripe.Webhook.construct_event(body, header, secret)
    return body.encode(), header


def charge(cents, metadata, refunded=0):
    return {
        "id": "ch_3OutsideCharge",
        "object": "charge",
        "amount": cents,
        "amount_captured": cents,
        "amount_refunded": refunded,
        "captured": True,
        "created": int(time.time()),
        "currency": "usd",
        "customer": "cus_Outside",
        "livemode": False,
        "metadata": metadata,
        "paid": True,
        "payment_intent": "pi_3Outside",
        "refunded": refunded == cents,
        "status": "succeeded",
    }


def completed(session, purchase, cents, metadata):
    return {
        "id": session,
        "object": "checkout.session",
        "amount_total": cents,
        "client_reference_id": purchase,
        "currency": "usd",
        "customer": "cus_Outside",
        "invoice": "in_1OutsideReceipt",
        "livemode": False,
        "metadata": metadata,
        "mode": "payment",
        "payment_intent": "pi_3Outside",
        "payment_status": "paid",
        "status": "complete",
        "subscription": None,
    }


def subscription(status, metadata):
    now = int(time.time())
    return {
        "id": "sub_1Outside",
        "object": "subscription",
        "cancel_at_period_end": False,
        "customer": "cus_Outside",
        "items": {"object": "list", "data": [{"id": "si_Outside", "current_period_end": now + 30 * 86400}]},
        "livemode": False,
        "metadata": metadata,
        "status": status,
    }
