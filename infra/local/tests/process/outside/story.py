"""Tollgate between a GitHub and a Stripe that know nothing of it: neither its sandboxes nor its signing code take part.

usage: python3 story.py PROGRAM FOLDER      exits with 77 when Stripe's official library is not installed
"""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

try:
    import checkout as stripes
    import stripe

    stripe.WebhookSignature.generate_signature_header
except (ImportError, AttributeError) as missing:
    print(f"needs Stripe's official library, 16 or later (pip install stripe): {missing}")
    sys.exit(77)

import sequences
from github import Github
from loopback import serve
from post import Post

OLD_SECRET, SECRET = "whsec_test_outside_old", "whsec_test_outside"
KEY, TOKEN = "sk_test_outside", "ghp_test_outside"
PUBLIC_URL = "https://shop.example.com"
BUYER, ONCE, MONTHLY = "octo-buyer", "outside-inc/theme", "outside-inc/updates"
ADDRESS, VENDOR = "buyer@example.com", "vendor@example.com"
PATIENCE = 60


def expect(found, expected, what):
    if found != expected:
        raise SystemExit(f"{what}: expected {expected!r}, found {found!r}")


def until(what, ask, expected=True):
    deadline = time.monotonic() + PATIENCE
    while (found := ask()) != expected:
        if time.monotonic() > deadline:
            raise SystemExit(f"waited in vain until {what}; at last {found!r}")
        time.sleep(0.02)
    print("seen:", what)


