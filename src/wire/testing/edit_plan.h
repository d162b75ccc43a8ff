// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "span/edit/request_edit.h"

// Test support: a list of edits that is done twice, once by span/edit and once, in the plainest
// way, to the classes of libprotobuf.
namespace spandrel::wire {

struct EditStep {
  enum class Kind : uint8_t {
    kSetText,
    kSetBool,
    kSetInt,
    kSetDouble,
    kCopy,  // the value of `other`
    kErase,
    kRename,    // to `other`
    kKeepOnly,  // keys that are not longer than `number`
    kTruncate,
    kReplaceTexts,  // each text by its length
    kCount,
  };
  Kind kind = Kind::kSetText;
  std::string key;
  std::string other;
  int64_t number = 0;
};

struct EditPlan {
  std::vector<EditStep> resources;
  std::vector<EditStep> scopes;
  std::vector<EditStep> records;
  std::vector<EditStep> parts;
  // A record or part goes when its number of attributes, divided, leaves that.
  size_t dropped_records = 99;
  size_t dropped_parts = 99;
  size_t whole_records = 99;  // these are not asked about their parts

  static constexpr size_t kDivisor = 4;
};

using PeerAttributes =
    google::protobuf::RepeatedPtrField<opentelemetry::proto::common::v1::KeyValue>;

// The plan as an edit of ours.
class PlannedEdit : public span::RequestEdit {
 public:
  explicit PlannedEdit(const EditPlan& plan) : plan_(plan) {}

  Levels levels() const override {
    return {!plan_.resources.empty(), !plan_.scopes.empty(), true, true};
  }
  void EditResource(span::AttributeList& attributes) const override {
    Run(plan_.resources, attributes);
  }
  void EditScope(std::string_view, span::AttributeList& attributes) const override {
    Run(plan_.scopes, attributes);
  }
  Verdict EditRecord(const span::RecordPlace&, span::AttributeList& attributes) const override {
    const size_t rest = attributes.size() % EditPlan::kDivisor;
    if (rest == plan_.dropped_records) return Verdict::kDrop;
    Run(plan_.records, attributes);
    return rest == plan_.whole_records ? Verdict::kKeepWhole : Verdict::kKeep;
  }
  Verdict EditPart(const span::RecordPlace&, const span::PartShape&, std::string_view,
                   span::AttributeList& attributes) const override {
    if (attributes.size() % EditPlan::kDivisor == plan_.dropped_parts) return Verdict::kDrop;
    Run(plan_.parts, attributes);
    return Verdict::kKeep;
  }

 private:
  static void Run(const std::vector<EditStep>& steps, span::AttributeList& attributes) {
    for (const EditStep& step : steps) Run(step, attributes);
  }
  static void Run(const EditStep& step, span::AttributeList& attributes) {
    switch (step.kind) {
      case EditStep::Kind::kSetText:
        return attributes.SetText(step.key, step.other);
      case EditStep::Kind::kSetBool:
        return attributes.SetBool(step.key, step.number % 2 != 0);
      case EditStep::Kind::kSetInt:
        return attributes.SetInt(step.key, step.number);
      case EditStep::Kind::kSetDouble:
        return attributes.SetDouble(step.key, static_cast<double>(step.number));
      case EditStep::Kind::kCopy:
        if (const auto value = attributes.FindMessage(step.other)) {
          attributes.SetMessage(step.key, *value);
        }
        return;
      case EditStep::Kind::kErase:
        attributes.Erase(step.key);
        return;
      case EditStep::Kind::kRename:
        attributes.Rename(step.key, step.other);
        return;
      case EditStep::Kind::kKeepOnly:
        return attributes.EraseIf([&](std::string_view key) { return TooLong(key, step); });
      case EditStep::Kind::kTruncate:
        return attributes.TruncateTexts(static_cast<size_t>(step.number));
      case EditStep::Kind::kReplaceTexts:
        return attributes.Replace(
            [](std::string_view, const span::ValueView& value) -> std::optional<std::string> {
              if (value.type() != span::ValueType::kString) return std::nullopt;
              return std::to_string(value.bytes().size());
            });
      case EditStep::Kind::kCount:
        return;
    }
  }
  static bool TooLong(std::string_view key, const EditStep& step) {
    return key.size() > static_cast<size_t>(step.number);
  }

  const EditPlan& plan_;
};

// The plan done to libprotobuf's classes.
class PeerEdit {
 public:
  using Request = opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
  using Value = opentelemetry::proto::common::v1::AnyValue;

  explicit PeerEdit(const EditPlan& plan) : plan_(plan) {}

  void Run(Request* request) const {
    EraseMessages(request->mutable_resource_spans(), [&](auto* group) {
      if (!plan_.resources.empty()) {
        RunIn(
            group, group->has_resource(), [](auto* g) { return g->mutable_resource(); },
            [](auto* g) { g->clear_resource(); }, plan_.resources);
      }
      size_t seen = 0;
      size_t kept = 0;
      EraseMessages(group->mutable_scope_spans(), [&](auto* scope_spans) {
        if (!plan_.scopes.empty()) {
          RunIn(
              scope_spans, scope_spans->has_scope(), [](auto* g) { return g->mutable_scope(); },
              [](auto* g) { g->clear_scope(); }, plan_.scopes);
        }
        const auto before = scope_spans->spans_size();
        EraseMessages(scope_spans->mutable_spans(), [&](auto* span) { return RunSpan(span); });
        seen += static_cast<size_t>(before);
        kept += static_cast<size_t>(scope_spans->spans_size());
        return before > 0 && scope_spans->spans_size() == 0;
      });
      return seen > 0 && kept == 0;
    });
  }

