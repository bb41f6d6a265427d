// What the commands share: exit codes, the form of messages, the progress line.
#pragma once
#include "base/status.h"
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <unistd.h>

namespace glckpt::tools {

inline int report(const Status& s) {
    if (!s.ok())
        fprintf(stderr, "glckpt: %s\n", s.why().c_str());
    return (int)s.code();
}

// CLI11 knows its own exit codes; the documented ones are 0 for help and 2 for bad usage.
template <class Main>
int with_options(CLI::App& app, int argc, char** argv, Main main) {
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? (int)ExitCode::Done : (int)ExitCode::Usage;
    }
    return main();
}

// One line that is written over, on a terminal only.
class ProgressLine {
  public:
    explicit ProgressLine(bool wanted) : on_(wanted && isatty(STDERR_FILENO)) {}
    ~ProgressLine() { clear(); }
    void show(const std::string& phase, double done) {
        if (!on_)
            return;
        if (done >= 0)
            fprintf(stderr, "\r\033[K%s %3.0f %%", phase.c_str(), done * 100);
        else
            fprintf(stderr, "\r\033[K%s", phase.c_str());
        fflush(stderr);
        shown_ = true;
    }
    void clear() {
        if (shown_)
            fprintf(stderr, "\r\033[K");
        shown_ = false;
    }

  private:
    bool on_, shown_ = false;
};

} // namespace glckpt::tools
