// A process's part in the checkpoint of the tree that it belongs to: does what the root's
// checkpoint thread says, frame by frame, until the connection ends.
#pragma once

namespace glckpt::ckpt {

void follow_leader(int connection);

} // namespace glckpt::ckpt
