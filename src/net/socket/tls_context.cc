// SPDX-License-Identifier: Apache-2.0
#include "net/socket/tls_context.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <array>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "base/log.h"

namespace spandrel::net {
namespace {

// Forward secrecy and authenticated encryption: what RFC 9325 recommends, and no CBC.
constexpr const char* kTls12Ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr off_t kMaxPemBytes = 4 << 20;
constexpr unsigned char kServerProtocols[] = "\x02h2\x08http/1.1";

// What is wrong with a file or a text, which is never repeated.
base::Status PemError(std::string_view what, const Pem& pem) {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  std::string text = reason != nullptr ? reason : "cannot be used";
  if (ERR_GET_LIB(code) == ERR_LIB_SYS) text = std::strerror(ERR_GET_REASON(code));
  ERR_clear_error();
  const std::string name = pem.file.empty() ? "" : " " + pem.file;
  return {base::StatusCode::kInvalidArgument, std::string(what) + name + ": " + text};
}

int ChooseProtocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                   const unsigned char* offered, unsigned int offered_size, void*) {
  const int result =
      SSL_select_next_proto(const_cast<unsigned char**>(chosen), chosen_size, kServerProtocols,
                            sizeof(kServerProtocols) - 1, offered, offered_size);
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

base::Status Invalid(std::string message) {
  ERR_clear_error();
  return {base::StatusCode::kInvalidArgument, std::move(message)};
}

int ProtocolNumber(TlsVersion version) {
  return version == TlsVersion::k13 ? TLS1_3_VERSION : TLS1_2_VERSION;
}

// The suites in the two lists that OpenSSL keeps, in its own names.
struct CipherLists {
  std::string tls12;
  std::string tls13;
};

base::Status AddCipher(SSL_CTX* context, const std::string& name, CipherLists* lists) {
  // TLS 1.3 has the same names everywhere, and no key exchange in them.
  const bool is_tls13 = name.starts_with("TLS_") && name.find("_WITH_") == std::string::npos;
  const std::string known = is_tls13 ? name : OPENSSL_cipher_name(name.c_str());
  std::string& list = is_tls13 ? lists->tls13 : lists->tls12;
  const bool usable = is_tls13 ? SSL_CTX_set_ciphersuites(context, known.c_str()) == 1
                               : SSL_CTX_set_cipher_list(context, known.c_str()) == 1;
  if (!usable) return Invalid("cipher suite '" + name + "' is unknown or not safe enough");
  if (!list.empty()) list += ':';
  list += known;
  return {};
}

base::Status ApplyCiphers(SSL_CTX* context, const TlsSettings& settings) {
  if (settings.cipher_suites.empty()) {
    SSL_CTX_set_cipher_list(context, kTls12Ciphers);
    return {};
  }
  CipherLists lists;
  for (const std::string& name : settings.cipher_suites) {
    SPANDREL_RETURN_IF_ERROR(AddCipher(context, name, &lists));
  }
  const std::string tls13 = lists.tls13.empty() ? TLS_DEFAULT_CIPHERSUITES : lists.tls13;
  SSL_CTX_set_ciphersuites(context, tls13.c_str());
  if (!lists.tls12.empty()) {
    SSL_CTX_set_cipher_list(context, lists.tls12.c_str());
    return {};
  }
  if (settings.max_version == TlsVersion::k12) {
    return Invalid("no cipher suite of TLS 1.2 is allowed, and no newer version");
  }
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  return {};
}

base::Status ApplyCurves(SSL_CTX* context, const TlsSettings& settings) {
  if (settings.curves.empty()) return {};
  static constexpr std::array<std::pair<std::string_view, const char*>, 4> kCurves = {
      {{"X25519", "X25519"}, {"P256", "P-256"}, {"P384", "P-384"}, {"P521", "P-521"}}};
  std::string list;
  for (const std::string& curve : settings.curves) {
    const char* known = nullptr;
    for (const auto& [name, openssl_name] : kCurves) {
      if (curve == name) known = openssl_name;
    }
    if (known == nullptr) return Invalid("curve '" + curve + "' is unknown");
    if (!list.empty()) list += ':';
    list += known;
  }
  if (SSL_CTX_set1_groups_list(context, list.c_str()) == 1) return {};
  return Invalid("the curves cannot be used");
}

base::Status Apply(SSL_CTX* context, const TlsSettings& settings) {
  if (settings.min_version > settings.max_version) {
    return Invalid("the lowest version is above the highest");
  }
  SSL_CTX_set_min_proto_version(context, ProtocolNumber(settings.min_version));
  SSL_CTX_set_max_proto_version(context, ProtocolNumber(settings.max_version));
  SPANDREL_RETURN_IF_ERROR(ApplyCiphers(context, settings));
  return ApplyCurves(context, settings);
}

SslContextPtr NewContext(const SSL_METHOD* method) {
  ERR_clear_error();
  SslContextPtr context(SSL_CTX_new(method));
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE |
                                         SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  return context;
}

struct BioDeleter {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using BioPtr = std::unique_ptr<BIO, BioDeleter>;

struct CertificateDeleter {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using CertificatePtr = std::unique_ptr<X509, CertificateDeleter>;

// A device or a pipe, which may never end, or more than any certificates take.
bool IsEndless(const std::string& file) {
  struct stat found {};
  if (stat(file.c_str(), &found) != 0) return false;  // the reason shows when it is opened
  return !S_ISREG(found.st_mode) || found.st_size > kMaxPemBytes;
}

// Null when it cannot be opened; the reason waits in OpenSSL's queue.
BioPtr OpenPem(const Pem& pem) {
  ERR_clear_error();
  if (!pem.file.empty()) {
    return IsEndless(pem.file) ? nullptr : BioPtr(BIO_new_file(pem.file.c_str(), "r"));
  }
  return BioPtr(BIO_new_mem_buf(pem.text.data(), static_cast<int>(pem.text.size())));
}

// Nobody is there to be asked for the password of a key.
int NoPassword(char*, int, int, void*) {
  return -1;
}

// The server's own certificate, and then those that lead to an authority.
base::Status UseCertificates(SSL_CTX* context, const Pem& pem) {
  constexpr std::string_view kWhat = "certificate";
  const BioPtr bio = OpenPem(pem);
  if (bio == nullptr) return PemError(kWhat, pem);
  const CertificatePtr own(PEM_read_bio_X509_AUX(bio.get(), nullptr, NoPassword, nullptr));
  if (own == nullptr || SSL_CTX_use_certificate(context, own.get()) != 1) {
    return PemError(kWhat, pem);
  }
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, NoPassword, nullptr)) {
    if (SSL_CTX_add0_chain_cert(context, next) == 1) continue;
    X509_free(next);
    return PemError(kWhat, pem);
  }
  ERR_clear_error();  // the end of the file
  return {};
}

base::Status UseKey(SSL_CTX* context, const Pem& pem) {
  constexpr std::string_view kWhat = "private key";
  const BioPtr bio = OpenPem(pem);
  if (bio == nullptr) return PemError(kWhat, pem);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassword, nullptr);
  const bool used = key != nullptr && SSL_CTX_use_PrivateKey(context, key) == 1 &&
                    SSL_CTX_check_private_key(context) == 1;
  EVP_PKEY_free(key);
  return used ? base::Status() : PemError(kWhat, pem);
}

base::Status LoadKeyPair(SSL_CTX* context, const Pem& certificate, const Pem& key) {
  SPANDREL_RETURN_IF_ERROR(UseCertificates(context, certificate));
  return UseKey(context, key);
}

// Whose certificates are believed. `names` also tells clients so.
base::Status LoadAuthorities(SSL_CTX* context, const Pem& pem, bool names) {
  constexpr std::string_view kWhat = "certificate authorities";
  const BioPtr bio = OpenPem(pem);
  if (bio == nullptr) return PemError(kWhat, pem);
  size_t count = 0;
  while (true) {
    const CertificatePtr next(PEM_read_bio_X509_AUX(bio.get(), nullptr, NoPassword, nullptr));
    if (next == nullptr) break;
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), next.get()) != 1) {
      return PemError(kWhat, pem);
    }
    if (names) SSL_CTX_add_client_CA(context, next.get());
    ++count;
  }
  if (count == 0 || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
    return PemError(kWhat, pem);
  }
  ERR_clear_error();  // the end of the file
  return {};
}

