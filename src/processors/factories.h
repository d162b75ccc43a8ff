// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pipeline/factories.h"
#include "pipeline/timer.h"

// All processors there are.
namespace spandrel::processors {

// `batch`. `timer` outlives what the factory makes.
pipeline::ProcessorFactory MakeBatchProcessorFactory(
    pipeline::Timer& timer = pipeline::SystemTimer());

// `attributes`.
pipeline::ProcessorFactory MakeAttributesProcessorFactory();
// `resource`.
pipeline::ProcessorFactory MakeResourceProcessorFactory();

}  // namespace spandrel::processors
