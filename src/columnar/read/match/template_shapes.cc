// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/match/template_shapes.h"

#include <variant>

namespace spandrel::columnar {
namespace {

// What a shape takes among others.
constexpr size_t kShapeBytes = 64;

}  // namespace

void TemplateShapes::Read(const storage::Field& field) {
  const auto* intrinsic = std::get_if<storage::Intrinsic>(&field);
  if (intrinsic != nullptr && *intrinsic == storage::Intrinsic::kName) {
    name_ = true;
  } else if (intrinsic != nullptr && (*intrinsic == storage::Intrinsic::kKind ||
                                      *intrinsic == storage::Intrinsic::kStatus)) {
    kind_and_status_ = true;
  } else {
    scope_ = true;
  }
}

uint32_t TemplateShapes::NumberOf(uint32_t source, const Template& made,
                                  const Dictionary& dictionary) {
  uint32_t* place = nullptr;
  if (scope_ && !name_ && !kind_and_status_) {
    place = &PlaceOf(source, made.scope, dictionary.scopes.size());
  } else if (name_ && !scope_ && !kind_and_status_) {
    place = &PlaceOf(source, made.name, dictionary.names.size());
  } else {
    Shape shape{source, scope_ ? made.scope : 0, name_ ? made.name : 0, 0};
    if (kind_and_status_) {
      shape.kind_and_status = static_cast<uint8_t>(static_cast<uint8_t>(made.kind) << 4 |
                                                   static_cast<uint8_t>(made.status));
    }
    const auto [known, is_new] = by_shape_.try_emplace(shape, kNone);
    if (is_new) bytes_ += kShapeBytes;
    place = &known->second;
  }
  if (*place == kNone) *place = size_++;
  return *place;
}

uint32_t& TemplateShapes::PlaceOf(uint32_t source, uint32_t number, size_t count) {
  if (by_number_.size() <= source) by_number_.resize(source + size_t{1});
  std::vector<uint32_t>& of_source = by_number_[source];
  if (of_source.empty()) {
    of_source.assign(count, kNone);
    bytes_ += count * sizeof(uint32_t);
  }
  return of_source[number];
}

size_t TemplateShapes::ShapeHash::operator()(const Shape& shape) const {
  uint64_t hash = (uint64_t{shape.scope} << 32 | shape.name) * 0x9e3779b97f4a7c15;
  hash ^= (uint64_t{shape.source} << 8 | shape.kind_and_status) * 0xbf58476d1ce4e5b9;
  return hash ^ hash >> 29;
}

}  // namespace spandrel::columnar
