// SPDX-License-Identifier: Apache-2.0
#include "traceql/testing/random_query.h"

#include <cstddef>
#include <initializer_list>

namespace spandrel::traceql {
namespace {

class Writer {
 public:
  explicit Writer(std::mt19937& random) : random_(random) {}

  std::string Query() {
    const std::string query = Chance(4) ? MetricsExpr(2) : Pipeline(2);
    return Chance(6) ? query + Pick({" with(most_recent=true)", " with (sample=0.5, exemplars=10)"})
                     : query;
  }

 private:
  bool Chance(unsigned one_of) { return random_() % one_of == 0; }
  std::string Pick(std::initializer_list<const char*> words) {
    return *(words.begin() + random_() % words.size());
  }
  std::string Maybe(const std::string& text) { return Chance(2) ? text : std::string(); }

  std::string Number() {
    return Pick({"1", "0", "-7", "2.5", "1e3", "100ms", "1h30m", "maxInt", "minInt"});
  }

  std::string NumberField() {
    return Pick({".a", ".a-b", "span.b", "resource.c", "event.d", "link.e", "instrumentation.f",
                 "parent.g", "parent.span.h", "parent.resource.i", "span.\"a b\"", "duration",
                 "trace:duration", "span:childCount", "event:timeSinceStart", "nestedSetLeft",
                 "nestedSetParent"});
  }

  std::string TextField() {
    return Pick({".a", "name", "statusMessage", "rootName", "trace:id", "span:id", "event:name",
                 "span:parentID", "link:traceID", "instrumentation:version", "rootServiceName"});
  }

  std::string Field() { return Chance(2) ? NumberField() : TextField(); }

  std::string Sum(int depth) {
    if (depth == 0 || Chance(2)) return Chance(2) ? NumberField() : Number();
    if (Chance(4)) return "(" + Sum(depth - 1) + ")";
    if (Chance(4)) return "-" + Sum(depth - 1);
    return Sum(depth - 1) + Pick({" + ", " - ", " * ", " / ", " % ", " ^ "}) + Sum(depth - 1);
  }

  std::string Comparison(int depth) {
    const std::string order = Pick({" = ", " != ", " < ", " <= ", " > ", " >= "});
    switch (random_() % 8) {
      case 0:
        return Field() + Pick({" =~ ", " !~ "}) + "\"a.*b\"";
      case 1:
        return Pick({".a", "span.b", "event.c"}) + Pick({" = nil", " != nil"});
      case 2:
        return "nil != " + Field();
      case 3:
        return TextField() + order + Pick({"\"x\"", "`a.*`", "\"\\u00e9\\n\""});
      case 4:
        return Pick({"status = error", "ok != status", "kind = server", "kind != client"});
      case 5:
        return Pick({".a", "true", "false", "!span.b", "true = .a"});
      case 6:
        return depth == 0 ? "!.a" : "!(" + FieldExpr(depth - 1) + ")";
      default:
        return Sum(depth) + order + Sum(depth);
    }
  }

  std::string FieldExpr(int depth) {
    if (depth == 0 || Chance(2)) return Comparison(depth);
    const std::string left = FieldExpr(depth - 1);
    return left + Pick({" && ", " || "}) +
           (Chance(3) ? "(" + FieldExpr(depth - 1) + ")" : FieldExpr(depth - 1));
  }

  std::string Filter() { return Chance(8) ? "{}" : "{ " + FieldExpr(2) + " }"; }

  std::string Spansets(int depth) {
    if (depth == 0 || Chance(3)) return Filter();
    if (Chance(4)) return "(" + Pipeline(depth - 1) + ")";
    return Spansets(depth - 1) +
           Pick({" && ", " || ", " > ", " >> ", " < ", " << ", " ~ ", " !> ", " !>> ", " !< ",
                 " !<< ", " !~ ", " &> ", " &>> ", " &< ", " &<< ", " &~ "}) +
           Spansets(depth - 1);
  }

  std::string Aggregate() {
    return Chance(3) ? "count()"
                     : Pick({"min(", "max(", "avg(", "sum("}) + Pick({"duration", ".a", "span.b"}) +
                           Maybe(" * 2") + ")";
  }

  std::string ScalarFilter() {
    return Aggregate() + Maybe(Pick({" + ", " * ", " - "}) + Aggregate()) +
           Pick({" = ", " > ", " <= ", " != "}) + Pick({"1", "2 + 3 * 4", "-1.5", "1s"});
  }

  std::string Stage(int depth) {
    switch (random_() % 6) {
      case 0:
        return ScalarFilter();
      case 1:
        return Chance(2) ? "by(" + Field() + ")" : "by(" + NumberField() + " + 1)";
      case 2:
        return "select(" + Field() + Maybe(", " + Field()) + ")";
      case 3:
        return "coalesce()";
      default:
        return Spansets(depth);
    }
  }

  std::string Pipeline(int depth) {
    std::string text = Spansets(depth);
    while (Chance(2)) text += " | " + Stage(depth);
    return text;
  }

  std::string Metrics() {
    if (Chance(9)) return "compare({ status = error }" + Maybe(", 5") + ")";
    const std::string field = Pick({"duration", "span.b", ".a"});
    std::string text =
        Chance(3)   ? Pick({"rate()", "count_over_time()"})
        : Chance(4) ? "quantile_over_time(" + field + ", 0.5, .99)"
                    : Pick({"min", "max", "avg", "sum", "histogram"}) + "_over_time(" + field + ")";
    text += Maybe(" by (" + Field() + Maybe(", " + Field()) + ")");
    while (Chance(3)) text += Pick({" | topk(3)", " | bottomk(2)", " > 0.5", " <= 10"});
    return text;
  }

  std::string MetricsExpr(int depth) {
    if (depth == 0 || Chance(2)) return Pipeline(1) + " | " + Metrics();
    const std::string series = "(" + MetricsExpr(depth - 1) + ")";
    return Chance(2) ? Pick({"2", "-1.5", "(1 + 2)"}) + Pick({" * ", " - "}) + series
                     : series + Pick({" + ", " / "}) + "(" + MetricsExpr(depth - 1) + ")" +
                           Maybe(" > 5") + Maybe(" | topk(2)");
  }

  std::mt19937& random_;
};

}  // namespace

std::string RandomQuery(std::mt19937& random) {
  return Writer(random).Query();
}

}  // namespace spandrel::traceql
