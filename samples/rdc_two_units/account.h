#pragma once
// What the two units of the sample share.

struct Account {
  long long balance;
  int bookings;
};

extern __device__ int fee;
extern __constant__ int limit;

__device__ void book(Account& account, long long amount);
