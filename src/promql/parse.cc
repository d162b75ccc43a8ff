// SPDX-License-Identifier: Apache-2.0
#include "promql/parse.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "base/nearest_word.h"
#include "base/utf8.h"
#include "promql/lexer.h"
#include "promql/words.h"

namespace spandrel::promql {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

constexpr size_t kMostShown = 40;
constexpr uint64_t kSecond = 1'000'000'000;

Status NotAnswered(Place place, std::string_view what) {
  return {StatusCode::kUnimplemented, ErrorAt(place, what).message()};
}

std::string Shown(const Token& token) {
  if (token.kind == TokenKind::kEnd) return "the end of the query";
  const std::string_view prefix = base::Utf8Prefix(token.text, kMostShown);
  return "'" + std::string(prefix) + (prefix.size() < token.text.size() ? "...'" : "'");
}

// Operators wait on a list until it is known what their right side is; so do parentheses, calls and
// aggregations until they are closed. Whatever is complete goes to the nodes, in the order in which
// it is computed.
class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text) {}

  Result<Query> ParseQuery() {
    SPANDREL_RETURN_IF_ERROR(Take());
    State state = State::kOperand;
    while (state != State::kEnd) {
      const auto next = state == State::kOperand ? ReadOperand() : ReadBehindOperand();
      if (!next.ok()) return next.status();
      state = *next;
    }
    if (query_.root().type == ValueType::kMatrix) {
      return ErrorAt(query_.root().place, "a range stands in rate() or increase() only");
    }
    return std::move(query_);
  }

 private:
  enum class State : uint8_t { kOperand, kBehind, kEnd };  // what is to be read

  struct Waiting {
    enum class Kind : uint8_t { kParenthesis, kCall, kAggregate, kOperator };
    Kind kind = Kind::kParenthesis;
    Node node;               // of all others
    int precedence = 0;      // kOperator
    uint32_t arguments = 0;  // that are complete
    bool chooses = false;    // an aggregation that has its by()
  };

  const Token& now() const { return now_; }
  Status Take() {
    auto next = lexer_.Next();
    if (!next.ok()) return next.status();
    now_ = *std::move(next);
    return {};
  }
  bool IsMark(std::string_view mark) const {
    return now_.kind == TokenKind::kMark && now_.text == mark;
  }
  bool IsWord(std::string_view keyword) const {
    return now_.kind == TokenKind::kWord && IsKeyword(now_.text, keyword);
  }
  Status Expect(std::string_view mark) {
    return IsMark(mark) ? Take() : Unexpected("'" + std::string(mark) + "'");
  }
  Status Unexpected(std::string_view expected) const {
    return ErrorAt(now_.place, "expected " + std::string(expected) + ", not " + Shown(now_));
  }

  Result<State> ReadOperand() {
    const Place place = now_.place;
    last_is_selector_ = false;
    if (IsMark("(")) return Open({.node = {.place = place}});
    if (IsMark("-") || IsMark("+")) return ReadSign();
    if (IsMark("{")) return ReadSelector("", place);
    if (now_.kind == TokenKind::kNumber) return ReadNumber(now_.number);
    if (now_.kind == TokenKind::kText) {
      SPANDREL_RETURN_IF_ERROR(
          Add({.what = Text{now_.content}, .type = ValueType::kText, .place = place}));
      SPANDREL_RETURN_IF_ERROR(Take());
      return State::kBehind;
    }
    if (now_.kind == TokenKind::kDuration) {
      return ErrorAt(place, "a duration stands in brackets or behind 'offset' only");
    }
    if (now_.kind == TokenKind::kWord) return ReadWord();
    return Unexpected("a metric, a number or a function");
  }

  Result<State> Open(Waiting waiting) {
    SPANDREL_RETURN_IF_ERROR(Take());
    return Wait(std::move(waiting));
  }
  Result<State> Wait(Waiting waiting) {
    if (waiting_.size() >= kMaxNodes) return TooLarge();
    waiting_.push_back(std::move(waiting));
    return State::kOperand;
  }
  Status TooLarge() const {
    return ErrorAt(now_.place, "the query has more than " + std::to_string(kMaxNodes) + " parts");
  }

  Result<State> ReadSign() {
    Waiting sign{.kind = Waiting::Kind::kOperator, .node = {.what = Negate{}, .place = now_.place}};
    sign.precedence = kSignPrecedence;
    if (IsMark("-")) return Open(std::move(sign));
    SPANDREL_RETURN_IF_ERROR(Take());
    return State::kOperand;
  }

  Result<State> ReadNumber(double number) {
    SPANDREL_RETURN_IF_ERROR(Add({.what = Number{number}, .place = now_.place}));
    SPANDREL_RETURN_IF_ERROR(Take());
    return State::kBehind;
  }

  Result<State> ReadWord() {
    const Token word = now_;
    SPANDREL_RETURN_IF_ERROR(Take());
    if (const auto aggregate = FindAggregate(word.text); aggregate && !IsMark("{")) {
      return ReadAggregate(*aggregate, word.place);
    }
    if (IsUnansweredAggregate(word.text) && !IsMark("{")) return RefuseCall(word);
    if (IsMark("(")) return ReadCall(word);
    const bool is_infinite = IsKeyword(word.text, "inf");
    if (is_infinite || IsKeyword(word.text, "nan")) {
      const double number = is_infinite ? HUGE_VAL : std::numeric_limits<double>::quiet_NaN();
      SPANDREL_RETURN_IF_ERROR(Add({.what = Number{number}, .place = word.place}));
      return State::kBehind;
    }
    return ReadSelector(word.text, word.place);
  }

  static Status RefuseCall(const Token& word) {
    const std::vector<std::string> known = CallableWords();
    std::string message =
        "'" + std::string(base::Utf8Prefix(word.text, kMostShown)) + "' is not answered here";
    const std::string* const nearest = base::NearestWord(word.text, known);
    if (nearest != nullptr)
      return NotAnswered(word.place, message + "; did you mean '" + *nearest + "'?");
    message += "; these are:";
    for (const std::string& one : known) message += " " + one;
    return NotAnswered(word.place, message);
  }

  Result<State> ReadCall(const Token& word) {
    const auto function = FindFunction(word.text);
    if (!function) return RefuseCall(word);
    const FunctionInfo& info = InfoOf(*function);
    Waiting call{.kind = Waiting::Kind::kCall};
    call.node = {.what = Call{*function}, .type = info.result, .place = word.place};
    SPANDREL_RETURN_IF_ERROR(Take());
    if (!IsMark(")")) return Wait(std::move(call));
    SPANDREL_RETURN_IF_ERROR(Take());
    SPANDREL_RETURN_IF_ERROR(AddCall(std::move(call)));
    return State::kBehind;
  }

  Result<State> ReadAggregate(AggregateOp op, Place place) {
    Waiting waiting{.kind = Waiting::Kind::kAggregate};
    waiting.node = {.what = Aggregate{op, {}}, .type = ValueType::kVector, .place = place};
    SPANDREL_RETURN_IF_ERROR(ReadKept(&waiting));
    if (!IsMark("(")) return Unexpected("'('");
    return Open(std::move(waiting));
  }

  // by (...) or without (...), when it is there.
  Status ReadKept(Waiting* waiting) {
    const bool is_by = IsWord("by");
    if (!is_by && !IsWord("without")) return {};
    if (waiting->chooses) return Unexpected("one by() or without() at most");
    waiting->chooses = true;
    SPANDREL_RETURN_IF_ERROR(Take());
    LabelChoice& kept = std::get<Aggregate>(waiting->node.what).kept;
    kept.listed = is_by;
    return ReadLabels(&kept.labels);
  }

  Status ReadLabels(std::vector<std::string>* labels) {
    SPANDREL_RETURN_IF_ERROR(Expect("("));
    while (!IsMark(")")) {
      if (now_.kind != TokenKind::kWord) return Unexpected("the name of a label");
      SPANDREL_RETURN_IF_ERROR(CountMatcher());
      labels->emplace_back(now_.text);
      SPANDREL_RETURN_IF_ERROR(Take());
      if (!IsMark(",")) break;
      SPANDREL_RETURN_IF_ERROR(Take());
    }
    return Expect(")");
  }

  Status CountMatcher() {
    if (++matchers_ <= kMaxMatchers) return {};
    return ErrorAt(now_.place,
                   "the query has more than " + std::to_string(kMaxMatchers) + " labels");
  }

  Result<State> ReadSelector(std::string_view name, Place place) {
    if (++selectors_ > kMaxSelectors) {
      return ErrorAt(place,
                     "the query has more than " + std::to_string(kMaxSelectors) + " selectors");
    }
    Selector selector;
    if (!name.empty()) {
      SPANDREL_RETURN_IF_ERROR(CountMatcher());
      selector.matchers.push_back({kNameLabel, MatchOp::kEqual, std::string(name), place});
    }
    if (IsMark("{")) SPANDREL_RETURN_IF_ERROR(ReadMatchers(&selector));
    SPANDREL_RETURN_IF_ERROR(
        Add({.what = std::move(selector), .type = ValueType::kVector, .place = place}));
    last_is_selector_ = true;
    return State::kBehind;
  }

  Status ReadMatchers(Selector* selector) {
    SPANDREL_RETURN_IF_ERROR(Expect("{"));
    while (!IsMark("}")) {
      SPANDREL_RETURN_IF_ERROR(ReadMatcher(selector));
      if (!IsMark(",")) break;
      SPANDREL_RETURN_IF_ERROR(Take());
    }
    return Expect("}");
  }

  Status ReadMatcher(Selector* selector) {
    Matcher matcher;
    matcher.place = now_.place;
    if (now_.kind == TokenKind::kText) {
      return NotAnswered(now_.place, "names in quotes are not answered here");
    }
    if (now_.kind != TokenKind::kWord) return Unexpected("the name of a label");
    SPANDREL_RETURN_IF_ERROR(CountMatcher());
    matcher.label = now_.text;
    SPANDREL_RETURN_IF_ERROR(Take());
    const auto op = MatchOpInView();
    if (!op) return Unexpected("'=', '!=', '=~' or '!~'");
    matcher.op = *op;
    SPANDREL_RETURN_IF_ERROR(Take());
    if (now_.kind != TokenKind::kText) return Unexpected("a text in quotes");
    matcher.value = now_.content;
    SPANDREL_RETURN_IF_ERROR(Take());
    selector->matchers.push_back(std::move(matcher));
    return {};
  }

  std::optional<MatchOp> MatchOpInView() const {
    if (IsMark("=")) return MatchOp::kEqual;
    if (IsMark("!=")) return MatchOp::kNotEqual;
    if (IsMark("=~")) return MatchOp::kMatches;
    if (IsMark("!~")) return MatchOp::kDoesNotMatch;
    return std::nullopt;
  }

  Result<State> ReadBehindOperand() {
    if (IsMark("[")) return ReadRange();
    if (IsWord("offset")) return ReadOffset();
    if (IsMark("@")) return NotAnswered(now_.place, "'@' is not answered here");
    if (IsMark(",")) return ReadComma();
    if (IsMark(")")) return Close();
    if (now_.kind == TokenKind::kEnd) {
      SPANDREL_RETURN_IF_ERROR(AddOperators(0));
      if (waiting_.empty()) return State::kEnd;
      return Unexpected("')'");
    }
    const bool may_be_operator = now_.kind == TokenKind::kMark || now_.kind == TokenKind::kWord;
    if (const auto op = FindBinary(now_.text); op && may_be_operator) return ReadOperator(*op);
    if (IsWord("atan2")) return NotAnswered(now_.place, "'atan2' is not answered here");
    return Unexpected("an operator or the end");
  }

  Selector* LastSelector() {
    return last_is_selector_ ? &std::get<Selector>(query_.nodes.back().what) : nullptr;
  }

  Result<State> ReadRange() {
    Selector* const selector = LastSelector();
    if (selector == nullptr) {
      return NotAnswered(now_.place,
                         "subqueries are not answered here; a range belongs to a metric");
    }
    if (selector->range_nano != 0) return Unexpected("one range at most");
    if (selector->offset_nano != 0) return Unexpected("a range before 'offset'");
    SPANDREL_RETURN_IF_ERROR(Take());
    const auto range = ReadDuration();
    if (!range.ok()) return range.status();
    if (*range == 0) return ErrorAt(query_.nodes.back().place, "a range is longer than nothing");
    selector->range_nano = *range;
    query_.nodes.back().type = ValueType::kMatrix;
    if (now_.kind == TokenKind::kWord && now_.text.starts_with(':')) {
      return NotAnswered(now_.place, "subqueries are not answered here");
    }
    SPANDREL_RETURN_IF_ERROR(Expect("]"));
    return State::kBehind;
  }

  // A duration, or a number of seconds.
  Result<uint64_t> ReadDuration() {
    uint64_t duration = now_.duration_nano;
    if (now_.kind == TokenKind::kNumber && now_.number >= 0 && now_.number < 3e9) {
      duration = static_cast<uint64_t>(std::llround(now_.number * 1e3)) * (kSecond / 1000);
    } else if (now_.kind != TokenKind::kDuration) {
      return Unexpected("a duration like 5m");
    }
    SPANDREL_RETURN_IF_ERROR(Take());
    return duration;
  }

  Result<State> ReadOffset() {
    Selector* const selector = LastSelector();
    if (selector == nullptr || selector->offset_nano != 0) {
      return Unexpected("'offset' once, behind a metric");
    }
    SPANDREL_RETURN_IF_ERROR(Take());
    const bool is_negative = IsMark("-");
    if (is_negative) SPANDREL_RETURN_IF_ERROR(Take());
    const auto offset = ReadDuration();
    if (!offset.ok()) return offset.status();
    selector->offset_nano = static_cast<int64_t>(*offset) * (is_negative ? -1 : 1);
    return State::kBehind;
  }

  Result<State> ReadOperator(BinaryOp op) {
    const int precedence = PrecedenceOf(op);
    // Powers bind from the right.
    SPANDREL_RETURN_IF_ERROR(AddOperators(op == BinaryOp::kPower ? precedence + 1 : precedence));
    Waiting waiting{.kind = Waiting::Kind::kOperator};
    waiting.node = {.what = Binary{.op = op}, .place = now_.place};
    waiting.precedence = precedence;
    SPANDREL_RETURN_IF_ERROR(Take());
    SPANDREL_RETURN_IF_ERROR(ReadModifiers(&std::get<Binary>(waiting.node.what)));
    return Wait(std::move(waiting));
  }

  Status ReadModifiers(Binary* binary) {
    if (IsWord("bool")) {
      if (!IsComparison(binary->op)) return Unexpected("'bool' behind a comparison only");
      binary->returns_bool = true;
      SPANDREL_RETURN_IF_ERROR(Take());
    }
    if (IsWord("on") || IsWord("ignoring")) {
      binary->chooses = true;
      binary->matched.listed = IsWord("on");
      SPANDREL_RETURN_IF_ERROR(Take());
      SPANDREL_RETURN_IF_ERROR(ReadLabels(&binary->matched.labels));
    }
    if (IsWord("group_left") || IsWord("group_right")) {
      return NotAnswered(now_.place, "'" + std::string(now_.text) + "' is not answered here");
    }
    return {};
  }

  Result<State> ReadComma() {
    SPANDREL_RETURN_IF_ERROR(AddOperators(0));
    if (waiting_.empty() || waiting_.back().kind == Waiting::Kind::kParenthesis) {
      return Unexpected(waiting_.empty() ? "an operator or the end" : "')'");
    }
    ++waiting_.back().arguments;
    SPANDREL_RETURN_IF_ERROR(Take());
    return State::kOperand;
  }

  Result<State> Close() {
    SPANDREL_RETURN_IF_ERROR(AddOperators(0));
    if (waiting_.empty()) return Unexpected("an operator or the end");
    SPANDREL_RETURN_IF_ERROR(Take());
    last_is_selector_ = false;
    Waiting closed = std::move(waiting_.back());
    waiting_.pop_back();
    ++closed.arguments;
    SPANDREL_RETURN_IF_ERROR(AddClosed(std::move(closed)));
    return State::kBehind;
  }

  Status AddClosed(Waiting closed) {
    if (closed.kind == Waiting::Kind::kCall) return AddCall(std::move(closed));
    if (closed.kind == Waiting::Kind::kAggregate) return AddAggregate(std::move(closed));
    return {};
  }

  // Those that wait and bind as tight as `precedence` at least.
  Status AddOperators(int precedence) {
    while (!waiting_.empty() && waiting_.back().kind == Waiting::Kind::kOperator &&
           waiting_.back().precedence >= precedence) {
      Node node = std::move(waiting_.back().node);
      waiting_.pop_back();
      last_is_selector_ = false;
      SPANDREL_RETURN_IF_ERROR(std::holds_alternative<Negate>(node.what)
                                   ? AddNegate(std::move(node))
                                   : AddBinary(std::move(node)));
    }
    return {};
  }

  const Node& Operand(size_t from_last) const {
    return query_.nodes[operands_[operands_.size() - 1 - from_last]];
  }

  Status AddNegate(Node node) {
    node.type = Operand(0).type;
    node.child_count = 1;
    if (node.type != ValueType::kScalar && node.type != ValueType::kVector) {
      return Misfit(node.place, "a sign", node.type);
    }
    return Add(std::move(node));
  }

  static Status Misfit(Place place, std::string_view what, ValueType type) {
    return ErrorAt(place, std::string(what) + " does not go with " + std::string(NameOf(type)));
  }

  Status AddBinary(Node node) {
    const auto& binary = std::get<Binary>(node.what);
    node.child_count = 2;
    bool both_vectors = true;
    bool both_scalars = true;
    for (const size_t side : {1U, 0U}) {
      const ValueType type = Operand(side).type;
      if (type != ValueType::kScalar && type != ValueType::kVector) {
        return Misfit(node.place, "the operator", type);
      }
      both_vectors &= type == ValueType::kVector;
      both_scalars &= type == ValueType::kScalar;
    }
    if (IsSetOperator(binary.op) && !both_vectors) {
      return Misfit(node.place, "a set operator", ValueType::kScalar);
    }
    if (IsComparison(binary.op) && both_scalars && !binary.returns_bool) {
      return ErrorAt(node.place, "comparisons of two numbers need 'bool'");
    }
    if (binary.chooses && !both_vectors) {
      return ErrorAt(node.place, "'on' and 'ignoring' stand between series only");
    }
    node.type = both_scalars ? ValueType::kScalar : ValueType::kVector;
    return Add(std::move(node));
  }

  Status AddCall(Waiting call) {
    const FunctionInfo& info = InfoOf(std::get<Call>(call.node.what).function);
    SPANDREL_RETURN_IF_ERROR(CheckArguments(call, info.name, info.parameters));
    call.node.child_count = call.arguments;
    return Add(std::move(call.node));
  }

  Status AddAggregate(Waiting aggregate) {
    SPANDREL_RETURN_IF_ERROR(ReadKept(&aggregate));
    std::vector<ValueType> parameters = {ValueType::kVector};
    if (TakesNumber(std::get<Aggregate>(aggregate.node.what).op)) {
      parameters = {ValueType::kScalar, ValueType::kVector};
    }
    SPANDREL_RETURN_IF_ERROR(CheckArguments(aggregate, "the aggregation", parameters));
    aggregate.node.child_count = aggregate.arguments;
    return Add(std::move(aggregate.node));
  }

  Status CheckArguments(const Waiting& call, std::string_view name,
                        const std::vector<ValueType>& parameters) const {
    if (call.arguments != parameters.size()) {
      return ErrorAt(call.node.place, std::string(name) + " takes " +
                                          std::to_string(parameters.size()) + " arguments, not " +
                                          std::to_string(call.arguments));
    }
    for (size_t i = 0; i < parameters.size(); ++i) {
      const Node& argument = Operand(parameters.size() - 1 - i);
      if (argument.type == parameters[i]) continue;
      return ErrorAt(argument.place, std::string(name) + " takes " +
                                         std::string(NameOf(parameters[i])) + " here, not " +
                                         std::string(NameOf(argument.type)));
    }
    return {};
  }

  // Adds a node whose children are the operands that came last.
  Status Add(Node node) {
    if (query_.nodes.size() >= kMaxNodes) return TooLarge();
    for (uint32_t i = 0; i < node.child_count; ++i) {
      node.size += query_.nodes[operands_.back()].size;
      operands_.pop_back();
    }
    operands_.push_back(static_cast<uint32_t>(query_.nodes.size()));
    query_.nodes.push_back(std::move(node));
    return {};
  }

  Lexer lexer_;
  Token now_;
  Query query_;
  std::vector<uint32_t> operands_;  // roots of what is complete and has no parent yet
  std::vector<Waiting> waiting_;
  bool last_is_selector_ = false;  // and nothing behind it yet
  size_t selectors_ = 0;
  size_t matchers_ = 0;
};

}  // namespace

Result<Query> Parse(std::string_view text) {
  if (text.size() > kMaxQueryBytes) {
    return Status(StatusCode::kInvalidArgument, "the query is longer than 128 KiB");
  }
  return Parser(text).ParseQuery();
}

Result<Selector> ParseSelector(std::string_view text) {
  auto query = Parse(text);
  if (!query.ok()) return query.status();
  auto* const selector = std::get_if<Selector>(&query->nodes.front().what);
  if (query->nodes.size() > 1 || selector == nullptr || selector->offset_nano != 0) {
    return ErrorAt(query->nodes.back().place, "expected a metric with labels and nothing else");
  }
  return std::move(*selector);
}

}  // namespace spandrel::promql
