// The renderer's window system alone: questions in, handles made, contexts current. No app, no
// stream: what the faces would ask is asked here, in one process with the real driver.
#include "log/ws_protocol.h"
#include "replay/ws/ws.h"
#include <GL/gl.h>
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <thread>

using namespace glckpt;
using namespace glckpt::log::ws;

namespace {

template <class A, class Q>
A ask(Kind kind, const Q& q, std::vector<int32_t> rest = {}) {
    std::vector<char> bytes((const char*)&q, (const char*)&q + sizeof q);
    bytes.insert(bytes.end(), (const char*)rest.data(), (const char*)(rest.data() + rest.size()));
    const std::vector<char> answer = replay::ws_answer((log::Ask)kind, bytes);
    A a{};
    memcpy(&a, answer.data(), std::min(sizeof a, answer.size()));
    return a;
}
std::vector<int32_t> rows(Kind kind, uint32_t display) {
    const DisplayOnly q{display};
    const auto bytes = replay::ws_answer((log::Ask)kind, {(const char*)&q, sizeof q});
    std::vector<int32_t> v(bytes.size() / 4);
    memcpy(v.data(), bytes.data(), v.size() * 4);
    return v;
}

bool open(uint32_t id, DisplayKind kind) {
    OpenDisplay q{id, kind, 0, 0, {}};
    if (const char* name = getenv("DISPLAY"))
        strncpy(q.name, name, sizeof q.name - 1);
    return ask<OpenDisplayAnswer>(kOpenDisplay, q).ok;
}

template <class F>
F gl(uint32_t context, const char* name) {
    return reinterpret_cast<F>(replay::ws_proc(context, name));
}

int find_row(bool glx, uint32_t display, std::vector<std::pair<int32_t, int32_t>> wanted) {
    const auto v = rows(kListConfigs, display);
    const int columns = glx ? kGlxConfigColumns : kEglConfigColumns;
    const int32_t* table = glx ? kGlxConfigAttribs : kEglConfigAttribs;
    for (size_t r = 0; r < v.size() / (size_t)columns; ++r) {
        bool ok = true;
        for (const auto& [attrib, value] : wanted)
            for (int c = 0; c < columns; ++c)
                if (table[c] == attrib)
                    ok = ok && (v[r * (size_t)columns + (size_t)c] & value) == value;
        if (ok)
            return (int)r;
    }
    return -1;
}

// A pbuffer of this size, cleared to red by a context of `make`'s, read by a helper context.
void pbuffer_through_helper(uint32_t context, uint64_t surface) {
    std::thread stream([&] {
        ASSERT_TRUE(replay::ws_make_current(context, surface, surface));
        gl<void (*)(float, float, float, float)>(context, "glClearColor")(1, 0, 0, 1);
        gl<void (*)(GLbitfield)>(context, "glClear")(GL_COLOR_BUFFER_BIT);
        gl<void (*)()>(context, "glFinish")();
        replay::ws_release(context);
    });
    stream.join();
    std::thread reader([&] {
        ASSERT_TRUE(replay::ws_make_helper_current(context, surface));
        unsigned char pixel[4] = {};
        gl<void (*)(int, int, int, int, GLenum, GLenum, void*)>(context, "glReadPixels")(
            3, 3, 1, 1, GL_RGBA, GL_UNSIGNED_BYTE, pixel);
        EXPECT_EQ(pixel[0], 255);
        EXPECT_EQ(pixel[1], 0);
        replay::ws_release_helper();
        EXPECT_TRUE(replay::ws_make_helper_current(context, 0));
        replay::ws_release_helper();
    });
    reader.join();
}

// Objects of the app's context, seen by the helper: what the readback of textures relies on.
bool helper_shares(uint32_t context, uint64_t surface) {
    bool shared = false;
    std::thread([&] {
        if (!replay::ws_make_current(context, surface, surface))
            return;
        GLuint name = 0;
        gl<void (*)(int, GLuint*)>(context, "glGenTextures")(1, &name);
        gl<void (*)(GLenum, GLuint)>(context, "glBindTexture")(GL_TEXTURE_2D, name);
        gl<void (*)()>(context, "glFinish")();
        replay::ws_release(context);
        if (replay::ws_make_helper_current(context, surface)) {
            shared = gl<GLboolean (*)(GLuint)>(context, "glIsTexture")(name);
            replay::ws_release_helper();
        }
    }).join();
    return shared;
}

TEST(RendererWs, SurfacelessEgl) {
    ASSERT_TRUE(open(1, DisplayKind::EglSurfaceless));
    const int config = find_row(false, 1, {{0x3033, 1}, {0x3024, 8}, {0x3025, 24}});
    ASSERT_GE(config, 0);
    uint32_t id = 1;
    for (const uint32_t api : {0x30A2u /*GL*/, 0x30A0u /*ES*/}) {
        CreateContext c{};
        c.context = id;
        c.display = 1;
        c.config = config;
        c.style = ContextStyle::Egl;
        c.egl_api = api;
        EXPECT_TRUE(ask<Outcome>(kCreateContext, c, {0x3098, 2, 0x3038}).ok);
        EXPECT_TRUE(ask<Outcome>(kCreateContext, c, {0x3098, 2, 0x3038}).ok) << "asked twice";
        CreateSurface s{};
        s.surface = ((uint64_t)1 << 32) + id;
        s.display = 1;
        s.kind = SurfaceKind::EglPbuffer;
        s.config = config;
        EXPECT_TRUE(ask<Outcome>(kCreateSurface, s, {0x3057, 16, 0x3056, 16, 0x3038}).ok);
        pbuffer_through_helper(id, s.surface);
        printf("EGL API 0x%x: the helper %s objects\n", api,
               helper_shares(id, s.surface) ? "shares" : "does not share");
        std::thread([&] {
            EXPECT_TRUE(replay::ws_make_current(id, 0, 0)) << "no surface at all";
            replay::ws_release(id);
        }).join();
        ++id;
    }
    EXPECT_FALSE(replay::ws_make_current(99, 0, 0));
    const CreateContext wrong{50, 1, -1, 0, 0, ContextStyle::Egl, 0, 0, 0x30A2, 3};
    const auto o = ask<Outcome>(kCreateContext, wrong, {0x3098, 9, 0x3038});
    EXPECT_FALSE(o.ok);
    EXPECT_NE(o.failure.code, 0);
}

TEST(RendererWs, Glx) {
    if (!getenv("DISPLAY"))
        GTEST_SKIP() << "no display";
    ASSERT_TRUE(open(2, DisplayKind::Glx));
    const int config = find_row(true, 2, {{0x8010, 5}, {8, 8}, {12, 24}, {5, 1}});
    ASSERT_GE(config, 0);
    EXPECT_FALSE(rows(kListVisuals, 2).empty());
    CreateContext c{};
    c.context = 10;
    c.display = 2;
    c.config = config;
    c.style = ContextStyle::GlxAttribs;
    c.direct = 1;
    // A core profile: the helper is of the compatibility profile and shares with it.
    ASSERT_TRUE(ask<Outcome>(kCreateContext, c, {0x2091, 3, 0x2092, 3, 0x9126, 1, 0}).ok);
    CreateSurface s{};
    s.surface = 77;
    s.display = 2;
    s.kind = SurfaceKind::GlxPbuffer;
    s.config = config;
    ASSERT_TRUE(ask<Outcome>(kCreateSurface, s, {0x8041, 16, 0x8040, 16, 0}).ok);
    pbuffer_through_helper(10, 77);
    EXPECT_TRUE(helper_shares(10, 77));
    const auto width = ask<Outcome>(kQuerySurface, SurfaceAttrib{77, 0x801D, 0});
    EXPECT_TRUE(width.ok);
    EXPECT_EQ(width.value, 16);

    // A window that does not exist: an error to report, not the end of the renderer.
    CreateSurface bad{};
    bad.surface = 78;
    bad.display = 2;
    bad.kind = SurfaceKind::GlxWindow;
    bad.config = config;
    bad.native = 0x7fffff;
    const auto o = ask<Outcome>(kCreateSurface, bad);
    EXPECT_FALSE(o.ok);
    EXPECT_NE(o.failure.code, 0);
    c.context = 11;
    const auto refused = ask<Outcome>(kCreateContext, c, {0x2091, 9, 0x2092, 9, 0});
    EXPECT_FALSE(refused.ok);
    EXPECT_NE(refused.failure.code, 0);
    ask<Outcome>(kDestroyContext, ContextOnly{10});
    ask<Outcome>(kDestroySurface, SurfaceOnly{77});
    EXPECT_FALSE(replay::ws_make_current(10, 77, 77));
}

} // namespace
