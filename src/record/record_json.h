/*
 * Inside src/record: the JSON of records.
 *
 * Texts are kept byte for byte: what is not UTF-8 goes into the record as it
 * came and comes out again. Keys of indexes are made of the same bytes, so
 * nothing may be "repaired" in between; who shows texts repairs them there.
 */
#ifndef TEL_RECORD_RECORD_JSON_H
#define TEL_RECORD_RECORD_JSON_H

#include "base/err.h"
#include "base/limits.h"
#include "base/time.h"
#include "json/json_read.h"
#include "json/json_write.h"

/* What can't be read was stored by us: TEL_OK | TEL_ECORRUPT | TEL_ENOMEM */
static inline enum tel_err tel_record_damage(enum tel_err err)
{
	return err && err != TEL_ENOMEM ? TEL_ECORRUPT : err;
}

/* To be released with json_object_put(). TEL_ECORRUPT | TEL_ENOMEM */
TEL_MUST_CHECK static inline enum tel_err tel_record_parse(struct tel_str text,
							   struct json_object **out)
{
	/* An entry within an object within a list within a record. */
	static const struct tel_json_rules rules = {
		.max_len = TEL_MAX_RECORD, .depth = 8, .of_ours = true,
	};

	return tel_record_damage(tel_json_parse_object(text, &rules, out));
}

/*
 * Moments. What is millions of years away is no moment but damage: sums and
 * differences of two never overflow.
 */
#define TEL_MAX_MOMENT (INT64_MAX / 4)

/* TEL_EMISUSE sticks: no moment that tel_record_get_time() would take. */
static inline void tel_record_put_time(struct tel_json_write *w, const char *key, tel_time when)
{
	if (when < -TEL_MAX_MOMENT || when > TEL_MAX_MOMENT)
		tel_json_fail(w, TEL_EMISUSE);
	tel_json_put_int(w, key, when);
}

TEL_MUST_CHECK static inline enum tel_err tel_record_get_time(struct json_object *o,
							      const char *key, tel_time *out)
{
	return tel_json_get_int(o, key, -TEL_MAX_MOMENT, TEL_MAX_MOMENT, out);
}

#endif
