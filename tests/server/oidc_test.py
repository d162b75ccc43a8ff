# SPDX-License-Identifier: Apache-2.0
"""Tokens of an OpenID Connect issuer that PyJWT signs: at receivers and the query port, with roles, tenants and new keys."""
import base64
import hashlib
import http.client
import http.server
import json
import pathlib
import tempfile
import threading
import time
import unittest
import urllib.parse

from spandrel_process import Spandrel, otlp_request

try:
    import jwt
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
except ImportError:
    jwt = None

PATIENCE_S = 60

CONFIG = """
receivers:
  otlp:
    protocols:
      http: {{endpoint: "127.0.0.1:0", auth: {{authenticator: oidc}}}}
exporters: {{store: {{store: store}}}}
extensions:
  store: {{directory: {folder}/data, durability: os, tenants: true}}
  query: {{endpoint: "127.0.0.1:0", store: store, auth: {{authenticator: oidc}}}}
  oidc:
    issuer_url: {issuer}
    audience: spandrel
    username_claim: email
    groups_claim: groups
    tenants_claim: tenants
    sign_in: {{client_id: page, client_secret: "p&ss"}}
    access: {{senders: {{roles: [send]}}, readers: {{roles: [read]}}}}
service:
  extensions: [store, query, oidc]
  telemetry: {{metrics: {{level: none}}}}
  pipelines: {{traces: {{receivers: [otlp], exporters: [store]}}}}
"""


class Issuer:
    """Serves its discovery document and its keys, and signs tokens with the last of them."""

    def __init__(self):
        self.keys = []
        self.asked = 0
        self.codes = {}  # of people who signed in here: what the browser came with, and claims of their token
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.asked += 1
                self.answer(200, issuer.key_set() if self.path == "/realm/keys" else issuer.discovery())

            def do_POST(self):
                form = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.answer(*issuer.redeem(self.headers["Authorization"], dict(urllib.parse.parse_qsl(form))))

            def answer(self, status, answer):
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/realm"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def add_key(self, name, kind="RS256"):
        key = rsa.generate_private_key(65537, 2048) if kind == "RS256" else ec.generate_private_key(ec.SECP256R1())
        self.keys.append((name, kind, key))

    def discovery(self):
        return {"issuer": self.url, "jwks_uri": self.url + "/keys", "authorization_endpoint": self.url + "/authorize?a=b",
                "token_endpoint": self.url + "/token"}

    def sign_in(self, url, **claims):
        """What happens on the page: a person signs in, and the browser is sent to the address that is returned."""
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
        assert url.startswith(self.url + "/authorize?a=b&") and asked["response_type"] == "code", url
        code = f"code {len(self.codes)}&"
        self.codes[code] = asked, {"aud": "page", "nonce": asked["nonce"], **claims}
        return asked["redirect_uri"] + "?" + urllib.parse.urlencode({"state": asked["state"], "code": code})

    def redeem(self, authorization, form):
        """RFC 6749, section 4.1.3, as strict as it may be."""
        asked, claims = self.codes.pop(form.get("code"), (None, None))
        client = "Basic " + base64.b64encode(b"page:p%26ss").decode()
        if asked is None or authorization != client or form["grant_type"] != "authorization_code":
            return 400, {"error": "invalid_grant"}
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
        if (form["redirect_uri"], challenge) != (asked["redirect_uri"], asked["code_challenge"]):
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": self.token(**claims)}

    def key_set(self):
        found = []
        for name, kind, key in self.keys:
            algorithm = jwt.algorithms.RSAAlgorithm if kind == "RS256" else jwt.algorithms.ECAlgorithm
            text = algorithm.to_jwk(key.public_key())
            jwk = json.loads(text) if isinstance(text, str) else text
            found.append({**jwk, "kid": name, "use": "sig", "alg": kind})
        return {"keys": found}

    def token(self, **claims):
        name, kind, key = self.keys[-1]
        whole = {"iss": self.url, "aud": "spandrel", "exp": int(time.time()) + 300, "email": "ann@example.com",
                 "groups": ["senders", "readers"], "tenants": ["blue"], **claims}
        return jwt.encode(whole, key, algorithm=kind, headers={"kid": name})


