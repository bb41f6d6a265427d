// Reading back what only the GPU has: answers to log::Ask::Readback.
#pragma once
#include "log/readback.h"
#include "replay/exec.h"
#include <vector>

namespace glckpt::replay {

std::vector<char> readback(std::vector<char>& question);

// A query's result so far (hand/queries.cpp). False: the driver has none.
bool read_query(Exec& x, const log::ReadbackQuestion& q, uint64_t* value);

} // namespace glckpt::replay
