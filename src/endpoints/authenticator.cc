// SPDX-License-Identifier: Apache-2.0
#include "endpoints/authenticator.h"

#include <strings.h>

namespace spandrel::endpoints {

base::Result<Identity> AnyAuthenticator::Authenticate(const net::Headers& headers) {
  base::Status first;
  for (const auto& choice : choices_) {
    auto identity = choice->Authenticate(headers);
    if (identity.ok()) return identity;
    if (identity.status().retry_after()) return identity;
    if (first.ok()) first = identity.status();
  }
  return first;
}

std::string AnyAuthenticator::Challenge() const {
  std::string all;
  for (const auto& choice : choices_) {
    if (!all.empty()) all += ", ";
    all += choice->Challenge();
  }
  return all;
}

net::Headers AnyAuthenticator::CredentialsFor(const SignIn& typed) const {
  for (const auto& choice : choices_) {
    net::Headers credentials = choice->CredentialsFor(typed);
    if (!credentials.empty()) return credentials;
  }
  return {};
}

std::vector<RedirectSignIn*> AnyAuthenticator::Redirects() const {
  std::vector<RedirectSignIn*> all;
  for (const auto& choice : choices_) {
    const auto more = choice->Redirects();
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

std::string_view CredentialsOf(std::string_view value, std::string_view scheme) {
  if (scheme.empty()) return value;
  if (value.size() <= scheme.size() || value[scheme.size()] != ' ') return {};
  if (strncasecmp(value.data(), scheme.data(), scheme.size()) != 0) return {};
  value.remove_prefix(scheme.size() + 1);
  while (value.starts_with(' ')) value.remove_prefix(1);
  return value;
}

}  // namespace spandrel::endpoints
