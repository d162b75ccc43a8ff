// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace spandrel::endpoints {

// "localhost", a name below it, or an address of the loopback interface; without a port.
bool IsLoopbackName(std::string_view host);

// The host of `host[:port]`, in lower case, without brackets and a final dot.
std::string HostOf(std::string_view authority);

// The names by which a server may be asked for. A page of another site can make a browser ask any
// address under that site's own name (DNS rebinding), but not under another name.
class HostNames {
 public:
  HostNames() = default;  // any
  // `names` may hold "*", which is any name, and "*.example.com". With `loopback` also its names.
  HostNames(const std::vector<std::string>& names, bool loopback);

  bool AllowsAll() const { return allows_all_; }
  // `authority` is what the client sent as Host or :authority. Without one it is no browser.
  bool Allows(std::string_view authority) const;

 private:
  bool allows_all_ = true;
  bool loopback_ = false;
  std::vector<std::string> names_;  // lower case
};

}  // namespace spandrel::endpoints
