// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <string_view>

#include "config/decode.h"
#include "config/document.h"

// Test support: an exporter's configuration from text.
namespace spandrel::exporters {

// What `decode(decoder)` gives for `yaml`; what was wrong with it goes to `problems`.
template <typename Decode>
auto DecodeYaml(std::string_view yaml, Decode&& decode, config::Problems* problems) {
  auto document = config::ParseYaml(yaml, "test.yaml", problems);
  EXPECT_TRUE(document.ok()) << problems->ToString();
  config::Decoder decoder(document->root, problems);
  return decode(decoder);
}

}  // namespace spandrel::exporters
