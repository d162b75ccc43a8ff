// SPDX-License-Identifier: Apache-2.0
#include "net/socket/tls_context.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <array>
#include <string_view>
#include <utility>

#include "base/log.h"

namespace spandrel::net {
namespace {

constexpr unsigned char kServerProtocols[] = "\x02h2\x08http/1.1";

base::Status TlsFileError(std::string_view what, const std::string& file) {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  ERR_clear_error();
  return {base::StatusCode::kInvalidArgument,
          std::string(what) + " " + file + ": " + (reason != nullptr ? reason : "cannot be used")};
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
  if (settings.cipher_suites.empty()) return {};
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

base::Status LoadKeyPair(SSL_CTX* context, const std::string& cert, const std::string& key) {
  if (SSL_CTX_use_certificate_chain_file(context, cert.c_str()) != 1) {
    return TlsFileError("certificate", cert);
  }
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return TlsFileError("private key", key);
  }
  if (SSL_CTX_check_private_key(context) != 1) return TlsFileError("private key", key);
  return {};
}

base::Status LoadAuthorities(SSL_CTX* context, const std::string& file) {
  if (SSL_CTX_load_verify_file(context, file.c_str()) == 1) return {};
  return TlsFileError("certificate authorities", file);
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

base::Result<SslContextPtr> MakeServerTlsContext(const ServerTls& tls) {
  SslContextPtr context = NewContext(TLS_server_method());
  SPANDREL_RETURN_IF_ERROR(Apply(context.get(), tls.settings));
  SPANDREL_RETURN_IF_ERROR(LoadKeyPair(context.get(), tls.cert_file, tls.key_file));
  if (!tls.client_ca_file.empty()) {
    SPANDREL_RETURN_IF_ERROR(LoadAuthorities(context.get(), tls.client_ca_file));
    SSL_CTX_set_client_CA_list(context.get(), SSL_load_client_CA_file(tls.client_ca_file.c_str()));
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
  if (tls.ca_file.empty() || tls.system_roots_too) SSL_CTX_set_default_verify_paths(context.get());
  if (!tls.ca_file.empty()) {
    SPANDREL_RETURN_IF_ERROR(LoadAuthorities(context.get(), tls.ca_file));
  }
  if (!tls.cert_file.empty()) {
    SPANDREL_RETURN_IF_ERROR(LoadKeyPair(context.get(), tls.cert_file, tls.key_file));
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

base::Status ServerCertificates::Load(TimePoint now) {
  auto context = MakeServerTlsContext(tls_);
  if (!context.ok()) return context.status();
  context_ = std::move(*context);
  read_at_ = now;
  return {};
}

void ServerCertificates::ReloadIfDue(TimePoint now) {
  if (tls_.reload_interval.count() == 0 || now - read_at_ < tls_.reload_interval) return;
  const base::Status status = Load(now);
  if (status.ok()) return;
  // Tried again after the next interval, not for each connection.
  read_at_ = now;
  base::LogWarn("TLS files are not read again, what was read before stays: {}", status.message());
}

SslPtr ServerCertificates::NewSession(TimePoint now) {
  ReloadIfDue(now);
  return NewServerSession(context_.get());
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
