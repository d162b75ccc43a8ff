// SPDX-License-Identifier: Apache-2.0
#include "base/metrics.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"

namespace spandrel::base {
namespace {

std::string EscapeLabel(std::string_view value) {
  std::string escaped;
  for (char c : value) {
    if (c == '\\' || c == '"') escaped += '\\';
    if (c == '\n') {
      escaped += "\\n";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string RenderLabels(const MetricLabels& labels) {
  if (labels.empty()) return "";
  std::string text = "{";
  for (const auto& [name, value] : labels) {
    if (text.size() > 1) text += ',';
    text += fmt::format("{}=\"{}\"", name, EscapeLabel(value));
  }
  return text + "}";
}

[[noreturn]] void Refuse(std::string_view metric, std::string_view why) {
  CheckFailed(__FILE__, __LINE__, fmt::format("metric {} {}", metric, why).c_str());
}

// Whether those are the labels that a metric has, in its order.
bool HasLabels(const MetricEntry& entry, const MetricLabels& labels) {
  std::string_view rest = entry.labels;
  for (const auto& [name, value] : labels) {
    if (rest.substr(0, rest.find(',')) != name) return false;
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
  }
  return rest.empty();
}

// Appends the sample, or adds it to one of `samples` from `first` that has its labels.
void AddUp(MetricSample sample, size_t first, std::vector<MetricSample>* samples) {
  for (size_t i = first; i < samples->size(); ++i) {
    if ((*samples)[i].labels != sample.labels) continue;
    (*samples)[i].value += sample.value;
    return;
  }
  samples->push_back(std::move(sample));
}

}  // namespace

MetricRegistry::Family& MetricRegistry::FamilyOf(std::string_view name,
                                                 const MetricLabels& labels) {
  const MetricEntry* entry = FindMetric(table_, name);
  if (entry == nullptr) Refuse(name, "has no row in the table of metrics");
  if (!HasLabels(*entry, labels)) Refuse(name, "has other labels in the table of metrics");
  Family& family = families_[entry->name];
  family.entry = entry;
  return family;
}

Counter& MetricRegistry::AddCounter(std::string_view name, MetricLabels labels) {
  MutexLock lock(*mutex_);
  Family& family = FamilyOf(name, labels);
  if (family.entry->kind != MetricKind::kCounter) Refuse(name, "is no counter");
  auto& counter = family.counters[std::move(labels)];
  if (!counter) counter = std::make_unique<Counter>();
  return *counter;
}

std::shared_ptr<void> MetricRegistry::AddGauge(std::string_view name, MetricLabels labels,
                                               std::function<double()> read) {
  auto gauge = std::make_shared<Gauge>(Gauge{std::move(labels), std::move(read)});
  MutexLock lock(*mutex_);
  Family& family = FamilyOf(name, gauge->labels);
  std::erase_if(family.gauges, [](const auto& other) { return !other->read; });
  family.gauges.push_back(gauge);
  return {gauge.get(), [gauge, mutex = mutex_](void*) {
            MutexLock lock(*mutex);
            gauge->read = nullptr;
          }};
}

std::vector<MetricSample> MetricRegistry::Collect() const {
  MutexLock lock(*mutex_);
  std::vector<MetricSample> samples;
  for (const auto& [name, family] : families_) {
    for (const auto& [labels, counter] : family.counters) {
      samples.push_back({std::string(name), labels, static_cast<double>(counter->value())});
    }
    const size_t first = samples.size();
    for (const auto& gauge : family.gauges) {
      if (gauge->read) AddUp({std::string(name), gauge->labels, gauge->read()}, first, &samples);
    }
  }
  return samples;
}

std::string MetricRegistry::RenderPrometheus() const {
  std::string text;
  const MetricEntry* current = nullptr;
  for (const MetricSample& sample : Collect()) {
    if (current == nullptr || sample.name != current->name) {
      current = FindMetric(table_, sample.name);
      text += fmt::format("# HELP {} {}\n# TYPE {} {}\n", current->name, current->help,
                          current->name, MetricKindName(current->kind));
    }
    text += fmt::format("{}{} {}\n", sample.name, RenderLabels(sample.labels), sample.value);
  }
  return text;
}

}  // namespace spandrel::base
