// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "processors/factories.h"
#include "processors/testing/edit_fixture.h"

namespace spandrel::processors {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class ResourceProcessorTest : public EditFixture {
 protected:
  ResourceProcessorTest() : EditFixture(MakeResourceProcessorFactory()) {}
};

TEST_F(ResourceProcessorTest, ChangesResourcesAndNothingElse) {
  TestRequest request;
  request.resource.emplace_back("cloud.zone", Text("zone-1"));
  request.spans.push_back({.attributes = {{"cloud.zone", Text("of the span")}}});
  const auto batch = Run(R"(
    attributes:
      - {key: cloud.availability_zone, action: upsert, from_attribute: cloud.zone}
      - {key: cloud.zone, action: delete}
      - {key: service.name, action: update, value: checkout})",
                         request);
  EXPECT_THAT(ResourceAttributes(batch),
              ElementsAre(Pair("service.name", Text("checkout")),
                          Pair("cloud.availability_zone", Text("zone-1"))));
  EXPECT_THAT(SpanAttributes(batch, 0), ElementsAre(Pair("cloud.zone", Text("of the span"))));
  EXPECT_EQ(span::SpanRef(*batch.chunks().front(), 0).service_name(), "checkout");
}

TEST_F(ResourceProcessorTest, GivesAResourceToSpansWithoutOne) {
  TestRequest request;
  request.resource.clear();
  request.spans.resize(1);
  const auto batch = Run("attributes: [{key: env, action: insert, value: prod}]", request);
  EXPECT_THAT(ResourceAttributes(batch), ElementsAre(Pair("env", Text("prod"))));
}

TEST_F(ResourceProcessorTest, NeedsActions) {
  EXPECT_EQ(ProblemsOf("attributes:\n"),
            "test.yaml:1:1: attributes: at least one action is needed under 'attributes'\n");
  EXPECT_THAT(ProblemsOf("{actions: [{key: a, action: delete}]}"),
              HasSubstr("unknown key 'actions'"));
}

}  // namespace
}  // namespace spandrel::processors
