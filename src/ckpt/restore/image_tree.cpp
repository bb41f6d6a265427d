#include "ckpt/restore/image_tree.h"

namespace glckpt::ckpt {

Result<ImageTree> ImageTree::open(const std::string& path) {
    auto root = ImageReader::open(path);
    if (!root)
        return root.status();
    ImageTree t;
    if (const TreeState* state = root->tree()) {
        t.members_ = state->members;
        t.descriptions_ = state->descriptions;
        t.objects_ = state->objects;
    } else {
        // Alone: everything has the number that it has in the process.
        const ProcessState& p = root->process();
        TreeMember self;
        self.pid = p.pid;
        self.group = p.process_group;
        self.session = p.session;
        self.terminal = p.terminal;
        self.foreground = p.foreground;
        t.members_.push_back(self);
        t.descriptions_ = (int)p.descriptions.size();
        t.objects_ = (int)p.objects.size();
        root->number_alone();
    }
    for (size_t i = 0; i < t.members_.size(); ++i) {
        const TreeMember& m = t.members_[i];
        if (i == 0) {
            t.readers_.push_back(std::make_unique<ImageReader>(std::move(*root)));
        } else if (m.zombie) {
            t.readers_.push_back(nullptr);
        } else {
            auto part = t.readers_[0]->open_part(m.start, m.end);
            if (!part)
                return part.status();
            t.readers_.push_back(std::make_unique<ImageReader>(std::move(*part)));
        }
    }
    if (Status s = t.check_numbers(); !s)
        return s;
    return t;
}

Status ImageTree::open_origins() {
    for (const auto& r : readers_)
        if (r)
            if (Status s = r->open_origins(); !s)
                return s;
    return {};
}

// Each number within bounds, and told of by exactly one process.
Status ImageTree::check_numbers() const {
    std::vector<char> described((size_t)descriptions_), owned((size_t)objects_);
    const Status damaged = Status::refused("the image is damaged (tree)");
    for (size_t i = 0; i < size(); ++i) {
        if (!living(i))
            continue;
        const ProcessState& p = process(i);
        if (p.pid != members_[i].pid)
            return damaged;
        for (const Description& d : p.descriptions) {
            if (d.tree_id < 0 || d.tree_id >= descriptions_)
                return damaged;
            described[(size_t)d.tree_id] += d.elsewhere ? 0 : 1;
        }
        for (const SharedObject& o : p.objects) {
            if (o.tree_id < 0 || o.tree_id >= objects_)
                return damaged;
            owned[(size_t)o.tree_id] += o.elsewhere ? 0 : 1;
        }
    }
    for (size_t i = 0; i < size(); ++i) {
        if (!living(i))
            continue;
        for (const Description& d : process(i).descriptions)
            if (described[(size_t)d.tree_id] != 1)
                return damaged;
        for (const SharedObject& o : process(i).objects)
            if (owned[(size_t)o.tree_id] != 1)
                return damaged;
    }
    return {};
}

Status ImageTree::verify_pages() const {
    for (const auto& r : readers_)
        if (r)
            if (Status s = r->verify_pages(); !s)
                return s;
    return {};
}

Status ImageTree::verify_gaps() const {
    for (const auto& r : readers_)
        if (r)
            if (Status s = r->verify_gaps(); !s)
                return s;
    return {};
}

} // namespace glckpt::ckpt
