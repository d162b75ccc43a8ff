// SPDX-License-Identifier: Apache-2.0
#include "net/socket/peer_table.h"

#include <gtest/gtest.h>

#include "net/socket/descriptor_share.h"

namespace spandrel::net {
namespace {

std::string KeyOf(const char* address) {
  return PeerKey(boost::asio::ip::make_address(address));
}

TEST(PeerTableTest, APeerIsAnAddressOrANetwork) {
  EXPECT_EQ(KeyOf("10.0.0.1"), KeyOf("::ffff:10.0.0.1"));
  EXPECT_NE(KeyOf("10.0.0.1"), KeyOf("10.0.0.2"));
  EXPECT_EQ(KeyOf("2001:db8::1"), KeyOf("2001:db8:0:0:ffff::1"));
  EXPECT_NE(KeyOf("2001:db8::1"), KeyOf("2001:db8:0:1::1"));
}

TEST(PeerTableTest, ConnectionsOfAPeerShareUntilTheLastHasGone) {
  PeerTable table;
  auto first = table.Enter("a");
  auto second = table.Enter("a");
  EXPECT_EQ(first, second);
  EXPECT_NE(table.Enter("b"), first);
  EXPECT_EQ(table.size(), 1U);
  first.reset();
  EXPECT_EQ(table.size(), 1U);
  second.reset();
  EXPECT_EQ(table.size(), 0U);
}

TEST(DescriptorShareTest, AReserveIsLeft) {
  EXPECT_EQ(DescriptorShare(1'000'000).max(), 750'000U);
  EXPECT_EQ(DescriptorShare(1024).max(), 768U);
  EXPECT_EQ(DescriptorShare(128).max(), 64U);
  EXPECT_EQ(DescriptorShare(0).max(), 1U);
}

}  // namespace
}  // namespace spandrel::net
