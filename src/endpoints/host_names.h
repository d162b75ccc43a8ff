// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spandrel::endpoints {

// An address, not a name: "127.0.0.1", "::1".
bool IsAddress(std::string_view host);

// "localhost", a name below it, or an address of the loopback interface; without a port.
bool IsLoopbackName(std::string_view host);

// The host of `host[:port]`, in lower case, without brackets and a final dot.
std::string HostOf(std::string_view authority);

// Which names a local server has beside those that it is given.
enum class LocalNames : uint8_t {
  kNone,
  kOwn,       // addresses, and names of the loopback interface
  kUndotted,  // also names without a dot, which only a local network knows
};

// The names by which a server may be asked for. A page of another site can make a browser ask any
// address under that site's own name (DNS rebinding), but not under another name or an address.
class HostNames {
 public:
  HostNames() = default;  // any
  // `names` may hold "*", which is any name, and "*.example.com".
  HostNames(const std::vector<std::string>& names, LocalNames local);

  bool AllowsAll() const { return allows_all_; }
  // `authority` is what the client sent as Host or :authority. Without one it is no browser.
  bool Allows(std::string_view authority) const;
  // Whether one of the names that it was given fits, other than "*".
  bool Names(std::string_view host) const;

 private:
  bool allows_all_ = true;
  LocalNames local_ = LocalNames::kNone;
  std::vector<std::string> names_;  // lower case
};

}  // namespace spandrel::endpoints
