// SPDX-License-Identifier: Apache-2.0
// Header carriers, and the predicates over requests.
#include <gtest/gtest.h>

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "spandrel/http_carrier.h"
#include "spandrel/http_options.h"

namespace spandrel::http {
namespace {

TEST(RawHeadersTest, FindsHeadersWhateverTheirCase) {
  const RawHeaders headers(
      "GET http://host/a HTTP/1.1\r\nHost: host\r\nX-Empty:\r\nTraceParent:  00-1 \r\n\r\n");
  EXPECT_EQ(headers.Find("host"), "host");
  EXPECT_EQ(headers.Find("HOST"), "host");
  EXPECT_EQ(headers.Find("traceparent"), "00-1");
  EXPECT_EQ(headers.Find("x-empty"), "");
  EXPECT_EQ(headers.Find("absent"), "");
  EXPECT_EQ(headers.Find("GET http"), "");
}

TEST(RawHeadersTest, JoinsLinesOfOneName) {
  const RawHeaders headers("a: 1\r\nb: 2\r\nA: 3\r\na: 4");
  EXPECT_EQ(headers.Find("a"), "1,3,4");
  const std::string_view first = headers.Find("a");
  EXPECT_EQ(headers.Find("b"), "2");
  EXPECT_EQ(first, "1,3,4");
}

TEST(RawHeadersTest, PassesOverWhatIsNoHeader) {
  const RawHeaders headers("nonsense\r\n: no name\r\n folded: yes\r\nok:1\n\nlast: 2");
  EXPECT_EQ(headers.Find("ok"), "1");
  EXPECT_EQ(headers.Find("last"), "2");
  EXPECT_EQ(headers.Find("folded"), "");
  EXPECT_EQ(headers.Find(""), "");
  EXPECT_EQ(RawHeaders("").Find("a"), "");
}

TEST(RawHeadersTest, FindsHeadersBeyondItsIndex) {
  std::string block;
  for (int i = 0; i < 300; ++i)
    block += "h" + std::to_string(i) + ": " + std::to_string(i) + "\r\n";
  block += "h3: again\r\n";
  const RawHeaders headers(block);
  EXPECT_EQ(headers.Find("h299"), "299");
  EXPECT_EQ(headers.Find("h3"), "3,again");
}

TEST(HeaderCarrierTest, ReadAndWriteThroughCallables) {
  std::map<std::string, std::string> map = {{"a", "1"}};
  const HeaderReader reader([&map](std::string_view name) {
    const auto found = map.find(std::string(name));
    return found == map.end() ? std::string_view() : std::string_view(found->second);
  });
  EXPECT_EQ(reader.Get("a"), "1");
  EXPECT_EQ(reader.Get("b"), "");
  HeaderWriter writer(
      [&map](std::string_view name, std::string_view value) { map[std::string(name)] = value; });
  writer.Set("b", "2");
  EXPECT_EQ(reader.Get("b"), "2");
}

RequestView Request(std::string_view method, std::string_view target,
                    const Carrier* headers = nullptr) {
  RequestView request;
  request.method = method;
  request.target = target;
  request.headers = headers;
  return request;
}

TEST(FilterTest, LooksAtPathsAndQueries) {
  const RequestView request = Request("GET", "/a/b?x=1&y=&x=3");
  EXPECT_TRUE(filter::Path("/a/b")(request));
  EXPECT_FALSE(filter::Path("/a")(request));
  EXPECT_TRUE(filter::PathPrefix("/a")(request));
  EXPECT_FALSE(filter::PathPrefix("/a/b/c")(request));
  EXPECT_TRUE(filter::Query("x", "3")(request));
  EXPECT_TRUE(filter::Query("y", "")(request));
  EXPECT_FALSE(filter::Query("x", "2")(request));
  EXPECT_TRUE(filter::QueryContains("y=")(request));
  EXPECT_FALSE(filter::QueryContains("z")(Request("GET", "/")));
}

TEST(FilterTest, LooksAtHeadersAndHosts) {
  const RawHeaders headers("Host: Shop.Example:80\r\nX-Probe: kube-probe/1.29\r\n");
  const RequestView request = Request("HEAD", "/", &headers);
  EXPECT_TRUE(filter::Method("HEAD")(request));
  EXPECT_TRUE(filter::Hostname("shop.example")(request));
  EXPECT_FALSE(filter::Hostname("example")(request));
  EXPECT_TRUE(filter::Header("x-probe", "kube-probe/1.29")(request));
  EXPECT_TRUE(filter::HeaderContains("x-probe", "kube")(request));
  EXPECT_TRUE(filter::HasHeader("X-Probe")(request));
  EXPECT_FALSE(filter::HasHeader("X-Other")(request));
  EXPECT_FALSE(filter::HasHeader("X-Probe")(Request("GET", "/")));
}

TEST(FilterTest, Nests) {
  const auto get = filter::Method("GET");
  const auto root = filter::Path("/");
  const RequestView request = Request("GET", "/a");
  EXPECT_TRUE(filter::Any(get, root)(request));
  EXPECT_FALSE(filter::All(get, root)(request));
  EXPECT_FALSE(filter::None(get, root)(request));
  EXPECT_TRUE(filter::Not(filter::All(get, root))(request));
  EXPECT_TRUE(filter::All()(request));
  EXPECT_FALSE(filter::Any()(request));
}

TEST(FilterTest, KnowsNetworks) {
  const Filter internal =
      filter::PeerIn({"10.0.0.0/8", "192.168.1.128/25", "fd00::/8", "2001:db8::1", "0.0.0.0"});
  const auto inside = [&internal](std::string_view address) {
    RequestView request;
    request.peer_address = address;
    return internal(request);
  };
  EXPECT_TRUE(inside("10.255.0.1"));
  EXPECT_FALSE(inside("11.0.0.1"));
  EXPECT_TRUE(inside("192.168.1.200"));
  EXPECT_FALSE(inside("192.168.1.127"));
  EXPECT_TRUE(inside("fdff::1"));
  EXPECT_FALSE(inside("fe80::1"));
  EXPECT_TRUE(inside("2001:db8::1"));
  EXPECT_FALSE(inside("2001:db8::2"));
  EXPECT_TRUE(inside("::ffff:10.1.2.3"));
  EXPECT_FALSE(inside(""));
  EXPECT_FALSE(inside("a.sock"));
  EXPECT_TRUE(filter::PeerIn({"0.0.0.0/0"})([] {
    RequestView request;
    request.peer_address = "8.8.8.8";
    return request;
  }()));
}

TEST(FilterTest, RefusesWhatIsNoNetwork) {
  for (const char* text : {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "host", "fd00::/129",
                           "1.2.3.4.5/8", "10.0.0.0/8/8"}) {
    EXPECT_THROW((void)filter::PeerIn({text}), std::invalid_argument) << text;
  }
}

}  // namespace
}  // namespace spandrel::http
