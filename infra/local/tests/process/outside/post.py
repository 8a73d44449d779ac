"""SES, as far as https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html tells: it takes letters."""

import json
import threading
import uuid


class Post:
    def __init__(self):
        self.letters = []  # as (address, subject, text)
        self.objections = []
        self.lock = threading.Lock()

    def answer(self, request):
        with self.lock:
            if str(request) != "POST /v2/email/outbound-emails":
                self.objections.append(f"unexpected call: {request}")
                return 404, {"message": "not an operation of SES"}
            if not request.headers.get("authorization", "").startswith("AWS4-HMAC-SHA256 "):
                self.objections.append(f"{request}: not signed")
            call = json.loads(request.body)
            to, message = call["Destination"]["ToAddresses"], call["Content"]["Simple"]
            if len(to) != 1:
                self.objections.append(f"{request}: not to one address: {to}")
            self.letters.append((to[0], message["Subject"]["Data"], message["Body"]["Text"]["Data"]))
            return 200, {"MessageId": str(uuid.uuid4())}

    def subjects(self, address):
        """What an address was told, oldest first."""
        with self.lock:
            return [subject for to, subject, _ in self.letters if to == address]
