// What an image tells of a program's GL: counts, the pruned log, a picture.
#include "interpose/live/attach.h"
#include "interpose/live/endpoint.h"
#include "interpose/live/readback.h"
#include "interpose/session.h"
#include "log/readback.h"
#include "prune/emit/emit.h"
#include <set>

namespace glckpt {

// The largest picture that is on the screen, top row first, at most 512 pixels wide.
static void add_thumbnail(ckpt::SectionSink& sink) {
    const prune::Contents* best = nullptr;
    for (const auto& [drawable, d] : drawable_contents())
        for (const auto& part : d.parts)
            if (part.buffer == (int32_t)log::DrawableBuffer::Front &&
                part.contents.type == GL_UNSIGNED_BYTE &&
                (!best || part.contents.width * part.contents.height > best->width * best->height))
                best = &part.contents;
    if (!best || !best->pixels)
        return;
    const int step = (best->width + 511) / 512;
    const uint32_t size[2] = {(uint32_t)(best->width / step), (uint32_t)(best->height / step)};
    std::string out(reinterpret_cast<const char*>(size), sizeof size);
    for (uint32_t y = 0; y < size[1]; ++y)
        for (uint32_t x = 0; x < size[0]; ++x) {
            const size_t row = (size_t)best->height - 1 - (size_t)y * (size_t)step;
            out.append(
                best->pixels->data + (row * (size_t)best->width + (size_t)x * (size_t)step) * 4, 3);
            out.push_back((char)255);
        }
    sink.add("thumbnail.rgba", out);
}

void GlEndpoint::describe(ckpt::SectionSink& sink) {
    if (!Session::existing())
        return;
    Pruner& p = Pruner::get();
    class Count : public prune::Sink {
      public:
        void record(const char* bytes, size_t size,
                    std::span<const prune::EmittedPayload> payloads) override {
            ++records;
            live += size;
            log.append(bytes, size);
            // The log section tells of payloads by size alone; they are in the image's memory.
            for (const auto& x : payloads) {
                live += x.bytes;
                const log::PayloadRef ref{(uint32_t)x.bytes, log::PayloadRef::Heap, 0};
                memcpy(log.data() + log.size() - size + x.offset, &ref, sizeof ref);
            }
            auto* h = reinterpret_cast<log::RecordHeader*>(log.data() + log.size() - size);
            h->size = (uint32_t)size;
        }
        uint64_t records = 0, live = 0;
        std::string log;
    } count;
    Locked hold(p.lock);
    prune::Emitter out(count);
    std::vector<Pruner::Entry*> order;
    order_groups(p, order);
    out.egl_images = &p.fold().images;
    std::set<prune::Group*> groups;
    std::string version, renderer;
    for (Pruner::Entry* entry : order) {
        Pruner::Entry& e = *entry;
        if (!out.begin(*e.state))
            continue;
        const bool first = groups.insert(e.state->group.get()).second;
        if (first)
            out.shared_objects(*e.state);
        out.context(*e.state, first);
        if (last_of_group(p, e))
            out.end_of_group(*e.state->group);
        out.end(*e.state);
        auto known = [&](GLenum name) {
            const auto it = e.context->strings.find(name);
            return it == e.context->strings.end() ? std::string()
                                                  : std::string((const char*)it->second);
        };
        if (version.empty())
            version = known(GL_VERSION);
        if (renderer.empty())
            renderer = known(GL_RENDERER);
    }
    auto quoted = [](const std::string& s) {
        std::string q = "\"";
        for (const char ch : s)
            if (ch == '"' || ch == '\\')
                (q += '\\') += ch;
            else if ((unsigned char)ch >= 32)
                q += ch;
        return q + '"';
    };
    sink.add("gl.json", "{\"live_records\":" + std::to_string(count.records) +
                            ",\"live_bytes\":" + std::to_string(count.live) + ",\"contexts\":" +
                            std::to_string(p.entries().size()) + ",\"version\":" + quoted(version) +
                            ",\"renderer\":" + quoted(renderer) + "}");
    sink.add("gl.log", count.log);
    add_thumbnail(sink);
}

} // namespace glckpt
