/* analyzer.h - what clang's analyzer cannot see from one file: that filling a
 * struct err always returns -1. code.sh has it read before every source but
 * err.c; no build does. */
#include "base/err.h"

#define err_set(...) (err_set(__VA_ARGS__), -1)
#define err_sys(...) (err_sys(__VA_ARGS__), -1)
#define err_prefix(...) (err_prefix(__VA_ARGS__), -1)
