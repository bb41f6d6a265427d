#include "interpose/ws/glx_choose.h"
#include "interpose/ws/columns.h"
#include <GL/glx.h>
#define GLX_GLXEXT_LEGACY
#include <GL/glxext.h>
#include <algorithm>
#include <climits>

namespace glckpt::ws {
namespace {

using log::ws::kDriverRank;
constexpr int kAny = (int)GLX_DONT_CARE;

// How a requested value is compared with a config's.
enum class Rule : uint8_t { Exact, AtLeast, Mask, Ignored };

struct Criterion {
    int32_t attrib;
    int column;
    Rule rule;
    int fbconfig_default; // glXChooseFBConfig's
    int visual_default;   // glXChooseVisual's
};

#define C(attrib, rule, fb, vis)                                                                   \
    { attrib, glx_column(attrib), Rule::rule, fb, vis }
constexpr Criterion kCriteria[] = {
    C(GLX_BUFFER_SIZE, AtLeast, 0, 0),
    C(GLX_LEVEL, Exact, 0, 0),
    C(GLX_DOUBLEBUFFER, Exact, kAny, 0),
    C(GLX_STEREO, Exact, 0, 0),
    C(GLX_AUX_BUFFERS, AtLeast, 0, 0),
    C(GLX_RED_SIZE, AtLeast, 0, 0),
    C(GLX_GREEN_SIZE, AtLeast, 0, 0),
    C(GLX_BLUE_SIZE, AtLeast, 0, 0),
    C(GLX_ALPHA_SIZE, AtLeast, 0, 0),
    C(GLX_DEPTH_SIZE, AtLeast, 0, 0),
    C(GLX_STENCIL_SIZE, AtLeast, 0, 0),
    C(GLX_ACCUM_RED_SIZE, AtLeast, 0, 0),
    C(GLX_ACCUM_GREEN_SIZE, AtLeast, 0, 0),
    C(GLX_ACCUM_BLUE_SIZE, AtLeast, 0, 0),
    C(GLX_ACCUM_ALPHA_SIZE, AtLeast, 0, 0),
    C(GLX_CONFIG_CAVEAT, Exact, kAny, kAny),
    C(GLX_X_VISUAL_TYPE, Exact, kAny, kAny),
    C(GLX_TRANSPARENT_TYPE, Exact, GLX_NONE, GLX_NONE),
    C(GLX_TRANSPARENT_INDEX_VALUE, Ignored, kAny, kAny),
    C(GLX_TRANSPARENT_RED_VALUE, Ignored, kAny, kAny),
    C(GLX_TRANSPARENT_GREEN_VALUE, Ignored, kAny, kAny),
    C(GLX_TRANSPARENT_BLUE_VALUE, Ignored, kAny, kAny),
    C(GLX_TRANSPARENT_ALPHA_VALUE, Ignored, kAny, kAny),
    C(GLX_DRAWABLE_TYPE, Mask, GLX_WINDOW_BIT, GLX_WINDOW_BIT),
    C(GLX_RENDER_TYPE, Mask, GLX_RGBA_BIT, 0),
    C(GLX_X_RENDERABLE, Exact, kAny, kAny),
    C(GLX_MAX_PBUFFER_WIDTH, Ignored, 0, 0),
    C(GLX_MAX_PBUFFER_HEIGHT, Ignored, 0, 0),
    C(GLX_MAX_PBUFFER_PIXELS, Ignored, 0, 0),
    C(GLX_VISUAL_ID, Ignored, kAny, kAny),
    C(GLX_SCREEN, Ignored, kAny, kAny),
    C(GLX_SAMPLE_BUFFERS, AtLeast, 0, 0),
    C(GLX_SAMPLES, AtLeast, 0, 0),
    C(GLX_VISUAL_SELECT_GROUP_SGIX, Ignored, kAny, kAny),
    C(GLX_SWAP_METHOD_OML, Exact, kAny, kAny),
    C(GLX_FRAMEBUFFER_SRGB_CAPABLE_ARB, Exact, kAny, kAny),
    C(GLX_OPTIMAL_PBUFFER_WIDTH_SGIX, Ignored, kAny, kAny),
    C(GLX_OPTIMAL_PBUFFER_HEIGHT_SGIX, Ignored, kAny, kAny),
    C(GLX_FBCONFIG_ID, Exact, kAny, kAny),
    C(GLX_BIND_TO_TEXTURE_RGB_EXT, Ignored, kAny, kAny),
    C(GLX_BIND_TO_TEXTURE_RGBA_EXT, Ignored, kAny, kAny),
    C(GLX_BIND_TO_MIPMAP_TEXTURE_EXT, Ignored, kAny, kAny),
    C(GLX_BIND_TO_TEXTURE_TARGETS_EXT, Ignored, kAny, kAny),
    C(GLX_Y_INVERTED_EXT, Ignored, kAny, kAny),
};
#undef C
constexpr int kCount = sizeof kCriteria / sizeof *kCriteria;

struct Wanted {
    int value[kCount];
};

int criterion_of(int attrib) {
    for (int i = 0; i < kCount; ++i)
        if (kCriteria[i].attrib == attrib)
            return i;
    return -1;
}

bool matches(const Wanted& w, const int32_t* row) {
    for (int i = 0; i < kCount; ++i) {
        const int wanted = w.value[i];
        int have = row[kCriteria[i].column];
        if (have == INT_MIN) // the driver does not know it
            have = 0;
        switch (kCriteria[i].rule) {
        case Rule::Exact:
            if (wanted != kAny && wanted != have) {
                // Drivers say 0 for "none" here.
                if (kCriteria[i].attrib == GLX_TRANSPARENT_TYPE && wanted == GLX_NONE && !have)
                    break;
                return false;
            }
            break;
        case Rule::AtLeast:
            if (wanted != kAny && wanted > have)
                return false;
            break;
        case Rule::Mask:
            if (wanted != kAny && (wanted & ~have))
                return false;
            break;
        case Rule::Ignored:
            break;
        }
    }
    return true;
}

// Negative: a is better.
int compare(const int32_t* a, const int32_t* b) {
    auto smaller = [&](int column) {
        return a[column] == b[column] ? 0 : a[column] < b[column] ? -1 : 1;
    };
    // GLX's "larger", with Mesa's exception: none at all comes first.
    auto larger_or_none = [&](int column) {
        const int x = a[column], y = b[column];
        if (x == y)
            return 0;
        return x == 0 ? -1 : y == 0 ? 1 : x > y ? -1 : 1;
    };
    auto larger = [&](int column) { return -smaller(column); };
    int r;
#define STEP(how, attrib)                                                                          \
    if ((r = how(glx_column(attrib))))                                                             \
        return r;
    STEP(smaller, GLX_VISUAL_SELECT_GROUP_SGIX)
    STEP(smaller, GLX_CONFIG_CAVEAT) // the values' order is that of the specification
    STEP(larger_or_none, GLX_RED_SIZE)
    STEP(larger_or_none, GLX_GREEN_SIZE)
    STEP(larger_or_none, GLX_BLUE_SIZE)
    STEP(larger_or_none, GLX_ALPHA_SIZE)
    STEP(smaller, GLX_BUFFER_SIZE)
    STEP(smaller, GLX_DOUBLEBUFFER)
    STEP(smaller, GLX_AUX_BUFFERS)
    STEP(smaller, GLX_SAMPLE_BUFFERS)
    STEP(smaller, GLX_SAMPLES)
    STEP(larger_or_none, GLX_DEPTH_SIZE)
    STEP(smaller, GLX_STENCIL_SIZE)
    STEP(larger_or_none, GLX_ACCUM_RED_SIZE)
    STEP(larger_or_none, GLX_ACCUM_GREEN_SIZE)
    STEP(larger_or_none, GLX_ACCUM_BLUE_SIZE)
    STEP(larger_or_none, GLX_ACCUM_ALPHA_SIZE)
    STEP(smaller, GLX_X_VISUAL_TYPE)
    STEP(larger, GLX_MAX_PBUFFER_WIDTH)
    STEP(larger, GLX_MAX_PBUFFER_HEIGHT)
    STEP(larger, GLX_MAX_PBUFFER_PIXELS)
#undef STEP
    return 0;
}

} // namespace

void infer_select_groups(std::span<int32_t* const> rows, std::span<int32_t* const> visual_rows) {
    constexpr int group = glx_column(GLX_VISUAL_SELECT_GROUP_SGIX), rank = glx_column(kDriverRank);
    constexpr int visual = glx_column(GLX_VISUAL_ID);
    if (rows.empty() || rows[0][group] != INT_MIN)
        return;
    std::vector<int32_t*> order(rows.begin(), rows.end());
    std::erase_if(order, [](const int32_t* r) { return r[rank] < 0; });
    std::sort(order.begin(), order.end(),
              [](const int32_t* a, const int32_t* b) { return a[rank] < b[rank]; });
    for (int32_t* r : rows)
        r[group] = 0;
    // Within a group the order is that of the other criteria: where it starts anew, so does a
    // group.
    for (size_t i = 1; i < order.size(); ++i) {
        order[i][group] = order[i - 1][group];
        if (compare(order[i], order[i - 1]) < 0)
            ++order[i][group];
    }
    for (int32_t* v : visual_rows) {
        v[group] = 0;
        for (const int32_t* r : rows)
            if (r[visual] == v[visual])
                v[group] = r[group];
    }
}

std::vector<int> choose_fbconfigs(std::span<const int32_t* const> rows, const int* attribs,
                                  bool* bad) {
    *bad = false;
    Wanted w;
    for (int i = 0; i < kCount; ++i)
        w.value[i] = kCriteria[i].fbconfig_default;
    for (const int* a = attribs; a && *a; a += 2) {
        const int i = criterion_of(*a);
        if (i >= 0)
            w.value[i] = *a == GLX_SWAP_METHOD_OML && a[1] == kAny ? GLX_SWAP_UNDEFINED_OML : a[1];
        else if (*a != GLX_RGBA && *a != GLX_USE_GL)
            *bad = true;
    }
    std::vector<int> found;
    if (*bad)
        return found;
    for (size_t i = 0; i < rows.size(); ++i)
        if (matches(w, rows[i]))
            found.push_back((int)i);
    std::stable_sort(found.begin(), found.end(),
                     [&](int a, int b) { return compare(rows[(size_t)a], rows[(size_t)b]) < 0; });
    return found;
}

int choose_visual(std::span<const int32_t* const> rows, const int* attribs) {
    Wanted w;
    for (int i = 0; i < kCount; ++i)
        w.value[i] = kCriteria[i].visual_default;
    auto set = [&](int attrib, int value) { w.value[criterion_of(attrib)] = value; };
    for (const int* a = attribs; a && *a;) {
        switch (*a) {
        case GLX_USE_GL:
            ++a;
            continue;
        case GLX_RGBA:
            set(GLX_RENDER_TYPE, GLX_RGBA_BIT);
            ++a;
            continue;
        case GLX_DOUBLEBUFFER:
        case GLX_STEREO:
            set(*a, 1);
            ++a;
            continue;
        }
        const int i = criterion_of(*a);
        if (i < 0)
            return -1;
        w.value[i] = a[1];
        a += 2;
    }
    int best = -1;
    for (size_t i = 0; i < rows.size(); ++i)
        if (matches(w, rows[i]) && (best < 0 || compare(rows[i], rows[(size_t)best]) < 0))
            best = (int)i;
    return best;
}

} // namespace glckpt::ws
