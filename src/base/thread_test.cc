// SPDX-License-Identifier: Apache-2.0
#include "base/thread.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <thread>

namespace spandrel::base {
namespace {

std::string NameInProc(pid_t thread) {
  std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/comm");
  std::string name;
  std::getline(file, name);
  return name;
}

TEST(ThreadNameTest, TheSystemListsIt) {
  std::string name;
  std::thread([&name] {
    NameThisThread("spandrel-longer");
    name = NameInProc(::gettid());
  }).join();
  EXPECT_EQ(name, "spandrel-longer");
}

TEST(ThreadNameTest, TheStarterKeepsItsOwn) {
  const std::string before = NameInProc(::gettid());
  std::thread([] { NameThisThread("other"); }).join();
  EXPECT_EQ(NameInProc(::gettid()), before);
}

}  // namespace
}  // namespace spandrel::base
