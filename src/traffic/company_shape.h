// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "traffic/traffic_shape.h"

namespace spandrel::traffic {

// What a company's services send: traces of heavy-tailed size (log-normal, median 8 spans, and one
// of 10,000 in every 200,000 spans), 20 services of 20 operations each, 80 resources with 7
// attributes, 11 attributes a span, 4 % errors with an exception event; about 500 bytes a span.
//
//   cardinality  attribute                      random bits a span
//   low          http.request.method            0, the operation decides
//                url.scheme                     0, the operation decides
//                server.port                    0, the service decides
//                network.protocol.version       0, the operation decides
//                http.response.status_code      0.5
//   middle       http.route                     0, 400 values, service and operation decide
//                server.address                 8, 256 values
//                tenant.id (int)                8.6, 400 values
//   unique       request.id ("req-%08x")        32
//                url.full (an order's number)   26.6, eight digits
//                http.response.body.size (int)  18, log-normal, median 40 kB
//
// Beside that a span has 64 random bits of id, about 8 of service and operation, 2 of resource, 5
// of parent, two times of about 23 bits each, and its share of a trace's 150 (id and start). The
// sum, about 28 bytes a span, is what no store can go below.
class CompanyShape final : public TrafficShape {
 public:
  CompanyShape(uint64_t seed, Timeline timeline);

  const std::vector<std::string>& resources() const override { return resources_; }
  size_t WriteSpan(const std::vector<ExtraAttribute>& extra, std::string* message) override;

 private:
  struct OpenSpan {
    span::SpanId id;
    uint64_t start = 0;
    uint64_t duration = 0;
    uint32_t service = 0;
  };

  void StartTrace();
  size_t NextTraceSize();
  OpenSpan MakeSpan(const OpenSpan* parent);
  void MayBecomeParent(const OpenSpan& span);
  const std::string& Route(uint32_t service, uint32_t operation) const;
  void WriteAttributes(uint32_t service, uint32_t operation, bool error, std::string* message);

  RandomSource random_;
  Timeline timeline_;
  std::lognormal_distribution<double> trace_size_;
  std::lognormal_distribution<double> root_duration_;
  std::lognormal_distribution<double> body_size_;
  std::vector<std::string> resources_;
  std::vector<std::string> routes_;  // by service and operation

  span::TraceId trace_id_;
  uint64_t trace_start_ = 0;
  std::vector<OpenSpan> trace_;  // spans of the current trace that may become parents
  size_t left_in_trace_ = 0;
  uint64_t spans_ = 0;  // of all traces begun
  uint64_t huge_traces_ = 0;
};

}  // namespace spandrel::traffic
