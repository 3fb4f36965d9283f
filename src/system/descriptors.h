/*
 * Whoever starts a program may have closed descriptors 0 to 2 (FastCGI
 * specification, 2.2, does). The store's files would be opened with these
 * numbers then, and the program's output written into them.
 */
#ifndef TEL_SYSTEM_DESCRIPTORS_H
#define TEL_SYSTEM_DESCRIPTORS_H

#include <stdbool.h>

/*
 * Those of 0 to 2 that are closed become /dev/null, opened with `mode`: O_RDWR;
 * or O_RDONLY, so that what is written to one is an error still. First thing in
 * main. False: it can't be opened (errno).
 */
bool tel_fill_descriptors(int mode);

#endif
