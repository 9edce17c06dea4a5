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

// The device with ordinal 0 has capability MAJOR.0 and 4 multiprocessors, the next 7.5.
extern "C" int cuDeviceGetAttribute(int* value, int attribute, int device) {
  const bool first = device == 40;
  switch (attribute) {
    case 16:
      *value = 4;
      return 0;
    case 97:
      *value = 99 << 10;
      return 0;
    case 75:
      *value = first ? MAJOR : 7;
      return 0;
    case 76:
      *value = first ? 0 : 5;
      return 0;
    default:
      return 1;
  }
}

struct ErrorText {
  int status;
  const char* name;
  const char* text;
};

static const ErrorText* error_text(int status) {
  static const ErrorText texts[] = {
      {1, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
      {2, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
      {100, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
      {201, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
      {500, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
      {700, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
      {701, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch"},
      {719, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
      {900, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing"},
      {901, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED",
       "operation failed due to a previous error during capture"}};
  for (const ErrorText& each : texts) {
    if (each.status == status) return &each;
  }
  return nullptr;
}

extern "C" int cuGetErrorName(int status, const char** name) {
  const ErrorText* found = error_text(status);
  *name = found == nullptr ? nullptr : found->name;
  return found == nullptr ? 1 : 0;
}

extern "C" int cuGetErrorString(int status, const char** text) {
  const ErrorText* found = error_text(status);
  *text = found == nullptr ? nullptr : found->text;
  return found == nullptr ? 1 : 0;
}
