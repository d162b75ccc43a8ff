// SPDX-License-Identifier: Apache-2.0
#include "instrument/semantics.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <typeinfo>

namespace spandrel::instrument {
namespace {

TEST(SemanticsTest, NamesSpansAfterKnownMethods) {
  EXPECT_EQ(SpanName("GET", "/users/:id"), "GET /users/:id");
  EXPECT_EQ(SpanName("GET", ""), "GET");
  EXPECT_EQ(SpanName("get", "/x"), "HTTP /x");
  EXPECT_EQ(SpanName("", ""), "HTTP");
  EXPECT_EQ(MethodAttribute("POST"), "POST");
  EXPECT_EQ(MethodAttribute("BREW"), "_OTHER");
}

TEST(SemanticsTest, HidesSecretsInQueries) {
  EXPECT_EQ(RedactQuery("a=1&sig=abc&b="), "a=1&sig=REDACTED&b=");
  EXPECT_EQ(RedactQuery("X-Goog-Signature=x"), "X-Goog-Signature=REDACTED");
  EXPECT_EQ(RedactQuery("sig&Sig=1"), "sig&Sig=1");
  EXPECT_EQ(RedactQuery(""), "");
}

TEST(SemanticsTest, HidesCredentialsInUrls) {
  EXPECT_EQ(RedactUrl("https://me:secret@host:1/p?sig=x#f"),
            "https://REDACTED:REDACTED@host:1/p?sig=REDACTED#f");
  EXPECT_EQ(RedactUrl("http://me@host"), "http://REDACTED@host");
  EXPECT_EQ(RedactUrl("http://host/a@b?c=d@e"), "http://host/a@b?c=d@e");
  EXPECT_EQ(RedactUrl("http://host#a?sig=x"), "http://host#a?sig=x");
  EXPECT_EQ(RedactUrl(""), "");
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
}

TEST(SemanticsTest, ReadsForwardedHeaders) {
  const char* header = " for=\"[2001:db8::1]:4711\";Proto=https , for=10.0.0.1";
  EXPECT_EQ(ForwardedParameter(header, "for"), "[2001:db8::1]:4711");
  EXPECT_EQ(ForwardedParameter(header, "proto"), "https");
  EXPECT_EQ(ForwardedParameter(header, "host"), "");
  EXPECT_EQ(ForwardedParameter("", "for"), "");
  EXPECT_EQ(ForwardedParameter(";;=", "for"), "");
  EXPECT_EQ(FirstElement(" a , b"), "a");
}

TEST(SemanticsTest, NamesTypesReadably) {
  EXPECT_EQ(Demangle(typeid(std::runtime_error).name()), "std::runtime_error");
  EXPECT_EQ(Demangle("not mangled"), "not mangled");
}

}  // namespace
}  // namespace spandrel::instrument
