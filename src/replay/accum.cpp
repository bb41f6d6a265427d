// The accumulation buffer's contents, exact.
//
// GL has no way to read it but glAccum(GL_RETURN), which scales, clamps to [0, 1] and rounds to the
// color buffer's 8 bits, in an sRGB window after encoding them (Mesa 22.3 does, whatever
// GL_FRAMEBUFFER_SRGB says). Drivers keep signed 16 bits (compatibility profile, section 17.4.4).
// But nothing and everything, 0 and 255, are the same in every encoding. So values are found bit by
// bit: scaled up as far as that goes, all that is more than nothing returns 255; where it does, or
// does not, the next half is subtracted or added, through a color buffer of nothing but 0 and 255.
// They are put back bit by bit, too. This runs in the app's context: Mesa keeps an accumulation
// buffer for each pair of context and drawable. Reading it destroys it and the color buffer: both
// are put back.
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

// Adds `amount` of the stored values where `where` is, and nothing elsewhere.
template <class Where>
void accumulate(Driver& gl, const WriteColor& color, std::vector<unsigned char>& bytes, int amount,
                const Where& where) {
    for (size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = where(i) ? 255 : 0;
    color(bytes.data());
    gl.glAccum(GL_ACCUM, (float)amount / kOne * kHair);
}

constexpr int kLowest = -32767;

} // namespace

// With the app's context current. What is found out is the value above the lowest one: before bit b
// is, the buffer holds what is left of it, less 2^b - 1, which is more than nothing if b is set.
std::vector<short> read_accum(Driver& gl, size_t pixels, const ReadColor& read,
                              const WriteColor& write) {
    const PlainState plain(gl);
    const size_t n = pixels * 4;
    std::vector<unsigned char> set(n), bytes(n);
    std::vector<int> found(n);
    for (int bit = 15; bit >= 0; --bit) {
        gl.glAccum(GL_RETURN, kOne * kHair);
        read(set.data());
        for (size_t i = 0; i < n; ++i)
            found[i] |= (set[i] > 127) << bit;
        if (bit == 0)
            break;
        const int half = 1 << (bit - 1);
        accumulate(gl, write, bytes, -half, [&](size_t i) { return set[i] > 127; });
        accumulate(gl, write, bytes, half, [&](size_t i) { return set[i] <= 127; });
    }
    std::vector<short> values(n);
    for (size_t i = 0; i < n; ++i)
        values[i] = (short)std::clamp(found[i] + kLowest, kLowest, -kLowest);
    return gl.glGetError() == GL_NO_ERROR ? values : std::vector<short>();
}

bool write_accum(Driver& gl, const short* values, size_t pixels, const WriteColor& write) {
    const PlainState plain(gl);
    std::vector<unsigned char> bytes(pixels * 4);
    gl.glClearAccum(0, 0, 0, 0); // which number -1 would be is the driver's secret
    gl.glClear(GL_ACCUM_BUFFER_BIT);
    const auto everywhere = [](size_t) { return true; };
    accumulate(gl, write, bytes, -(1 << 14), everywhere);
    accumulate(gl, write, bytes, kLowest + (1 << 14), everywhere);
    for (int bit = 0; bit < 16; ++bit) {
        const auto set = [&](size_t i) { return (values[i] - kLowest) >> bit & 1; };
        if (bit < 15) {
            accumulate(gl, write, bytes, 1 << bit, set);
            continue;
        }
        accumulate(gl, write, bytes, 1 << 14, set); // more does not go at once
        accumulate(gl, write, bytes, 1 << 14, set);
    }
    return gl.glGetError() == GL_NO_ERROR;
}

} // namespace glckpt::replay
