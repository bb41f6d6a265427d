// Commands that are one of the core's with something else in place of what is bound
// (GL_EXT_direct_state_access: "behaves as if" the object were bound to the target, the unit
// active, the matrix mode set, the command called, and all that undone).
//
// So they are folded: what is kept are records of the core's commands, which a driver without the
// extension takes, too. Only display lists keep them as they are.
#include "prune/fold.h"
#include <utility>

namespace glckpt::prune {
namespace {

// For its time being in another's place.
template <class T>
class Instead {
  public:
    Instead(T& place, T value) : place_(place), was_(std::exchange(place, std::move(value))) {}
    ~Instead() { place_ = std::move(was_); }
    Instead(const Instead&) = delete;
    Instead& operator=(const Instead&) = delete;

  private:
    T& place_;
    T was_;
};

// The core's record. What lies behind its fixed part moves along with it.
std::vector<char> core_record(const AsCore& as, const char* record) {
    const auto& h = *reinterpret_cast<const log::RecordHeader*>(record);
    std::vector<char> core(h.size - as.size + as.core_size);
    const log::RecordHeader head{as.core, h.flags, (uint32_t)core.size()};
    memcpy(core.data(), &head, sizeof head);
    if (as.constant_at)
        memcpy(core.data() + as.constant_at, &as.constant, sizeof as.constant);
    for (int i = 0; i < as.copy_count; ++i) {
        const CopiedField& c = as.copies[i];
        memcpy(core.data() + c.to, record + c.from, c.bytes);
        if (!c.payload)
            continue;
        auto* ref = reinterpret_cast<log::PayloadRef*>(core.data() + c.to);
        if (ref->kind == log::PayloadRef::Inline || ref->kind == log::PayloadRef::Offset)
            ref->place = ref->place - as.size + as.core_size;
    }
    memcpy(core.data() + as.core_size, record + as.size, h.size - as.size);
    return core;
}

} // namespace

void Fold::as_core(const AsCore& as, const char* record) {
    const std::vector<char> core = core_record(as, record);
    uint32_t selector;
    memcpy(&selector, record + as.selector, sizeof selector);
    const auto target = (uint32_t)arg(record, Field::target);
    switch (as.what) {
    case Retarget::texture: {
        const int i = texture_target_index(target);
        if (i < 0)
            return effect(core.data()); // a proxy: nothing is bound to it
        const uint32_t active = c->active_unit;
        const Ref<Object> was = unit(active).bound[(size_t)i];
        bind_texture(active, target, selector);
        effect(core.data());
        unit(active).bound[(size_t)i] = was;
        return;
    }
    case Retarget::unit: {
        const Instead unit(c->active_unit, selector - GL_TEXTURE0);
        return effect(core.data());
    }
    case Retarget::matrix: {
        // A texture unit's matrix is named by the unit.
        const bool texture = selector >= GL_TEXTURE0 && selector < GL_TEXTURE0 + kUnits;
        const Instead mode(c->matrix_mode, texture ? (uint32_t)GL_TEXTURE : selector);
        const Instead unit(c->active_unit, texture ? selector - GL_TEXTURE0 : c->active_unit);
        return effect(core.data());
    }
    case Retarget::framebuffer: {
        Object* o = object(NameClass::framebuffer, selector);
        if (o)
            o->bound_once = true;
        const Instead draw(c->draw_fbo, Ref<Object>(o)), read(c->read_fbo, Ref<Object>(o));
        return effect(core.data());
    }
    case Retarget::renderbuffer: {
        Object* o = object(NameClass::renderbuffer, selector);
        if (o)
            o->bound_once = true;
        const Instead bound(c->renderbuffer, Ref<Object>(o));
        return effect(core.data());
    }
    case Retarget::arb_program: {
        auto* p = static_cast<ArbProgram*>(object(NameClass::arb_program, selector));
        if (p && !p->bound_once) {
            p->bound_once = true;
            p->target = target;
        }
        const Instead bound(c->arb_programs[target], Ref<Object>(p));
        return effect(core.data());
    }
    }
}

} // namespace glckpt::prune
