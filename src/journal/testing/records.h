// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "journal/log_writer.h"
#include "journal/record.h"

namespace spandrel::journal {

// A record of plain bytes.
class TextRecord final : public Record {
 public:
  using Completion = std::function<void(const base::Status&)>;
  using Publication = std::function<void(uint64_t sequence)>;
  explicit TextRecord(std::string text, Completion done = nullptr, Publication publish = nullptr)
      : text_(std::move(text)), done_(std::move(done)), publish_(std::move(publish)) {}

  void set_key(std::string key) { key_ = std::move(key); }
  std::string_view Key() const override { return key_; }

  uint64_t byte_size() const override { return text_.size(); }
  // In two pieces, as a payload may be.
  std::vector<std::string_view> Payload() const override {
    const std::string_view text(text_);
    return {text.substr(0, text.size() / 2), text.substr(text.size() / 2)};
  }
  void Publish(uint64_t sequence) override {
    if (publish_) publish_(sequence);
  }
  void Complete(const base::Status& status) override {
    if (done_) done_(status);
  }

 private:
  std::string key_;
  const std::string text_;
  const Completion done_;
  const Publication publish_;
};

inline base::Status AppendAndWait(LogWriter& writer, std::string text, std::string key = {}) {
  std::promise<base::Status> done;
  auto record = std::make_unique<TextRecord>(
      std::move(text), [&done](const base::Status& status) { done.set_value(status); });
  record->set_key(std::move(key));
  writer.Append(std::move(record));
  return done.get_future().get();
}

// What a log counts, in no registry.
struct CountedLog {
  LogCounters counters() { return {syncs, written_bytes, failures}; }

  base::Counter syncs;
  base::Counter written_bytes;
  base::Counter failures;
};

// Payload `number`; sizes differ modulo 8, so that all paddings of a record occur.
inline std::string PayloadOf(uint64_t number) {
  return "record " + std::to_string(number) + std::string(250 + number % 9, 'n');
}

}  // namespace spandrel::journal
