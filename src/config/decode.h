// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/problems.h"

namespace spandrel::config {

class Node;  // a value of the merged, expanded document: config/document.h

// A secret never shows itself in logs or in `print-config`.
struct Secret {
  std::string value;
};

// A number of bytes as config/byte_size.h reads it: `50GiB`, or a plain number.
struct ByteSize {
  uint64_t bytes = 0;
};

// Reads one YAML mapping into a struct, key by key. Each Read leaves its argument alone when the
// key is absent or null, so that defaults stay; a value of the wrong type is reported and left
// alone too. Nothing is converted weakly: "true" in quotes is not a bool. When the decoder is
// destroyed, keys that nobody read are reported as unknown, with the nearest right word.
class Decoder {
 public:
  // `path` is where the mapping stands in the document: "exporters::otlp". The node and the
  // problems outlive the decoder.
  Decoder(const Node& node, Problems* problems, std::string path = {});
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) = delete;
  ~Decoder();

  void Read(std::string_view key, std::string* value);
  void Read(std::string_view key, Secret* value);
  void Read(std::string_view key, bool* value);
  void Read(std::string_view key, int64_t* value);
  void Read(std::string_view key, double* value);
  void Read(std::string_view key, std::chrono::nanoseconds* value);  // a Go duration
  void Read(std::string_view key, ByteSize* value);
  void Read(std::string_view key, std::vector<std::string>* value);  // a list, or "a,b"
  void Read(std::string_view key,
            std::vector<std::pair<std::string, std::string>>* value);  // a map

  // The value under `key`, whatever it is; null when it is absent or null. Lives as long as the
  // document.
  const Node* ReadAny(std::string_view key);

  // Whether the key is written at all, also as null (`grpc:`).
  bool Has(std::string_view key) const;
  // The sub-mapping under `key`; of an absent or null key, an empty one, so that defaults are
  // taken.
  Decoder Child(std::string_view key);
  // The mappings of a list under `key`.
  std::vector<Decoder> Children(std::string_view key);
  // The key is known and accepted; its value does nothing here. Warns with `why` unless empty.
  void Ignore(std::string_view key, std::string_view why = {});

  // Where the value of `key` stands, or this mapping when there is none, and its path: for problems
  // that only show later, such as an id that somebody else must know.
  Location WhereOf(std::string_view key) const;
  std::string PathOf(std::string_view key) const;

  // Reports a problem at the value of `key`, or at this mapping when there is none.
  void Error(std::string_view key, std::string message);
  void Warn(std::string_view key, std::string message);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace spandrel::config
