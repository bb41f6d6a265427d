// The app's own context read from as the helper is: the state that reading goes through (the pack
// side of glPixelStore and, in compatibility profiles, glPixelTransfer) is out of the way while
// this lives. For what only the app's context can reach.
#pragma once
#include "replay/exec.h"
#include "replay/stream.h"
#include "replay/ws/ws.h"
#include <array>

namespace glckpt::replay {

class PlainReading {
  public:
    explicit PlainReading(Exec& x) : gl_(x.gl) {
        // It may have been released, and is still the thread's own.
        ws_make_current(x.stream.id, x.draw, x.read, true);
        forget_errors();
        for (size_t i = 0; i < kStore.size(); ++i) {
            gl_.glGetIntegerv(kStore[i], &store_[i]);
            gl_.glPixelStorei(kStore[i], kStore[i] == GL_PACK_ALIGNMENT ? 1 : 0);
        }
        gl_.glGetIntegerv(GL_PIXEL_PACK_BUFFER_BINDING, &buffer_);
        if (buffer_)
            gl_.glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
        forget_errors();
        for (size_t i = 0; i < kTransfer.size(); ++i) {
            gl_.glGetFloatv(kTransfer[i].pname, &transfer_[i]);
            if (i == 0 && gl_.glGetError() != GL_NO_ERROR)
                return; // a profile without pixel transfer
            gl_.glPixelTransferf(kTransfer[i].pname, kTransfer[i].plain);
        }
        transfers_ = true;
    }
    ~PlainReading() {
        for (size_t i = 0; i < kStore.size(); ++i)
            gl_.glPixelStorei(kStore[i], store_[i]);
        for (size_t i = 0; transfers_ && i < kTransfer.size(); ++i)
            gl_.glPixelTransferf(kTransfer[i].pname, transfer_[i]);
        if (buffer_)
            gl_.glBindBuffer(GL_PIXEL_PACK_BUFFER, (GLuint)buffer_);
        forget_errors();
    }
    PlainReading(const PlainReading&) = delete;
    PlainReading& operator=(const PlainReading&) = delete;

  private:
    void forget_errors() {
        for (int i = 0; i < 16 && gl_.glGetError() != GL_NO_ERROR; ++i) {
        }
    }
    static constexpr std::array<GLenum, 8> kStore = {
        GL_PACK_ALIGNMENT,    GL_PACK_ROW_LENGTH,  GL_PACK_SKIP_ROWS,  GL_PACK_SKIP_PIXELS,
        GL_PACK_IMAGE_HEIGHT, GL_PACK_SKIP_IMAGES, GL_PACK_SWAP_BYTES, GL_PACK_LSB_FIRST};
    struct Transfer {
        GLenum pname;
        GLfloat plain;
    };
    static constexpr std::array<Transfer, 14> kTransfer = {{{GL_MAP_COLOR, 0},
                                                            {GL_MAP_STENCIL, 0},
                                                            {GL_INDEX_SHIFT, 0},
                                                            {GL_INDEX_OFFSET, 0},
                                                            {GL_RED_SCALE, 1},
                                                            {GL_GREEN_SCALE, 1},
                                                            {GL_BLUE_SCALE, 1},
                                                            {GL_ALPHA_SCALE, 1},
                                                            {GL_DEPTH_SCALE, 1},
                                                            {GL_RED_BIAS, 0},
                                                            {GL_GREEN_BIAS, 0},
                                                            {GL_BLUE_BIAS, 0},
                                                            {GL_ALPHA_BIAS, 0},
                                                            {GL_DEPTH_BIAS, 0}}};
    Driver& gl_;
    std::array<GLint, kStore.size()> store_{};
    std::array<GLfloat, kTransfer.size()> transfer_{};
    GLint buffer_ = 0;
    bool transfers_ = false;
};

} // namespace glckpt::replay
