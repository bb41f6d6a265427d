// glckpt-log: the pruned log of an image, one call a line.
#include "ckpt/restore/image_tree.h"
#include "gen/gl/ops.h"
#include "log/describe.h"
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstring>

using namespace glckpt;

static int print(std::string_view text, const std::string& path) {
    for (size_t at = 0; at + sizeof(log::RecordHeader) <= text.size();) {
        log::RecordHeader h;
        memcpy(&h, text.data() + at, sizeof h);
        if (h.size < sizeof h || h.size > text.size() - at || h.size % 8) {
            fprintf(stderr, "glckpt: %s: its log is damaged at %zu\n", path.c_str(), at);
            return (int)ExitCode::Refused;
        }
        // Aligned, as records are in a stream.
        const std::string record(text.substr(at, h.size));
        printf("%6zu  %s\n", at, log::to_text(record.data()).c_str());
        at += h.size;
    }
    return 0;
}

int main(int argc, char** argv) {
    CLI::App app(
        "Prints the pruned log of GL calls that an image holds, one call a line: what a new "
        "driver is told at a restore.");
    app.name("glckpt-log");
    std::string path;
    app.add_option("image", path, "image file")->required();
    app.set_version_flag("--version", GLCKPT_VERSION);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : (int)ExitCode::Usage;
    }
    auto tree = ckpt::ImageTree::open(path);
    if (!tree) {
        fprintf(stderr, "glckpt: %s\n", tree.status().why().c_str());
        return (int)tree.status().code();
    }
    // Of every process that draws, each under its name if there are several.
    std::vector<const ckpt::ImageReader*> drawing;
    for (size_t i = 0; i < tree->size(); ++i)
        if (tree->living(i) && tree->reader(i).has_section("gl.log"))
            drawing.push_back(&tree->reader(i));
    if (drawing.empty()) {
        fprintf(stderr, "glckpt: %s: the program has not used GL\n", path.c_str());
        return (int)ExitCode::Refused;
    }
    for (const ckpt::ImageReader* r : drawing) {
        if (drawing.size() > 1)
            printf("process %d (%s)\n", r->process().pid, r->process().program.c_str());
        if (const int failed = print(r->section("gl.log"), path))
            return failed;
    }
    return 0;
}
