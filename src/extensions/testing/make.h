// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "base/byte_budget.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "config/decode.h"
#include "config/document.h"
#include "pipeline/factories.h"

// Test support: extensions from text.
namespace spandrel::extensions {

class ManualClock final : public base::Clock {
 public:
  uint64_t NowUnixNano() const override { return 0; }
  std::chrono::steady_clock::time_point NowSteady() const override { return now; }

  std::chrono::steady_clock::time_point now{std::chrono::hours(1)};
};

// What was wrong goes to `problems`.
inline std::shared_ptr<const pipeline::ConfigBase> DecodeExtension(
    const pipeline::ExtensionFactory& factory, const std::string& yaml,
    config::Problems* problems) {
  auto document = config::ParseYaml(yaml, "test.yaml", problems);
  EXPECT_TRUE(document.ok()) << problems->ToString();
  config::Decoder decoder(document->root, problems);
  return factory.decode(decoder);
}

inline std::string ErrorsOf(const pipeline::ExtensionFactory& factory, const std::string& yaml) {
  config::Problems problems;
  DecodeExtension(factory, yaml, &problems);
  return problems.has_errors() ? problems.ToString() : "";
}

// The extension, started.
inline std::shared_ptr<pipeline::Extension> MakeExtension(const pipeline::ExtensionFactory& factory,
                                                          const std::string& yaml) {
  config::Problems problems;
  const auto config = DecodeExtension(factory, yaml, &problems);
  EXPECT_FALSE(problems.has_errors()) << problems.ToString();
  base::MetricRegistry metrics;
  base::ByteBudget memory(1 << 20);
  auto made = factory.create({factory.info.type, metrics, memory}, config);
  EXPECT_TRUE(made.ok()) << made.status().ToString();
  if (!made.ok()) return nullptr;
  EXPECT_TRUE((*made)->Start().ok());
  return *std::move(made);
}

}  // namespace spandrel::extensions
