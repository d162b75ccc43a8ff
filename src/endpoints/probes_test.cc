// SPDX-License-Identifier: Apache-2.0
#include "endpoints/probes.h"

#include <gtest/gtest.h>

#include <string>

namespace spandrel::endpoints {
namespace {

using base::HealthLevel;

class ProbesTest : public testing::Test {
 protected:
  // 0: it is no probe.
  int StatusOf(const std::string& path, Asking asking = Asking::kAnswered) {
    net::Request request;
    request.path = path;
    const auto response = AnswerProbe(&board_, asking, request);
    return response ? response->status : 0;
  }

  base::HealthBoard board_;
  HealthLevel level_ = HealthLevel::kOk;
  std::shared_ptr<void> component_ = board_.Add("store /secret", [this] {
    return base::Health{level_, "/secret: gone"};
  });
};

TEST_F(ProbesTest, ReadyWhileSpansAreTaken) {
  for (const HealthLevel level : {HealthLevel::kOk, HealthLevel::kDegraded}) {
    level_ = level;
    EXPECT_EQ(StatusOf("/ready"), 200);
    EXPECT_EQ(StatusOf("/ready/ingest"), 200);
  }
  for (const HealthLevel level : {HealthLevel::kRefusing, HealthLevel::kFailed}) {
    level_ = level;
    EXPECT_EQ(StatusOf("/ready"), 503);
    EXPECT_EQ(StatusOf("/ready/ingest"), 503);
    EXPECT_EQ(StatusOf("/ready/query"), 200);
  }
}

TEST_F(ProbesTest, LivesUntilOnlyARestartHelps) {
  level_ = HealthLevel::kRefusing;
  EXPECT_EQ(StatusOf("/health"), 200);
  level_ = HealthLevel::kFailed;
  EXPECT_EQ(StatusOf("/health"), 503);
}

TEST_F(ProbesTest, NotReadyForQuestionsWhenTheyEnd) {
  EXPECT_EQ(StatusOf("/ready", Asking::kStopped), 503);
  EXPECT_EQ(StatusOf("/ready/query", Asking::kStopped), 503);
  EXPECT_EQ(StatusOf("/ready/ingest", Asking::kStopped), 200);
  EXPECT_EQ(StatusOf("/health", Asking::kStopped), 200);
}

TEST_F(ProbesTest, TellsStrangersTheLevelOnly) {
  level_ = HealthLevel::kFailed;
  net::Request request;
  request.path = "/ready";
  EXPECT_EQ(AnswerProbe(&board_, Asking::kAnswered, request)->body, R"({"status":"failed"})");
  EXPECT_EQ(AnswerProbe(nullptr, Asking::kAnswered, request)->body, R"({"status":"ok"})");
  EXPECT_EQ(StatusOf("/metrics"), 0);
}

}  // namespace
}  // namespace spandrel::endpoints
