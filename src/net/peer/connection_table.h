// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "net/exchange/server_core.h"
#include "net/exchange/server_limits.h"
#include "net/socket/connection.h"
#include "net/socket/descriptor_share.h"

namespace spandrel::net {

// The connections of one listener: bounded in all, for each peer (a PeerKey), and by the share of
// the process's descriptors. At a bound those that have been idle longest make room. Not
// thread-safe.
class ConnectionTable {
 public:
  // All outlive it.
  ConnectionTable(DescriptorShare& descriptors, const ServerLimits& limits,
                  const RefusalCounters& refusals);
  ~ConnectionTable();
  ConnectionTable(const ConnectionTable&) = delete;
  ConnectionTable& operator=(const ConnectionTable&) = delete;

  // False, and counted, when one more connection of that peer is too many.
  bool MakeRoomFor(const std::string& peer);
  void Add(std::shared_ptr<Connection> connection, std::string peer);
  void Remove(Connection* connection);

  bool empty() const { return entries_.empty(); }
  void ForEach(const std::function<void(Connection&)>& visit) const;

 private:
  struct Entry {
    std::shared_ptr<Connection> connection;
    std::string peer;
  };

  bool HasRoom(size_t count, size_t bound, const std::string* peer, Refusal reason);
  bool CloseIdlest(const std::string* peer, size_t batch);

  DescriptorShare& descriptors_;
  const RefusalCounters& refusals_;
  const size_t max_;
  const size_t max_of_peer_;
  std::unordered_map<Connection*, Entry> entries_;
  std::unordered_map<std::string, size_t> of_peer_;
};

}  // namespace spandrel::net
