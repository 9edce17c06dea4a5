// A libcuda that says what the macros tell it to, to test what is made of the answers.
#include <cstdio>

#ifndef INIT
#define INIT 0
#endif
#ifndef VERSION
#define VERSION 13000
#endif
#ifndef COUNT
#define COUNT 2
#endif
#ifndef COUNT_STATUS
#define COUNT_STATUS 0
#endif
#ifndef MAJOR
#define MAJOR 9
#endif

extern "C" int cuInit(unsigned) { return INIT; }

extern "C" int cuDriverGetVersion(int* version) {
  *version = VERSION;
  return 0;
}

#ifndef WITHOUT_COUNT
extern "C" int cuDeviceGetCount(int* count) {
  *count = COUNT;
  return COUNT_STATUS;
}
#endif

extern "C" int cuDeviceGet(int* device, int ordinal) {
  *device = ordinal + 40;
  return ordinal < COUNT ? 0 : 101;
}

extern "C" int cuDeviceGetName(char* name, int bytes, int device) {
  std::snprintf(name, bytes, "Imaginary GPU %d", device);
  return 0;
}

// The device with ordinal 0 has capability MAJOR.0, the next 7.5.
extern "C" int cuDeviceGetAttribute(int* value, int attribute, int device) {
  const bool first = device == 40;
  *value = attribute == 75 ? (first ? MAJOR : 7) : (first ? 0 : 5);
  return attribute == 75 || attribute == 76 ? 0 : 1;
}

extern "C" int cuGetErrorName(int status, const char** name) {
  *name = status == 100 ? "CUDA_ERROR_NO_DEVICE" : nullptr;
  return status == 100 ? 0 : 1;
}

extern "C" int cuGetErrorString(int status, const char** text) {
  *text = status == 100 ? "no CUDA-capable device is detected" : nullptr;
  return status == 100 ? 0 : 1;
}