bool IsAddress(const std::string& host) {
  ASN1_OCTET_STRING* address = a2i_IPADDRESS(host.c_str());
  ASN1_OCTET_STRING_free(address);
  return address != nullptr;
}

}  // namespace

base::Status CheckTlsSettings(const TlsSettings& settings) {
  const SslContextPtr context = NewContext(TLS_method());
  return Apply(context.get(), settings);
}

base::Status CheckCertificate(const Pem& certificate) {
  const SslContextPtr context = NewContext(TLS_method());
  return UseCertificates(context.get(), certificate);
}

base::Status CheckKeyPair(const Pem& certificate, const Pem& key) {
  const SslContextPtr context = NewContext(TLS_method());
  return LoadKeyPair(context.get(), certificate, key);
}

base::Status CheckAuthorities(const Pem& authorities) {
  const SslContextPtr context = NewContext(TLS_method());
  return LoadAuthorities(context.get(), authorities, false);
}

base::Result<SslContextPtr> MakeServerTlsContext(const ServerTls& tls) {
  SslContextPtr context = NewContext(TLS_server_method());
  SPANDREL_RETURN_IF_ERROR(Apply(context.get(), tls.settings));
  SPANDREL_RETURN_IF_ERROR(LoadKeyPair(context.get(), tls.certificate(), tls.key()));
  if (!tls.client_ca_file.empty()) {
    SPANDREL_RETURN_IF_ERROR(LoadAuthorities(context.get(), {tls.client_ca_file, ""}, true));
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  static constexpr unsigned char kSessionId[] = "spandrel";
  SSL_CTX_set_session_id_context(context.get(), kSessionId, sizeof(kSessionId) - 1);
  SSL_CTX_set_alpn_select_cb(context.get(), ChooseProtocol, nullptr);
  return context;
}

base::Result<SslContextPtr> MakeClientTlsContext(const ClientTls& tls) {
  SslContextPtr context = NewContext(TLS_client_method());
  SPANDREL_RETURN_IF_ERROR(Apply(context.get(), tls.settings));
  const Pem authorities = tls.authorities();
  if (!authorities.is_set() || tls.system_roots_too) {
    SSL_CTX_set_default_verify_paths(context.get());
  }
  if (authorities.is_set()) {
    SPANDREL_RETURN_IF_ERROR(LoadAuthorities(context.get(), authorities, false));
  }
  if (tls.certificate().is_set()) {
    SPANDREL_RETURN_IF_ERROR(LoadKeyPair(context.get(), tls.certificate(), tls.key()));
  }
  const bool verify = !tls.insecure_skip_verify;
  SSL_CTX_set_verify(context.get(), verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  return context;
}

SslPtr NewServerSession(SSL_CTX* context) {
  SslPtr ssl(SSL_new(context));
  SSL_set_accept_state(ssl.get());
  return ssl;
}

base::Status ReloadedTls::Load(TimePoint now, uint64_t generation) {
  const base::MutexLock lock(mutex_);
  return LoadLocked(now, generation);
}

base::Status ReloadedTls::LoadLocked(TimePoint now, uint64_t generation) {
  // Also of what fails: it is tried again after the next interval, not for each connection.
  read_at_ = now;
  generation_ = generation;
  auto context = make_();
  if (!context.ok()) return context.status();
  context_ = std::move(*context);
  return {};
}

bool ReloadedTls::IsDue(TimePoint now, uint64_t generation) const {
  if (generation != generation_) return true;
  return reload_interval_.count() > 0 && now - read_at_ >= reload_interval_;
}

base::Result<SslPtr> ReloadedTls::NewSession(TimePoint now, uint64_t generation) {
  const base::MutexLock lock(mutex_);
  if (context_ == nullptr || IsDue(now, generation)) {
    const base::Status status = LoadLocked(now, generation);
    if (context_ == nullptr) return status;
    if (!status.ok()) {
      base::LogWarn("TLS files are not taken, what was read before stays: {}", status.message());
    }
  }
  return open_(context_.get());
}

SslPtr NewClientSession(SSL_CTX* context, const ClientTls& tls, const std::string& host,
                        std::string_view alpn) {
  SslPtr ssl(SSL_new(context));
  SSL_set_connect_state(ssl.get());
  const std::string& name = tls.server_name_override.empty() ? host : tls.server_name_override;
  if (IsAddress(name)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), name.c_str());
  } else {
    SSL_set_tlsext_host_name(ssl.get(), name.c_str());
    SSL_set1_host(ssl.get(), name.c_str());
  }
  std::string offered(1, static_cast<char>(alpn.size()));
  offered += alpn;
  SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(offered.data()),
                      static_cast<unsigned>(offered.size()));
  return ssl;
}

}  // namespace spandrel::net
