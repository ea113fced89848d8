/* cryptomemory.h - what happens when OpenSSL gets no memory.
 *
 * OpenSSL 3.0 does not come through every failed allocation: it may crash, or
 * take the failure for a damaged file. So a program that uses it says first how
 * it wants to end. */
#ifndef FILES_CRYPTOMEMORY_H
#define FILES_CRYPTOMEMORY_H

#include "base/err.h"

/* From now on end() is called where OpenSSL asks for memory in vain; it must
 * not return. To be called before anything else of OpenSSL; ERR_SYSTEM where it
 * was not. */
int crypto_memory(void (*end)(void), struct err *) MUST_CHECK;

#endif
