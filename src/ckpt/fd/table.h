// The process's descriptor table: which kind each is of, which share an open file description.
#pragma once
#include "ckpt/fd/kind.h"

namespace glckpt::ckpt {

// All kinds, in the order in which they are asked.
const FdOps* ops_for(const OpenFd& f);
const FdOps* ops_for(FdKind kind);

// At the program's start: what it was given.
std::set<uint64_t> inodes_open_now();

// Refusals by name, without touching anything (preflight) or for good, into descriptions and
// descriptors of `state`.
Status save_descriptors(SaveContext& ctx, ProcessState& state);

} // namespace glckpt::ckpt
