// Cut anywhere: a recorded log, cut at random records, must leave the driver in the same state
// whether it was executed whole, or has gone through the live set at each cut.
//
//   glckpt-cut LOG --write FILE    executes the log; the state at each cut into FILE
//   glckpt-cut LOG --compare FILE  the same with a new renderer from the live set at each cut, and
//                                  compares; prints what differs
//   glckpt-cut LOG --print         one call a line
//
// --cuts N and --seed S choose the records (the same ones for the same log); --at K,K,... names
// them. The cuts of a --compare run come one after the other in one process, so what is lost at one
// of them unseen (the inside of a display list, of an attribute stack) shows at a later one.
#include "gen/gl/ops.h"
#include "log/describe.h"
#include "player.h"
#include <algorithm>
#include <cstdio>
#include <random>
#include <set>
#include <unistd.h>

namespace glckpt::cut {
namespace {

struct Options {
    std::string log, write, compare;
    size_t cuts = 20;
    unsigned seed = 1;
    std::set<size_t> at;
    bool print = false, quiet = false;
};

std::set<size_t> choose(const Log& log, const Options& o) {
    if (!o.at.empty())
        return o.at;
    std::vector<size_t> places = log.places();
    std::mt19937 random(o.seed);
    std::shuffle(places.begin(), places.end(), random);
    places.resize(std::min(places.size(), o.cuts));
    return {places.begin(), places.end()};
}

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

// Both are lists of "what value"; what only one has differs, too.
size_t differing(std::string_view whole, std::string_view pruned, std::string* first) {
    const auto a = lines_of(whole), b = lines_of(pruned);
    if (whole == pruned)
        return 0;
    std::multiset<std::string_view> only_a(a.begin(), a.end()), only_b;
    for (const auto& line : b)
        if (const auto it = only_a.find(line); it != only_a.end())
            only_a.erase(it);
        else
            only_b.insert(line);
    int shown = 0;
    for (const auto& line : a)
        if (only_a.count(line) && shown++ < 6)
            *first += "    whole:  " + std::string(line.substr(0, 200)) + "\n";
    shown = 0;
    for (const auto& line : b)
        if (only_b.count(line) && shown++ < 6)
            *first += "    pruned: " + std::string(line.substr(0, 200)) + "\n";
    return std::max(only_a.size(), only_b.size());
}

std::string name_of(const Log::Entry& e) {
    if (e.kind != log::Recorded::Record)
        return "(window system)";
    uint32_t stream = 0;
    const log::RecordHeader& h = Log::call(e, &stream);
    return "stream " + std::to_string(stream) + ": " +
           log::to_text(reinterpret_cast<const char*>(&h)).substr(0, 150);
}

bool read_state(FILE* f, size_t* at, std::string* text) {
    size_t bytes = 0;
    if (fscanf(f, "cut %zu %zu\n", at, &bytes) != 2)
        return false;
    text->resize(bytes);
    return fread(text->data(), 1, bytes, f) == bytes;
}

int play(const Log& log, const Options& o) {
    const std::set<size_t> cuts = choose(log, o);
    const bool compare = !o.compare.empty();
    FILE* f = fopen(compare ? o.compare.c_str() : o.write.c_str(), compare ? "rb" : "wb");
    if (!f) {
        perror("glckpt-cut");
        return 2;
    }
    Player player;
    size_t made = 0, refused = 0, different = 0;
    for (size_t i = 0; i < log.entries().size(); ++i) {
        if (Status s = player.play(log.entries()[i]); !s) {
            printf("%s: entry %zu: %s\n", o.log.c_str(), i, s.why().c_str());
            return 77;
        }
        if (!cuts.count(i))
            continue;
        player.settle();
        if (!player.stands())
            continue;
        Status s;
        if (compare)
            s = player.replace();
        const std::string state = player.state();
        ++made;
        if (!compare) {
            fprintf(f, "cut %zu %zu\n", i, state.size());
            fwrite(state.data(), 1, state.size(), f);
            continue;
        }
        size_t at = 0;
        std::string whole, first;
        if (!read_state(f, &at, &whole) || at != i) {
            fprintf(stderr, "glckpt-cut: %s is of other cuts\n", o.compare.c_str());
            return 2;
        }
        if (!s) {
            ++refused;
            if (!o.quiet)
                printf("  cut %zu refused: %s\n", i, s.why().c_str());
            // A moment that is refused loses nothing; a renderer that is refused a call is lost.
            if (!s.why().ends_with("try again")) {
                printf("%s: cut %zu after %s: %s\n", o.log.c_str(), i,
                       name_of(log.entries()[i]).c_str(), s.why().c_str());
                return 1;
            }
        }
        if (const size_t n = differing(whole, state, &first)) {
            ++different;
            if (different <= 3)
                printf("  cut %zu after %s: %zu items differ\n%s", i,
                       name_of(log.entries()[i]).c_str(), n, first.c_str());
        }
        fflush(stdout);
    }
    fclose(f);
    if (compare)
        printf("%s: %zu cuts, %zu refused, %zu different\n", o.log.c_str(), made, refused,
               different);
    else if (!o.quiet)
        printf("%s: %zu entries, %zu cuts\n", o.log.c_str(), log.entries().size(), made);
    return different ? 1 : 0;
}

void print(const Log& log) {
    for (size_t i = 0; i < log.entries().size(); ++i)
        printf("%zu %s\n", i, name_of(log.entries()[i]).c_str());
}

int usage() {
    fprintf(stderr, "usage: glckpt-cut LOG --write FILE | --compare FILE | --print\n"
                    "                  [--cuts N] [--seed S] [--at K,K,...] [--quiet]\n");
    return 2;
}

} // namespace
} // namespace glckpt::cut

extern "C" __attribute__((visibility("default"))) int glckpt_cut_main(int argc, char** argv) {
    using namespace glckpt::cut;
    Options o;
    for (int i = 1; i < argc; ++i) {
        const std::string a = argv[i];
        const bool more = i + 1 < argc;
        if (a == "--write" && more)
            o.write = argv[++i];
        else if (a == "--compare" && more)
            o.compare = argv[++i];
        else if (a == "--cuts" && more)
            o.cuts = strtoull(argv[++i], nullptr, 10);
        else if (a == "--seed" && more)
            o.seed = (unsigned)strtoul(argv[++i], nullptr, 10);
        else if (a == "--at" && more)
            for (char* p = argv[++i]; *p; p += *p == ',')
                o.at.insert(strtoull(p, &p, 10));
        else if (a == "--print")
            o.print = true;
        else if (a == "--quiet")
            o.quiet = true;
        else if (o.log.empty())
            o.log = a;
        else
            return usage();
    }
    if (o.log.empty() || (o.write.empty() && o.compare.empty() && !o.print))
        return usage();
    Log log;
    if (!log.open(o.log)) {
        fprintf(stderr, "glckpt-cut: %s is no recorded log\n", o.log.c_str());
        return 2;
    }
    if (o.print) {
        print(log);
        return 0;
    }
    const int status = play(log, o);
    fflush(stdout);
    // No destructors: the pruner's thread goes on.
    _exit(status);
}