class Tollgate:
    def __init__(self, program, folder, environment):
        os.makedirs(folder)
        self.log = open(os.path.join(folder, "log"), "ab")
        arguments = [program, "--listen", "127.0.0.1:0", "--data", os.path.join(folder, "data")]
        self.process = subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=self.log, text=True)
        for line in self.process.stdout:
            if "running at " in line:
                self.url = line.split("running at ")[1].strip()
            if "export TOKEN=" in line:
                self.token = line.split("export TOKEN=")[1].strip()
            if "Ctrl-C ends it" in line:
                return
        raise SystemExit("Tollgate did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def call(self, method, path, body=None, headers=()):
        headers = {"content-type": "application/json", "authorization": f"Bearer {self.token}", **dict(headers)}
        body = json.dumps(body).encode() if isinstance(body, dict) else body
        request = urllib.request.Request(self.url + path, data=body, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as answer:
            return answer.code, json.load(answer)

    def deliver(self, event, secret=SECRET):
        body, header = stripes.signed(event, secret)
        return self.call("POST", "/api/webhooks/stripe", body, {"stripe-signature": header, "authorization": ""})

    def sell(self, repository, name, pricing, email=ADDRESS):
        owner, repo = repository.split("/")
        new = {"githubOwner": owner, "githubRepoName": repo, "displayName": name, **pricing}
        status, repository = self.call("POST", "/api/admin/repositories", new)
        expect(status, 201, f"listing {name}: {repository}")
        order = {"repositoryId": repository["id"], "githubUsername": BUYER, "email": email}
        status, begun = self.call("POST", "/api/checkout", order)
        expect(status, 200, f"checkout of {name}: {begun}")
        expect(begun["sessionUrl"], f"https://checkout.stripe.com/c/pay/{begun['sessionId']}", "the payment page")
        metadata = {"company_id": "1", "repository_id": repository["id"], "purchase_id": begun["purchaseId"]}
        return begun, metadata

    def standing(self, purchase):
        _, customer = self.call("GET", f"/api/admin/customers/{purchase}")
        return customer["status"], customer["accessStatus"]


def params_of(request, begun, metadata, extra):
    """What the official library would have to be given for the same session."""
    ours = stripes.form(request)
    for field in ["success_url", "cancel_url"]:
        expect(ours[field].startswith(PUBLIC_URL + "/"), True, field)
    expect("{CHECKOUT_SESSION_ID}" in ours["success_url"], True, "success_url")
    ahead = int(ours["expires_at"]) - time.time()
    expect(30 * 60 < ahead < 24 * 60 * 60, True, f"expires_at, {ahead} s ahead")
    return {
        "success_url": ours["success_url"],
        "cancel_url": ours["cancel_url"],
        "expires_at": int(ours["expires_at"]),
        "customer_email": ADDRESS,
        "client_reference_id": begun["purchaseId"],
        "metadata": metadata,
        "line_items": [{"quantity": 1, "price": ours["line_items[0][price]"]}],
        **extra,
    }


def one_time(tollgate, github, checkout, stripe_url):
    begun, metadata = tollgate.sell(ONCE, "Theme", {"pricingType": "one-time", "priceCents": 4900})
    ours = checkout.requests.pop()
    extra = {
        "mode": "payment",
        "customer_creation": "always",
        "invoice_creation": {"enabled": True},
        "payment_intent_data": {"metadata": metadata},
    }
    params = params_of(ours, begun, metadata, extra)
    price = {"currency": "usd", "unit_amount": 4900, "product_data": {"name": "Theme"}}
    expect(checkout.price_differences(checkout.prices.pop(), stripe_url, price), [], "the price we asked for")
    expect(checkout.differences(ours, stripe_url, params), [], "our request against the official library's")

    paid = stripes.event("charge.succeeded", stripes.charge(4900, metadata))
    expect(tollgate.deliver(paid, "whsec_test_somebody_elses"), (400, {"error": "Invalid signature"}), "a forged event")
    expect(github.has_access(ONCE, BUYER), False, "access before the payment")
    expect(tollgate.deliver(paid), (200, {"received": True}), "the charge")
    session = stripes.completed(begun["sessionId"], begun["purchaseId"], 4900, metadata)
    done = stripes.event("checkout.session.completed", session)
    expect(tollgate.deliver(done, OLD_SECRET), (200, {"received": True}), "the session, signed with the old secret")
    invitation = f"PUT /repos/{ONCE}/collaborators/{BUYER}"
    until(invitation, lambda: invitation in github.calls)
    until("the purchase is open", lambda: tollgate.standing(begun["purchaseId"]), ("completed", "active"))
    github.accept(ONCE, BUYER)

    refund = stripes.event("charge.refunded", stripes.charge(4900, metadata, refunded=4900))
    expect(tollgate.deliver(refund), (200, {"received": True}), "the refund")
    removal = f"DELETE /repos/{ONCE}/collaborators/{BUYER}"
    until(removal, lambda: removal in github.calls)
    until("the purchase is closed", lambda: tollgate.standing(begun["purchaseId"]), ("completed", "revoked"))
    expect(github.has_access(ONCE, BUYER), False, "access after the refund")
    expect(github.calls.count(invitation), 1, "invitations")


def monthly(tollgate, github, checkout, stripe_url):
    pricing = {"pricingType": "subscription", "priceCents": 900, "subscriptionCadence": "monthly"}
    begun, metadata = tollgate.sell(MONTHLY, "Updates", pricing)
    ours = checkout.requests.pop()
    extra = {
        "mode": "subscription",
        "subscription_data": {"metadata": metadata},
    }
    params = params_of(ours, begun, metadata, extra)
    price = {"currency": "usd", "unit_amount": 900, "product_data": {"name": "Updates"}}
    price["recurring"] = {"interval": "month", "interval_count": 1}
    expect(checkout.price_differences(checkout.prices.pop(), stripe_url, price), [], "the price we asked for")
    expect(checkout.differences(ours, stripe_url, params), [], "our request against the official library's")

    created = stripes.event("customer.subscription.created", stripes.subscription("active", metadata))
    expect(tollgate.deliver(created), (200, {"received": True}), "the subscription")
    invitation = f"PUT /repos/{MONTHLY}/collaborators/{BUYER}"
    until(invitation, lambda: invitation in github.calls)
    until("the subscription is open", lambda: tollgate.standing(begun["purchaseId"])[1], "active")

    deleted = stripes.event("customer.subscription.deleted", stripes.subscription("canceled", metadata))
    expect(tollgate.deliver(deleted), (200, {"received": True}), "its end")
    removal = f"DELETE /repos/{MONTHLY}/collaborators/{BUYER}"
    until(removal, lambda: removal in github.calls)
    until("the invitation is withdrawn", lambda: not github.has_access(MONTHLY, BUYER))


def main(program, folder):
    github = Github(TOKEN, {BUYER: 583231}, [ONCE, MONTHLY, *sequences.repositories()])
    checkout = stripes.Checkout(KEY)
    stripe_url, post = serve(checkout.answer), Post()
    environment = {
        "PATH": os.environ["PATH"],
        "GITHUB_API_URL": serve(github.answer),
        "GITHUB_TOKEN": TOKEN,
        "STRIPE_API_URL": stripe_url,
        "STRIPE_SECRET_KEY": KEY,
        "STRIPE_WEBHOOK_SECRET": f"{OLD_SECRET},{SECRET}",
        "PUBLIC_URL": PUBLIC_URL,
        "AWS_ENDPOINT_URL_SESV2": serve(post.answer),
        "ALERT_EMAIL": VENDOR,
    }
    with Tollgate(program, os.path.join(folder, "story"), environment) as tollgate:
        one_time(tollgate, github, checkout, stripe_url)
        monthly(tollgate, github, checkout, stripe_url)
    # One of its own: an address may begin no more than ten checkouts in an hour.
    with Tollgate(program, os.path.join(folder, "sequences"), environment) as tollgate:
        world = sequences.World(tollgate, github, checkout, post, BUYER, VENDOR, expect, until)
        sequences.play(world)
    expect(github.objections, [], "what GitHub objects to")
    expect(post.objections, [], "what SES objects to")
    print(f"the whole path works, with stripe-python {stripe.VERSION}")


main(*sys.argv[1:])