@unittest.skipIf(jwt is None, "LOUD SKIP: PyJWT with cryptography is not here (Debian: python3-jwt python3-cryptography)")
class OidcTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="spandrel-oidc-")
        self.addCleanup(temporary.cleanup)
        self.issuer = Issuer()
        self.addCleanup(self.issuer.close)
        self.issuer.add_key("first")
        folder = pathlib.Path(temporary.name)
        config = folder / "config.yaml"
        config.write_text(CONFIG.format(folder=folder, issuer=self.issuer.url))
        self.server = Spandrel("--config", config, built_in=False)
        self.addCleanup(self.server.stop)

    def send(self, token, tenant=""):
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        if tenant:
            headers["X-Scope-OrgID"] = tenant
        return self.server.request("otlp_http", "/v1/traces", json.dumps(otlp_request()).encode(), headers)[0]

    def ask(self, token, tenant=""):
        headers = {"Authorization": f"Bearer {token}"} | ({"X-Scope-OrgID": tenant} if tenant else {})
        return self.server.request("http", "/api/services", headers=headers)[0]

    def once_ready(self, what):
        """The first answer that is not 503: keys may still be on their way."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            status = what()
            if status != 503:
                return status
            self.assertLess(time.monotonic(), deadline, self.server.log())
            time.sleep(0.1)

    def test_tokens_say_who_may_do_what_for_whom(self):
        good = self.issuer.token()
        self.assertEqual(self.once_ready(lambda: self.send(good)), 200)
        self.assertEqual(self.ask(good), 200)
        self.assertEqual(self.ask(good, "blue"), 200)
        self.assertEqual(self.ask(good, "red"), 403)
        self.assertEqual(self.send(good, "red"), 403)
        reader = self.issuer.token(groups=["readers"])
        self.assertEqual((self.send(reader), self.ask(reader)), (403, 200))
        self.assertEqual(self.ask(self.issuer.token(groups=[])), 403)
        self.assertEqual(self.ask(self.issuer.token(groups="readers", tenants="blue")), 200)
        self.assertEqual(self.ask(self.issuer.token(tenants=["blue", "red"])), 400, "which of the two")

    def test_others_are_refused(self):
        self.assertEqual(self.once_ready(lambda: self.ask(self.issuer.token())), 200)
        now = int(time.time())
        claims = {"iss": self.issuer.url, "aud": "spandrel", "exp": now + 300, "email": "eve", "groups": ["readers"],
                  "tenants": ["blue"]}
        forged = {
            "expired": self.issuer.token(exp=now - 1),
            "not yet valid": self.issuer.token(nbf=now + 3600),
            "for others": self.issuer.token(aud=["shop"]),
            "of another issuer": self.issuer.token(iss="https://evil.example"),
            "without a user": self.issuer.token(email=""),
            "without a tenant": self.issuer.token(tenants=[]),
            "not signed": jwt.encode(claims, None, algorithm="none"),
            "signed with the public key as a secret": jwt.encode(claims, "x" * 64, algorithm="HS256", headers={"kid": "first"}),
            "signed by somebody else": jwt.encode(claims, rsa.generate_private_key(65537, 2048), algorithm="RS256",
                                                  headers={"kid": "first"}),
            "cut": self.issuer.token()[:-5],
        }
        for what, token in forged.items():
            self.assertEqual(self.ask(token), 401, what)
            self.assertEqual(self.send(token), 401, what)

    def test_new_keys_are_found(self):
        self.assertEqual(self.once_ready(lambda: self.ask(self.issuer.token())), 200)
        self.issuer.add_key("second", "ES256")
        token = self.issuer.token()
        deadline = time.monotonic() + PATIENCE_S
        while self.ask(token) != 200:
            self.assertLess(time.monotonic(), deadline, self.server.log())
            time.sleep(0.2)
        self.assertLess(self.issuer.asked, 10, "one token does not make it ask all the time")

    def browse(self, target, cookies):
        """GET as a browser with these cookies, which learns those of the answer: (status, headers, body)."""
        address = self.server.addresses["http"]
        connection = http.client.HTTPConnection(address, timeout=PATIENCE_S)
        connection.request("GET", target, headers={"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())})
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            cookies[name] = value
        return answer.status, answer.headers, body

    def begin(self, cookies, to="/search"):
        """The address of the issuer's page that the browser is sent to."""
        target = "/api/ui/v1/session/redirect?" + urllib.parse.urlencode({"way": 0, "to": to})
        self.assertEqual(self.once_ready(lambda: self.browse(target, cookies)[0]), 302)
        return self.browse(target, cookies)[1]["Location"]

    def come_back(self, url, cookies):
        parts = urllib.parse.urlsplit(url)
        self.assertEqual(parts.netloc, self.server.addresses["http"])
        return self.browse(f"{parts.path}?{parts.query}", cookies)

    def test_people_sign_in_on_the_page_of_the_issuer(self):
        cookies = {}
        to = "/search?service=a&limit=5"
        back = self.issuer.sign_in(self.begin(cookies, to))
        self.assertEqual(self.browse("/api/services", cookies)[0], 401)
        status, headers, body = self.come_back(back, cookies)
        self.assertEqual(status, 200, body)
        self.assertIn('url=/search?service=a&amp;limit=5"', body)
        session = next(line for line in headers.get_all("Set-Cookie") if line.startswith("spandrel_session"))
        self.assertIn("HttpOnly; SameSite=Strict", session)
        self.assertEqual(self.browse("/api/services", cookies)[0], 200)
        self.assertIn('"user":"ann@example.com"', self.browse("/api/ui/v1/session", cookies)[2])
        self.assertEqual(self.come_back(back, cookies)[0], 400, "the try is over")

    def test_answers_to_other_sign_ins_are_refused(self):
        mine, theirs = {}, {}
        forged = self.issuer.sign_in(self.begin(theirs), email="eve@example.com")
        self.begin(mine)
        self.assertEqual(self.come_back(forged, mine)[0], 400, "the state of another browser")
        self.assertEqual(self.come_back(forged, {})[0], 400, "a browser that began nothing")
        for what, claims in {"of another sign-in": {"nonce": "other"}, "for another client": {"aud": "shop"},
                             "for another party": {"aud": ["page", "shop"], "azp": "shop"},
                             "expired": {"exp": 1}}.items():
            cookies = {}
            status, _, body = self.come_back(self.issuer.sign_in(self.begin(cookies), **claims), cookies)
            self.assertEqual(status, 401, what)
            self.assertNotIn("spandrel_session", "".join(cookies), body)
        cookies = {}
        back = self.issuer.sign_in(self.begin(cookies), groups=[])
        self.assertEqual(self.come_back(back, cookies)[0], 403, "who may do nothing")

    def test_codes_that_are_worth_nothing(self):
        cookies = {}
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.begin(cookies)).query))
        callback = f"/api/ui/v1/session/callback?state={asked['state']}"
        self.assertEqual(self.browse(callback + "&code=made-up", cookies)[0], 401)
        status, _, body = self.browse(callback + "&error=%3Cscript%3E", cookies)
        self.assertEqual(status, 401)
        self.assertIn("&lt;script&gt;", body)
        self.assertEqual(self.browse(callback + "&code=" + "x" * 5000, cookies)[0], 401)
        self.assertEqual(self.browse("/api/ui/v1/session/redirect?way=1", cookies)[0], 404)

    def test_nobody_is_sent_to_another_site(self):
        for to in ("https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)", "/a b", "x"):
            cookies = {}
            back = self.issuer.sign_in(self.begin(cookies, to))
            self.assertIn('content="0;url=/"', self.come_back(back, cookies)[2], to)


if __name__ == "__main__":
    unittest.main()
