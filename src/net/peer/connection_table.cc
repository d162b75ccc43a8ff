// SPDX-License-Identifier: Apache-2.0
#include "net/peer/connection_table.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace spandrel::net {
namespace {

// So many idle ones are closed at a time, and so many new ones may come before they are gone: a
// search for the idlest looks at all connections, and is to be seldom.
size_t BatchOf(size_t bound) {
  return std::max<size_t>(bound / 64, 1);
}

base::Status MadeRoom() {
  return {base::StatusCode::kCancelled, "idle, and others needed the room"};
}

}  // namespace

ConnectionTable::ConnectionTable(DescriptorShare& descriptors, const ServerLimits& limits,
                                 const RefusalCounters& refusals)
    : descriptors_(descriptors),
      refusals_(refusals),
      max_(std::min(limits.max_connections, std::max<size_t>(descriptors.max() / 2, 1))),
      max_of_peer_(limits.max_connections_of_peer > 0 ? limits.max_connections_of_peer
                                                      : std::max<size_t>(max_ / 2, 1)) {}

ConnectionTable::~ConnectionTable() {
  descriptors_.GiveBack(entries_.size());
}

bool ConnectionTable::MakeRoomFor(const std::string& peer) {
  const auto found = of_peer_.find(peer);
  const size_t of_peer = found == of_peer_.end() ? 0 : found->second;
  return HasRoom(of_peer, max_of_peer_, &peer, Refusal::kTooManyOfPeer) &&
         HasRoom(entries_.size(), max_, nullptr, Refusal::kTooManyConnections) &&
         HasRoom(descriptors_.used(), descriptors_.max(), nullptr, Refusal::kTooManyConnections);
}

bool ConnectionTable::HasRoom(size_t count, size_t bound, const std::string* peer, Refusal reason) {
  if (count < bound) return true;
  const size_t batch = BatchOf(bound);
  if (CloseIdlest(peer, batch) && count < bound + batch) return true;
  refusals_.Add(reason);
  return false;
}

bool ConnectionTable::CloseIdlest(const std::string* peer, size_t batch) {
  std::vector<std::pair<TimePoint, Connection*>> idle;
  for (const auto& [key, entry] : entries_) {
    if (peer != nullptr && entry.peer != *peer) continue;
    if (const auto since = entry.connection->idle_since()) idle.emplace_back(*since, key);
  }
  batch = std::min(batch, idle.size());
  const auto end = idle.begin() + static_cast<std::ptrdiff_t>(batch);
  if (end != idle.end()) std::nth_element(idle.begin(), end, idle.end());
  for (auto it = idle.begin(); it != end; ++it) {
    refusals_.Add(Refusal::kIdlest);
    it->second->CloseIfIdle(MadeRoom());
  }
  return batch > 0;
}

void ConnectionTable::Add(std::shared_ptr<Connection> connection, std::string peer) {
  descriptors_.Take();
  ++of_peer_[peer];
  Connection* const key = connection.get();
  entries_.emplace(key, Entry{std::move(connection), std::move(peer)});
}

void ConnectionTable::Remove(Connection* connection) {
  const auto entry = entries_.find(connection);
  if (entry == entries_.end()) return;
  descriptors_.GiveBack(1);
  const auto count = of_peer_.find(entry->second.peer);
  if (--count->second == 0) of_peer_.erase(count);
  entries_.erase(entry);
}

void ConnectionTable::ForEach(const std::function<void(Connection&)>& visit) const {
  for (const auto& [key, entry] : entries_) visit(*entry.connection);
}

}  // namespace spandrel::net
