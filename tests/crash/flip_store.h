// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <random>
#include <vector>

#include "columnar/engine.h"
#include "crash/flip_questions.h"

namespace spandrel::crash {

// As a server has them, but with tenants and files that are quickly copied.
columnar::EngineOptions FlipOptions(const std::filesystem::path& directory, uint64_t spans);

// Fills `image` with generated spans of two tenants as a process leaves it that dies: most of them
// in merged parts, the last ones in the log.
void FillStore(const std::filesystem::path& image, uint64_t spans);

// A file of the store, what it may spoil, and the answers while it is whole.
struct FlipTarget {
  std::filesystem::path file;  // in the image
  uint64_t bytes = 0;
  std::vector<AskedFor> asked;
  std::vector<Answer> answers;
};
struct FlipTargets {
  std::vector<FlipTarget> files;
  FlipTarget whole;  // of no file
  uint64_t spans = 0;
};
FlipTargets FindTargets(const std::filesystem::path& image, uint64_t spans);

// Makes `twin` what `image` is, with flips in some files. Parts that are left as they are are not
// copied: the store writes into damaged ones only.
struct Flips {
  std::vector<std::filesystem::path> files;
  uint64_t in_each = 1;
};
void MakeTwin(const std::filesystem::path& image, const std::filesystem::path& twin,
              const Flips& flips, std::mt19937_64& random);

}  // namespace spandrel::crash
