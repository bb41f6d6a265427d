// glckpt-log: the pruned log of an image, one call a line.
#include "ckpt/image/reader.h"
#include "gen/gl/ops.h"
#include "log/describe.h"
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstring>

int main(int argc, char** argv) {
    using namespace glckpt;
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
    auto reader = ckpt::ImageReader::open(path);
    if (!reader) {
        fprintf(stderr, "glckpt: %s\n", reader.status().why().c_str());
        return (int)reader.status().code();
    }
    if (!reader->has_section("gl.log")) {
        fprintf(stderr, "glckpt: %s: the program has not used GL\n", path.c_str());
        return (int)ExitCode::Refused;
    }
    const std::string_view log = reader->section("gl.log");
    for (size_t at = 0; at + sizeof(log::RecordHeader) <= log.size();) {
        log::RecordHeader h;
        memcpy(&h, log.data() + at, sizeof h);
        if (h.size < sizeof h || h.size > log.size() - at || h.size % 8) {
            fprintf(stderr, "glckpt: %s: its log is damaged at %zu\n", path.c_str(), at);
            return (int)ExitCode::Refused;
        }
        // Aligned, as records are in a stream.
        const std::string record(log.substr(at, h.size));
        printf("%6zu  %s\n", at, log::to_text(record.data()).c_str());
        at += h.size;
    }
    return 0;
}
