// SPDX-License-Identifier: Apache-2.0
#include "sdk/resource/resource.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include "opentelemetry/proto/trace/v1/trace.pb.h"

namespace spandrel::sdk {
namespace {

using opentelemetry::proto::common::v1::AnyValue;

std::map<std::string, AnyValue> Decoded(const Options& options) {
  opentelemetry::proto::trace::v1::ResourceSpans spans;
  EXPECT_TRUE(spans.ParseFromString(EncodeResource(options)));
  std::map<std::string, AnyValue> attributes;
  for (const auto& pair : spans.resource().attributes()) {
    EXPECT_TRUE(attributes.emplace(pair.key(), pair.value()).second) << pair.key();
  }
  return attributes;
}

std::map<std::string, ResourceValue> Detected(const std::string& root) {
  const ResourceAttributes found = DetectResource(root);
  return {found.begin(), found.end()};
}

TEST(ResourceTest, TellsOfProcessAndHost) {
  std::map<std::string, AnyValue> got = Decoded({});
  EXPECT_EQ(got["service.name"].string_value(), "unknown_service:sdk_test");
  EXPECT_EQ(got["telemetry.sdk.name"].string_value(), "spandrel");
  EXPECT_EQ(got["process.pid"].int_value(), getpid());
  EXPECT_EQ(got["process.executable.name"].string_value(), "sdk_test");
  EXPECT_EQ(got["os.type"].string_value(), "linux");
  EXPECT_NE(got["host.name"].string_value(), "");
  EXPECT_NE(got["host.arch"].string_value(), "");
  EXPECT_EQ(got.count("process.command_args"), 0u);
}

TEST(ResourceTest, EachInstanceHasItsId) {
  std::set<std::string> ids;
  for (int i = 0; i < 10; ++i) ids.insert(Decoded({})["service.instance.id"].string_value());
  EXPECT_EQ(ids.size(), 10u);
  const std::string id = *ids.begin();
  EXPECT_EQ(id.size(), 36u);
  EXPECT_EQ(id[14], '4');
  EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
}

TEST(ResourceTest, OptionsGoBeforeDetection) {
  Options options;
  options.service_name = "shop";
  options.resource_attributes = {
      {"host.name", "a"}, {"host.name", "b"}, {"service.name", "no"}, {"service.instance.id", "7"}};
  options.command_arguments = true;
  std::map<std::string, AnyValue> got = Decoded(options);
  EXPECT_EQ(got["service.name"].string_value(), "shop");
  EXPECT_EQ(got["host.name"].string_value(), "b");
  EXPECT_EQ(got["service.instance.id"].string_value(), "7");
  EXPECT_GT(got["process.command_args"].array_value().values_size(), 0);

  options.detect_resource = false;
  EXPECT_EQ(Decoded(options).count("os.type"), 0u);
}

TEST(ResourceTest, ReadsTheFilesOfTheHost) {
  char name[] = "/tmp/spandrel-resource-XXXXXX";
  ASSERT_NE(mkdtemp(name), nullptr);
  const std::filesystem::path root = name;
  std::filesystem::create_directories(root / "etc");
  std::filesystem::create_directories(root / "proc/self");
  std::ofstream(root / "etc/machine-id") << "0123abc\n";
  const std::string id(64, 'a');
  std::ofstream(root / "proc/self/cgroup") << "0::/\n";
  std::ofstream(root / "proc/self/mountinfo")
      << "1 2 0:1 / / rw\n7 8 0:2 /var/lib/docker/containers/" << id << "/hostname /etc/hostname\n";
  std::map<std::string, ResourceValue> found = Detected(root.string() + "/");
  EXPECT_EQ(found["host.id"], ResourceValue("0123abc"));
  EXPECT_EQ(found["container.id"], ResourceValue(id));

  std::ofstream(root / "etc/machine-id") << std::string(1 << 20, 'x');
  EXPECT_LE(std::get<std::string>(Detected(root.string() + "/")["host.id"]).size(), 64u << 10);
  std::filesystem::remove_all(root);
  EXPECT_EQ(Detected(root.string() + "/").count("host.id"), 0u);
}

TEST(ResourceTest, FindsContainersOfBothGenerations) {
  const std::string id = std::string(32, '7') + std::string(32, 'f');
  EXPECT_EQ(FindContainerId("12:cpu:/docker/" + id + "\n", ""), id);
  EXPECT_EQ(FindContainerId("0::/system.slice/docker-" + id + ".scope", ""), id);
  EXPECT_EQ(FindContainerId("1:a:/kubepods/pod1/" + id, ""), id);
  EXPECT_EQ(FindContainerId("0::/", "1 1 0:1 /x/containers/" + id + "/resolv.conf /etc"), id);
  EXPECT_EQ(FindContainerId("0::/user.slice/" + id + "0", ""), "") << "65 digits";
  EXPECT_EQ(FindContainerId("", "1 1 0:1 /x/" + id + " /y"), "") << "no mount of a container";
  EXPECT_EQ(FindContainerId("", ""), "");
}

}  // namespace
}  // namespace spandrel::sdk
