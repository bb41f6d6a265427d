// Can this program be preloaded into at all?
#pragma once
#include "base/status.h"
#include <string>

namespace glckpt::tools {

// As execvp finds it; empty if there is none.
std::string find_program(const std::string& name);
// Refuses, by name: statically linked, set-user-id, of another architecture.
Status check_target(const std::string& path);

} // namespace glckpt::tools
