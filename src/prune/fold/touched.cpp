// Which attribute groups count as set since the last glPushAttrib.
//
// It matters for drivers that put back only those (log::kPopForgets). Mesa's setters return early
// when a value is what it was, and nothing has been set then (FLUSH_VERTICES with the group's bit,
// or PopAttribState itself, in src/mesa/main); so values must be compared, also where another
// command has given them, or nobody (the initial ones). A few note the group before they look:
// glClear* of values, glStencilFuncSeparate and glStencilMaskSeparate, and, even when they raise an
// error then, glDrawBuffer, glDrawBuffers and glReadBuffer.
#include "prune/fold/groups.h"
#include <algorithm>
#include <optional>
#include <string_view>

namespace glckpt::prune {
namespace {

// What a command sets: `index` of several (a draw buffer, a viewport, a face), or all.
struct Given {
    int index;
    double v[4];
};
constexpr int kAll = -1;
Given all(double a, double b = 0, double c = 0, double d = 0) { return {kAll, {a, b, c, d}}; }
Given one(uint32_t i, double a, double b = 0, double c = 0, double d = 0) {
    return {(int)i, {a, b, c, d}};
}
// Faces are 0 and 1 here.
Given face(uint32_t f, double a, double b = 0, double c = 0) {
    return {f == GL_FRONT ? 0 : f == GL_BACK ? 1 : kAll, {a, b, c, 0}};
}

template <class R>
const R& as(const char* r) {
    return Fold::as<R>(r);
}
struct Setter {
    Op op;
    Given (*given)(const char* record);
};
#define SETTER(command, ...)                                                                       \
    {                                                                                              \
        Op::command, [](const char* record) {                                                      \
            const auto& r = as<rec::command>(record);                                              \
            return __VA_ARGS__;                                                                    \
        }                                                                                          \
    }
const Setter kSetters[] = {
    SETTER(glBlendFunc, all(r.sfactor, r.dfactor, r.sfactor, r.dfactor)),
    SETTER(glBlendFuncSeparate, all(r.sfactorRGB, r.dfactorRGB, r.sfactorAlpha, r.dfactorAlpha)),
    SETTER(glBlendFunci, one(r.buf, r.src, r.dst, r.src, r.dst)),
    SETTER(glBlendFuncSeparatei, one(r.buf, r.srcRGB, r.dstRGB, r.srcAlpha, r.dstAlpha)),
    SETTER(glBlendEquation, all(r.mode, r.mode)),
    SETTER(glBlendEquationSeparate, all(r.modeRGB, r.modeAlpha)),
    SETTER(glBlendEquationi, one(r.buf, r.mode, r.mode)),
    SETTER(glBlendEquationSeparatei, one(r.buf, r.modeRGB, r.modeAlpha)),
    SETTER(glBlendColor, all(r.red, r.green, r.blue, r.alpha)),
    SETTER(glColorMask, all(r.red != 0, r.green != 0, r.blue != 0, r.alpha != 0)),
    SETTER(glColorMaski, one(r.index, r.r != 0, r.g != 0, r.b != 0, r.a != 0)),
    SETTER(glLogicOp, all(r.opcode)),
    SETTER(glAlphaFunc, all(r.func, r.ref)),
    SETTER(glDepthFunc, all(r.func)),
    SETTER(glDepthMask, all(r.flag != 0)),
    SETTER(glViewport, all(r.x, r.y, r.width, r.height)),
    SETTER(glViewportIndexedf, one(r.index, r.x, r.y, r.w, r.h)),
    SETTER(glDepthRange, all(r.n, r.f)),
    SETTER(glDepthRangef, all(r.n, r.f)),
    SETTER(glDepthRangeIndexed, one(r.index, r.n, r.f)),
    SETTER(glScissor, all(r.x, r.y, r.width, r.height)),
    SETTER(glScissorIndexed, one(r.index, r.left, r.bottom, r.width, r.height)),
    SETTER(glStencilFunc, all(r.func, r.ref, r.mask)),
    SETTER(glStencilOp, all(r.fail, r.zfail, r.zpass)),
    SETTER(glStencilOpSeparate, face(r.face, r.sfail, r.dpfail, r.dppass)),
    SETTER(glStencilMask, all(r.mask)),
    SETTER(glStencilFuncSeparate, face(r.face, r.func, r.ref, r.mask)),
    SETTER(glStencilMaskSeparate, face(r.face, r.mask)),
    SETTER(glCullFace, all(r.mode)),
    SETTER(glFrontFace, all(r.mode)),
    SETTER(glPolygonOffset, all(r.factor, r.units)),
    SETTER(glLineWidth, all(r.width)),
    SETTER(glLineStipple, all(r.factor, r.pattern)),
    SETTER(glPointSize, all(r.size)),
    SETTER(glShadeModel, all(r.mode)),
    SETTER(glProvokingVertex, all(r.mode)),
    SETTER(glSampleCoverage, all(r.value, r.invert != 0)),
};
#undef SETTER

const Setter* setter(uint16_t op) {
    static const std::vector<const Setter*> table = [] {
        std::vector<const Setter*> t((size_t)Op::Count);
        for (const Setter& s : kSetters)
            t[(size_t)s.op] = &s;
        return t;
    }();
    return table[op];
}

// Families whose values are compared: how many there are of each, and the initial value (none: it
// is the window's, or is noted without a look).
struct Compared {
    const char* family;
    int count;
    std::optional<Given> initial;
};
const Compared kCompared[] = {
    {"blend_func", 8, all(GL_ONE, GL_ZERO, GL_ONE, GL_ZERO)},
    {"blend_equation", 8, all(GL_FUNC_ADD, GL_FUNC_ADD)},
    {"blend_color", 1, all(0)},
    {"color_mask", 8, all(1, 1, 1, 1)},
    {"logic_op", 1, all(GL_COPY)},
    {"alpha_func", 1, all(GL_ALWAYS)},
    {"depth_func", 1, all(GL_LESS)},
    {"depth_mask", 1, all(1)},
    {"viewport", 16, {}},
    {"depth_range", 16, all(0, 1)},
    {"scissor", 16, {}},
    {"stencil_func", 2, all(GL_ALWAYS, 0, 0xffffffffu)},
    {"stencil_op", 2, all(GL_KEEP, GL_KEEP, GL_KEEP)},
    {"stencil_mask", 2, all(0xffffffffu)},
    {"cull_face", 1, all(GL_BACK)},
    {"front_face", 1, all(GL_CCW)},
    {"polygon_offset", 1, all(0)},
    {"line_width", 1, all(1)},
    {"line_stipple", 1, all(1, 0xffff)},
    {"point_size", 1, all(1)},
    {"shade_model", 1, all(GL_SMOOTH)},
    {"provoking_vertex", 1, all(GL_LAST_VERTEX_CONVENTION)},
    {"sample_coverage", 1, all(1)},
};
const Compared* compared(uint16_t fam) {
    static const std::vector<const Compared*> table = [] {
        std::vector<const Compared*> t;
        for (const Compared& c : kCompared) {
            const uint16_t f = family(c.family);
            t.resize(std::max<size_t>(t.size(), (size_t)f + 1));
            t[f] = &c;
        }
        return t;
    }();
    return fam < table.size() ? table[fam] : nullptr;
}

bool notes_without_looking(const char* r) {
    return Fold::is(r, Op::glStencilFuncSeparate) || Fold::is(r, Op::glStencilMaskSeparate);
}

// The family of a setter; stencil commands of both faces are folded by hand.
uint16_t family_of(uint16_t op) {
    static const uint16_t func = family("stencil_func"), mask = family("stencil_mask"),
                          stencil_op = family("stencil_op");
    switch ((Op)op) {
    case Op::glStencilFunc:
        return func;
    case Op::glStencilMask:
        return mask;
    case Op::glStencilOp:
        return stencil_op;
    default:
        return kRules[op].family;
    }
}

// The value with that index; none if nobody knows.
std::optional<Given> value_of(const Slots& slots, uint16_t fam, const Compared& c, int index) {
    static const uint16_t stencil[] = {family("stencil_func"), family("stencil_op"),
                                       family("stencil_mask")};
    uint64_t part = (uint64_t)index;
    if (std::find(std::begin(stencil), std::end(stencil), fam) != std::end(stencil)) {
        part = index == 0 ? GL_FRONT : GL_BACK;
        if (slots.find({kBackStencilFamily, 1, {fam, 0}}))
            return {}; // GL_EXT_stencil_two_side: which came last is not looked for
    }
    const Kept* k = slots.find({fam, 1, {part, 0}});
    if (!k)
        k = slots.find({fam});
    if (!k)
        return c.initial;
    const Setter* s = setter(k->header().op);
    if (!s || k->doubtful)
        return {};
    return s->given(k->bytes.data());
}

// Nothing is set: all has that value.
bool sets_nothing(const Fold& f, const char* r) {
    const uint16_t op = Fold::op(r);
    const Setter* s = setter(op);
    if (!s || notes_without_looking(r))
        return false;
    const uint16_t fam = family_of(op);
    const Compared* c = compared(fam);
    if (!c)
        return false;
    const Given wanted = s->given(r);
    for (int i = 0; i < c->count; ++i) {
        if (wanted.index != kAll && wanted.index != i)
            continue;
        const std::optional<Given> now = value_of(f.c->slots, fam, *c, i);
        if (!now || !std::equal(std::begin(now->v), std::end(now->v), std::begin(wanted.v)))
            return false;
    }
    return true;
}

// What else is set to what it is, byte by byte.
bool same_record(const Fold& f, const char* r) {
    const auto& h = *reinterpret_cast<const log::RecordHeader*>(r);
    const Rule& rule = kRules[h.op];
    if (rule.effect != Effect::State || rule.keys > 1 || kPayloads[h.op].count || setter(h.op) ||
        std::string_view(kOpNames[h.op]).starts_with("glClear") ||
        std::string_view(kOpNames[h.op]).starts_with("glClamp"))
        return false;
    Key key{rule.family};
    if (rule.keys == 1) {
        const KeyField& field = rule.key[0];
        if (field.bytes == 0 || field.bytes == 255 || field.has_whole)
            return false;
        memcpy(&key.k[0], r + field.offset, std::min<size_t>(field.bytes, 8));
        key.depth = 1;
    }
    const Kept* k = f.c->slots.find(key);
    return k && !k->doubtful && k->bytes.size() == h.size && k->header().op == h.op &&
           memcmp(k->bytes.data() + sizeof h, r + sizeof h, h.size - sizeof h) == 0;
}

bool is_on(const Slots& slots, uint32_t cap, uint32_t index, bool* known) {
    static const uint16_t enable = family("enable");
    const Kept* k = slots.find({enable, 2, {cap, index}});
    if (!k)
        k = slots.find({enable, 1, {cap, 0}});
    *known = !k || !k->doubtful;
    if (!k)
        return cap == GL_DITHER || cap == GL_MULTISAMPLE;
    return Fold::is(k->bytes.data(), Op::glEnable) || Fold::is(k->bytes.data(), Op::glEnablei);
}

uint32_t touched_by_enable(const Fold& f, const char* r, bool on, bool indexed) {
    const auto cap = (uint32_t)f.arg(r, f.place(r, Field::cap) ? Field::cap : Field::target);
    if (is_unit_cap(cap))
        return GL_ENABLE_BIT | GL_TEXTURE_BIT;
    // Those that no pop has heard of.
    if (is_newer_cap(cap) && cap != GL_COLOR_SUM && cap != GL_SAMPLE_SHADING)
        return 0;
    const uint32_t count = cap == GL_BLEND ? 8 : cap == GL_SCISSOR_TEST ? 16 : 1;
    bool same = true;
    for (uint32_t i = 0; i < count; ++i) {
        if (indexed && (uint32_t)f.arg(r, Field::index) != i)
            continue;
        bool known = true;
        same &= is_on(f.c->slots, cap, i, &known) == on && known;
    }
    return same ? 0 : GL_ENABLE_BIT | group_bit_of_cap(cap);
}

// By the command alone.
uint32_t groups_of_op(uint16_t op) {
    static const std::vector<uint32_t> table = [] {
        std::vector<uint32_t> t((size_t)Op::Count);
        for (size_t i = 0; i < t.size(); ++i) {
            const Rule& rule = kRules[i];
            const std::string_view name = kOpNames[i];
            auto starts = [&](std::initializer_list<std::string_view> with) {
                return std::any_of(with.begin(), with.end(),
                                   [&](std::string_view w) { return name.starts_with(w); });
            };
            const uint32_t groups = rule.effect == Effect::State && rule.family < kFamilyCount
                                        ? kFamilyGroups[rule.family]
                                        : 0;
            for (const GroupBit& g : kGroupBits)
                if (groups & 1u << g.group)
                    t[i] |= g.bit;
            if (rule.effect == Effect::Unit)
                t[i] |= GL_TEXTURE_BIT;
            if (starts({"glLight", "glMaterial"}))
                t[i] |= GL_LIGHTING_BIT;
            else if (starts({"glClipPlane", "glMatrixMode"}))
                t[i] |= GL_TRANSFORM_BIT;
            else if (starts({"glPixelTransfer", "glPixelMap", "glReadBuffer",
                             "glNamedFramebufferReadBuffer"}))
                t[i] |= GL_PIXEL_MODE_BIT;
            else if (starts({"glRasterPos", "glWindowPos", "glBitmap"}))
                t[i] |= GL_CURRENT_BIT;
            else if (starts({"glDrawBuffer", "glNamedFramebufferDrawBuffer"}))
                t[i] |= GL_COLOR_BUFFER_BIT;
            else if (starts({"glStencil"}))
                t[i] |= GL_STENCIL_BUFFER_BIT;
            else if (starts({"glPolygonStipple"}))
                t[i] |= GL_POLYGON_STIPPLE_BIT;
            else if (starts({"glViewportArray", "glDepthRangeArray"}))
                t[i] |= GL_VIEWPORT_BIT;
            else if (starts({"glScissorArray"}))
                t[i] |= GL_SCISSOR_BIT;
            else if (starts({"glTexGen", "glTexEnv", "glMultiTex", "glBindTexture",
                             "glBindMultiTex", "glActiveTexture", "glTexParameter",
                             "glTextureParameter"}) &&
                     !starts({"glMultiTexCoord"}))
                t[i] |= GL_TEXTURE_BIT;
        }
        return t;
    }();
    return table[op];
}

} // namespace

uint32_t groups_touched(const Fold& f, const char* r) {
    const bool on = Fold::is(r, Op::glEnable), oni = Fold::is(r, Op::glEnablei);
    const bool indexed = oni || Fold::is(r, Op::glDisablei);
    if (on || indexed || Fold::is(r, Op::glDisable))
        return touched_by_enable(f, r, on || oni, indexed);
    const uint32_t groups = groups_of_op(Fold::op(r));
    if (!groups || sets_nothing(f, r) || same_record(f, r))
        return 0;
    if (Fold::is(r, Op::glMatrixMode) && f.as<rec::glMatrixMode>(r).mode == f.c->matrix_mode &&
        f.c->matrix_mode != GL_TEXTURE)
        return 0;
    if (Fold::is(r, Op::glActiveTexture) &&
        f.as<rec::glActiveTexture>(r).texture == GL_TEXTURE0 + f.c->active_unit)
        return 0;
    return groups;
}

bool alpha_is_left(const Slots& now, const Slots& saved) {
    static const uint16_t func = family("blend_func"), equation = family("blend_equation");
    const Compared& c = *compared(equation);
    for (int i = 0; i < c.count; ++i)
        for (const Key& part : {Key{func, 1, {(uint64_t)i, 0}}, Key{equation, 1, {(uint64_t)i, 0}}})
            if (now.find(part))
                return false;
    const std::optional<Given> to = value_of(saved, equation, c, 0),
                               is = value_of(now, equation, c, 0);
    return to && is && to->v[0] == to->v[1] && is->v[0] == to->v[0];
}

uint32_t groups_touched_in_vain(const char* r) {
    return Fold::is(r, Op::glDrawBuffer) || Fold::is(r, Op::glDrawBuffers) ? GL_COLOR_BUFFER_BIT
           : Fold::is(r, Op::glReadBuffer)                                 ? GL_PIXEL_MODE_BIT
                                                                           : 0;
}

} // namespace glckpt::prune
