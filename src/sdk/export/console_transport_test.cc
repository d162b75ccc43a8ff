// SPDX-License-Identifier: Apache-2.0
#include "sdk/export/console_transport.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "sdk/provider/process_hooks.h"
#include "sdk/provider/provider_core.h"

namespace spandrel::sdk {
namespace {

TEST(ConsoleTransportTest, WritesALineOfJsonForEachRequest) {
  FILE* const file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  Options options;
  options.service_name = "shop";
  ProviderCore& core = MakeProviderCore(
      options, [file](const ExportOptions&) { return MakeConsoleTransport(file); });
  for (const char* name : {"first", "second"}) {
    core.GetTracer("test", "", "")->StartSpan(name)->End();
    EXPECT_TRUE(core.ForceFlush(std::chrono::seconds(20)));
  }
  EXPECT_TRUE(core.Shutdown(std::chrono::seconds(5)));
  std::rewind(file);
  std::string text(1 << 16, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_EQ(text.rfind("{\"resourceSpans\":[", 0), 0u) << text;
  EXPECT_NE(text.find("\"shop\""), std::string::npos);
  EXPECT_NE(text.find("\"second\""), std::string::npos);
}

}  // namespace
}  // namespace spandrel::sdk
