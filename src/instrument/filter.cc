// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>

#include "instrument/semantics.h"
#include "instrument/text.h"
#include "spandrel/http_options.h"

namespace spandrel::http {
namespace {

using Address = std::array<uint8_t, 16>;  // IPv4 as ::ffff:a.b.c.d

struct Network {
  Address address;
  unsigned bits = 0;  // of the prefix
};

std::optional<Address> ParseAddress(std::string_view text, bool& is_v4) {
  char zero_ended[INET6_ADDRSTRLEN] = {};
  if (text.size() >= sizeof(zero_ended)) return std::nullopt;
  std::memcpy(zero_ended, text.data(), text.size());
  Address address{};
  is_v4 = inet_pton(AF_INET, zero_ended, address.data() + 12) == 1;
  if (is_v4) {
    address[10] = address[11] = 0xff;
    return address;
  }
  if (inet_pton(AF_INET6, zero_ended, address.data()) == 1) return address;
  return std::nullopt;
}

Network ParseNetwork(std::string_view text) {
  const auto refuse = [&] {
    throw std::invalid_argument("not a network: '" + std::string(text) + "'");
  };
  std::string_view bits = text;
  const std::string_view host = instrument::Next(bits, '/');
  bool is_v4 = false;
  const std::optional<Address> address = ParseAddress(host, is_v4);
  if (!address) refuse();
  const unsigned most = is_v4 ? 32 : 128;
  Network network{*address, most};
  if (host.size() < text.size()) {
    const auto [stop, error] =
        std::from_chars(bits.data(), bits.data() + bits.size(), network.bits);
    if (error != std::errc() || stop != bits.data() + bits.size() || network.bits > most) refuse();
  }
  network.bits += 128 - most;
  return network;
}

bool Contains(const Network& network, const Address& address) {
  const size_t whole = network.bits / 8;
  if (std::memcmp(network.address.data(), address.data(), whole) != 0) return false;
  const unsigned left = network.bits % 8;
  if (left == 0) return true;
  const auto mask = static_cast<uint8_t>(0xff << (8 - left));
  return ((network.address[whole] ^ address[whole]) & mask) == 0;
}

}  // namespace

std::string_view RequestView::path() const {
  return instrument::ParseTarget(target).path;
}

std::string_view RequestView::query() const {
  return instrument::ParseTarget(target).query;
}

std::string_view RequestView::host() const {
  std::string_view found = authority;
  if (found.empty()) found = instrument::ParseTarget(target).authority;
  if (found.empty()) found = Header("host");
  return instrument::ParseHostPort(found, 0).host;
}

std::string_view RequestView::Header(std::string_view name) const {
  if (headers == nullptr) return {};
  const opentelemetry::nostd::string_view value = headers->Get({name.data(), name.size()});
  return {value.data(), value.size()};
}

namespace filter {

Filter Hostname(std::string name) {
  return [name = std::move(name)](const RequestView& request) {
    return instrument::EqualsIgnoringCase(request.host(), name);
  };
}

Filter Query(std::string key, std::string value) {
  return [key = std::move(key), value = std::move(value)](const RequestView& request) {
    for (std::string_view rest = request.query(); !rest.empty();) {
      std::string_view given = instrument::Next(rest, '&');
      if (instrument::Next(given, '=') == key && given == value) return true;
    }
    return false;
  };
}

Filter PeerIn(const std::vector<std::string>& networks) {
  std::vector<Network> parsed;
  parsed.reserve(networks.size());
  for (const std::string& network : networks) parsed.push_back(ParseNetwork(network));
  return [parsed = std::move(parsed)](const RequestView& request) {
    bool is_v4 = false;
    const std::optional<Address> address = ParseAddress(request.peer_address, is_v4);
    if (!address) return false;
    return std::any_of(parsed.begin(), parsed.end(),
                       [&](const Network& network) { return Contains(network, *address); });
  };
}

}  // namespace filter
}  // namespace spandrel::http
