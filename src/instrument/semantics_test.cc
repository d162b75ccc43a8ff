// SPDX-License-Identifier: Apache-2.0
#include "instrument/semantics.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace spandrel::instrument {
namespace {

TEST(SemanticsTest, KnowsTheMethodsOfTheConvention) {
  const KnownMethods methods;
  EXPECT_EQ(methods.Find("GET"), "GET");
  EXPECT_EQ(methods.Find("TRACE"), "TRACE");
  EXPECT_EQ(methods.Find("get"), "");
  EXPECT_EQ(methods.Find("BREW"), "");
  EXPECT_EQ(methods.Find(""), "");
  const KnownMethods others({"BREW"});
  EXPECT_EQ(others.Find("BREW"), "BREW");
  EXPECT_EQ(others.Find("GET"), "");
}

TEST(SemanticsTest, JoinsNames) {
  std::string buffer;
  EXPECT_EQ(JoinName("GET", "/users/:id", buffer), "GET /users/:id");
  EXPECT_EQ(JoinName("GET", "", buffer), "GET");
}

TEST(SemanticsTest, HidesSecretsInQueries) {
  const Redaction redaction;
  std::string buffer;
  EXPECT_EQ(redaction.Query("a=1&sig=abc&b=", buffer), "a=1&sig=REDACTED&b=");
  EXPECT_EQ(redaction.Query("X-Goog-Signature=x", buffer), "X-Goog-Signature=REDACTED");
  EXPECT_EQ(redaction.Query("sig&Sig=1", buffer), "sig&Sig=1");
  EXPECT_EQ(redaction.Query("sig=1&&", buffer), "sig=REDACTED&&");
  EXPECT_EQ(redaction.Query("", buffer), "");
  const std::string clean = "a=1&b=2";
  EXPECT_EQ(redaction.Query(clean, buffer).data(), clean.data());
  EXPECT_EQ(Redaction({"token"}).Query("token=x&sig=y", buffer), "token=REDACTED&sig=y");
  EXPECT_EQ(Redaction(std::vector<std::string>()).Query("sig=y", buffer), "sig=y");
}

TEST(SemanticsTest, HidesCredentialsInUrls) {
  const Redaction redaction;
  std::string buffer;
  EXPECT_EQ(redaction.Url("https://me:secret@host:1/p?sig=x#f", buffer),
            "https://REDACTED:REDACTED@host:1/p?sig=REDACTED#f");
  EXPECT_EQ(redaction.Url("http://me@host", buffer), "http://REDACTED@host");
  EXPECT_EQ(redaction.Url("http://host/a@b?c=d@e", buffer), "http://host/a@b?c=d@e");
  EXPECT_EQ(redaction.Url("http://host#a?sig=x", buffer), "http://host#a?sig=x");
  EXPECT_EQ(redaction.Url("http://me@host?#f", buffer), "http://REDACTED@host?#f");
  EXPECT_EQ(redaction.Url("", buffer), "");
}

TEST(SemanticsTest, FindsHostAndPort) {
  EXPECT_EQ(HostOfUrl("http://host/path").host, "host");
  EXPECT_EQ(HostOfUrl("http://host/path").port, 80);
  EXPECT_EQ(HostOfUrl("https://u:p@host").port, 443);
  EXPECT_EQ(HostOfUrl("https://u:p@host").host, "host");
  EXPECT_EQ(HostOfUrl("http://[::1]:8080/").host, "::1");
  EXPECT_EQ(HostOfUrl("http://[::1]:8080/").port, 8080);
  EXPECT_EQ(HostOfUrl("http://[::1]/").port, 80);
  EXPECT_EQ(HostOfUrl("host:99").port, 99);
  EXPECT_EQ(ParseHostPort("a:b", 7).port, 7);
  EXPECT_EQ(ParseHostPort("a:99999", 7).port, 7);
  EXPECT_EQ(ParseHostPort("", 7).host, "");
  EXPECT_EQ(ParseHostPort("[", 7).host, "[");
  EXPECT_EQ(AuthorityOfUrl("http://u:p@host:1/x@y"), "host:1");
  EXPECT_EQ(TargetOfUrl("http://host/a?b#c"), "/a?b");
  EXPECT_EQ(TargetOfUrl("http://host"), "");
}

TEST(SemanticsTest, ReadsTargetsOfRequests) {
  const auto parts = [](std::string_view target) {
    const RequestTarget parsed = ParseTarget(target);
    return std::vector<std::string_view>{parsed.scheme, parsed.authority, parsed.path,
                                         parsed.query};
  };
  using Parts = std::vector<std::string_view>;
  EXPECT_EQ(parts("/a?b=c?d"), (Parts{"", "", "/a", "b=c?d"}));
  EXPECT_EQ(parts("/to?u=http://x/y"), (Parts{"", "", "/to", "u=http://x/y"}));
  EXPECT_EQ(parts("/http://x/y"), (Parts{"", "", "/http://x/y", ""}));
  EXPECT_EQ(parts("http://shop/ok"), (Parts{"http", "shop", "/ok", ""}));
  EXPECT_EQ(parts("https://me:pw@shop:8080/a/b?c"), (Parts{"https", "shop:8080", "/a/b", "c"}));
  EXPECT_EQ(parts("http://shop"), (Parts{"http", "shop", "/", ""}));
  EXPECT_EQ(parts("http://shop?a"), (Parts{"http", "shop", "/", "a"}));
  EXPECT_EQ(parts("*"), (Parts{"", "", "*", ""}));
  EXPECT_EQ(parts(""), (Parts{"", "", "", ""}));
  EXPECT_EQ(parts("?"), (Parts{"", "", "", ""}));
}

TEST(SemanticsTest, ReadsForwardedHeaders) {
  const char* header = " for=\"[2001:db8::1]:4711\";Proto=https , for=10.0.0.1";
  EXPECT_EQ(ForwardedParameter(header, "for"), "[2001:db8::1]:4711");
  EXPECT_EQ(ForwardedParameter(header, "proto"), "https");
  EXPECT_EQ(ForwardedParameter(header, "host"), "");
  EXPECT_EQ(ForwardedParameter("", "for"), "");
  EXPECT_EQ(ForwardedParameter(";;=", "for"), "");
  EXPECT_EQ(FirstElement(" a , b"), "a");
  EXPECT_EQ(SplitList(" a ,, b"), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(SplitList(",").empty());
}

}  // namespace
}  // namespace spandrel::instrument
