// SPDX-License-Identifier: Apache-2.0
#include "disk/map_guard.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "disk/file.h"
#include "disk/testing/directory.h"

namespace spandrel::disk {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kPages = 16;

class MapGuardTest : public testing::Test {
 protected:
  std::string MakeFile(const std::string& name) {
    std::string path = directory_.path() + "/" + name;
    auto file = File::Create(path);
    EXPECT_TRUE(file.ok() && file->WriteAt(std::string(kPages * kPage, 'x'), 0).ok());
    return path;
  }
  static uint64_t CountOf(std::string_view bytes, char wanted) {
    return static_cast<uint64_t>(std::count(bytes.begin(), bytes.end(), wanted));
  }

  TestDirectory directory_;
};

TEST_F(MapGuardTest, WhatCannotBeReadIsZerosAndTheMapFails) {
  const std::string path = MakeFile("cut");
  const auto map = MappedFile::Open(path);
  const auto other = MappedFile::Open(MakeFile("whole"));
  ASSERT_TRUE(map.ok() && other.ok());
  EXPECT_FALSE(map->failed());
  ASSERT_EQ(::truncate(path.c_str(), 4 * kPage), 0);
  EXPECT_FALSE(map->failed());
  EXPECT_EQ(CountOf(map->bytes(), 'x'), 4 * kPage);
  EXPECT_EQ(CountOf(map->bytes(), '\0'), (kPages - 4) * kPage);
  EXPECT_TRUE(map->failed());
  EXPECT_EQ(CountOf(other->bytes(), 'x'), kPages * kPage);
  EXPECT_FALSE(other->failed());
}

TEST_F(MapGuardTest, AMovedMapIsStillGuarded) {
  const std::string path = MakeFile("moved");
  auto opened = MappedFile::Open(path);
  ASSERT_TRUE(opened.ok());
  const MappedFile map = std::move(*opened);
  ASSERT_EQ(::truncate(path.c_str(), 0), 0);
  EXPECT_EQ(CountOf(map.bytes(), '\0'), kPages * kPage);
  EXPECT_TRUE(map.failed());
}

TEST_F(MapGuardTest, ANewMapAtTheSameAddressStartsSound) {
  for (int round = 0; round < 200; ++round) {
    const std::string path = MakeFile(std::to_string(round));
    const auto map = MappedFile::Open(path);
    ASSERT_TRUE(map.ok());
    EXPECT_FALSE(map->failed());
    EXPECT_EQ(CountOf(map->bytes(), 'x'), kPages * kPage);
    ASSERT_EQ(::truncate(path.c_str(), kPage), 0);
    EXPECT_EQ(CountOf(map->bytes(), 'x'), kPage);
    EXPECT_TRUE(map->failed());
  }
}

// Faults are looked up while other threads add and remove maps.
TEST_F(MapGuardTest, FaultsAndNewMapsMeet) {
  const auto work = [this](int thread) {
    for (int round = 0; round < 50; ++round) {
      const std::string path = MakeFile(std::to_string(thread) + "-" + std::to_string(round));
      std::vector<MappedFile> maps;
      for (int copy = 0; copy < 5; ++copy) {
        auto map = MappedFile::Open(path);
        ASSERT_TRUE(map.ok());
        maps.push_back(std::move(*map));
      }
      ASSERT_EQ(::truncate(path.c_str(), kPage), 0);
      for (const MappedFile& map : maps) {
        EXPECT_EQ(CountOf(map.bytes(), 'x'), kPage);
        EXPECT_TRUE(map.failed());
      }
    }
  };
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int thread = 0; thread < 4; ++thread) threads.emplace_back(work, thread);
  for (std::thread& thread : threads) thread.join();
}

// A map that nobody guards, cut short below it.
char ReadUnguardedMap(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const auto* bytes = static_cast<const volatile char*>(
      ::mmap(nullptr, kPages * kPage, PROT_READ, MAP_SHARED, fd, 0));
  if (::truncate(path.c_str(), 0) != 0) ::_exit(1);
  return bytes[kPage];
}

// Sanitizers turn signals into reports of their own, and then end the process in their own way.
#if defined(SPANDREL_ADDRESS_SANITIZER) || defined(SPANDREL_THREAD_SANITIZER)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

class MapGuardDeathTest : public MapGuardTest {
 protected:
  void SetUp() override {
    if (kSanitized) GTEST_SKIP() << "sanitizers end the process in their own way";
  }
};

TEST_F(MapGuardDeathTest, AFaultElsewhereStillEndsTheProcess) {
  ASSERT_TRUE(MappedFile::Open(MakeFile("guarded")).ok());  // the handler is installed
  const std::string path = MakeFile("unguarded");
  EXPECT_EXIT(ReadUnguardedMap(path), testing::KilledBySignal(SIGBUS), "");
}

// In a process of its own, since the handler is installed once.
TEST_F(MapGuardDeathTest, AHandlerFromBeforeGetsTheOthers) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const std::string unguarded = MakeFile("unguarded");
  const auto run = [&] {
    ::signal(SIGBUS, [](int) { ::_exit(42); });
    const std::string path = MakeFile("first");
    const auto map = MappedFile::Open(path);
    if (::truncate(path.c_str(), 0) != 0 || map->bytes()[kPage] != 0) ::_exit(1);
    ReadUnguardedMap(unguarded);
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(42), "");
}

TEST_F(MapGuardDeathTest, ASentSignalStillEndsTheProcess) {
  ASSERT_TRUE(MappedFile::Open(MakeFile("guarded")).ok());
  EXPECT_EXIT(::raise(SIGBUS), testing::KilledBySignal(SIGBUS), "");
}

}  // namespace
}  // namespace spandrel::disk
