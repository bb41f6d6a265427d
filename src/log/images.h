// EGL images in records.
#pragma once
#include <cstdint>

namespace glckpt::log {

// Which command gave an image to a texture or renderbuffer (xImageTarget).
enum class ImageTarget : int32_t {
    Texture,      // glEGLImageTargetTexture2DOES
    Renderbuffer, // glEGLImageTargetRenderbufferStorageOES
    TexStorage,   // glEGLImageTargetTexStorageEXT
    NamedStorage  // glEGLImageTargetTextureStorageEXT
};

} // namespace glckpt::log
