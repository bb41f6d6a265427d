// The tool as the program's stand-in: whoever signals or waits for the tool means the program.
#pragma once
#include "ckpt/restore/identity.h"

namespace glckpt::tools {

void prepare_to_stand_in(); // before the program is made
void leave_stand_in();      // in the program-to-be
// Passes signals on until the program ends; then the exit status to give.
int stand_in_for(const ckpt::Program& program, int pid);

} // namespace glckpt::tools
