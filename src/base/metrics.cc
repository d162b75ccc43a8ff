// SPDX-License-Identifier: Apache-2.0
#include "base/metrics.h"

#include <fmt/format.h>

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

Counter& MetricRegistry::AddCounter(std::string_view name, std::string_view help,
                                    MetricLabels labels) {
  MutexLock lock(*mutex_);
  Family& family = families_[std::string(name)];
  family.help = help;
  family.is_counter = true;
  auto& counter = family.counters[std::move(labels)];
  if (!counter) counter = std::make_unique<Counter>();
  return *counter;
}

std::shared_ptr<void> MetricRegistry::AddGauge(std::string_view name, std::string_view help,
                                               MetricLabels labels, std::function<double()> read) {
  auto gauge = std::make_shared<Gauge>(Gauge{std::move(labels), std::move(read)});
  MutexLock lock(*mutex_);
  Family& family = families_[std::string(name)];
  family.help = help;
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
      samples.push_back({name, labels, static_cast<double>(counter->value())});
    }
    const size_t first = samples.size();
    for (const auto& gauge : family.gauges) {
      if (gauge->read) AddUp({name, gauge->labels, gauge->read()}, first, &samples);
    }
  }
  return samples;
}

std::string MetricRegistry::RenderPrometheus() const {
  std::string text;
  std::string current;
  for (const MetricSample& sample : Collect()) {
    if (sample.name != current) {
      current = sample.name;
      MutexLock lock(*mutex_);
      const Family& family = families_.find(current)->second;
      text += fmt::format("# HELP {} {}\n# TYPE {} {}\n", current, family.help, current,
                          family.is_counter ? "counter" : "gauge");
    }
    text += fmt::format("{}{} {}\n", sample.name, RenderLabels(sample.labels), sample.value);
  }
  return text;
}

}  // namespace spandrel::base
