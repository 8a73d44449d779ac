"""GitHub, as far as https://docs.github.com/en/rest/collaborators tells: collaborators and invitations of repositories."""

import re
import threading
from datetime import datetime, timezone

NOT_FOUND = 404, {"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"}


class Github:
    def __init__(self, token, users, repositories):
        self.token = token
        self.users = users  # login -> number
        self.invitations = {name: {} for name in repositories}  # full name -> number -> login
        self.collaborators = {name: set() for name in repositories}
        self.calls = []  # as "PUT /repos/…"
        self.objections = []
        self.lock = threading.Lock()
        self.next_invitation = 1000

    def answer(self, request):
        with self.lock:
            self.calls.append(str(request))
            self.check(request)
            for pattern, handle in self.routes():
                if match := re.fullmatch(pattern, str(request)):
                    return handle(request, *match.groups())
            self.objections.append(f"unexpected call: {request}")
            return NOT_FOUND

    def check(self, request):
        expected = {
            "authorization": f"Bearer {self.token}",
            "accept": "application/vnd.github+json",
            "x-github-api-version": "2022-11-28",
        }
        for name, value in expected.items():
            if request.headers.get(name) != value:
                self.objections.append(f"{request}: {name} is {request.headers.get(name)!r}")
        if not request.headers.get("user-agent"):
            self.objections.append(f"{request}: GitHub refuses calls without a User-Agent")

    def routes(self):
        repository = r"/repos/([^/]+/[^/]+)"
        return [
            (r"GET /users/([^/]+)", lambda _, login: self.user(login)),
            (r"GET /user/(\d+)", lambda _, number: self.user(self.login_of(int(number)))),
            (rf"GET {repository}", self.repository),
            (r"GET /repositories/(\d+)", lambda request, number: self.repository(request, self.named(int(number)))),
            (rf"GET {repository}/collaborators", self.list_collaborators),
            (rf"GET {repository}/invitations", self.list_invitations),
            (rf"DELETE {repository}/invitations/(\d+)", self.withdraw),
            (rf"PUT {repository}/collaborators/([^/]+)", self.invite),
            (rf"GET {repository}/collaborators/([^/]+)", self.is_collaborator),
            (rf"DELETE {repository}/collaborators/([^/]+)", self.remove),
        ]

    def login_of(self, number):
        return next((login for login, of in self.users.items() if of == number), None)

    def user(self, login):
        if login not in self.users:
            return NOT_FOUND
        avatar = f"https://avatars.githubusercontent.com/u/{self.users[login]}"
        return 200, {"login": login, "id": self.users[login], "type": "User", "avatar_url": avatar}

    def repository(self, _, name):
        if name not in self.invitations:
            return NOT_FOUND
        owner, repository = name.split("/")
        number = self.number(name)
        shown = {"id": number, "name": repository, "full_name": name, "private": True, "archived": False}
        shown["owner"] = {"login": owner, "id": 9919, "type": "Organization"}
        return 200, {**shown, "description": None, "stargazers_count": 3, "pushed_at": "2026-01-01T00:00:00Z"}

    def number(self, name):
        return 7000 + list(self.invitations).index(name)

    def named(self, number):
        return next((name for name in self.invitations if self.number(name) == number), None)

    def list_collaborators(self, _, name):
        if name not in self.collaborators:
            return NOT_FOUND
        return 200, [{"login": login, "id": self.users[login], "type": "User"} for login in self.collaborators[name]]

    def invitation(self, name, number):
        login = self.invitations[name][number]
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        invitee = {"login": login, "id": self.users[login], "type": "User"}
        return {"id": number, "invitee": invitee, "permissions": "read", "created_at": now, "expired": False}

    def list_invitations(self, request, name):
        if name not in self.invitations:
            return NOT_FOUND
        if request.query != "per_page=100":
            self.objections.append(f"{request}: not the largest pages: {request.query}")
        return 200, [self.invitation(name, number) for number in self.invitations[name]]

    def invite(self, _, name, login):
        if name not in self.invitations or login not in self.users:
            return NOT_FOUND
        if login in self.collaborators[name]:
            return 204, None
        self.next_invitation += 1
        self.invitations[name][self.next_invitation] = login
        return 201, self.invitation(name, self.next_invitation)

    def withdraw(self, _, name, number):
        return (204, None) if self.invitations.get(name, {}).pop(int(number), None) else NOT_FOUND

    def is_collaborator(self, _, name, login):
        return (204, None) if login in self.collaborators.get(name, ()) else NOT_FOUND

    def remove(self, _, name, login):
        if name not in self.collaborators:
            return NOT_FOUND
        self.collaborators[name].discard(login)
        return 204, None

    def accept(self, name, login):
        """What the invitee does on GitHub's page."""
        with self.lock:
            number = next(number for number, invitee in self.invitations[name].items() if invitee == login)
            del self.invitations[name][number]
            self.collaborators[name].add(login)

    def has_access(self, name, login):
        with self.lock:
            return login in self.collaborators[name] or login in self.invitations[name].values()
