#include "config.h"

#include "json/json_read.h"
#include "json/json_write.h"
#include "record/call_record.h"
#include "record/duty_record.h"
#include "record/record_json.h"
#include "base/banned.h"

enum tel_err tel_duty_encode(const struct tel_duty *duty, struct tel_buf *out)
{
	struct tel_json_write w;

	tel_json_begin(&w, TEL_JSON_RECORD);
	tel_json_open_object(&w, NULL);
	tel_json_put_int(&w, "v", TEL_RECORD_VERSION);
	tel_json_put_text(&w, "owner", duty->lease.owner);
	tel_record_put_time(&w, "until", duty->lease.until);
	tel_record_put_time(&w, "runAt", duty->run_at);
	tel_json_close(&w);
	return tel_json_finish(&w, out);
}

static enum tel_err get_all(json_object *o, struct tel_arena *mem, struct tel_duty *duty)
{
	int64_t version;

	if (tel_json_get_int(o, "v", 1, TEL_RECORD_VERSION, &version) || version == 0 ||
	    tel_record_get_time(o, "until", &duty->lease.until) ||
	    tel_record_get_time(o, "runAt", &duty->run_at))
		return TEL_ECORRUPT;
	return tel_json_get_text(o, "owner", TEL_MAX_OWNER, mem, &duty->lease.owner);
}

enum tel_err tel_duty_decode(struct tel_str json, struct tel_arena *mem, struct tel_duty *out)
{
	struct tel_duty duty = { 0 };
	json_object *o = NULL;
	enum tel_err err = tel_record_parse(json, &o);

	if (err)
		return err;
	err = get_all(o, mem, &duty);
	if (!err)
		*out = duty;
	json_object_put(o);
	return tel_record_damage(err);
}
