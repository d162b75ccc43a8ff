// SPDX-License-Identifier: Apache-2.0
#include "net/socket/peer_table.h"

namespace spandrel::net {
namespace {

constexpr size_t kNetworkBytes = 8;

template <typename Bytes>
std::string Text(const Bytes& bytes, size_t count) {
  return {reinterpret_cast<const char*>(bytes.data()), count};
}

}  // namespace

std::string PeerKey(const boost::asio::ip::address& address) {
  if (address.is_v4()) return Text(address.to_v4().to_bytes(), 4);
  const auto v6 = address.to_v6();
  if (v6.is_v4_mapped()) {
    return Text(boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, v6).to_bytes(), 4);
  }
  // The loopback address has its network to itself.
  return Text(v6.to_bytes(), kNetworkBytes);
}

std::shared_ptr<PeerShare> PeerTable::Enter(const std::string& key) {
  const base::MutexLock lock(table_->mutex);
  std::weak_ptr<PeerShare>& known = table_->shares[key];
  if (auto share = known.lock()) return share;
  std::shared_ptr<PeerShare> share(new PeerShare, [table = table_, key](PeerShare* gone) {
    delete gone;
    const base::MutexLock table_lock(table->mutex);
    const auto found = table->shares.find(key);
    if (found != table->shares.end() && found->second.expired()) table->shares.erase(found);
  });
  known = share;
  return share;
}

size_t PeerTable::size() const {
  const base::MutexLock lock(table_->mutex);
  return table_->shares.size();
}

}  // namespace spandrel::net
