#include "prune/fold.h"
#include "log/begin_end.h"
#include "prune/fold/groups.h"
#include <algorithm>
#include <utility>

namespace glckpt::prune {
namespace {

uint64_t read_field(const char* record, uint16_t offset, uint8_t bytes) {
    uint64_t v = 0;
    memcpy(&v, record + offset, std::min<size_t>(bytes, 8));
    return v;
}

uint64_t hash_text(const char* p, size_t n) {
    uint64_t h = 0xcbf29ce484222325ull;
    for (size_t i = 0; i < n; ++i)
        h = (h ^ (unsigned char)p[i]) * 0x100000001b3ull;
    return h;
}

Object* make_object(NameClass cls, uint32_t name) {
    switch (cls) {
    case NameClass::texture:
        return new Texture(cls, name);
    case NameClass::buffer:
        return new Buffer(cls, name);
    case NameClass::framebuffer:
        return new Framebuffer(cls, name);
    case NameClass::renderbuffer:
        return new Renderbuffer(cls, name);
    case NameClass::vertex_array:
        return new VertexArray(cls, name);
    case NameClass::query:
        return new Query(cls, name);
    case NameClass::sampler:
        return new Sampler(cls, name);
    case NameClass::transform_feedback:
        return new TransformFeedback(cls, name);
    case NameClass::pipeline:
        return new Pipeline(cls, name);
    case NameClass::arb_program:
        return new ArbProgram(cls, name);
    default:
        return new Program(cls, name);
    }
}

constexpr uint32_t kDenseNames = 1 << 20;

} // namespace

const FieldPlace* Fold::place(const char* record, Field field) const {
    const Rule& r = kRules[op(record)];
    for (int i = 0; i < r.field_count; ++i)
        if (r.fields[i].field == field)
            return &r.fields[i];
    return nullptr;
}

int64_t Fold::arg(const char* record, Field field, int64_t missing) const {
    const FieldPlace* p = place(record, field);
    if (!p)
        return missing;
    if (p->bytes == 4) {
        int32_t v;
        memcpy(&v, record + p->offset, 4);
        return field == Field::x || field == Field::y || field == Field::z ||
                       field == Field::width || field == Field::height || field == Field::depth ||
                       field == Field::level
                   ? v
                   : (int64_t)(uint32_t)v;
    }
    return (int64_t)read_field(record, p->offset, p->bytes);
}

const void* Fold::payload(const char* record, log::PayloadRef ref) const {
    switch (ref.kind) {
    case log::PayloadRef::Inline:
        return record + ref.place;
    case log::PayloadRef::Arena:
        return source.arena + (uint64_t)ref.place * log::kArenaUnit;
    case log::PayloadRef::Large:
        return source.large(ref.place);
    case log::PayloadRef::Heap: // a record of a display list, folded again
        return heap_of ? heap_of->blobs[ref.place]->data : nullptr;
    default:
        return nullptr;
    }
}

const void* Fold::payload(const char* record, Field field, size_t* bytes) const {
    const FieldPlace* p = place(record, field);
    if (!p)
        return nullptr;
    log::PayloadRef ref;
    memcpy(&ref, record + p->offset, sizeof ref);
    if (bytes)
        *bytes = ref.bytes;
    return payload(record, ref);
}

// Copies a record out of the stream. Which of its members are payload references is told by the
// generated table; inline payloads come along by themselves.
Ref<Kept> Fold::keep(const char* record) {
    const auto& h = *reinterpret_cast<const log::RecordHeader*>(record);
    Ref<Kept> k(new Kept);
    k->sequence = ++sequence;
    k->bytes.assign(record, record + h.size);
    k->unpack = c->unpack;
    k->doubtful = doubtful;
    const Payloads& p = kPayloads[h.op];
    for (int i = 0; i < p.count; ++i) {
        auto* ref = reinterpret_cast<log::PayloadRef*>(k->bytes.data() + p.offset[i]);
        if (ref->kind != log::PayloadRef::Arena && ref->kind != log::PayloadRef::Large &&
            ref->kind != log::PayloadRef::Heap)
            continue;
        k->blobs.push_back(Blob::copy(payload(record, *ref), ref->bytes));
        ref->kind = log::PayloadRef::Heap;
        ref->place = (uint32_t)k->blobs.size() - 1;
    }
    const Rule& r = kRules[h.op];
    for (int i = 0; i < r.names; ++i) {
        uint32_t name;
        memcpy(&name, record + r.name[i].offset, 4);
        add_dependency(*k, r.name[i].offset, find(r.name[i].cls, name));
    }
    return k;
}

bool reads_pixels(uint16_t op) {
    static const std::vector<bool> table = [] {
        std::vector<bool> t((size_t)Op::Count);
        for (size_t i = 0; i < t.size(); ++i) {
            const std::string_view name = kOpNames[i];
            t[i] = name == "glBitmap" || name == "glDrawPixels" || name == "glPolygonStipple" ||
                   (!name.starts_with("glGet") &&
                    (name.find("TexImage") != name.npos || name.find("TexSubImage") != name.npos ||
                     name.find("TextureSubImage") != name.npos));
        }
        return t;
    }();
    return table[op];
}

void Fold::take_from_buffer(Kept& k) {
    const auto* b = static_cast<const Buffer*>(bound_buffer(GL_PIXEL_UNPACK_BUFFER));
    if (!b)
        return;
    const uint16_t op = k.header().op;
    const Payloads& p = kPayloads[op];
    for (int i = 0; i < p.count; ++i) {
        auto* ref = reinterpret_cast<log::PayloadRef*>(k.bytes.data() + p.offset[i]);
        if (ref->kind != log::PayloadRef::Offset)
            continue;
        uint64_t at = 0;
        memcpy(&at, k.bytes.data() + ref->place, sizeof at);
        if (b->gpu_dirty || !b->data || at > b->data->bytes) {
            veto(op); // only the driver knows what this was
            return;
        }
        k.blobs.push_back(Blob::copy(b->data->data + at, b->data->bytes - at));
        *ref = {(uint32_t)(b->data->bytes - at), log::PayloadRef::Heap,
                (uint32_t)k.blobs.size() - 1};
    }
}

Ref<Object>& Fold::name_slot(NameClass cls, uint32_t name) {
    const auto i = (size_t)cls;
    auto& dense = shared_between_contexts(cls) ? c->group->dense[i] : c->own_dense[i];
    auto& sparse = shared_between_contexts(cls) ? c->group->sparse[i] : c->own_sparse[i];
    if (name >= kDenseNames)
        return sparse[name];
    if (name >= dense.size())
        dense.resize((size_t)name + name / 2 + 16);
    return dense[name];
}

Object* Fold::find(NameClass cls, uint32_t name) {
    return name ? name_slot(cls, name).get() : nullptr;
}

Object* Fold::object(NameClass cls, uint32_t name) {
    if (!name)
        return nullptr;
    Ref<Object>& slot = name_slot(cls, name);
    if (!slot) {
        slot = Ref<Object>(make_object(cls, name));
        slot->born = ++sequence;
    }
    return slot.get();
}

Unit& Fold::unit(uint32_t index) {
    if (index >= kUnits)
        index = kUnits - 1; // the driver has refused it; this one is never used
    if (index >= c->units.size())
        c->units.resize(index + 1);
    return c->units[index];
}

void Fold::gen(const Rule& rule, const char* record) {
    size_t bytes = 0;
    const auto* names = static_cast<const uint32_t*>(payload(record, Field::names, &bytes));
    const bool create = strncmp(kOpNames[op(record)], "glCreate", 8) == 0;
    for (size_t i = 0; names && i < bytes / 4; ++i) {
        name_slot(rule.cls, names[i]) = Ref<Object>();
        Object* o = object(rule.cls, names[i]);
        if (!create)
            continue;
        o->bound_once = true;
        if (rule.cls == NameClass::texture)
            static_cast<Texture*>(o)->target = (uint32_t)arg(record, Field::target);
        if (rule.cls == NameClass::query)
            static_cast<Query*>(o)->target = (uint32_t)arg(record, Field::target);
    }
}

void Fold::delete_names(const Rule& rule, const char* record) {
    const FieldPlace* many = place(record, Field::names);
    if (!many) {
        delete_object(rule.cls, (uint32_t)arg(record, Field::object));
        return;
    }
    size_t bytes = 0;
    const auto* names = static_cast<const uint32_t*>(payload(record, Field::names, &bytes));
    for (size_t i = 0; names && i < bytes / 4; ++i)
        delete_object(rule.cls, names[i]);
}

Object* Fold::addressed(const Rule& rule, const char* record) {
    const auto v = (uint32_t)read_field(record, rule.address_offset, 4);
    if (rule.address == Address::Name)
        return object(rule.cls, v);
    switch (rule.cls) {
    case NameClass::texture:
        return bound_texture(v);
    case NameClass::framebuffer:
        return bound_framebuffer(v);
    case NameClass::vertex_array:
        return c->vao.get();
    case NameClass::program:
        return c->program.get();
    case NameClass::renderbuffer:
        return c->renderbuffer.get();
    default:
        return nullptr;
    }
}

void Fold::set(Slots& slots, const Key& key, const Rule& rule, const char* record) {
    const auto& h = *reinterpret_cast<const log::RecordHeader*>(record);
    const bool plain = rule.names == 0 && kPayloads[h.op].count == 0;
    if (doubtful || !plain || !slots.overwrite(key, record, h.size, sequence + 1, c->unpack))
        slots.set(key, keep(record));
    else
        ++sequence;
}

void Fold::apply(const Rule& rule, const char* record) {
    Key key{rule.family};
    for (int i = 0; i < rule.keys; ++i) {
        const KeyField& f = rule.key[i];
        uint64_t v;
        if (f.bytes == 255) {
            v = f.whole;
        } else if (f.bytes == 0) {
            log::PayloadRef ref;
            memcpy(&ref, record + f.offset, sizeof ref);
            v = hash_text(static_cast<const char*>(payload(record, ref)), ref.bytes);
        } else {
            v = read_field(record, f.offset, f.bytes);
        }
        if (f.has_whole && v == f.whole)
            break;
        key.k[key.depth++] = v;
    }
    switch (rule.effect) {
    case Effect::State:
        set(c->slots, key, rule, record);
        break;
    case Effect::Unit:
        set(unit(c->active_unit).slots, key, rule, record);
        break;
    default:
        if (Object* o = addressed(rule, record))
            set(o->slots, key, rule, record);
    }
}

void Fold::veto(uint16_t op) { ++vetoes[op]; }

void Fold::record(const char* bytes) {
    const auto& h = *reinterpret_cast<const log::RecordHeader*>(bytes);
    // Rejected by the driver: it had no effect. But into a list that is compiled and executed it
    // has gone all the same, and is an error again when the list is called.
    // (The error of a list's call is that of one command in it; the others count. So does a pop
    // whose error is that the framebuffer has no such buffers: fold/attribs.cpp.)
    const bool failed = Fold::failed(bytes);
    const bool calls = h.op == (uint16_t)Op::glCallList || h.op == (uint16_t)Op::glCallLists;
    const bool pops = is(bytes, Op::glPopAttrib) && !c->attribs.empty() && !c->inside_begin;
    const bool rejected = failed && !calls && !pops;
    if (rejected && !c->attribs.empty() && !c->inside_begin &&
        !(c->list && c->list_mode == GL_COMPILE))
        c->touched |= groups_touched_in_vain(bytes);
    if (rejected && is(bytes, Op::glEnd))
        c->inside_begin = false; // the error was glBegin's, or something in between
    if (rejected &&
        !(c->list && c->list_mode == GL_COMPILE_AND_EXECUTE && compiled_into_list(h.op)))
        return;
    if (c->list && compiled_into_list(h.op)) {
        c->list->body.push_back(keep(bytes));
        // A driver may also refuse it while it compiles (Mesa 22.3: glDispatchComputeIndirect).
        c->list->body.back()->doubtful |= rejected;
        if (reads_pixels(h.op))
            take_from_buffer(*c->list->body.back());
        c->list->bytes += h.size;
        if (kRules[h.op].effect == Effect::Draw)
            note_list_sources(*this);
        if (c->list_mode == GL_COMPILE || rejected)
            return;
    } else if (c->list && about_arrays(h.op)) {
        c->list->body.push_back(keep(bytes));
        c->list->bytes += h.size;
        c->list->draws_arrays = true;
    }
    if (c->inside_begin && !log::legal_inside_begin(h.op)) [[unlikely]]
        return; // of a display list called there or compiled-and-executed, or a question
    const bool outer = std::exchange(doubtful, doubtful || failed);
    effect(bytes);
    doubtful = outer;
}

void Fold::effect(const char* bytes) {
    const auto& h = *reinterpret_cast<const log::RecordHeader*>(bytes);
    if (!c->attribs.empty()) [[unlikely]]
        c->touched |= groups_touched(*this, bytes);
    if (is(bytes, Op::glColorMaterial) ||
        (is(bytes, Op::glDisable) && as<rec::glDisable>(bytes).cap == GL_COLOR_MATERIAL))
        leave_color_material();
    const Rule& rule = kRules[h.op];
    switch (rule.effect) {
    case Effect::Unknown:
        veto(h.op);
        break;
    case Effect::As:
        as_core(*rule.as, bytes);
        break;
    case Effect::None:
        break;
    case Effect::Draw:
        drew();
        break;
    case Effect::Hand:
        rule.function(*this, bytes);
        break;
    case Effect::Gen:
        gen(rule, bytes);
        break;
    case Effect::Create: {
        uint32_t name = (uint32_t)arg(bytes, Field::created);
        name_slot(rule.cls, name) = Ref<Object>();
        object(rule.cls, name)->created = keep(bytes);
        break;
    }
    case Effect::Delete:
        delete_names(rule, bytes);
        break;
    default:
        apply(rule, bytes);
    }
}

} // namespace glckpt::prune
