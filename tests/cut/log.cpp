#include "log.h"
#include "gen/gl/ops.h"
#include "gen/gl/records.h"
#include <cstdio>
#include <cstring>
#include <map>

namespace glckpt::cut {

bool Log::open(const std::string& path) {
    FILE* f = fopen(path.c_str(), "rb");
    if (!f)
        return false;
    fseek(f, 0, SEEK_END);
    bytes_.resize((size_t)std::max(ftell(f), 0l));
    rewind(f);
    const bool whole = fread(bytes_.data(), 1, bytes_.size(), f) == bytes_.size();
    fclose(f);
    size_t at = sizeof log::kRecordedMagic;
    if (!whole || bytes_.size() < at || memcmp(bytes_.data(), log::kRecordedMagic, at) != 0)
        return false;
    while (at + sizeof(log::RecordedHeader) <= bytes_.size()) {
        log::RecordedHeader h;
        memcpy(&h, bytes_.data() + at, sizeof h);
        at += sizeof h;
        if (h.bytes % 8 || h.bytes > bytes_.size() - at)
            break;
        entries_.push_back({h.kind, bytes_.data() + at, h.bytes});
        at += h.bytes;
    }
    return true;
}

const log::RecordHeader& Log::call(const Entry& e, uint32_t* stream) {
    *stream = reinterpret_cast<const log::RecordedCall*>(e.data)->stream;
    return *reinterpret_cast<const log::RecordHeader*>(e.data + sizeof(log::RecordedCall));
}

std::vector<size_t> Log::places() const {
    struct Where {
        bool inside = false, arrays = false, compiling = false;
    };
    std::map<uint32_t, Where> streams;
    std::vector<size_t> places;
    for (size_t i = 0; i < entries_.size(); ++i) {
        if (entries_[i].kind == log::Recorded::Record) {
            uint32_t stream = 0;
            const log::RecordHeader& h = call(entries_[i], &stream);
            Where& w = streams[stream];
            if (h.op == (uint16_t)Op::xOrder)
                continue;
            w.arrays = h.op == (uint16_t)Op::xClientArray;
            if (h.op == (uint16_t)Op::glNewList)
                w.compiling = reinterpret_cast<const rec::glNewList&>(h).mode == 0x1300;
            else if (h.op == (uint16_t)Op::glEndList)
                w.compiling = false;
            else if (h.op == (uint16_t)Op::glBegin && !w.compiling)
                w.inside = true;
            else if (h.op == (uint16_t)Op::glEnd && !w.compiling)
                w.inside = false;
        }
        bool here = true;
        for (const auto& [id, w] : streams)
            here &= !w.inside && !w.arrays;
        if (here && !streams.empty())
            places.push_back(i);
    }
    return places;
}

} // namespace glckpt::cut
