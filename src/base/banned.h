/*
 * Functions that overflow, truncate silently or share hidden state do not
 * compile in this project. Include after all system headers.
 */
#ifndef TEL_BASE_BANNED_H
#define TEL_BASE_BANNED_H

#define TEL_BANNED(name) sorry_##name##_is_a_banned_function

#undef strcpy
#define strcpy(x, y) TEL_BANNED(strcpy)
#undef strcat
#define strcat(x, y) TEL_BANNED(strcat)
#undef strncpy
#define strncpy(x, y, n) TEL_BANNED(strncpy)
#undef strncat
#define strncat(x, y, n) TEL_BANNED(strncat)
#undef strtok
#define strtok(x, y) TEL_BANNED(strtok)
#undef sprintf
#define sprintf(...) TEL_BANNED(sprintf)
#undef vsprintf
#define vsprintf(...) TEL_BANNED(vsprintf)
#undef atoi
#define atoi(x) TEL_BANNED(atoi)
#undef atol
#define atol(x) TEL_BANNED(atol)
#undef gmtime
#define gmtime(t) TEL_BANNED(gmtime)
#undef localtime
#define localtime(t) TEL_BANNED(localtime)
#undef ctime
#define ctime(t) TEL_BANNED(ctime)
#undef asctime
#define asctime(t) TEL_BANNED(asctime)

#endif
