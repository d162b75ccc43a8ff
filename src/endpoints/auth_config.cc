// SPDX-License-Identifier: Apache-2.0
#include "endpoints/auth_config.h"

#include <fmt/core.h>

#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include "endpoints/basic_authenticator.h"
#include "endpoints/tls_settings.h"

namespace spandrel::endpoints {
namespace {

using base::Status;
using base::StatusCode;
using config::Decoder;

std::optional<BasicAuthConfig> DecodeBasic(Decoder& auth) {
  const bool written = auth.Has("basic");
  Decoder block = auth.Child("basic");
  Decoder htpasswd = block.Child("htpasswd");
  BasicAuthConfig config;
  config::Secret text;
  htpasswd.Read("file", &config.file);
  htpasswd.Read("inline", &text);
  config.inline_text = std::move(text.value);
  if (!written) return std::nullopt;
  if (config.file.empty() && config.inline_text.empty()) {
    block.Error("", "'basic' needs 'htpasswd' with 'file', 'inline' or both");
  }
  return config;
}

std::string LowerCase(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::optional<BearerOptions> DecodeBearer(Decoder& auth) {
  const bool written = auth.Has("bearer");
  Decoder block = auth.Child("bearer");
  BearerOptions options;
  config::Secret token;
  block.Read("token", &token);
  block.Read("filename", &options.file);
  block.Read("scheme", &options.scheme);
  block.Read("header", &options.header);
  options.token = std::move(token.value);
  options.header = LowerCase(std::move(options.header));
  if (!written) return std::nullopt;
  if (options.token.empty() == options.file.empty()) {
    block.Error("", "'bearer' needs either 'token' or 'filename'");
  }
  return options;
}

base::Result<std::shared_ptr<ServerAuthenticator>> MakeBasic(const BasicAuthConfig& config) {
  std::string text;
  if (!config.file.empty()) {
    const std::ifstream file(config.file);
    if (!file) {
      return Status(StatusCode::kInvalidArgument, fmt::format("{}: cannot be read", config.file));
    }
    std::stringstream content;
    content << file.rdbuf();
    text = content.str() + "\n";
  }
  auto passwords = PasswordFile::Parse(text + config.inline_text);
  if (!passwords.ok()) {
    return passwords.status().Annotate(config.file.empty() ? "htpasswd" : config.file);
  }
  return std::shared_ptr<ServerAuthenticator>(
      std::make_shared<BasicAuthenticator>(*std::move(passwords)));
}

}  // namespace

std::optional<AuthConfig> DecodeAuth(Decoder& listener) {
  const bool written = listener.Has("auth");
  Decoder block = listener.Child("auth");
  RejectKey(block, "authenticator",
            "write 'basic' or 'bearer' here instead of naming an extension");
  RejectKey(block, "request_params", "credentials are taken from headers only");
  AuthConfig config{DecodeBasic(block), DecodeBearer(block)};
  if (!written) return std::nullopt;
  if (!config.basic && !config.bearer) block.Error("", "'auth' needs 'basic', 'bearer' or both");
  return config;
}

base::Result<std::shared_ptr<ServerAuthenticator>> MakeAuthenticator(const AuthConfig& config) {
  std::vector<std::shared_ptr<ServerAuthenticator>> choices;
  if (config.basic) {
    auto basic = MakeBasic(*config.basic);
    if (!basic.ok()) return basic.status();
    choices.push_back(*std::move(basic));
  }
  if (config.bearer) {
    auto bearer = BearerAuthenticator::Make(*config.bearer);
    if (!bearer.ok()) return bearer.status();
    choices.push_back(*std::move(bearer));
  }
  if (choices.size() == 1) return choices.front();
  return std::shared_ptr<ServerAuthenticator>(
      std::make_shared<AnyAuthenticator>(std::move(choices)));
}

}  // namespace spandrel::endpoints
