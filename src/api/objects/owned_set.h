#pragma once
// The objects of one kind that belong to a context: they end one by one by the application's wish,
// or all with the context.

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace cuda_shim::objects {

template <class T>
class OwnedSet {
 public:
  T* add(std::unique_ptr<T> object) {
    std::lock_guard lock(mutex_);
    T* key = object.get();
    objects_.emplace(key, std::move(object));
    return key;
  }

  /// Takes the object out; null if it is not there (any more).
  std::unique_ptr<T> take(T* object) {
    std::lock_guard lock(mutex_);
    auto found = objects_.find(object);
    if (found == objects_.end()) return nullptr;
    std::unique_ptr<T> taken = std::move(found->second);
    objects_.erase(found);
    return taken;
  }

  /// Takes all out, to be destroyed by the caller without the lock.
  std::vector<std::unique_ptr<T>> take_all() {
    std::lock_guard lock(mutex_);
    std::vector<std::unique_ptr<T>> taken;
    taken.reserve(objects_.size());
    for (auto& [key, object] : objects_) taken.push_back(std::move(object));
    objects_.clear();
    return taken;
  }

 private:
  std::mutex mutex_;  // guards objects_
  std::unordered_map<T*, std::unique_ptr<T>> objects_;
};

}  // namespace cuda_shim::objects
