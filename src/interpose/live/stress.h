// GLCKPT_STRESS=replace:N[,max:M][,env:K=V]: the renderer is thrown away every N swaps or
// synchronous calls and a new one attached from the live set, at most M times (later ones spread
// over the program: each next one after twice the distance of the one before). Every program is
// then a test of record, prune and replay.
#pragma once

namespace glckpt {

void init_stress();

} // namespace glckpt
