// SPDX-License-Identifier: Apache-2.0
#include "net/http/body.h"

#include <gtest/gtest.h>

#include <string>

namespace spandrel::net {
namespace {

constexpr size_t kKiB = 1 << 10;
constexpr size_t kMiB = 1 << 20;

TEST(IncomingBodyTest, ClaimsAreBelievedAsBytesArrive) {
  base::ByteBudget memory(256 * kMiB);
  IncomingBody body(&memory, 64 * kMiB);
  ASSERT_EQ(body.Expect(63 * kMiB), BodyOutcome::kOk);
  EXPECT_EQ(memory.used(), 0U);
  ASSERT_EQ(body.Append("x"), BodyOutcome::kOk);
  EXPECT_LE(memory.used(), 16 * kKiB);
  for (size_t received = 1; received < 8 * kMiB; received += 4 * kKiB) {
    ASSERT_EQ(body.Append(std::string(4 * kKiB, 'x')), BodyOutcome::kOk);
    ASSERT_LE(memory.used(), std::max(16 * kKiB, 4 * body.size()));
  }
  EXPECT_EQ(body.TakeReservation().bytes(), memory.used()) << "it ends with this statement";
  EXPECT_EQ(memory.used(), 0U);
}

TEST(IncomingBodyTest, ABodyOfTheClaimedSizeTakesNoMore) {
  base::ByteBudget memory(256 * kMiB);
  IncomingBody body(&memory, 64 * kMiB);
  ASSERT_EQ(body.Expect(kMiB), BodyOutcome::kOk);
  for (size_t i = 0; i < 64; ++i) {
    ASSERT_EQ(body.Append(std::string(16 * kKiB, 'x')), BodyOutcome::kOk);
  }
  EXPECT_EQ(memory.used(), kMiB);
}

// A size that is too small must not make every piece a copy of all before.
TEST(IncomingBodyTest, ALieAboutTheSizeCostsNothing) {
  base::ByteBudget memory(256 * kMiB);
  IncomingBody body(&memory, 64 * kMiB);
  ASSERT_EQ(body.Expect(1), BodyOutcome::kOk);
  size_t steps = 0;
  size_t used = 0;
  for (size_t i = 0; i < 1024; ++i) {
    ASSERT_EQ(body.Append(std::string(4 * kKiB, 'x')), BodyOutcome::kOk);
    if (memory.used() != used) ++steps;
    used = memory.used();
  }
  EXPECT_LT(steps, 20U);
}

TEST(PeerShareTest, OnePeerLeavesHalfToOthersWhereBytesAreScarce) {
  base::ByteBudget memory(16 * kMiB);
  PeerShare greedy;
  PeerShare modest;
  IncomingBody first(&memory, 64 * kMiB, &greedy);
  IncomingBody second(&memory, 64 * kMiB, &greedy);
  const std::string piece(64 * kKiB, 'x');
  BodyOutcome outcome = BodyOutcome::kOk;
  while (outcome == BodyOutcome::kOk) {
    outcome = first.Append(piece);
    if (outcome == BodyOutcome::kOk) outcome = second.Append(piece);
  }
  EXPECT_EQ(outcome, BodyOutcome::kNoMemory);
  EXPECT_LE(memory.used(), 12 * kMiB);
  EXPECT_EQ(greedy.held(), memory.used());
  IncomingBody other(&memory, 64 * kMiB, &modest);
  for (int i = 0; i < 16; ++i) ASSERT_EQ(other.Append(piece), BodyOutcome::kOk);
  first.Discard();
  second = IncomingBody(&memory, 64 * kMiB, &greedy);
  EXPECT_EQ(greedy.held(), 0U);
  const base::ByteBudget::Reservation whole = other.TakeReservation();
  EXPECT_EQ(modest.held(), 0U) << "a whole request is its handler's";
  EXPECT_EQ(memory.used(), whole.bytes());
}

}  // namespace
}  // namespace spandrel::net
