// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/status.h"

namespace spandrel::endpoints {

// Users and what their passwords are checked against, as Apache's htpasswd writes them: bcrypt,
// SHA-crypt and whatever else begins with `$` and the system's crypt(3) knows; {SHA} and {SSHA};
// plain text. Immutable.
class PasswordFile {
 public:
  // A `user:hash` a line; empty lines and those with `#` are left out. INVALID_ARGUMENT names the
  // line, never what is in it.
  static base::Result<PasswordFile> Parse(std::string_view text);

  bool Has(std::string_view user) const { return hashes_.contains(user); }
  // Whether checking takes long on purpose (crypt), as bcrypt does.
  bool IsSlow(std::string_view user) const;
  // Takes as long for an unknown user as for the first known one.
  bool Verify(std::string_view user, std::string_view password) const;

 private:
  std::map<std::string, std::string, std::less<>> hashes_;  // by user, at least one
};

}  // namespace spandrel::endpoints
