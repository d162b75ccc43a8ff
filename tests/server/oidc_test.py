# SPDX-License-Identifier: Apache-2.0
"""Tokens of an OpenID Connect issuer that PyJWT signs: at receivers and the query port, with roles, tenants and new keys."""
import http.server
import json
import pathlib
import tempfile
import threading
import time
import unittest

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
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.asked += 1
                answer = issuer.key_set() if self.path == "/realm/keys" else issuer.discovery()
                body = json.dumps(answer).encode()
                self.send_response(200)
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
        return {"issuer": self.url, "jwks_uri": self.url + "/keys"}

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


if __name__ == "__main__":
    unittest.main()