  static void RunSteps(const std::vector<EditStep>& steps, PeerAttributes* attributes) {
    for (const EditStep& step : steps) RunStep(step, attributes);
  }

 private:
  // A message that was not there stays away unless it gets attributes.
  template <typename Group, typename Mutable, typename Clear>
  static void RunIn(Group* group, bool present, Mutable get, Clear clear,
                    const std::vector<EditStep>& steps) {
    auto* message = get(group);
    RunSteps(steps, message->mutable_attributes());
    if (!present && message->attributes_size() == 0) clear(group);
  }

  template <typename Messages, typename Visit>
  static void EraseMessages(Messages* messages, Visit&& is_gone) {
    Messages kept;
    for (auto& message : *messages) {
      if (!is_gone(&message)) kept.Add()->CopyFrom(message);
    }
    messages->Swap(&kept);
  }

  static size_t Rest(const PeerAttributes& attributes) {
    return static_cast<size_t>(attributes.size()) % EditPlan::kDivisor;
  }

  template <typename Span>
  bool RunSpan(Span* span) const {
    const size_t rest = Rest(span->attributes());
    if (rest == plan_.dropped_records) return true;
    RunSteps(plan_.records, span->mutable_attributes());
    if (rest == plan_.whole_records) return false;
    const auto run_part = [&](auto* part) {
      if (Rest(part->attributes()) == plan_.dropped_parts) return true;
      RunSteps(plan_.parts, part->mutable_attributes());
      return false;
    };
    EraseMessages(span->mutable_events(), run_part);
    EraseMessages(span->mutable_links(), run_part);
    return false;
  }

  static void RunStep(const EditStep& step, PeerAttributes* attributes) {
    Value value;
    switch (step.kind) {
      case EditStep::Kind::kSetText:
        value.set_string_value(step.other);
        return Set(step.key, value, attributes);
      case EditStep::Kind::kSetBool:
        value.set_bool_value(step.number % 2 != 0);
        return Set(step.key, value, attributes);
      case EditStep::Kind::kSetInt:
        value.set_int_value(step.number);
        return Set(step.key, value, attributes);
      case EditStep::Kind::kSetDouble:
        value.set_double_value(static_cast<double>(step.number));
        return Set(step.key, value, attributes);
      case EditStep::Kind::kCopy:
        if (const int from = Last(step.other, *attributes); from >= 0) {
          value = attributes->Get(from).value();
          Set(step.key, value, attributes);
        }
        return;
      case EditStep::Kind::kErase:
        return EraseMessages(attributes, [&](auto* one) { return one->key() == step.key; });
      case EditStep::Kind::kRename:
        return Rename(step, attributes);
      case EditStep::Kind::kKeepOnly:
        return EraseMessages(attributes, [&](auto* one) {
          return one->key().size() > static_cast<size_t>(step.number);
        });
      case EditStep::Kind::kTruncate:
        for (auto& one : *attributes) {
          if (one.value().has_string_value()) {
            Truncate(static_cast<size_t>(step.number), one.mutable_value()->mutable_string_value());
          }
        }
        return;
      case EditStep::Kind::kReplaceTexts:
        for (auto& one : *attributes) {
          if (!one.value().has_string_value()) continue;
          one.mutable_value()->set_string_value(std::to_string(one.value().string_value().size()));
        }
        return;
      case EditStep::Kind::kCount:
        return;
    }
  }

  static int Last(const std::string& key, const PeerAttributes& attributes) {
    for (int i = attributes.size() - 1; i >= 0; --i) {
      if (attributes.Get(i).key() == key) return i;
    }
    return -1;
  }

  // Removes all of that key but the one at `kept`.
  static void EraseOthers(const std::string& key, int kept, PeerAttributes* attributes) {
    int at = 0;
    EraseMessages(attributes, [&](auto* one) { return at++ != kept && one->key() == key; });
  }

  static void Set(const std::string& key, const Value& value, PeerAttributes* attributes) {
    int at = Last(key, *attributes);
    if (at < 0) {
      attributes->Add()->set_key(key);
      at = attributes->size() - 1;
    }
    *attributes->Mutable(at)->mutable_value() = value;
    EraseOthers(key, at, attributes);
  }

  static void Rename(const EditStep& step, PeerAttributes* attributes) {
    const int at = Last(step.key, *attributes);
    if (at < 0 || step.key == step.other) return;
    auto moved = attributes->Get(at);
    moved.set_key(step.other);
    PeerAttributes kept;
    for (int i = 0; i < attributes->size(); ++i) {
      const std::string& key = attributes->Get(i).key();
      if (i == at) {
        *kept.Add() = moved;
      } else if (key != step.key && key != step.other) {
        *kept.Add() = attributes->Get(i);
      }
    }
    attributes->Swap(&kept);
  }

  static void Truncate(size_t max_bytes, std::string* text) {
    size_t end = 0;
    while (end < text->size()) {
      const size_t size =
          std::max<size_t>(1, base::Utf8SequenceSize(std::string_view(*text).substr(end)));
      if (end + size > max_bytes) break;
      end += size;
    }
    text->resize(end);
  }

  const EditPlan& plan_;
};

}  // namespace spandrel::wire
