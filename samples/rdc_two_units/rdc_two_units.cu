// Separate compilation (nvcc -rdc=true): the kernel is here, the function and the variables that it
// uses are in another unit.

#include "../sample.h"
#include "account.h"

// Both units have a variable and a function of this name; they must stay apart.
static __device__ int hidden = 1;
static __device__ __noinline__ int secret() {
  return hidden;
}

__global__ void book_many(Account* accounts) {
  Account& account = accounts[threadIdx.x];
  for (int i = 0; i < 10; ++i) book(account, i * secret());
}

int main() {
  constexpr int kAccounts = 32;
  Account accounts[kAccounts] = {};
  Account* device;
  SAMPLE_CHECK(cudaMalloc(&device, sizeof(accounts)));
  SAMPLE_CHECK(cudaMemcpy(device, accounts, sizeof(accounts), cudaMemcpyHostToDevice));
  book_many<<<1, kAccounts>>>(device);
  SAMPLE_CHECK(cudaGetLastError());

  const int new_fee = 5;
  SAMPLE_CHECK(cudaMemcpyToSymbol(fee, &new_fee, sizeof(new_fee)));
  book_many<<<1, kAccounts>>>(device);
  SAMPLE_CHECK(cudaMemcpy(accounts, device, sizeof(accounts), cudaMemcpyDeviceToHost));

  // 0 to 9, less a fee of 2 each, then of 5 each; amounts above the limit of 8 are cut.
  const long long expected = (44 - 10 * 2) + (44 - 10 * 5);
  bool right = true;
  for (const Account& account : accounts)
    right = right && account.balance == expected && account.bookings == 2000;
  return finish(right, "a balance is wrong");
}
