// The accumulation buffer's contents, exact.
//
// GL has no way to read it but glAccum(GL_RETURN), which scales, clamps to [0, 1] and rounds to the
// color buffer's 8 bits. Drivers keep signed 16 bits (compatibility profile, section 17.4.4). So it
// is taken in pieces: the color buffer is made to hold value / 128, that much is subtracted, and
// what is left (less than 8 bits) is scaled up into it; then the same for negative values. It is
// put back from its two bytes in the same way. This runs in the app's context: Mesa keeps an
// accumulation buffer for each pair of context and drawable. Reading it destroys it and the color
// buffer: both are put back.
#include "replay/accum.h"
#include <algorithm>
#include <cmath>

namespace glckpt::replay {
namespace {

constexpr float kOne = 32767; // of the stored values
// Drivers truncate or round to the stored values; a hair more than the number gives it in both.
constexpr float kHair = 1.00001f;

// What glAccum, glReadPixels and glDrawPixels go through, plain while this lives.
class PlainState {
  public:
    explicit PlainState(Driver& gl) : gl_(gl) {
        auto get = [&](GLenum pname) {
            GLint v = 0;
            gl.glGetIntegerv(pname, &v);
            return v;
        };
        if (gl.glBindFramebuffer) {
            draw_ = get(GL_DRAW_FRAMEBUFFER_BINDING);
            read_ = get(GL_READ_FRAMEBUFFER_BINDING);
            gl.glBindFramebuffer(GL_FRAMEBUFFER, 0);
        }
        scissor_ = gl.glIsEnabled(GL_SCISSOR_TEST);
        discard_ = gl.glIsEnabled(GL_RASTERIZER_DISCARD);
        gl.glGetBooleanv(GL_COLOR_WRITEMASK, mask_);
        draw_buffer_ = get(GL_DRAW_BUFFER);
        gl.glGetFloatv(GL_ACCUM_CLEAR_VALUE, clear_);
        gl.glDisable(GL_SCISSOR_TEST);
        if (discard_)
            gl.glDisable(GL_RASTERIZER_DISCARD);
        gl.glColorMask(GL_TRUE, GL_TRUE, GL_TRUE, GL_TRUE);
        GLboolean twice = GL_FALSE;
        gl.glGetBooleanv(GL_DOUBLEBUFFER, &twice);
        gl.glDrawBuffer(twice ? GL_BACK : GL_FRONT);
        while (gl.glGetError() != GL_NO_ERROR) {
        }
    }
    ~PlainState() {
        gl_.glClearAccum(clear_[0], clear_[1], clear_[2], clear_[3]);
        gl_.glDrawBuffer((GLenum)draw_buffer_);
        gl_.glColorMask(mask_[0], mask_[1], mask_[2], mask_[3]);
        if (discard_)
            gl_.glEnable(GL_RASTERIZER_DISCARD);
        if (scissor_)
            gl_.glEnable(GL_SCISSOR_TEST);
        if (gl_.glBindFramebuffer) {
            gl_.glBindFramebuffer(GL_DRAW_FRAMEBUFFER, (GLuint)draw_);
            gl_.glBindFramebuffer(GL_READ_FRAMEBUFFER, (GLuint)read_);
        }
        while (gl_.glGetError() != GL_NO_ERROR) {
        }
    }
    PlainState(const PlainState&) = delete;
    PlainState& operator=(const PlainState&) = delete;

  private:
    Driver& gl_;
    GLint draw_ = 0, read_ = 0, draw_buffer_ = 0;
    GLboolean scissor_ = 0, discard_ = 0, mask_[4] = {};
    GLfloat clear_[4] = {};
};

} // namespace

// With the app's context current. `color` reads the color buffer, 8 bits RGBA.
std::vector<short> read_accum(Driver& gl, size_t pixels, const ReadColor& color) {
    const PlainState plain(gl);
    const size_t n = pixels * 4;
    std::vector<unsigned char> high(n), low(n), high2(n), low2(n);
    auto take = [&](std::vector<unsigned char>& coarse, std::vector<unsigned char>& rest) {
        gl.glAccum(GL_RETURN, kOne / 255 / 128); // value / 128
        color(coarse.data());
        gl.glAccum(GL_ACCUM, -128 * 255 / kOne * kHair);
        gl.glAccum(GL_ADD, 64.25f / kOne);
        gl.glAccum(GL_RETURN, kOne / 255);
        color(rest.data());
    };
    take(high, low);
    gl.glAccum(GL_MULT, -1);
    take(high2, low2);
    std::vector<short> values(n);
    for (size_t i = 0; i < n; ++i) {
        // Below -64 the first pass has found nothing; the second has -(value + 64).
        int v = 128 * high[i] + low[i] - 64;
        if (!high[i] && !low[i])
            v = -64 - (128 * high2[i] + low2[i] - 64);
        values[i] = (short)std::clamp(v, -32767, 32767);
    }
    return gl.glGetError() == GL_NO_ERROR ? values : std::vector<short>();
}

bool write_accum(Driver& gl, const short* values, size_t pixels, const WriteColor& color) {
    const PlainState plain(gl);
    const size_t n = pixels * 4;
    std::vector<unsigned char> byte(n);
    gl.glClearAccum(-1, -1, -1, -1);
    gl.glClear(GL_ACCUM_BUFFER_BIT);
    auto add = [&](int shift, float scale) {
        for (size_t i = 0; i < n; ++i)
            byte[i] = (unsigned char)((values[i] + 32767) >> shift);
        color(byte.data());
        gl.glAccum(GL_ACCUM, scale * 255 / kOne * kHair);
    };
    // In two halves: 255 * 256 is more than the buffer holds at once.
    add(8, 128);
    gl.glAccum(GL_ACCUM, 128 * 255 / kOne * kHair);
    add(0, 1);
    return gl.glGetError() == GL_NO_ERROR;
}

} // namespace glckpt::replay
