// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/ip/address.hpp>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/mutex.h"
#include "net/http/peer_share.h"

namespace spandrel::net {

// What counts as one peer: an IPv4 address, or the network of 64 bits that an IPv6 address is of.
std::string PeerKey(const boost::asio::ip::address& address);

// What the peers of a process hold, while they have connections. Thread-safe.
class PeerTable {
 public:
  // For a connection of that peer; its share lives until the last of them has gone.
  std::shared_ptr<PeerShare> Enter(const std::string& key);
  size_t size() const;

 private:
  struct Table {
    base::Mutex mutex;
    std::unordered_map<std::string, std::weak_ptr<PeerShare>> shares SPANDREL_GUARDED_BY(mutex);
  };

  const std::shared_ptr<Table> table_ = std::make_shared<Table>();
};

}  // namespace spandrel::net
