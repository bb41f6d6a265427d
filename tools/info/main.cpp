// glckpt-info: what an image is, without running it.
#include "ckpt/image/flatten.h"
#include "ckpt/restore/image_tree.h"
#include "ckpt/text.h"
#include "common/cli.h"
#include "common/json.h"
#include "info/backtrace.h"
#include <algorithm>
#include <cstring>
#include <ctime>
#include <png.h>

namespace glckpt::tools {
namespace {

using namespace ckpt;

struct Options {
    std::string image, thumbnail, flatten;
    bool json = false, threads = false, verify = false;
};

// Bytes of saved pages by what they belong to.
struct Sizes {
    uint64_t heap_and_anonymous = 0, stacks = 0, file_pages = 0, shared = 0, metadata = 0;
};

template <class T>
void add_sizes(const ImageReader& image, const T& r, Sizes& s) {
    if (r.space != kProcessSpace) {
        s.shared += r.bytes;
        return;
    }
    for (const SavedMapping& m : image.process().mappings) {
        if (r.address < m.start || r.address >= m.end)
            continue;
        (m.kind == MappingKind::PrivateFile ? s.file_pages
         : m.name == "[stack]"              ? s.stacks
                                            : s.heap_and_anonymous) += r.bytes;
        break;
    }
}

Sizes sizes(const ImageReader& image) {
    Sizes s;
    for (const PageRun& r : image.runs())
        add_sizes(image, r, s);
    for (const PageRef& r : image.refs())
        add_sizes(image, r, s);
    for (const std::string& name : image.section_names())
        s.metadata += image.section(name).size();
    return s;
}

std::string time_text(int64_t realtime_ns) {
    const time_t t = (time_t)(realtime_ns / 1'000'000'000);
    char text[64];
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", localtime(&t));
    return text;
}

const char* profile_name(const ImageReader& image) {
    return image.profile() == Profile::Raw ? "raw" : "packed";
}

// A section in JSON that an endpoint wrote, as it is; null if there is none.
std::string json_section(const ImageReader& image, const char* name) {
    const std::string_view text = image.section(name);
    return text.empty() ? "null" : std::string(text);
}

// The other processes of a tree.
std::vector<ImageReader> other_processes(const ImageReader& image, Status& status) {
    std::vector<ImageReader> out;
    for (const TreeMember& m : image.tree() ? image.tree()->members : std::vector<TreeMember>()) {
        if (m.zombie || m.start == 0)
            continue;
        auto part = image.open_part(m.start, m.end);
        if (part)
            out.push_back(std::move(*part));
        else
            status = part.status();
    }
    return out;
}

// The images that it builds on, how much of its memory lies in each, and what is the matter with
// them, if anything is.
struct Needed {
    std::string path, trouble;
    uint64_t bytes = 0;
};
void add_needed(const ImageReader& image, std::vector<Needed>& out) {
    if (!image.chain())
        return;
    const std::string folder = folder_of(image.true_path());
    std::vector<size_t> place;
    for (const ImageOrigin& o : image.chain()->origins) {
        ImageReader scratch = ImageReader::none();
        const Needed n{path_from(folder, o.name), image.open_origin(o, scratch).why(), 0};
        const auto known = std::find_if(out.begin(), out.end(), [&](const Needed& other) {
            return other.path == n.path && other.trouble == n.trouble;
        });
        place.push_back((size_t)(known - out.begin()));
        if (known == out.end())
            out.push_back(n);
    }
    for (const PageRef& r : image.refs())
        out[place[r.origin]].bytes += r.bytes;
}
std::vector<Needed> needed_images(const ImageReader& image) {
    std::vector<Needed> out;
    Status ignored;
    add_needed(image, out);
    for (const ImageReader& part : other_processes(image, ignored))
        add_needed(part, out);
    return out;
}

std::string json_chain(const ImageReader& image) {
    if (!image.chain())
        return "null";
    std::string needs;
    for (const Needed& n : needed_images(image))
        needs += (needs.empty() ? "" : ", ") + ("{\"image\": " + json_string(n.path)) +
                 format(", \"bytes\": %lu, \"trouble\": ", (unsigned long)n.bytes) +
                 (n.trouble.empty() ? "null" : json_string(n.trouble)) + "}";
    const ImageOrigin& parent = image.chain()->parent;
    return format("{\"depth\": %u, \"parent\": ", image.chain()->depth) +
           json_string(path_from(folder_of(image.true_path()), parent.name)) + ", \"needs\": [" +
           needs + "]}";
}

std::string json_frames(const ImageReader& image, const SavedThread& t) {
    std::string out;
    for (const StackFrame& f : backtrace(image, t))
        out += (out.empty() ? "" : ", ") +
               format("{\"ip\": \"0x%lx\", \"where\": ", (unsigned long)f.ip) +
               json_string(f.text) + "}";
    return "[" + out + "]";
}

std::string json_words(const ProcessState& p) {
    std::string out;
    for (const std::string& w : p.command_line)
        out += (out.empty() ? "" : ", ") + json_string(w);
    return out;
}

// The first process that has a section: the one that draws may be a shell's child.
const ImageReader& with_section(ImageTree& tree, const char* name) {
    for (size_t i = 0; i < tree.size(); ++i)
        if (tree.living(i) && tree.reader(i).has_section(name))
            return tree.reader(i);
    return tree.root();
}

std::string json_processes(ImageTree& tree) {
    std::string out;
    for (size_t i = 0; i < tree.size(); ++i) {
        const TreeMember& m = tree.member(i);
        out += format("%s{\"pid\": %d, \"parent\": %d, ", out.empty() ? "" : ", ", m.pid,
                      i == 0 ? 0 : m.parent);
        if (!tree.living(i)) {
            out += "\"ended\": true, \"program\": " + json_string(m.name) + "}";
            continue;
        }
        const ImageReader& r = tree.reader(i);
        out += "\"program\": " + json_string(r.process().program) + ", \"command_line\": [" +
               json_words(r.process()) +
               format("], \"threads\": %zu, \"descriptors\": %zu, \"gl\": ",
                      r.process().threads.size(), r.process().descriptors.size()) +
               json_section(r, "gl.json") + ", \"x11\": " + json_section(r, "x11.json") + "}";
    }
    return out;
}

void print_json(ImageTree& tree, const Options& o) {
    const ImageReader& image = tree.root();
    const ProcessState& p = image.process();
    const Sizes s = sizes(image);
    const std::string words = json_words(p);
    std::string list;
    for (const SavedThread& t : p.threads) {
        list += (list.empty() ? "" : ", ") + format("{\"tid\": %d, \"name\": ", t.tid) +
                json_string(t.name) + format(", \"own\": %s", t.service ? "true" : "false") +
                (o.threads ? ", \"frames\": " + json_frames(image, t) : "") + "}";
    }
    printf("{\"program\": %s, \"command_line\": [%s], \"pid\": %d, \"time\": %s, \"host\": %s, "
           "\"kernel\": %s, \"version\": %s, \"profile\": \"%s\", \"bytes\": %lu, ",
           json_string(p.program).c_str(), words.c_str(), p.pid,
           json_string(time_text(p.realtime_ns)).c_str(), json_string(p.host).c_str(),
           json_string(p.kernel).c_str(), json_string(p.version).c_str(), profile_name(image),
           (unsigned long)image.header().file_bytes);
    printf("\"sizes\": {\"anonymous\": %lu, \"stack\": %lu, \"file_pages\": %lu, \"shared\": %lu, "
           "\"metadata\": %lu}, \"threads\": %zu, \"thread_list\": [%s], \"descriptors\": %zu, "
           "\"chain\": %s, \"gl\": %s, \"x11\": %s, \"processes\": [%s]}\n",
           (unsigned long)s.heap_and_anonymous, (unsigned long)s.stacks,
           (unsigned long)s.file_pages, (unsigned long)s.shared, (unsigned long)s.metadata,
           p.threads.size(), list.c_str(), p.descriptors.size(), json_chain(image).c_str(),
           json_section(with_section(tree, "gl.json"), "gl.json").c_str(),
           json_section(with_section(tree, "x11.json"), "x11.json").c_str(),
           json_processes(tree).c_str());
}

std::string mib(uint64_t bytes) { return format("%.1f MiB", (double)bytes / (1 << 20)); }

void print_chain(const ImageReader& image) {
    if (!image.chain())
        return;
    printf("chain     incremental, %u after a full image; parent %s\n", image.chain()->depth,
           path_from(folder_of(image.true_path()), image.chain()->parent.name).c_str());
    for (const Needed& n : needed_images(image))
        printf("  needs   %s (%s)%s%s\n", n.path.c_str(), mib(n.bytes).c_str(),
               n.trouble.empty() ? "" : ": ", n.trouble.c_str());
}

// One process; of a tree, one after another.
void print_text(const ImageReader& image, const Options& o) {
    const ProcessState& p = image.process();
    const Sizes s = sizes(image);
    std::string words;
    for (const std::string& w : p.command_line)
        words += (words.empty() ? "" : " ") + w;
    printf("program   %s\ncommand   %s\npid       %d, user %u\ntaken     %s on %s (Linux %s) by "
           "glckpt %s\n",
           p.program.c_str(), words.c_str(), p.pid, p.credentials.uids[0],
           time_text(p.realtime_ns).c_str(), p.host.c_str(), p.kernel.c_str(), p.version.c_str());
    printf("image     %s, %s\n", mib(image.header().file_bytes).c_str(), profile_name(image));
    print_chain(image);
    printf("memory    %s anonymous, %s stack, %s of files, %s shared\n",
           mib(s.heap_and_anonymous).c_str(), mib(s.stacks).c_str(), mib(s.file_pages).c_str(),
           mib(s.shared).c_str());
    printf("fds       %zu\n", p.descriptors.size());
    for (const char* name : {"gl.json", "x11.json"})
        if (image.has_section(name))
            printf("%-9.*s %s\n", (int)(strlen(name) - 5), name,
                   std::string(image.section(name)).c_str());
    printf("threads   %zu\n", p.threads.size());
    for (const SavedThread& t : p.threads) {
        printf("  %d %s%s\n", t.tid, t.name.c_str(), t.service ? " (glckpt's)" : "");
        int n = 0;
        if (o.threads)
            for (const StackFrame& f : backtrace(image, t))
                printf("    #%-2d %016lx %s\n", n++, (unsigned long)f.ip, f.text.c_str());
    }
}

Status write_thumbnail(const ImageReader& image, const std::string& path) {
    const std::string_view rgba = image.section("thumbnail.rgba");
    uint32_t size[2] = {0, 0};
    if (rgba.size() >= sizeof size)
        memcpy(size, rgba.data(), sizeof size);
    const uint64_t pixels = (uint64_t)size[0] * size[1];
    if (!pixels || size[0] > 65536 || size[1] > 65536 || rgba.size() != sizeof size + pixels * 4)
        return Status::refused(image.path() + " has no picture: the program drew nothing");
    png_image png{};
    png.version = PNG_IMAGE_VERSION;
    png.width = size[0];
    png.height = size[1];
    png.format = PNG_FORMAT_RGBA;
    if (!png_image_write_to_file(&png, path.c_str(), 0, rgba.data() + sizeof size, 0, nullptr))
        return Status::refused("cannot write " + path + ": " + png.message);
    return {};
}

int run(const Options& o) {
    if (!o.flatten.empty())
        return report(flatten_image(o.image, o.flatten));
    auto tree = ImageTree::open(o.image);
    if (!tree)
        return report(tree.status());
    // Without what it builds on it can still be told what it is; --threads shows what it can.
    const Status whole = tree->open_origins();
    if (o.verify) {
        Status s = whole;
        if (s.ok())
            s = tree->verify_gaps();
        if (s.ok())
            s = tree->verify_pages();
        if (!s.ok())
            return report(std::move(s).with_context(o.image));
        if (!o.json)
            printf("%s: every byte is as it was written\n", o.image.c_str());
    }
    if (!o.thumbnail.empty())
        return report(write_thumbnail(with_section(*tree, "thumbnail.rgba"), o.thumbnail));
    if (o.json)
        print_json(*tree, o);
    else if (!o.verify)
        for (size_t i = 0; i < tree->size(); ++i) {
            const TreeMember& m = tree->member(i);
            if (i > 0)
                printf("\n");
            if (tree->living(i))
                print_text(tree->reader(i), o);
            else
                printf("program   %s (pid %d, has ended)\n", m.name.c_str(), m.pid);
        }
    return (int)ExitCode::Done;
}

} // namespace
} // namespace glckpt::tools

int main(int argc, char** argv) {
    glckpt::tools::Options o;
    CLI::App app{"Tell what a checkpoint image is.", "glckpt-info"};
    app.add_option("image", o.image, "the image (.gck)")->required();
    app.add_flag("--json", o.json, "as JSON");
    app.add_flag("--threads", o.threads, "with each thread's backtrace");
    app.add_flag("--verify", o.verify, "check every byte");
    app.add_option("--thumbnail", o.thumbnail, "write the last frame to this PNG file");
    app.add_option("--flatten", o.flatten,
                   "write a full image of this name, out of an incremental one and what it needs");
    app.set_version_flag("--version", GLCKPT_VERSION);
    return glckpt::tools::with_options(app, argc, argv, [&] { return glckpt::tools::run(o); });
}
