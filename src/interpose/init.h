// Start of the GL faces.
#pragma once

namespace glckpt::interpose {

// Registers the GL endpoint. Starts nothing: the renderer starts with the first GL call.
void init_interpose();

} // namespace glckpt::interpose
