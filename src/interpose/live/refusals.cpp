#include "interpose/live/refusals.h"
#include "gen/gl/ops.h"

namespace glckpt {

std::string vetoes(const prune::Fold& f) {
    std::string names;
    int n = 0;
    for (const auto& [op, times] : f.vetoes) {
        if (++n > 4) {
            names += ", ...";
            break;
        }
        names += (names.empty() ? "" : ", ") + std::string(kOpNames[op]);
    }
    return names;
}

Status unrestorable(Pruner& p) {
    static const uint16_t mode = prune::family("render_mode");
    for (auto& [id, e] : p.entries()) {
        if (const prune::Kept* k = e.state->slots.find({mode});
            k && k->as<rec::xRenderMode>().mode != GL_RENDER)
            return Status::refused("it is in the middle of a GL selection or feedback; try again");
        // To execute again what it has executed so far would draw it twice; and its arrays are no
        // longer what they were when it began.
        if (e.state->list && (e.state->list_mode != GL_COMPILE || e.state->list->draws_arrays))
            return Status::refused("it is in the middle of compiling a display list; try again");
        // No driver gives a name to a vertex array again that only a stack still refers to.
        for (const prune::SavedClient& s : e.state->client_attribs)
            if (s.mask & GL_CLIENT_VERTEX_ARRAY_BIT && s.vao->name && !s.vao->named)
                return Status::refused("vertex array " + std::to_string(s.vao->name) +
                                       " was deleted while the client attribute stack holds it");
        // To compile a list anew takes what its buffers held then.
        for (const auto& [name, list] : e.state->group->lists)
            for (const auto& [object, changes] : list->sources)
                if (static_cast<prune::Buffer&>(*object).changes != changes)
                    return Status::refused("display list " + std::to_string(name) +
                                           " was compiled from buffer object " +
                                           std::to_string(object->name) +
                                           ", which has been written since");
    }
    return {};
}

} // namespace glckpt
