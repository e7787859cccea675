// Memory that host and device share: allocated, and as a variable.

#include "../sample.h"

struct Node {
  int value;
  Node* next;
};

__managed__ int total = 100;
__managed__ Node* head;

__global__ void sum_list() {
  for (Node* node = head; node; node = node->next) {
    total += node->value;
    node->value = -node->value;
  }
}

int main() {
  constexpr int kNodes = 10;
  Node* nodes;
  SAMPLE_CHECK(cudaMallocManaged(&nodes, kNodes * sizeof(Node)));
  for (int i = 0; i < kNodes; ++i) nodes[i] = {i + 1, i + 1 < kNodes ? &nodes[i + 1] : nullptr};
  head = nodes;
  sum_list<<<1, 1>>>();
  SAMPLE_CHECK(cudaGetLastError());
  SAMPLE_CHECK(cudaDeviceSynchronize());

  bool right = total == 155;
  for (int i = 0; i < kNodes; ++i) right = right && nodes[i].value == -(i + 1);

  cudaPointerAttributes attributes;
  SAMPLE_CHECK(cudaPointerGetAttributes(&attributes, nodes));
  right = right && attributes.type == cudaMemoryTypeManaged;
  SAMPLE_CHECK(cudaFree(nodes));
  return finish(right, "a value or an attribute is wrong");
}
