// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "base/check.h"

namespace spandrel::net::testing {

// A fresh self-signed certificate for 127.0.0.1, which is its own authority, in a directory that
// goes away with it.
class TestCertificates {
 public:
  TestCertificates() {
    char path[] = "/tmp/spandrel-net-test-XXXXXX";
    SPANDREL_CHECK(mkdtemp(path) != nullptr);
    directory_ = path;
    EVP_PKEY* key_pair = EVP_EC_gen("P-256");
    X509* certificate = SelfSigned(key_pair);
    FILE* file = fopen(cert().c_str(), "w");
    PEM_write_X509(file, certificate);
    fclose(file);
    file = fopen(key().c_str(), "w");
    PEM_write_PrivateKey(file, key_pair, nullptr, nullptr, 0, nullptr, nullptr);
    fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key_pair);
  }
  ~TestCertificates() {
    unlink(cert().c_str());
    unlink(key().c_str());
    rmdir(directory_.c_str());
  }

  std::string cert() const { return directory_ + "/cert.pem"; }
  std::string key() const { return directory_ + "/key.pem"; }
  std::string ca() const { return cert(); }

 private:
  static X509* SelfSigned(EVP_PKEY* key_pair) {
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key_pair);
    X509_NAME* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("spandrel test"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    AddExtension(certificate, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
    AddExtension(certificate, NID_basic_constraints, "critical,CA:TRUE");
    X509_sign(certificate, key_pair, EVP_sha256());
    return certificate;
  }
  static void AddExtension(X509* certificate, int nid, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }

  std::string directory_;
};

}  // namespace spandrel::net::testing
