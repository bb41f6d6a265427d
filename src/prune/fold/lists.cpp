// Display lists: kept whole; a call folds again what in them changes state.
#include "prune/fold.h"
#include <algorithm>

namespace glckpt::prune {

void fold_gen_lists(Fold& f, const char* r) {
    const auto& g = f.as<rec::xGenLists>(r);
    for (GLsizei i = 0; i < g.range; ++i)
        f.c->group->lists[g.first + (GLuint)i] = Ref<DisplayList>(new DisplayList);
}

// Commands about vertex arrays are not compiled but executed at once (OpenGL 4.6 compatibility,
// section 21.4), and a draw is compiled with the vertices that it fetches then. So to compile a
// list anew, its draws need the arrays as they were, switched on and off in between as they were.
bool about_arrays(uint16_t op) {
    static const std::vector<bool> table = [] {
        std::vector<bool> t((size_t)Op::Count);
        for (size_t i = 0; i < t.size(); ++i) {
            const std::string_view name = kOpNames[i];
            t[i] = !compiled_into_list((uint16_t)i) &&
                   ((name.starts_with("gl") && name.find("Pointer") != name.npos &&
                     !name.starts_with("glGet")) ||
                    name.ends_with("ClientState") || name == "glClientActiveTexture" ||
                    name.ends_with("ableVertexAttribArray") || name == "glBindBuffer" ||
                    name == "glBindVertexArray" || name == "xClientArray");
        }
        return t;
    }();
    return table[op];
}

void note_list_sources(Fold& f) {
    DisplayList& l = *f.c->list;
    l.draws_arrays = true;
    auto add = [&](Object* o) {
        if (!o || o->cls != NameClass::buffer)
            return;
        const std::pair source(Ref<Object>(o), static_cast<Buffer*>(o)->changes);
        if (std::find(l.sources.begin(), l.sources.end(), source) == l.sources.end())
            l.sources.push_back(source);
    };
    for (const auto& [key, k] : f.c->vao->slots.all())
        for (const Dependency& d : k->dependencies)
            add(d.object.get());
    add(static_cast<VertexArray&>(*f.c->vao).element_buffer.get());
}

void fold_new_list(Fold& f, const char* r) {
    const auto& n = f.as<rec::glNewList>(r);
    f.c->list = Ref<DisplayList>(new DisplayList);
    f.c->list->arrays = f.c->vao->slots;
    f.c->list_name = n.list;
    f.c->list_mode = n.mode;
}

// The new list takes the old one's place only now (a list may call its former self).
void fold_end_list(Fold& f, const char*) {
    if (!f.c->list)
        return;
    for (const Ref<Kept>& k : f.c->list->body) {
        const Rule& rule = kRules[k->header().op];
        if (!compiled_into_list(k->header().op))
            continue; // about arrays: was executed at once
        if (rule.effect != Effect::None && rule.effect != Effect::Draw)
            f.c->list->state.push_back(k);
        else if (rule.effect == Effect::Draw)
            f.c->list->draws = true;
    }
    f.c->group->lists[f.c->list_name] = f.c->list;
    f.c->list = Ref<DisplayList>();
}

void fold_delete_lists(Fold& f, const char* r) {
    const auto& d = f.as<rec::glDeleteLists>(r);
    auto& lists = f.c->group->lists;
    if (d.range > 0)
        lists.erase(lists.lower_bound(d.list), lists.lower_bound(d.list + (GLuint)d.range));
}

void Fold::call_list(uint32_t name, int depth) {
    const auto it = c->group->lists.find(name);
    if (it == c->group->lists.end() || depth > 64)
        return;
    const Ref<DisplayList> list = it->second;
    if (list->draws)
        drew();
    const Kept* outer = heap_of;
    // While it runs, nothing is compiled (a call inside a list being compiled-and-executed).
    Ref<DisplayList> compiling = std::exchange(c->list, Ref<DisplayList>());
    ++list_depth;
    for (const Ref<Kept>& k : list->state) {
        heap_of = k.get();
        record(k->bytes.data());
    }
    --list_depth;
    c->list = std::move(compiling);
    heap_of = outer;
}

// (In the first call of all, the renderer has said what its pops are like: told/pops.cpp.)
void fold_call_list(Fold& f, const char* r) {
    if (!f.list_depth)
        f.note_ways_of_pop(reinterpret_cast<const log::RecordHeader*>(r)->flags);
    f.call_list(f.as<rec::glCallList>(r).list, f.list_depth);
}

void fold_call_lists(Fold& f, const char* r) {
    static const uint16_t fam = family("list_base");
    const auto& l = f.as<rec::glCallLists>(r);
    if (!f.list_depth)
        f.note_ways_of_pop(l.head_.flags);
    uint32_t base = 0;
    if (const Kept* k = f.c->slots.find({fam}))
        base = k->as<rec::glListBase>().base;
    const auto* p = static_cast<const unsigned char*>(f.payload(r, l.lists));
    for (GLsizei i = 0; i < l.n && p; ++i) {
        int64_t n = 0;
        switch (l.type) {
        case GL_BYTE:
            n = (GLbyte)p[i]; // NOLINT(bugprone-signed-char-misuse): it is signed
            break;
        case GL_UNSIGNED_BYTE:
            n = p[i];
            break;
        case GL_SHORT:
            n = ((const int16_t*)p)[i];
            break;
        case GL_UNSIGNED_SHORT:
            n = ((const uint16_t*)p)[i];
            break;
        case GL_INT:
            n = ((const int32_t*)p)[i];
            break;
        case GL_UNSIGNED_INT:
            n = ((const uint32_t*)p)[i];
            break;
        case GL_FLOAT:
            n = (int64_t)((const float*)p)[i];
            break;
        case GL_2_BYTES:
            n = p[2 * i] << 8 | p[2 * i + 1];
            break;
        case GL_3_BYTES:
            n = p[3 * i] << 16 | p[3 * i + 1] << 8 | p[3 * i + 2];
            break;
        case GL_4_BYTES:
            n = (int64_t)((uint32_t)p[4 * i] << 24 | p[4 * i + 1] << 16 | p[4 * i + 2] << 8 |
                          p[4 * i + 3]);
            break;
        default:
            return; // refused
        }
        f.call_list(base + (uint32_t)n, f.list_depth);
    }
}

} // namespace glckpt::prune
