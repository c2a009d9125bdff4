/* Preloaded into a User Mode Linux: the kernel takes the seed of its random numbers from getrandom(), and here they all
 * come from FINWAIT_LAB_SEED (splitmix64). Two runs draw the same initial sequence numbers, ports and hash keys. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>

ssize_t getrandom(void *buffer, size_t size, unsigned int flags) {
  static uint64_t state;
  static int seeded;
  unsigned char *out = buffer;
  (void)flags;
  if (!seeded) {
    const char *text = getenv("FINWAIT_LAB_SEED");
    state = text ? strtoull(text, NULL, 10) : 0;
    seeded = 1;
  }
  for (size_t i = 0; i < size; i++) {
    uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    out[i] = (unsigned char)(z >> 56);
  }
  return (ssize_t)size;
}
