/*
 * In whose code did the process crash: ours, or a library's that did without
 * memory it had asked for? For tests.
 */
#ifndef TEL_TESTS_WHOSE_CRASH_H
#define TEL_TESTS_WHOSE_CRASH_H

/*
 * From now on a crash ends the process with one of these statuses, and a
 * line on stderr says where. libc's own code counts as that of its caller.
 */
void tel_watch_for_crashes(int status_of_ours, int status_of_a_library);

#endif
