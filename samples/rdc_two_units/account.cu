// The other unit of rdc_two_units.

#include "account.h"

__device__ int fee = 2;
__constant__ int limit = 8;

static __device__ int hidden = 100;
static __device__ __noinline__ int secret() {
  return hidden;
}

__device__ void book(Account& account, long long amount) {
  account.balance += (amount < limit ? amount : limit) - fee;
  account.bookings += secret();
}
