/*
 * One function a type of setting, each a tel_setting_parse_fn: see there.
 * Behind each is the type of its field; texts are borrowed.
 */
#ifndef TEL_CONFIG_PARSE_VALUES_H
#define TEL_CONFIG_PARSE_VALUES_H

#include "config/settings.h"

#define TEL_PARSE(name)									\
	enum tel_err tel_parse_##name(const struct tel_setting *setting, char *text,	\
				      void *field)

TEL_PARSE(any);			/* writes nothing */
TEL_PARSE(text);		/* const char *; at most setting->max bytes */
TEL_PARSE(key);			/* const char * */
TEL_PARSE(secret);		/* const char * */
TEL_PARSE(secret_only);		/* checks like `secret`, writes nothing */
TEL_PARSE(path);		/* const char *; nothing if environment only */
TEL_PARSE(readable_path);	/* const char * */
TEL_PARSE(url);			/* char *, allocated: the caller frees it */
TEL_PARSE(bool);		/* bool; the second choice is true */
TEL_PARSE(choice);		/* an enum: the index of the choice */
TEL_PARSE(int);			/* int */
TEL_PARSE(duration);		/* tel_time */
TEL_PARSE(duration_or_never);	/* tel_time */
TEL_PARSE(room_delete);		/* tel_time; "now" besides */
TEL_PARSE(size);		/* size_t, rounded down to 64 KiB */
TEL_PARSE(number);		/* const char *; strict E.164 */
TEL_PARSE(numbers);		/* struct tel_config_list, to be freed */
TEL_PARSE(prefixes);		/* struct tel_config_list, to be freed */
TEL_PARSE(store);		/* struct tel_config_store */

#undef TEL_PARSE

#endif
