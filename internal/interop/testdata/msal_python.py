"""MSAL for Python, driven line by line: JSON in, JSON out.

The first line of standard input says what to do:
  {"do": "read", ...}     finds the account and a valid access token in a cache
  {"do": "sign-in", ...}  signs in with a browser and with a code, and renews
"""
import json
import sys

import msal


def say(**what):
    print(json.dumps(what), flush=True)


def hear():
    return json.loads(sys.stdin.readline())


class Discovery:
    """Answers what every MSAL asks first, and refuses all else: no network."""

    class Answer:
        status_code, headers = 200, {}

        def __init__(self, text):
            self.text = text

    def __init__(self, authority):
        self.authority = authority

    def get(self, url, **_):
        if not url.endswith("/.well-known/openid-configuration"):
            raise AssertionError("asked for " + url)
        base = self.authority
        return self.Answer(json.dumps({
            "issuer": base + "/v2.0",
            "authorization_endpoint": base + "/oauth2/v2.0/authorize",
            "token_endpoint": base + "/oauth2/v2.0/token",
        }))

    def post(self, url, **_):
        raise AssertionError("posted to " + url)

    def close(self):
        pass


def client(task, cache, **more):
    return msal.PublicClientApplication(
        task["client_id"], authority=task["authority"], instance_discovery=False,
        client_capabilities=["CP1"], token_cache=cache, **more)


def read(task):
    cache = msal.SerializableTokenCache()
    with open(task["cache"], encoding="utf-8") as f:
        cache.deserialize(f.read())
    app = client(task, cache, http_client=Discovery(task["authority"]))
    accounts = app.get_accounts()
    token = app.acquire_token_silent(task["scopes"], accounts[0]) if accounts else None
    say(accounts=[[a["username"], a["home_account_id"]] for a in accounts],
        token=(token or {}).get("access_token"))


def told(result):
    if "access_token" not in result:
        say(error=result.get("error"), suberror=result.get("suberror", ""), why=result.get("error_description"))
        sys.exit(1)
    return result


def sign_in(task):
    cache = msal.SerializableTokenCache()
    app = client(task, cache, verify=task["ca_file"])
    flow = app.initiate_auth_code_flow(
        task["scopes"], redirect_uri="http://localhost:5000", response_mode="form_post", login_hint=task["people"][0])
    say(open=flow["auth_uri"])
    first = told(app.acquire_token_by_auth_code_flow(flow, hear()))
    say(token=first["access_token"], username=first["id_token_claims"]["preferred_username"])

    flow = app.initiate_device_flow(task["scopes"])
    say(page=flow["verification_uri"], code=flow["user_code"])
    hear()
    second = told(app.acquire_token_by_device_flow(flow))
    say(token=second["access_token"], username=second["id_token_claims"]["preferred_username"])

    account = app.get_accounts(first["id_token_claims"]["preferred_username"])[0]
    renewed = told(app.acquire_token_silent_with_error(task["scopes"], account, force_refresh=True))
    say(token=renewed["access_token"], username=account["username"])

    with open(task["cache"], "w", encoding="utf-8") as f:
        f.write(cache.serialize())
    say(revoke=account["username"])
    hear()
    refused = app.acquire_token_silent_with_error(task["scopes"], account, force_refresh=True)
    say(error=refused["error"], suberror=refused.get("suberror", ""))


task = hear()
{"read": read, "sign-in": sign_in}[task["do"]](task)
