// Votes, matches and ballots among the threads of a warp, also while some of them are elsewhere.

#include "../sample.h"

constexpr unsigned kAllLanes = 0xffffffff;

struct Answers {
  unsigned ballot, odd_ballot, match, match_all, active;
  int any, all, match_all_holds;
};

__global__ void ask(Answers* answers) {
  const int lane = threadIdx.x;
  Answers mine = {};
  mine.ballot = __ballot_sync(kAllLanes, lane % 3 == 0);
  mine.any = __any_sync(kAllLanes, lane == 17);
  mine.all = __all_sync(kAllLanes, lane < 31);
  mine.match = __match_any_sync(kAllLanes, lane / 5);
  mine.match_all = __match_all_sync(kAllLanes, 7, &mine.match_all_holds);
  if (lane % 2) {
    mine.odd_ballot = __ballot_sync(0xaaaaaaaa, lane > 15);
    mine.active = __activemask();
  }
  __syncwarp();
  answers[lane] = mine;
}

bool right(const Answers& answers, int lane) {
  unsigned thirds = 0, same = 0;
  for (int other = 0; other < 32; ++other) {
    if (other % 3 == 0) thirds |= 1u << other;
    if (other / 5 == lane / 5) same |= 1u << other;
  }
  const bool odd = lane % 2;
  // The mask of active threads is only sure to contain the thread itself.
  return answers.ballot == thirds && answers.any && !answers.all && answers.match == same &&
         answers.match_all == kAllLanes && answers.match_all_holds &&
         answers.odd_ballot == (odd ? 0xaaaa0000 : 0) && (!odd || (answers.active & 1u << lane));
}

int main() {
  Answers answers[32], *device;
  SAMPLE_CHECK(cudaMalloc(&device, sizeof(answers)));
  ask<<<1, 32>>>(device);
  SAMPLE_CHECK(cudaGetLastError());
  SAMPLE_CHECK(cudaMemcpy(answers, device, sizeof(answers), cudaMemcpyDeviceToHost));
  bool all_right = true;
  for (int lane = 0; lane < 32; ++lane) all_right = all_right && right(answers[lane], lane);
  return finish(all_right, "an answer is wrong");
}
